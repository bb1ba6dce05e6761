// The loop of a worker: turns, parcels between workers, commits, timers.
#include "node/runtime/worker.h"

#include <algorithm>
#include <cstdint>

#include "node/base/log.h"
#include "node/runtime/client_memory.h"
#include "node/runtime/clock.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"
#include "node/runtime/router.h"
#include "node/runtime/script_run.h"

namespace guccho::runtime {
namespace {

// Entries looked at by one expire step; about 50 us of work.
constexpr size_t kExpireBudget = 256;
// How long a parked worker waits for its clients while a script that holds the section takes too long.
constexpr Millis kBusyPause{20};
// After which a worker without anything else to do sends what it put off.
constexpr Millis kFlushDelay{1};
// Watchers looked at by one timer for those that are gone.
constexpr int64_t kSweepBudget = 4096;
// Frees of large values in one turn.
constexpr size_t kFreeBudget = 512;

// Rounded up; both in nanoseconds.
Millis millis_until(uint64_t due, uint64_t now) {
  return Millis(now >= due ? 0 : static_cast<int64_t>((due - now) / 1'000'000 + 1));
}

}  // namespace

Worker::Worker(Node& node, uint16_t index, uint16_t count)
    : node_(node),
      index_(index),
      count_(count),
      stats_(commands::command_id_count()),
      keyspace_(index, count),
      router_(std::make_unique<Router>(*this)),
      outgoing_(count),
      overflow_(count) {
  for (uint16_t i = 0; i < count; ++i) inbox_.push_back(std::make_unique<SpscQueue<Parcel, kQueueCapacity>>());
  poller_.add(wakeup_.fd(), EPOLLIN, wakeup_);
  now_ = wall_now();
}

Worker::~Worker() = default;

void Worker::start() {
  node_.exclusive().join();
  thread_ = std::thread([this] { run(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void()> mail) {
  {
    std::lock_guard lock(mail_mutex_);
    mail_.push_back(std::move(mail));
  }
  has_mail_.store(true, std::memory_order_release);
  wake();
}

bool Worker::push_apply(std::unique_ptr<TaskBatch>& batch) {
  if (!applies_.push(batch)) return false;
  wake();
  return true;
}

void Worker::set_config(std::shared_ptr<const config::Config> config) {
  config_ = std::move(config);
  eviction_score_.store(kNoSample);  // it may be of another policy
  keyspace_.packed_limits() = {.hash_max_listpack_entries = config_->hash_max_listpack_entries,
                               .hash_max_listpack_value = config_->hash_max_listpack_value,
                               .zset_max_listpack_entries = config_->zset_max_listpack_entries,
                               .zset_max_listpack_value = config_->zset_max_listpack_value,
                               .set_max_intset_entries = config_->set_max_intset_entries,
                               .set_max_listpack_entries = config_->set_max_listpack_entries,
                               .set_max_listpack_value = config_->set_max_listpack_value,
                               .list_max_listpack_size = config_->list_max_listpack_size,
                               .stream_node_max_bytes = config_->stream_node_max_bytes,
                               .stream_node_max_entries = config_->stream_node_max_entries};
  using Policy = config::MaxmemoryPolicy;
  const bool lfu =
      config_->maxmemory_policy == Policy::kAllkeysLfu || config_->maxmemory_policy == Policy::kVolatileLfu;
  keyspace_.set_access_policy(
      {.lfu = lfu, .lfu_log_factor = config_->lfu_log_factor, .lfu_decay_minutes = config_->lfu_decay_time});
}

void Worker::refresh_routes() {
  if (node_.routes_version() == routes_version_) return;
  const bool was_primary = routes_ && routes_->is_primary;
  const std::shared_ptr<const RouteTable> before = routes_;
  std::tie(routes_, routes_version_) = node_.routes();
  if (before && config_->cluster_slot_stats_enabled && before->served != routes_->served) {
    SlotSet lost = before->served;
    (lost -= routes_->served).for_each([this](Slot slot) { stats_.slots.clear(slot.value); });
  }
  if (!blocked_.empty()) recheck_blocked(was_primary);
  if (!subscriptions_.shard_channels.empty()) drop_foreign_shard_channels();
}

Connection* Worker::find_connection(uint64_t id) {
  const auto it = connections_.find(id);
  return it == connections_.end() ? nullptr : it->second.get();
}

void Worker::adopt(Stream stream, const Accepted& peer, bool router) {
  auto connection = std::make_unique<Connection>(*this, std::move(stream));
  connection->id = node_.next_client_id();
  connection->worker = index_;
  connection->router = router;
  connection->created = connection->last_interaction = now_;
  const std::shared_ptr<const acl::Users> users = node_.users();
  connection->user = users->default_user();
  connection->authenticated = !users->password_required();
  if (peer.is_unix) {
    connection->address = config_->unixsocket + ":0";
    connection->local_address = connection->address;
  } else {
    connection->address = join_address(peer.ip, peer.port);
    connection->local_address = join_address(peer.local_ip, peer.local_port);
  }
  stats_.connections_received.add();
  connections_.emplace(connection->id, std::move(connection));
  stats_.connected_clients.set(connections_.size());
}

void Worker::close_later(Connection& connection) {
  dead_.push_back(connection.id);
}

void Worker::schedule_flush(Connection& connection) {
  if (connection.in_flush_list || connection.closing()) return;
  connection.in_flush_list = true;
  flush_list_.push_back(&connection);
}

bool Worker::has_input() const {
  if (has_mail_.load(std::memory_order_acquire) || !applies_.empty()) return true;
  for (const auto& queue : inbox_) {
    if (!queue->empty()) return true;
  }
  return false;
}

void Worker::run() {
  current_worker = this;
  next_periodic_ = nanos_now();
  while (!node_.stopping()) turn();
  // What was computed is committed before the thread ends.
  commit_turn();
  if (!node_.fenced()) {
    for (const auto& [id, c] : connections_) c->flush(SIZE_MAX);
  }
  node_.exclusive().leave();
}

void Worker::turn() {
  if (node_.exclusive().requested()) {
    node_.exclusive().park([this] { serve_while_busy(kBusyPause); });
    // What a script or a transaction of another worker changed here meanwhile.
    now_ = wall_now();
    finish_unit();
  }
  refresh_routes();
  const uint64_t before = nanos_now();
  Millis timeout(0);
  const bool snapshot_runs = snapshot_step_ && !snapshot_waits_;
  const bool busy = has_input() || snapshot_runs || keyspace_.pending_frees() > 0 || evict_asked_.load();
  if (!busy) {
    timeout = millis_until(next_periodic_, before);
    if (!flush_list_.empty()) timeout = std::min(timeout, kFlushDelay);
    if (expire_more_ || snapshot_step_ || !memory_waiters_.empty()) timeout = std::min(timeout, Millis(1));
    if (router_->active()) timeout = std::min(timeout, Router::kTick);
    if (defragment_effort_ != 0) timeout = std::min(timeout, millis_until(next_defragment_, before));
    if (const uint64_t due = blocked_.next_deadline(); due != 0) {
      timeout = std::min(timeout, millis_until(due, before));
    }
  }
  // Handlers run inside wait(); the clock of the turn is read after the sleep, by the first of them.
  now_ = UnixMillis();
  uint64_t start = 0;
  poller_.wait_then(timeout, [this, &start] {
    now_ = wall_now();
    keyspace_.set_access_clock(now_);
    start = command_start_ =
        nanos_now();  // each command moves command_start_ on, also those that run inside wait_then()
    node_.notice_absence();
    receive_parcels();
    gathering_ = true;
  });
  run_gathered();
  if (fenced_ && !node_.fenced()) end_absence();
  take_mail();
  take_parcels();
  take_applies();
  if (evict_asked_.load(std::memory_order_relaxed)) evict_when_asked();
  if (!memory_waiters_.empty()) release_memory_waiters();
  if (router_->active()) router_->step();
  if (snapshot_step_) step_snapshot();
  if (keyspace_.pending_frees() > 0) keyspace_.free_step(kFreeBudget);
  if (defragment_effort_ != 0 && nanos_now() >= next_defragment_) defragment_some();
  if (nanos_now() >= next_periodic_) periodic();
  if (expire_more_) expire_some();
  if (blocked_.next_deadline() != 0) time_out_blocked();
  finish_unit();
  deliver_own_replies();
  if (!tracking_.changed.empty()) send_broadcasts();
  commit_turn();
  if (keyspace_.has_filled_parts()) node_.huge_pages().add(keyspace_.take_filled_parts());
  const uint64_t end = nanos_now();
  last_turn_.store(end, std::memory_order_relaxed);
  stats_.loop_turns.add();
  stats_.loop_busy_nanos.add(end - start);
  stats_.loop_latency.record(end - start);
  measure_turn_cpu();
}

// One reading a turn, and none by default: the end of one turn is the beginning of the next, which so includes the cost
// of going to sleep and waking up. A first turn after a while without has no beginning, and is left out.
void Worker::measure_turn_cpu() {
  if (config_->latency_monitor_threshold.count() == 0) [[likely]] {
    turn_cpu_mark_ = 0;
    return;
  }
  const uint64_t now = thread_cpu_nanos();
  if (const uint64_t mark = std::exchange(turn_cpu_mark_, now); mark != 0) {
    const uint64_t took = now - mark;
    stats_.loop_cpu.record(took);
    stats_.loop_cpu_max_nanos.raise_to(took);
    note_if_slow("worker-turn", took);
  }
}

void Worker::take_mail() {
  if (!has_mail_.exchange(false, std::memory_order_acq_rel)) return;
  std::vector<std::function<void()>> mail;
  {
    std::lock_guard lock(mail_mutex_);
    mail.swap(mail_);
  }
  for (const auto& m : mail) m();
}

// ---- the end of a turn ----

int64_t Worker::append_log_batch() {
  const int64_t end = node_.log().append(index_, log_batch_.view());
  log_batch_.clear();
  log_batch_.shrink(1 << 20);
  return end;
}

void Worker::commit_turn() {
  router_->flush();
  if (!log_batch_.empty()) {
    append_log_batch();
    node_.log_grew();
  }
  send_parcels();
  flush_connections();
  evict_clients();
  reap_connections();
}

// What a connection has is put off by one turn while other workers are about to add to it: most often one send instead
// of two. Longer only adds to the latency.
void Worker::flush_connections() {
  node_.notice_absence();
  if (node_.fenced()) return withhold_replies();
  const bool counting = client_memory_limit(*config_) != 0;
  // A flush may not schedule new ones: it only writes.
  std::vector<Connection*> later;
  for (Connection* c : flush_list_) {
    if (c->processing()) {  // its script runs, and this is a turn within its turn
      later.push_back(c);
      continue;
    }
    const bool more_to_come = c->handed_over && c->has_outstanding();
    if (more_to_come && c->wants_flush() && !c->flush_put_off && !c->closing()) {
      c->flush_put_off = true;
      later.push_back(c);
      continue;
    }
    c->in_flush_list = c->handed_over = c->flush_put_off = false;
    if (c->closing()) continue;
    if (!c->flush()) {
      c->close_soon();
    } else {
      close_if_over_limit(*c);
    }
    if (counting) count_memory(*c);
  }
  flush_list_.swap(later);
}

// ---- timers ----

void Worker::periodic() {
  next_periodic_ = nanos_now() + 1'000'000'000 / config_->hz;
  ++periodic_count_;
  if (routes_->is_primary && !node_.loading()) {
    expire_more_ = true;
    expire_some();
  }
  watch_memory();
  watch_fragmentation();
  watches_.sweep(kSweepBudget);
  router_->step();
  release_paused();
  look_after_clients();
  stats_.watched_keys.set(watches_.size());
  stats_.keys.set(keyspace_.keys());
  stats_.keys_with_expiry.set(keyspace_.keys_with_expiry());
  stats_.timed_hashes.set(keyspace_.timed_hashes());
  stats_.store_bytes.set(keyspace_.used_bytes());
  stats_.lazyfree_pending.set(keyspace_.pending_frees());
}

void Worker::release_paused() {
  for (const uint64_t id : std::exchange(paused_, {})) {
    if (Connection* c = find_connection(id); c != nullptr && c->held() == Hold::kPaused) c->release();
  }
  if (held_jobs_.empty() || node_.paused(now_, true)) return;
  for (SectionJob& job : std::exchange(held_jobs_, {})) request_section(std::move(job));
}

// Deletes due keys and due fields of hashes, at most a quarter of the time.
void Worker::expire_some() {
  const uint64_t start = nanos_now();
  if (start < expire_not_before_) return;
  // While writes are paused, the data set and the log stay as they are.
  if (!routes_->is_primary || node_.paused(now_, true)) {
    expire_more_ = false;
    return;
  }
  const std::string_view verb = config_->lazyfree_lazy_expire ? "UNLINK" : "DEL";
  const auto on_key = [&](Slot slot, const store::Entry& entry) {
    const std::string_view request[] = {verb, entry.key()};
    replicate(request);
    key_changed(slot, entry.key(), config::kNotifyExpired, "expired");
    count_expired();
  };
  std::vector<std::string_view> request;
  const auto on_fields = [&](Slot slot, std::string_view key, std::span<const std::string_view> fields, bool last) {
    request.assign({"HDEL", key});
    request.insert(request.end(), fields.begin(), fields.end());
    replicate(request);
    count_expired_fields(fields.size());
    key_changed(slot, key, config::kNotifyHash, "hexpired");
    if (last) key_changed(slot, key, config::kNotifyGeneric, "del");
  };
  const auto progress = keyspace_.expire_cycle(now_, kExpireBudget, on_key, on_fields);
  expire_more_ = progress.more;
  const uint64_t took = nanos_now() - start;
  stats_.expire_cycle_nanos.add(took);
  expire_not_before_ = start + 4 * took;
  note_if_slow("expire-cycle", took);
}

void Worker::note_if_slow(std::string_view event, uint64_t nanos) {
  const auto micros = Micros(static_cast<int64_t>(nanos / 1000));
  if (config_->latency_monitor_threshold.count() != 0 && micros >= config_->latency_monitor_threshold) {
    node_.note_latency(event, now_, micros);
  }
}

void Worker::step_snapshot() {
  const uint64_t begin = nanos_now();
  const SnapshotStep outcome = snapshot_step_();
  note_if_slow("snapshot-step", nanos_now() - begin);
  snapshot_waits_ = outcome == SnapshotStep::kWait;
  if (outcome == SnapshotStep::kDone) snapshot_step_ = nullptr;
}

// ---- effects of handlers ----

void Worker::replicate(std::span<const std::string_view> args) {
  if (!node_.log().active() || !routes_->is_primary) return;
  if (script_ != nullptr && !script_->note_effect()) return;
  if (exec_open_ && !exec_replicated_) {
    log_batch_.append("*1\r\n$5\r\nMULTI\r\n");
    exec_replicated_ = true;
  }
  resp::append_request(log_batch_, args);
}

void Worker::key_changed(Slot slot, std::string_view key, uint32_t event_class, std::string_view event) {
  Worker& owner = data_owner(slot);
  if (!owner.watches_.empty()) {
    // The cycle tells of a key before it goes.
    owner.watches_.touch(key, [&] {
      return event_class == config::kNotifyExpired || owner.keyspace_.find({slot, key}) == nullptr;
    });
  }
  if (!owner.blocked_.empty()) owner.blocked_.touch(key);
  if (owner.tracking_.wanted) owner.touch_tracked(key, running_client_);
  if ((config_->notify_keyspace_events & event_class) != 0) [[unlikely]]
    notify_key_event(event_class, event, key);
}

void Worker::key_missed(Slot, std::string_view key) {
  if ((config_->notify_keyspace_events & config::kNotifyKeyMiss) != 0) [[unlikely]]
    notify_key_event(config::kNotifyKeyMiss, "keymiss", key);
}

bool Worker::keeps_expired() const {
  return node_.paused(now_, true);
}

void Worker::removing_all_keys() {
  node_.all_keys_go();
}

}  // namespace guccho::runtime

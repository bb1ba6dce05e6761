// The replication thread's loop, PSYNC decisions, WAIT, and what it publishes for others.
#include "node/runtime/replication.h"

#include <algorithm>
#include <utility>

#include "node/base/log.h"
#include "node/base/random.h"
#include "node/runtime/clock.h"
#include "node/runtime/control.h"
#include "node/runtime/full_sync.h"
#include "node/runtime/node.h"
#include "node/runtime/primary_link.h"
#include "node/runtime/replica_feed.h"

namespace guccho::runtime {
namespace {

constexpr Millis kTurn(100);
constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";
constexpr std::string_view kGetAck = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

}  // namespace

Replication::Replication(Node& node) : node_(node), replid_(random_node_id().str()) {
  poller_.add(wakeup_.fd(), EPOLLIN, wakeup_);
  publish_status();
}

Replication::~Replication() {
  stop();
}

void Replication::start() {
  thread_ = std::thread([this] { run(); });
}

void Replication::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  wakeup_.notify();
  thread_.join();
  const std::lock_guard turn(turn_);
  take_posted();  // somebody may wait for it
  fed_ = std::max(fed_, node_.log().committed());
  for (const auto& f : feeds_) f->say_goodbye(fed_);
  feeds_.clear();
  link_.reset();
}

void Replication::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  wakeup_.notify();
}

void Replication::take_posted() {
  std::vector<std::function<void()>> work;
  {
    std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (const auto& w : work) w();
}

void Replication::run() {
  Instant last_turn{};
  std::unique_lock turn(turn_);
  while (!stopping_.load()) {
    // Announce the sleep first, look once more, then sleep: a writer either sees the announcement or was seen.
    sleeping_.store(true, std::memory_order_seq_cst);
    const bool news = node_.log().committed() > fed_;
    const bool undelivered = link_ && link_->has_undelivered();  // a worker may be busy with a script for any time
    turn.unlock();
    Millis wait = news ? Millis(0) : undelivered ? Millis(1) : kTurn;
    if (const auto due = waiters_.next_deadline()) {
      wait = std::clamp(std::chrono::ceil<Millis>(*due - monotonic_now()), Millis(0), wait);
    }
    poller_.wait_then(wait, [&] {
      turn.lock();
      sleeping_.store(false, std::memory_order_relaxed);
    });
    take_posted();
    if (acknowledgements_wanted_.exchange(false)) append_own(kGetAck);
    feed_all();
    make_room();
    const Instant now = monotonic_now();
    if (link_) {
      link_->turn(now);
      replica_offset_.store(link_->applied_offset(), std::memory_order_relaxed);
    }
    if (now - last_turn >= kTurn) {
      last_turn = now;
      publish_status();
    }
    if (now - last_second_ >= Millis(1000)) {
      last_second_ = now;
      every_second();
    }
    reap();
    answer_waiters(now);
  }
}

// ---- feeding replicas ----

void Replication::log_grew() {
  std::unique_lock turn(turn_, std::try_to_lock);
  if (!turn.owns_lock() || !feed_online()) wake();
}

// By whoever holds the turn. False: something is left for the thread.
bool Replication::feed_online() {
  fed_ = std::max(fed_, node_.log().committed());
  bool all = !full_sync_;
  for (const auto& f : feeds_) all &= f->dead || f->feed_little(fed_);
  return all;
}

void Replication::adopt_replica(Stream stream, std::string unsent, std::string unread, ReplicaHello hello,
                                SyncRequest request, commands::Session session) {
  auto shared = std::make_shared<Stream>(std::move(stream));
  post([this, shared, unsent = std::move(unsent), unread = std::move(unread), hello = std::move(hello),
        request = std::move(request), session = std::move(session)] {
    auto feed = std::make_unique<ReplicaFeed>(*this, std::move(*shared), unread, hello, request, session);
    ReplicaFeed& f = *feed;
    feeds_.push_back(std::move(feed));
    if (!unsent.empty()) f.send(unsent);
    serve(f, request);
    publish_status();
  });
}

bool Replication::can_continue(const SyncRequest& request) const {
  if (request.old_sync || !node_.log().active()) return false;
  const int64_t position = request.offset - 1;
  const bool ours = request.replication_id == replid_;
  const bool before = request.replication_id == replid2_ && request.offset <= second_offset_;
  return (ours || before) && position >= node_.log().first() && position <= node_.log().committed();
}

void Replication::serve(ReplicaFeed& feed, const SyncRequest& request) {
  if (can_continue(request)) {
    ++partial_ok_;
    log::notice("Partial resynchronization request from {}:{} accepted, from offset {}", feed.ip,
                feed.hello.listening_port, request.offset);
    feed.send(feed.hello.can_psync2 ? "+CONTINUE " + replid_ + "\r\n" : "+CONTINUE\r\n");
    return feed.go_online(request.offset - 1);
  }
  if (request.offset > 0) ++partial_refused_;
  // Rule 2 of the design: an empty primary must not overwrite what a replica may still hold. Redis replicas try again
  // after this answer, and so do ours.
  const cluster::DownReason down = node_.view()->down_reason;
  if (down == cluster::DownReason::kLoading || down == cluster::DownReason::kAwaitingTakeover) {
    feed.send("-LOADING This node does not know yet whether it still has the data of its slots\r\n");
    return feed.fail("its full sync must wait: we do not know yet whether we have our data");
  }
  log::notice("Full resync requested by replica {}:{}", feed.ip, feed.hello.listening_port);
  ++full_syncs_;  // as in Redis one for each replica, also when they share the transfer
  feed.state = ReplicaFeed::State::kWaiting;
  begin_full_sync();
}

// One at a time; replicas that ask meanwhile wait for the next one, or come along when the cut is not made yet.
void Replication::begin_full_sync() {
  if (full_sync_) return;
  full_sync_ = std::make_shared<FullSync>(node_);
  if (!node_.log().active() && !link_) {
    // A new history begins, as in Redis when the backlog is made.
    replid_ = random_node_id().str();
    replid2_ = std::string(40, '0');
    second_offset_ = -1;
  }
  const auto cut = [this, sync = full_sync_] {
    sync->cut();
    progress();
  };
  if (!link_) {
    // A worker may take long to come to the section (a script runs): the other replicas are served meanwhile.
    node_.exclusive().request(cut);
    return;
  }
  // Nothing more of the primary's stream may be taken between what is applied and the cut.
  link_->settle();
  node_.run_exclusively(cut);
  begin_transfer();
}

// The cut was made.
void Replication::begin_transfer() {
  fed_ = std::max(fed_, node_.log().committed());
  std::vector<ReplicaFeed*> waiting;
  for (const auto& f : feeds_) {
    if (!f->dead && f->state == ReplicaFeed::State::kWaiting) waiting.push_back(f.get());
  }
  full_sync_->begin(std::move(waiting), replid_);
}

// We follow another node from now on, whose stream changes the data as this thread takes it: a cut in the middle of
// that would be of no position.
void Replication::give_up_cut() {
  if (!full_sync_ || full_sync_->begun()) return;
  full_sync_->give_up();
  full_sync_.reset();
  for (const auto& f : feeds_) {
    if (f->state == ReplicaFeed::State::kWaiting) f->fail("we became a replica");
  }
}

void Replication::feed_all() {
  fed_ = std::max(fed_, node_.log().committed());
  for (const auto& f : feeds_) f->feed(fed_);
  if (!full_sync_) return;
  if (!full_sync_->begun()) {
    if (full_sync_->offset() < 0) return;
    begin_transfer();
  }
  switch (full_sync_->pump()) {
    case FullSync::Progress::kMore:
      return;
    case FullSync::Progress::kDone:
      for (ReplicaFeed* f : full_sync_->feeds()) {
        if (f->dead) continue;
        f->needs_length() ? f->send_file(full_sync_->spool()) : f->transfer_sent();
      }
      break;
    case FullSync::Progress::kFailed:
      for (ReplicaFeed* f : full_sync_->feeds()) f->fail("the full sync failed");
      break;
  }
  full_sync_.reset();
  publish_status();
  const bool more = std::any_of(feeds_.begin(), feeds_.end(),
                                [](const auto& f) { return !f->dead && f->state == ReplicaFeed::State::kWaiting; });
  if (more) begin_full_sync();
}

void Replication::drop_feeds(const std::string& why) {
  for (const auto& f : feeds_) f->fail(why);
}

void Replication::reap() {
  const size_t before = feeds_.size();
  for (const auto& f : feeds_) {
    if (f->dead && full_sync_) full_sync_->forget(f.get());
  }
  std::erase_if(feeds_, [](const auto& f) { return f->dead; });
  if (feeds_.size() != before) publish_status();
}

void Replication::append_own(std::string_view request) {
  if (!node_.log().active() || !node_.routes().first->is_primary) return;
  if (node_.paused_for_failover(wall_now())) return;  // the offset that the replica waits for is final
  node_.log().append(node_.replication_writer(), request);
  fed_ = std::max(fed_, node_.log().committed());
}

void Replication::every_second() {
  const auto config = node_.config();
  const Instant now = monotonic_now();
  if (!feeds_.empty() && now - last_ping_ >= config->repl_ping_replica_period) {
    last_ping_ = now;
    append_own(kPing);
  }
  for (const auto& f : feeds_) {
    if (f->dead) continue;
    // Keeps the link alive while a replica waits for its transfer.
    using State = ReplicaFeed::State;
    const bool making = f->state == State::kTransfer && f->needs_length();
    if (f->state == State::kWaiting || making) f->send("\n");
    // Acknowledgements are for PSYNC's dialect; before them, what the socket takes shows that somebody is there.
    const bool acknowledges = (f->state == State::kOnline || f->state == State::kSent) && !f->request.old_sync;
    if (acknowledges && now - f->last_acknowledged > config->repl_timeout) f->fail("timeout");
    if (!acknowledges && f->queued() > 0 && now - f->last_written > config->repl_timeout) {
      f->fail("timeout: it reads nothing");
    }
    if (f->needs_log()) {
      const int64_t behind = fed_ - f->position;
      // As in Redis a replica is not let go for what the backlog holds anyway: it would come back for just that.
      config::BufferLimit limit = config->client_output_replica;
      if (limit.hard != 0) limit.hard = std::max<uint64_t>(limit.hard, config->repl_backlog_size);
      if (f->output_limit.exceeded(limit, static_cast<uint64_t>(behind), now)) {
        f->fail("it is too far behind (client-output-buffer-limit replica)");
      }
    }
  }
  if (node_.log().active()) node_.log().trim(needed_from());
}

// ---- the log's room ----

// What is before is of no use to anybody. Before a cut nothing is needed for it: it will be at the head, or behind.
int64_t Replication::needed_from() const {
  int64_t from = fed_ - static_cast<int64_t>(node_.config()->repl_backlog_size);
  for (const auto& f : feeds_) {
    if (!f->dead && f->needs_log()) from = std::min(from, f->position);
  }
  if (full_sync_ && !full_sync_->begun() && full_sync_->offset() >= 0) from = std::min(from, full_sync_->offset());
  return from;
}

// Writers must never wait for a replica that takes nothing, whatever client-output-buffer-limit allows it, nor for a
// full sync that takes too long.
void Replication::make_room() {
  ReplicationLog& log = node_.log();
  if (!log.active() || !log.is_full_from(log.first())) return;
  for (const auto& f : feeds_) {
    if (f->dead || !f->needs_log() || !log.is_full_from(f->position)) continue;
    f->fail("the log cannot keep more for it: it is " + std::to_string(log.head() - f->position) + " bytes behind");
  }
  log.trim(needed_from());
}

// A stretch of the primary's stream. In pieces, since who appends is who trims.
void Replication::append_received(std::string_view bytes) {
  constexpr size_t kPiece = size_t{64} << 20;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) {
    node_.log().append(node_.replication_writer(), bytes.substr(0, kPiece));
    fed_ = std::max(fed_, node_.log().committed());
    make_room();
  }
}

// ---- WAIT ----

void Replication::wait(commands::Acknowledged what, int64_t replicas, Millis timeout, commands::Deferred reply_to) {
  AckWaiters::Waiter waiter{
      .what = what, .position = node_.log().head(), .replicas = replicas, .deadline = {}, .reply_to = reply_to};
  const Instant now = monotonic_now();
  // A deadline further away than the clock reaches is none.
  const bool ends = timeout > Millis(0) && timeout < std::chrono::floor<Millis>(Instant::max() - now);
  if (ends) waiter.deadline = now + timeout;
  if (const auto answer = waiters_.add(waiter)) return node_.complete(answer->reply_to, answer->reply);
  ask_for_acknowledgements();
}

bool Replication::unblock(uint64_t client_id, bool with_error) {
  const auto answer = waiters_.unblock(client_id, with_error);
  if (answer) node_.complete(answer->reply_to, answer->reply);
  return answer.has_value();
}

void Replication::ask_for_acknowledgements() {
  acknowledgements_wanted_.store(true);
  wakeup_.notify();
}

// Those who reached what they waited for, and those whose time is over.
void Replication::answer_waiters(Instant now) {
  const auto due = waiters_.next_deadline();
  if (!std::exchange(positions_changed_, false) && !(due && *due <= now)) return;
  std::vector<AckWaiters::Position> positions;
  for (const auto& f : feeds_) {
    if (!f->dead && f->state == ReplicaFeed::State::kOnline) positions.push_back({f->acknowledged, f->in_file});
  }
  for (const AckWaiters::Answer& a : waiters_.update(std::move(positions), now)) node_.complete(a.reply_to, a.reply);
}

std::optional<std::vector<std::string>> Replication::lagging(int64_t position, bool reachable_only) {
  const std::unique_lock turn(turn_, std::try_to_lock);
  if (!turn.owns_lock()) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& f : feeds_) {
    const bool waits = f->state == ReplicaFeed::State::kAsked || f->state == ReplicaFeed::State::kWaiting;
    if (f->dead || f->hello.rdb_only || (waits && reachable_only) || f->has_all_before(position)) continue;
    out.push_back(f->ip + ":" + std::to_string(f->hello.listening_port) + " acknowledged offset " +
                  std::to_string(f->acknowledged) + " of " + std::to_string(position));
  }
  return out;
}

std::vector<commands::Session> Replication::sessions() const {
  std::lock_guard lock(published_mutex_);
  return published_.sessions;
}

void Replication::end_session(uint64_t client_id) {
  post([this, client_id] {
    for (const auto& f : feeds_) {
      if (f->client_id == client_id) f->fail("killed by CLIENT KILL");
    }
    if (link_) link_->end_session(client_id);
  });
}

// ---- following ----

void Replication::follow(NodeId primary) {
  follows_ = true;
  for (const commands::Deferred& waiter : waiters_.take_all()) node_.end_wait_by_role(waiter);
  post([this, primary] {
    give_up_cut();
    if (link_ && link_->primary() == primary) return link_->refresh_address();
    if (link_) link_->finish();
    log::notice("Following {}", primary.view());
    link_ = std::make_unique<PrimaryLink>(*this, primary);
    link_up_.store(false);
    publish_status();
  });
}

void Replication::introduce_again() {
  post([this] {
    if (link_) link_->introduce_again();
  });
}

void Replication::promote(std::function<void()> done) {
  if (!std::exchange(follows_, false)) return done();
  post([this, done = std::move(done)] {
    if (link_) {
      link_->finish();
      // A new history that continues the old one: replicas of the old primary may go on from where they are.
      replid2_ = replid_;
      second_offset_ = node_.log().head() + 1;
      replid_ = random_node_id().str();
      link_.reset();
      link_up_.store(false);
    }
    publish_status();
    answer_waiters(monotonic_now());  // what other replicas acknowledged counts no more
    done();
  });
  if (!thread_.joinable()) {
    const std::lock_guard turn(turn_);
    take_posted();
  }
}

int64_t Replication::offset() const {
  return replica_offset_.load(std::memory_order_relaxed);
}

// ---- what others read ----

void Replication::publish_status() {
  Published p;
  const Instant now = monotonic_now();
  const auto config = node_.config();
  const bool is_replica = link_ != nullptr;
  const int64_t head = node_.log().head();
  p.status.is_primary = !is_replica;
  p.status.replication_id = replid_;
  p.status.replication_id2 = replid2_;
  p.status.second_offset = ReplOffset(second_offset_);
  p.status.offset = ReplOffset(is_replica ? link_->applied_offset() : head);
  uint64_t good = 0;
  for (const auto& f : feeds_) {
    if (f->dead) continue;
    const bool online = f->state == ReplicaFeed::State::kOnline;
    const auto lag = std::chrono::duration_cast<Millis>(now - f->last_acknowledged);
    // 0: however long ago.
    if (online && (config->min_replicas_max_lag == Millis(0) || lag <= config->min_replicas_max_lag)) ++good;
    p.status.replicas.push_back({.ip = f->ip,
                                 .port = f->hello.listening_port,
                                 .online = online,
                                 .acknowledged = ReplOffset(f->acknowledged),
                                 .in_file = ReplOffset(f->in_file),
                                 .lag = lag});
    p.sessions.push_back(f->describe(fed_));
    p.part.replicas.push_back(
        {.ip = f->ip,
         .port = f->hello.listening_port,
         .state = online                                                                               ? "online"
                  : f->state == ReplicaFeed::State::kAsked || f->state == ReplicaFeed::State::kWaiting ? "wait_bgsave"
                                                                                                       : "send_bulk",
         .offset = f->acknowledged,
         .lag_seconds = lag.count() / 1000});
  }
  positions_changed_ = true;
  good_replicas_.store(good);
  replica_count_.store(p.status.replicas.size());
  replica_offset_.store(p.status.offset.value);
  p.event.offset = p.status.offset;
  p.part.is_replica = is_replica;
  p.part.priority = config->replica_priority;
  p.part.read_only = config->replica_read_only;
  p.part.announced = config->replica_announced;
  p.part.min_replicas_to_write = config->counts_good_replicas() ? config->min_replicas_to_write : 0;
  p.part.good_replicas = good;
  p.part.replid = replid_;
  p.part.replid2 = replid2_;
  p.part.offset = p.status.offset.value;
  p.part.second_offset = second_offset_;
  p.part.backlog_active = node_.log().active();
  p.part.backlog_size = config->repl_backlog_size;
  p.part.backlog_first_offset = node_.log().active() ? node_.log().first() + 1 : 0;
  p.part.backlog_length = node_.log().active() ? static_cast<uint64_t>(head - node_.log().first()) : 0;
  p.part.full_syncs = full_syncs_;
  p.part.partial_syncs_ok = partial_ok_;
  p.part.partial_syncs_refused = partial_refused_;
  if (is_replica) {
    const bool up = link_->state() == PrimaryLink::State::kOnline;
    if (up) p.sessions.push_back(link_->describe());
    const auto idle = std::chrono::duration_cast<Millis>(now - link_->last_io());
    p.status.primary_ip = link_->ip();
    p.status.primary_port = link_->port();
    p.status.link_state = link_->role_state();
    p.status.link_idle = idle;
    p.status.read_offset = ReplOffset(link_->read_offset());
    p.event.link_up = up;
    p.event.last_interaction = link_->last_io();
    p.event.down_since = link_->down_since();
    p.part.master_host = link_->ip();
    p.part.master_port = link_->port();
    p.part.master_link_up = up;
    p.part.master_last_io_seconds = up ? idle.count() / 1000 : -1;
    p.part.sync_in_progress = link_->state() == PrimaryLink::State::kTransfer;
    p.part.replica_read_offset = link_->read_offset();
    p.part.replica_offset = p.status.offset.value;
    p.part.sync_read_bytes = link_->transfer_read();
    if (link_->down_since()) {
      p.part.link_down_seconds =
          static_cast<uint64_t>(std::chrono::duration_cast<Millis>(now - *link_->down_since()).count() / 1000);
    }
  }
  bool link_changed = false;
  {
    std::lock_guard lock(published_mutex_);
    link_changed = published_.event.link_up != p.event.link_up;
    published_ = std::move(p);
  }
  if (link_changed) node_.control().post(status_event());
}

commands::ReplicationStatus Replication::status() const {
  std::lock_guard lock(published_mutex_);
  commands::ReplicationStatus s = published_.status;
  if (s.is_primary) s.offset = ReplOffset(node_.log().head());
  return s;
}

cluster::ReplicationStatus Replication::status_event() const {
  std::lock_guard lock(published_mutex_);
  cluster::ReplicationStatus e = published_.event;
  e.offset = ReplOffset(published_.status.is_primary ? node_.log().head() : offset());
  return e;
}

void Replication::measure(metrics::Snapshot& into) const {
  std::lock_guard lock(published_mutex_);
  into.replication = published_.part;
  if (published_.status.is_primary) into.replication.offset = node_.log().head();
  into.replication.waiters = waiters_.size();
  // The link to the primary counts as a client, those to replicas do not.
  if (published_.event.link_up) ++into.workers.connected_clients;
}

}  // namespace guccho::runtime

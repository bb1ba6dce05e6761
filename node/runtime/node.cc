// Start, views, the end of the threads; handing the primary role over.
#include "node/runtime/node.h"

#include <unistd.h>

#include <algorithm>
#include <future>

#include "node/base/log.h"
#include "node/base/random.h"
#include "node/commands/permission.h"
#include "node/runtime/clock.h"
#include "node/runtime/control.h"
#include "node/runtime/listener.h"
#include "node/runtime/migration.h"
#include "node/runtime/net.h"
#include "node/runtime/peer_client.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {
namespace {

std::shared_ptr<const RouteTable> make_routes(std::shared_ptr<const cluster::View> view) {
  auto routes = std::make_shared<RouteTable>();
  routes->is_primary = view->self().is_primary();
  if (routes->is_primary && view->cluster_ok) {
    for (uint16_t s = 0; s < kSlotCount; ++s) {
      if (view->slots->owner[s] == 0) routes->served.insert(Slot(s));
    }
    for (const auto& moving : view->slots->migrating) routes->served.erase(moving.slot);
    for (const auto& moving : view->slots->importing) routes->served.erase(moving.slot);
  }
  routes->view = std::move(view);
  return routes;
}

// What was ours to serve and is not. A slot that begins to move is still ours.
bool takes_away(const cluster::View& before, const cluster::View& after) {
  if (!before.self().is_primary()) return false;
  if (!after.self().is_primary() || (before.cluster_ok && !after.cluster_ok)) return true;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (before.owns(Slot(s)) && !after.owns(Slot(s))) return true;
  }
  return false;
}

}  // namespace

Node::Node(NodeOptions options)
    : options_(std::move(options)),
      worker_count_(static_cast<uint16_t>(options_.config.io_threads)),
      config_(std::make_shared<const config::Config>(options_.config)),
      bus_port_(options_.config.bus_port()),
      directory_(worker_count_),
      log_(worker_count_ + 1) {
  acl::Users users(commands::acl_rules(options_.config));
  if (!options_.config.requirepass.empty()) {
    users.set_default_password(commands::acl_rules(options_.config), options_.config.requirepass);
  }
  put_users(std::move(users));
  run_id_ = random_node_id().str();
  started_ = wall_now();
  const auto config = config_.load();
  const uint16_t count = worker_count_;
  for (uint16_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(*this, i, count));
    workers_.back()->set_config(config);
    keyspaces_.push_back(&workers_.back()->keyspace());
  }
  exclusive_ = std::make_unique<ExclusiveSection>(
      count, [this](size_t i) { workers_[i]->wake(); },
      [this](uint64_t nanos) {
        metrics::WorkerStats& stats = workers_[0]->stats();
        stats.exclusive_sections.add();
        stats.exclusive_nanos.add(nanos);
        stats.exclusive_latency.record(nanos);
      });
}

Node::~Node() {
  stop_threads();
}

Status Node::start() {
  const auto config = config_.load();
  if (Status s = data_dir_.open(config->dir, config->cluster_config_file); !s) return s;
  if (wants_tls(*config)) {
    if (Status s = reload_tls(); !s) return s;
  }
  if (Status s = load_users(); !s) return s;
  if (Status s = load_cluster_state(); !s) return s;
  if (Status s = open_ports(); !s) return s;
  replication_ = std::make_unique<Replication>(*this);
  migrations_ = std::make_unique<Migrations>(*this);
  if (Status s = control_->begin(); !s) return s;
  for (auto& w : workers_) w->refresh_routes();
  for (auto& l : listeners_) l->start(workers_[0]->poller());
  huge_pages_.start();
  for (auto& w : workers_) w->start();
  replication_->start();
  migrations_->start();
  control_->start();
  // Persistence comes with a later version: a start holds no data, and says so to the cluster.
  control_->post(cluster::DatasetLoaded{});
  loading_.store(false);
  log::notice("Ready to accept connections tcp: port {}, bus {}, {} worker(s), node id {}", config->port, bus_port_,
              workers_.size(), my_id_.view());
  return {};
}

Status Node::load_cluster_state() {
  const auto config = config_.load();
  const std::string& name = config->cluster_config_file;
  if (!data_dir_.exists(name)) {
    my_id_ = random_node_id();
    log::notice("No cluster configuration found, I'm {}", my_id_.view());
    control_ = std::make_unique<Control>(*this, cluster::PersistedState::fresh(my_id_));
    return {};
  }
  Result<std::string> text = data_dir_.read(name);
  if (!text) return fail("cluster-config-file: cannot read '" + data_dir_.file(name) + "': " + text.error().text);
  std::string own_text;
  if (const std::string own = Control::own_file(name); data_dir_.exists(own)) {
    Result<std::string> own_read = data_dir_.read(own);
    if (!own_read) return fail("cannot read '" + data_dir_.file(own) + "': " + own_read.error().text);
    own_text = *own_read;
  }
  // An empty file is what redis-server leaves when it dies before its first save.
  if (text->empty() && own_text.empty()) {
    my_id_ = random_node_id();
    control_ = std::make_unique<Control>(*this, cluster::PersistedState::fresh(my_id_));
    return {};
  }
  Result<cluster::PersistedState> state = cluster::PersistedState::parse(*text, own_text);
  if (!state) {
    return fail("cluster-config-file: '" + data_dir_.file(name) + "': " + state.error().text +
                " (restore the file from a backup, or remove it to start as a new, empty node)");
  }
  my_id_ = state->self();
  log::notice("Node configuration loaded, I'm {}", my_id_.view());
  control_ = std::make_unique<Control>(*this, *state);
  return {};
}

Status Node::reload_tls() {
  Result<std::shared_ptr<const TlsContexts>> contexts = load_tls(*config_.load());
  if (!contexts) return fail(contexts.error().text);
  tls_.store(*contexts);
  return {};
}

// Asks the most advanced replica to take over by a manual failover, which loses no write, and waits for it.
Result<std::string> Node::hand_over_role(const std::function<bool()>& go_on) {
  std::lock_guard lock(hand_over_mutex_);
  const std::shared_ptr<const cluster::View> v = view_.load();
  if (!v->self().is_primary() || v->self().slot_count == 0) return std::string("nothing to hand over");
  const cluster::NodeView* best = nullptr;
  for (const NodeId& id : synced_replicas()) {
    const cluster::NodeView* n = v->find(id);
    if (n->has(bus::kFlagFail) || n->has(bus::kFlagPfail)) continue;
    if (best == nullptr || n->offset > best->offset) best = n;
  }
  if (best == nullptr) return fail("ERR no replica is in sync");
  const auto config = config_.load();
  const bool use_tls = config->tls_replication;
  log::notice("Handing the primary role over to {}", best->id.view());
  const Result<std::string> answer = ask_peer({.ip = best->ip,
                                               .port = use_tls ? best->tls_port : best->tcp_port,
                                               .user = config->masteruser,
                                               .password = config->masterauth,
                                               .tls = use_tls ? tls_.load() : nullptr,
                                               .timeout = Millis(2000)},
                                              {"CLUSTER", "FAILOVER"});
  if (!answer) return fail("ERR the replica cannot be asked: " + answer.error().text);
  if (!answer->starts_with('+')) return fail("ERR the replica refused: " + *answer);
  const Instant deadline = monotonic_now() + config->shutdown_timeout;
  while (go_on() && view_.load()->self().is_primary()) {
    if (monotonic_now() >= deadline) return fail("ERR the replica did not take over in time");
    usleep(5000);  // the view is replaced by the control thread; there is nothing to be woken by
  }
  if (view_.load()->self().is_primary()) return fail("ERR aborted");
  return std::string("handed over to ") + best->id.str();
}

void Node::hand_over(std::function<void(Result<std::string>)> done) {
  const auto outcome = std::make_shared<Result<std::string>>(std::string());
  const bool begun = hand_over_job_.begin([this, outcome] { *outcome = hand_over_role([this] { return !ending(); }); },
                                          [outcome, done] { done(std::move(*outcome)); });
  if (!begun) done(fail("ERR the primary role is being handed over already, or the node stops"));
}

std::vector<NodeId> Node::synced_replicas() const {
  std::vector<NodeId> out;
  const std::shared_ptr<const cluster::View> v = view_.load();
  for (const commands::ReplicaLink& link : replication_->status().replicas) {
    if (!link.online) continue;
    for (const cluster::NodeView& n : v->nodes) {
      const bool same_address = n.ip == link.ip && (n.tcp_port == link.port || n.tls_port == link.port);
      if (n.is_replica() && n.primary_id == my_id_ && same_address) out.push_back(n.id);
    }
  }
  return out;
}

void Node::stop_threads() {
  ending_.store(true);
  if (migrations_) migrations_->stop();  // needs the workers
  hand_over_job_.stop();
  if (control_) control_->stop();
  stopping_.store(true);
  for (auto& w : workers_) w->wake();
  for (auto& w : workers_) w->join();
  if (replication_) replication_->stop();  // sends what the workers wrote
  huge_pages_.stop();
}

// ---- views ----

std::shared_ptr<const cluster::View> Node::view() const {
  return view_.load();
}

std::pair<std::shared_ptr<const RouteTable>, uint64_t> Node::routes() const {
  std::lock_guard lock(routes_mutex_);
  return {routes_, routes_version_.load(std::memory_order_relaxed)};
}

Node::ViewChange Node::change_view(std::shared_ptr<const cluster::View> view) {
  std::shared_ptr<const RouteTable> fresh = make_routes(view);
  const std::shared_ptr<const RouteTable> old = routes().first;
  const auto swap = [this, view, fresh] {
    log::set_role(fresh->is_primary ? 'M' : 'S');
    {
      std::lock_guard lock(routes_mutex_);
      routes_ = fresh;
      routes_version_.fetch_add(1, std::memory_order_release);
    }
    view_.store(view);
  };
  // Who was told that a slot is expected here (SETSLOT IMPORTING) sends its keys at once.
  const auto same = [](const cluster::SlotTable::Moving& a, const cluster::SlotTable::Moving& b) {
    return a.slot == b.slot && a.peer == b.peer;
  };
  const bool exclusively =
      old && (old->is_primary != fresh->is_primary || old->served != fresh->served ||
              !std::ranges::equal(old->view->slots->importing, fresh->view->slots->importing, same));
  if (!exclusively) {
    return {.apply = [this, swap, wakes = !old] {
      swap();
      if (!wakes) return;
      for (auto& w : workers_) w->wake();
    }};
  }
  return {.apply =
              [this, swap] {
                swap();
                for (auto& w : workers_) w->refresh_routes();
              },
          .exclusively = true,
          .takes_away = takes_away(*old->view, *view)};
}

void Node::run_exclusively(const std::function<void()>& work) {
  std::promise<void> done;
  exclusive_->request([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

SlotSet Node::non_empty_slots() const {
  SlotSet out;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (keys_in_slot(Slot(s)) > 0) out.insert(Slot(s));
  }
  return out;
}

void Node::flush_everything() {
  all_keys_go();
  for (store::Keyspace* k : keyspaces_) k->flush_all();
}

void Node::drop_keys(const SlotSet& slots) {
  for (const SlotRange& range : slots.ranges()) {
    for (uint32_t s = range.first.value; s <= range.last.value; ++s) {
      const Slot slot(static_cast<uint16_t>(s));
      Worker& w = worker(owner_of(slot));
      w.keyspace().for_each_in_slot(slot, [&](const store::Entry& e) {
        const std::string_view request[] = {"UNLINK", e.key()};
        w.replicate(request);
        w.watches().touch(e.key(), [] { return true; });
        if (w.tracking().wanted) w.touch_tracked(e.key(), 0);
      });
      w.keyspace().flush_slot(slot);
    }
  }
  for (auto& w : workers_) {
    w->append_log_batch();
    w->wake();  // who read the keys is told
  }
}

void Node::break_all_watches() {
  for (auto& w : workers_) {
    w->watches().touch_existing([&](std::string_view key) {
      const Slot slot = key_slot(key);
      return keyspace_of(slot).find({slot, key}) != nullptr;
    });
  }
}

// ---- what workers ask for ----

bool Node::link_to_primary_up() const {
  return replication_->link_up();
}
uint64_t Node::good_replicas() const {
  return replication_->good_replicas();
}
void Node::log_grew() {
  if (replication_) replication_->log_grew();
}

bool Node::client_joined() {
  if (clients_.fetch_add(1) < config_.load()->maxclients) return true;
  clients_.fetch_sub(1);
  return false;
}

uint64_t Node::used_memory() const {
  uint64_t sum = 0;
  for (const store::Keyspace* k : keyspaces_) sum += k->used_bytes();
  return sum;
}

void Node::feed_monitors(const std::string& line) {
  auto shared = std::make_shared<const std::string>(line);
  for (auto& w : workers_) {
    Worker* worker = w.get();
    worker->post([worker, shared] {
      for (auto& [id, c] : worker->connections()) {
        if (c->kind == commands::SessionKind::kMonitor) c->push_output(*shared);
      }
    });
  }
}

Millis Node::slowest_worker_turn_age() const {
  const uint64_t now = nanos_now();
  uint64_t age = 0;
  for (const auto& w : workers_) age = std::max(age, now - std::min(now, w->last_turn_nanos()));
  return Millis(int64_t(age / 1'000'000));
}

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char ch : bytes) {
    switch (ch) {
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        if (ch >= ' ' && ch <= '~') {
          out += ch;
        } else {
          const auto b = static_cast<unsigned char>(ch);
          out += {'\\', 'x', kHex[b >> 4], kHex[b & 15]};
        }
    }
  }
}

}  // namespace guccho::runtime

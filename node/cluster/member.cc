// Member: one step = the event's rule, then the rules that any event may have made due, then the output in its order.
#include "node/cluster/member.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// Changes that promise nothing (suspicions, addresses) reach the disk within this time.
constexpr Millis kSaveLater{1000};

void first_step(Core& c) {
  c.started = c.now;
  c.started_as_primary = c.self->is_primary();
  c.slots_changed = c.now;
  for (Node* n : c.order) {
    n->known_since = c.now;
    if (n->failed()) n->fail_time = c.now;
  }
  if (c.own.shard_id.is_null()) {
    const Node* primary = c.self->primary;
    c.own.shard_id = primary != nullptr && !primary->shard_id.is_null() ? primary->shard_id : c.rng.node_id();
    c.self->shard_id = c.own.shard_id;
    c.shard_made_up = c.self->is_primary() && c.self->owns_slots();
    c.save_own = true;
  }
  for (const PersistedNode::Moving& m : c.dropped_moves) {
    c.log(LogLevel::kWarning,
          fmt::format("nodes.conf: slot {} moves to or from the unknown node {}: it does not move now", m.slot.value,
                      m.peer.view()));
  }
  c.save_conf |= !c.dropped_moves.empty();
  c.dropped_moves.clear();
  apply_announce(c);
}

void on_event(Core& c, const Tick&) {
  const bool in_time = !c.last_tick || c.now - *c.last_tick <= c.config.node_timeout / 2;
  if (in_time && !c.absence.active) c.settled_epoch = c.current_epoch;
  c.last_tick = c.now;
  peers_tick(c);
  manual_failover_tick(c);
  awaiting_tick(c);
  electorate_tick(c);
  release_unclaimed(c);
  if (c.self->is_replica() && (!c.orphans_looked_for || c.now - *c.orphans_looked_for >= c.pace())) {
    c.orphans_looked_for = c.now;
    track_orphans(c);
    migrate_to_orphan(c);
  }
}

void on_event(Core&, const LinkAccepted&) {}

void on_event(Core& c, const ConfigChanged& e) {
  c.config = e.config;
  c.touch_all();
  apply_announce(c);
}

void on_event(Core& c, const DatasetStatus& e) {
  c.non_empty = e.non_empty;
}

void on_event(Core& c, const ReplicationStatus& e) {
  c.replication = e;
  c.changed(Urgency::kRefresh);
  if (c.manual.until && c.self->is_primary() && e.writes_stopped) c.manual.writes_stopped = true;
  manual_failover_tick(c);
}

void on_event(Core& c, const PublishToCluster& e) {
  const bus::PublishBody body{.channel = e.channel, .message = e.message};
  if (!e.sharded) return broadcast(c, bus::MessageType::kPublish, body);
  const auto shard = [](const Node& n) { return n.is_replica() ? static_cast<const Node*>(n.primary) : &n; };
  for (const Node* n : c.order) {
    const bool peer = n != c.self && shard(*n) == shard(*c.self) && shard(*n) != nullptr;
    if (!peer || n->in_handshake() || !n->link_open) continue;
    send_message(c, n->link, bus::Message{.header = make_header(c, bus::MessageType::kPublishShard, n), .body = body});
  }
}

void publish_if_due(Core& c, bool tick) {
  const Instant paced = c.view_at + c.pace();
  const bool due = c.publish == Urgency::kNow || (c.publish == Urgency::kSoon && c.now >= paced) ||
                   (c.publish == Urgency::kTick && tick && c.now >= paced) ||
                   (c.publish == Urgency::kRefresh && c.now - c.view_at >= c.config.view_refresh);
  if (!due) {
    if (c.publish == Urgency::kSoon) c.wake_at(paced);
    return;
  }
  publish_view(c);
  c.publish = Urgency::kNone;
  // First of all: a view that takes a role or a slot away is in force before anything that follows from it.
  c.promises.insert(c.promises.begin(), PublishView{.view = c.view});
}

void save_if_due(Core& c) {
  if (c.save_later && !c.save_later_since) c.save_later_since = c.now;
  if (c.save_later_since && c.now - *c.save_later_since >= kSaveLater) c.save_conf = true;
  if (c.save_soon) {
    if (!c.saved_at || c.now >= *c.saved_at + c.pace()) {
      c.save_conf = true;
    } else {
      c.wake_at(*c.saved_at + c.pace());
    }
  }
  // We may end between the two files. A new role is not on disk before the generation that began with it; a new voter
  // list not before the epoch that we learnt with it (electorate.cc).
  const bool promoted = std::any_of(c.promises.begin(), c.promises.end(),
                                    [](const Effect& e) { return std::holds_alternative<PromoteSelf>(e); });
  const auto save_own = [&c] {
    if (c.save_own) c.fx.persist.add({.kind = PersistFile::Kind::kOwn, .text = print_own_file(c.own)});
  };
  if (promoted) save_own();
  if (c.save_conf) {
    c.fx.persist.add({.kind = PersistFile::Kind::kNodesConf, .text = nodes_conf_text(c)});
    c.save_later = c.save_soon = false;
    c.save_later_since.reset();
    c.saved_at = c.now;
  }
  if (!promoted) save_own();
  c.save_conf = false;
  c.save_own = false;
}

}  // namespace

PersistedState PersistedState::fresh(const NodeId& self) {
  PersistedData data{.fresh = true};
  data.conf.nodes.push_back(PersistedNode{.id = self, .flags = bus::kFlagMyself | bus::kFlagPrimary});
  return PersistedState(std::make_shared<const PersistedData>(std::move(data)));
}

Result<PersistedState> PersistedState::parse(std::string_view nodes_conf_text, std::string_view own_text) {
  auto conf = parse_nodes_conf(nodes_conf_text);
  if (!conf) return fail(conf.error().text);
  auto own = parse_own_file(own_text);
  if (!own) return fail(own.error().text);
  return PersistedState(
      std::make_shared<const PersistedData>(PersistedData{.conf = std::move(*conf), .own = std::move(*own)}));
}

const NodeId& PersistedState::self() const {
  return data_->conf.self().id;
}

Member::Member(Config config, const PersistedState& persisted, Rng rng)
    : core_(std::make_unique<Core>(std::move(config), *persisted.data_, rng)) {
  publish_view(*core_);
}

Member::~Member() = default;
Member::Member(Member&&) noexcept = default;
Member& Member::operator=(Member&&) noexcept = default;

Effects Member::step(Instant now, UnixMillis wall, const Event& event) {
  Core& c = *core_;
  c.now = now;
  c.wall = wall;
  c.fx = Effects();
  c.promises.clear();
  c.wake.reset();
  if (!c.started) first_step(c);
  notice_stand_still(c);
  std::visit([&c](const auto& e) { on_event(c, e); }, event);
  run_election(c);
  check_presence(c);
  const bool tick = std::holds_alternative<Tick>(event);
  if (tick || c.publish >= Urgency::kSoon) update_state(c);
  publish_if_due(c, tick);
  save_if_due(c);
  for (Effect& e : c.promises) c.fx.after_persist.add(std::move(e));
  c.fx.wake_at = c.wake;
  return std::move(c.fx);
}

std::shared_ptr<const View> Member::view() const {
  return core_->view;
}
const Config& Member::config() const {
  return core_->config;
}

}  // namespace guccho::cluster

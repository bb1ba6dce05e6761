// Core: the table of nodes and the table of slots, kept consistent with each other.
#include "node/cluster/core.h"

#include <algorithm>

namespace guccho::cluster {

namespace {

auto by_id = [](const Node* a, const Node* b) { return a->id < b->id; };

void insert_sorted(std::vector<Node*>& v, Node* n) {
  v.insert(std::lower_bound(v.begin(), v.end(), n, by_id), n);
}

}  // namespace

Core::Core(Config c, const PersistedData& data, Rng r)
    : config(std::move(c)),
      rng(r),
      current_epoch(data.conf.current_epoch),
      last_vote_epoch(data.conf.last_vote_epoch),
      own(data.own) {
  for (const PersistedNode& p : data.conf.nodes) {
    // Whether a node can be reached is found out again; that a primary was agreed to have failed is kept, as in Redis.
    Node* n =
        add_node(p.id, static_cast<uint16_t>(p.flags & ~(bus::kFlagPfail | bus::kFlagHandshake | bus::kFlagMeet)));
    n->ip = p.ip;
    n->port = p.port;
    n->bus_port = p.bus_port;
    n->hostname = p.hostname;
    n->shard_id = p.shard_id;
    n->config_epoch = p.config_epoch;
    if (n->has(bus::kFlagMyself)) self = n;
  }
  for (const PersistedNode& p : data.conf.nodes) {
    Node* n = find(p.id);
    p.slots.for_each([this, n](Slot s) { assign(s, *n); });
    if (Node* primary = find(p.primary); primary != nullptr && primary != n) set_primary_of(*n, primary);
    if (n != self) continue;
    for (const auto& m : p.migrating) restore_move(m, migrating);
    for (const auto& m : p.importing) restore_move(m, importing);
  }
  self->shard_id = own.shard_id;
  save_conf = data.fresh;
}

void Core::restore_move(const PersistedNode::Moving& m, std::map<uint16_t, NodeId>& moves) {
  if (find(m.peer) == nullptr) {
    dropped_moves.push_back(m);
  } else {
    moves[m.slot.value] = m.peer;
  }
}

void Core::wake_at(Instant t) {
  if (t <= now) return;  // due: what could be done in this step is done
  if (!wake || t < *wake) wake = t;
}

Node* Core::find(const NodeId& id) {
  const auto it = nodes.find(id);
  return it == nodes.end() ? nullptr : it->second.get();
}

Node* Core::add_node(const NodeId& id, uint16_t flags) {
  auto& place = nodes[id];
  place = std::make_unique<Node>();
  place->id = id;
  place->flags = flags;
  place->known_since = now;
  insert_sorted(order, place.get());
  place->watch = watches.size();
  watches.push_back({.node = place.get()});
  topology_changed = order_changed = true;
  changed(Urgency::kTick);
  return place.get();
}

void Core::remove_node(Node& node) {
  close_link(node);
  unassign_all(node);
  std::erase_if(migrating, [&](const auto& m) { return m.second == node.id; });
  std::erase_if(importing, [&](const auto& m) { return m.second == node.id; });
  if (node.primary != nullptr) std::erase(node.primary->replicas, &node);
  for (Node* r : node.replicas) r->primary = nullptr;
  for (Node* n : order) std::erase_if(n->reports, [&](const FailureReport& f) { return f.reporter == node.id; });
  std::erase(order, &node);
  set_pfail(node, false);
  watches[node.watch] = watches.back();
  watches[node.watch].node->watch = node.watch;
  watches.pop_back();
  topology_changed = order_changed = true;
  changed(Urgency::kTick);
  const NodeId id = node.id;
  nodes.erase(id);
}

void Core::rename_node(Node& node, const NodeId& id) {
  auto handle = nodes.extract(node.id);
  std::erase(order, &node);
  for (auto* moves : {&migrating, &importing}) {
    for (auto& [slot, peer] : *moves) {
      if (peer == node.id) peer = id;
    }
  }
  if (node.link.value != 0) outbound[node.link.value] = id;
  node.id = id;
  handle.key() = id;
  nodes.insert(std::move(handle));
  insert_sorted(order, &node);
  touch(node);
  topology_changed = order_changed = true;
  changed(Urgency::kTick);
}

void Core::set_primary_of(Node& replica, Node* primary) {
  if (replica.primary == primary) return;
  if (replica.primary != nullptr) {
    std::erase(replica.primary->replicas, &replica);
    if (replica.primary->replicas.empty()) replica.primary->clear(bus::kFlagMigrateTo);
  }
  replica.primary = primary;
  if (primary != nullptr) {
    insert_sorted(primary->replicas, &replica);
    primary->set(bus::kFlagMigrateTo);
    primary->orphaned_since.reset();
  }
  changed(Urgency::kTick);
}

void Core::make_primary(Node& node) {
  if (node.is_primary()) return;
  if (node.primary != nullptr) {
    set_primary_of(node, nullptr);
    // It was a replica of somebody: when it loses its last replica, others may migrate to it.
    if (&node != self) node.set(bus::kFlagMigrateTo);
  }
  node.clear(bus::kFlagReplica);
  node.set(bus::kFlagPrimary);
  changed(&node == self ? Urgency::kNow : Urgency::kSoon);
}

void Core::close_link(Node& node) {
  if (node.link.value == 0) return;
  act(CloseLink{.link = node.link});
  outbound.erase(node.link.value);
  node.link = LinkId();
  node.link_open = false;
  touch(node);
  changed(Urgency::kRefresh);
}

void Core::set_pfail(Node& node, bool on) {
  node.suspicion_old = false;
  if (node.pfail() == on) return;
  suspects += on ? 1 : static_cast<size_t>(-1);
  if (on) {
    node.set(bus::kFlagPfail);
  } else {
    node.clear(bus::kFlagPfail);
  }
}

void Core::touch_all() {
  for (Watch& w : watches) w.at = Instant::min();
}

bool Core::is_banned(const NodeId& id) {
  const auto it = banned.find(id);
  if (it == banned.end()) return false;
  if (it->second > now) return true;
  banned.erase(it);
  return false;
}

void Core::assign(Slot s, Node& node) {
  Node*& place = owner[s.value];
  if (place == &node) return;
  unclaimed.erase(s.value);
  if (place != nullptr) {
    --place->slot_count;
    place->slots_stale = place->slot_text_stale = true;
  } else {
    ++assigned;
  }
  const bool ours = place == self || &node == self;
  place = &node;
  slots_changed = now;
  ++node.slot_count;
  node.slots_stale = node.slot_text_stale = true;
  changed_slots.insert(s);
  topology_changed = true;
  changed(ours ? Urgency::kNow : Urgency::kSoon);
}

void Core::unassign(Slot s) {
  Node*& place = owner[s.value];
  if (place == nullptr) return;
  unclaimed.erase(s.value);
  --place->slot_count;
  place->slots_stale = place->slot_text_stale = true;
  place = nullptr;
  slots_changed = now;
  --assigned;
  changed_slots.insert(s);
  topology_changed = true;
  changed(Urgency::kNow);
}

void Core::unassign_all(Node& node) {
  for (uint16_t s = 0; s < kSlotCount && node.slot_count > 0; ++s) {
    if (owner[s] == &node) unassign(Slot(s));
  }
}

std::shared_ptr<const SlotSet> Core::slots_of(Node& node) {
  if (!node.slots_stale) return node.slots;
  node.slots_stale = false;
  if (node.slot_count == 0) {
    node.slots = nullptr;
    return nullptr;
  }
  auto set = std::make_shared<SlotSet>();
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (owner[s] == &node) set->insert(Slot(s));
  }
  node.slots = std::move(set);
  return node.slots;
}

}  // namespace guccho::cluster

// The rounds of the simulated cluster.
#include "operator/backend/fake/sim_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>

namespace guccho::ops {
namespace {

SlotSet set_of(std::span<const SlotRange> ranges) {
  SlotSet set;
  for (const SlotRange& range : ranges) set.insert(range);
  return set;
}

bool same_address(const PeerView& view, const Endpoints& real) {
  return view.host == real.host && view.port == real.port && view.bus_port == real.bus_port;
}

}  // namespace

void SimNodes::start(InstanceId place, const Endpoints& endpoints, const Incarnation& incarnation,
                     const SimDisk* disk) {
  SimNode node{.place = place, .endpoints = endpoints, .incarnation = incarnation};
  if (disk) {
    node.state = *disk;
  } else {
    node.state.id = rng_.node_id();
  }
  for (auto& [id, peer] : node.state.peers) peer.linked = false;
  const bool came_back_empty = node.state.held_data && node.state.keys == 0;
  ++node.state.generation;
  if (came_back_empty) node.state.base = node.state.generation;
  node.awaiting_data = came_back_empty && !node.state.slots.empty();
  nodes_.insert_or_assign(place, std::move(node));
}

std::optional<SimDisk> SimNodes::stop(InstanceId place, bool persistent) {
  const auto it = nodes_.find(place);
  if (it == nodes_.end()) return std::nullopt;
  SimDisk disk = it->second.state;
  disk.held_data = disk.held_data || disk.keys > 0;
  if (!persistent) disk.keys = 0;
  nodes_.erase(it);
  return disk;
}

SimNode* SimNodes::find(InstanceId place) {
  const auto it = nodes_.find(place);
  return it == nodes_.end() ? nullptr : &it->second;
}

const SimNode* SimNodes::running(const NodeId& id) const {
  for (const auto& [place, node] : nodes_) {
    if (node.state.id == id && node.alive()) return &node;
  }
  return nullptr;
}

SimNode* SimNodes::find_running(const NodeId& id) {
  return const_cast<SimNode*>(running(id));
}

std::vector<SimNode*> SimNodes::all() {
  std::vector<SimNode*> out;
  for (auto& [place, node] : nodes_) out.push_back(&node);
  return out;
}

SimNode* SimNodes::at_address(const Endpoints& endpoints) {
  for (auto& [place, node] : nodes_) {
    if (node.alive() && node.endpoints.port == endpoints.port && node.endpoints.host == endpoints.host) return &node;
  }
  return nullptr;
}

PeerView SimNodes::introduce_as(const SimNode& node) const {
  return {.id = node.state.id,
          .host = node.endpoints.host,
          .port = node.endpoints.port,
          .bus_port = node.endpoints.bus_port,
          .role = node.state.role,
          .primary = node.state.primary,
          .config_epoch = node.state.config_epoch,
          .slots = node.state.slots,
          .linked = true};
}

void SimNodes::step() {
  for (auto& [place, node] : nodes_) {
    if (node.alive()) finish_handshakes(node);
  }
  for (auto& [place, node] : nodes_) {
    if (node.alive()) gossip(node);
  }
  for (auto& [place, node] : nodes_) {
    if (!node.alive()) continue;
    rebind_slots(node);
    settle_lost_data(node);
    replicate_data(node);
    vote(node);
  }
}

// MEET: both become members of each other's table.
void SimNodes::finish_handshakes(SimNode& node) {
  for (const Endpoints& endpoints : node.meeting) {
    SimNode* other = at_address(endpoints);
    if (!other || other == &node) continue;
    node.state.peers[other->state.id] = introduce_as(*other);
    other->state.peers[node.state.id] = introduce_as(node);
  }
  node.meeting.clear();
}

void SimNodes::gossip(SimNode& node) {
  std::vector<PeerView> heard;
  for (auto& [id, view] : node.state.peers) {
    SimNode* peer = find_running(id);
    const bool found = peer && same_address(view, peer->endpoints);
    if (!found) {
      // Two rounds without an answer: suspected, then failed.
      view.failed = view.suspected;
      view.suspected = true;
      view.linked = false;
      continue;
    }
    // It hears us only if it knows us; then it also learns where we are now.
    const auto back = peer->state.peers.find(node.state.id);
    if (back != peer->state.peers.end()) {
      back->second = introduce_as(node);
    }
    view = introduce_as(*peer);
    for (const auto& [third, third_view] : peer->state.peers) {
      if (third_view.linked) heard.push_back(third_view);
    }
  }
  // A handshake with whoever was heard of: it has to answer.
  for (const PeerView& view : heard) {
    if (view.id == node.state.id || node.banned.contains(view.id) || node.state.peers.contains(view.id)) continue;
    SimNode* other = find_running(view.id);
    if (!other || !same_address(view, other->endpoints)) continue;
    node.state.peers.emplace(view.id, introduce_as(*other));
    other->state.peers[node.state.id] = introduce_as(node);
  }
}

// In one node's view a slot has one owner: the claim with the greatest epoch. A primary that lost all its slots follows
// who has them.
void SimNodes::rebind_slots(SimNode& node) {
  std::vector<PeerView*> claims;
  for (auto& [id, view] : node.state.peers) {
    if (!view.slots.empty()) claims.push_back(&view);
  }
  std::ranges::stable_sort(claims, std::greater(), &PeerView::config_epoch);
  SlotSet mine = set_of(node.state.slots);
  SlotSet taken;
  const PeerView* winner = nullptr;
  for (PeerView* view : claims) {
    SlotSet theirs = set_of(view->slots);
    if (view->config_epoch > node.state.config_epoch && theirs.intersects(mine)) {
      mine -= theirs;
      winner = view;
    }
    theirs -= taken;
    theirs -= mine;
    taken |= theirs;
    view->slots = theirs.ranges();
  }
  if (!winner) return;
  node.state.slots = mine.ranges();
  if (!mine.empty()) return;
  node.state.role = Role::kReplica;
  node.state.primary = winner->id;
  node.in_sync = false;
  node.awaiting_data = false;
}

// A primary without its data serves again when every replica it knows was heard, and none holds the data.
void SimNodes::settle_lost_data(SimNode& node) {
  if (!node.awaiting_data) return;
  for (const auto& [id, view] : node.state.peers) {
    if (view.primary != node.state.id) continue;
    const SimNode* replica = running(id);
    if (!replica || replica->state.keys > 0) return;
  }
  node.awaiting_data = false;
}

void SimNodes::replicate_data(SimNode& node) {
  if (node.state.role != Role::kReplica) return;
  const SimNode* primary = running(node.state.primary);
  const auto view = node.state.peers.find(node.state.primary);
  const bool reachable = primary && view != node.state.peers.end() && view->second.linked && !primary->awaiting_data;
  node.in_sync = reachable;
  if (!reachable) return;
  node.state.keys = primary->state.keys;
  node.state.held_data = node.state.keys > 0;
  node.offset = primary->offset;
}

bool SimNodes::can_decide(const SimNode& node) const {
  size_t owners = node.state.slots.empty() ? 0 : 1;
  for (const auto& [id, view] : node.state.peers) owners += !view.slots.empty();
  return owners >= 3 || node.state.peers.size() + 1 >= 3;
}

bool SimNodes::majority_alive(const SimNode& node) const {
  size_t owners = node.state.slots.empty() ? 0 : 1;
  size_t owners_alive = owners;
  size_t alive = 1;
  for (const auto& [id, view] : node.state.peers) {
    const bool up = running(id) != nullptr;
    alive += up;
    owners += !view.slots.empty();
    owners_alive += up && !view.slots.empty();
  }
  if (owners >= 3) return owners_alive * 2 > owners;
  return alive * 2 > node.state.peers.size() + 1;
}

void SimNodes::vote(SimNode& replica) {
  if (replica.state.role != Role::kReplica || !can_decide(replica) || !majority_alive(replica)) return;
  const auto view = replica.state.peers.find(replica.state.primary);
  if (view == replica.state.peers.end() || view->second.slots.empty()) return;
  // Each epoch elects once: whoever was elected for these slots already, heard of here or not, has had the votes.
  for (const auto& [place, other] : nodes_) {
    const bool newer = other.state.config_epoch > view->second.config_epoch;
    if (newer && set_of(other.state.slots).intersects(set_of(view->second.slots))) return;
  }
  const SimNode* primary = running(replica.state.primary);
  const bool asked = primary && (primary->awaiting_data || primary->hand_over == replica.state.id);
  const bool holds_data = !primary || !primary->awaiting_data || replica.state.keys > 0;
  if ((view->second.failed || asked) && holds_data) promote(replica, replica.state.primary);
}

void SimNodes::promote(SimNode& replica, const NodeId& old_primary) {
  const auto view = replica.state.peers.find(old_primary);
  if (view == replica.state.peers.end()) return;
  // What the votes see to: an epoch that nobody else has.
  uint64_t newest = 0;
  for (const auto& [place, node] : nodes_) newest = std::max(newest, node.state.config_epoch.value);
  for (const auto& [id, peer] : replica.state.peers) newest = std::max(newest, peer.config_epoch.value);
  replica.state.slots = view->second.slots;
  replica.state.role = Role::kPrimary;
  replica.state.primary = NodeId();
  replica.state.config_epoch = ConfigEpoch(newest + 1);
  replica.in_sync = false;
  view->second.slots.clear();
  if (SimNode* old = find_running(old_primary)) {
    old->hand_over.reset();
    old->state.peers[replica.state.id] = introduce_as(replica);
  }
}

std::optional<NodeStatus> SimNodes::status(InstanceId place) const {
  const auto it = nodes_.find(place);
  if (it == nodes_.end() || !it->second.alive()) return std::nullopt;
  const SimNode& node = it->second;
  NodeStatus out;
  out.id = node.state.id;
  out.version = "0.1.0";
  out.incarnation = node.incarnation;
  out.role = node.state.role;
  out.primary = node.state.primary;
  out.slots = node.state.slots;
  out.config_epoch = node.state.config_epoch;
  out.loading = node.loading;
  out.keys = node.state.keys;
  out.offset = ReplOffset(node.offset);
  const bool primary = node.state.role == Role::kPrimary;
  out.link = primary ? ReplicationLink::kNone : node.in_sync ? ReplicationLink::kUp : ReplicationLink::kConnecting;
  out.in_sync = primary || node.in_sync;
  out.generation = DataGeneration(node.awaiting_data ? 0 : node.state.generation);
  out.base = DataGeneration(node.state.base);
  out.awaiting_data = node.awaiting_data;
  out.electorate.can_decide = can_decide(node);
  out.fencing_term = node.fencing_term;
  SlotSet served = set_of(node.state.slots);
  for (const auto& [id, view] : node.state.peers) {
    out.peers.push_back(view);
    if (view.failed) continue;
    served |= set_of(view.slots);
  }
  out.slots_served = static_cast<uint32_t>(served.size());
  out.cluster_ok = served.size() == kSlotCount;
  return out;
}

Answer SimNodes::meet(SimNode& node, const Endpoints& peer) {
  node.meeting.push_back(peer);
  return Answer::accepted();
}

Answer SimNodes::assign(SimNode& node, std::span<const SlotRange> slots, ConfigEpoch epoch) {
  if (node.state.role != Role::kPrimary) return Answer::refused("a replica owns no slots");
  SlotSet mine = set_of(node.state.slots);
  const SlotSet wanted = set_of(slots);
  for (const auto& [id, view] : node.state.peers) {
    if (set_of(view.slots).intersects(wanted)) return Answer::conflict("a slot has another owner");
  }
  mine |= wanted;
  node.state.slots = mine.ranges();
  if (node.state.config_epoch.value == 0) node.state.config_epoch = epoch;
  return Answer::accepted();
}

Answer SimNodes::replicate(SimNode& node, const NodeId& primary) {
  if (!node.state.slots.empty()) return Answer::refused("it owns slots");
  if (node.state.role == Role::kPrimary && node.state.keys > 0) return Answer::refused("it holds keys");
  const auto view = node.state.peers.find(primary);
  if (view == node.state.peers.end()) return Answer::refused("unknown primary");
  if (view->second.role != Role::kPrimary) return Answer::refused("not a primary");
  node.state.role = Role::kReplica;
  node.state.primary = primary;
  node.in_sync = false;
  return Answer::accepted();
}

Answer SimNodes::failover(SimNode& node, FailoverMode mode, const ProofOfDeath* proof) {
  if (node.state.role != Role::kReplica) return Answer::refused("not a replica");
  if (mode == FailoverMode::kTakeover) {
    if (!proof || proof->node != node.state.primary) return Answer::refused("no proof of its primary's death");
    promote(node, node.state.primary);
    return Answer::accepted();
  }
  SimNode* primary = find_running(node.state.primary);
  if (!primary) return Answer::refused("its primary does not answer");
  if (!node.in_sync) return Answer::refused("not in sync");
  // With fewer than three voters the primary's own consent decides.
  primary->hand_over = node.state.id;
  if (!can_decide(node)) promote(node, primary->state.id);
  return Answer::accepted();
}

// Refuses what the admin service (node/admin/service.cc) and the member core refuse.
Answer SimNodes::forget(SimNode& node, const NodeId& forgotten, const ProofOfDeath* proof) {
  if (forgotten == node.state.id) return Answer::refused("it would forget itself");
  const auto known = node.state.peers.find(forgotten);
  if (known == node.state.peers.end()) return Answer::accepted();
  if (forgotten == node.state.primary) return Answer::refused("it follows that node");
  for (const auto& [id, view] : node.state.peers) {
    if (view.primary == forgotten) return Answer::refused(fmt::format("{} follows it", id.view()));
  }
  if (!known->second.slots.empty()) {
    if (!proof) return Answer::refused(fmt::format("{} owns slots", forgotten.view()));
    const bool data_gone = proof->evidence == Evidence::kStorageDeleted || proof->evidence == Evidence::kMachineDeleted;
    if (proof->node != forgotten || !data_gone) return Answer::refused("no proof that its data is gone");
    if (!known->second.failed) return Answer::refused("it has not failed");
  }
  node.state.peers.erase(forgotten);
  node.banned.insert(forgotten);
  return Answer::accepted();
}

void SimNodes::write(uint64_t keys_per_primary) {
  for (auto& [place, node] : nodes_) {
    if (!node.alive() || node.state.slots.empty() || node.awaiting_data) continue;
    node.state.keys += keys_per_primary;
    node.state.held_data = true;
    node.offset += static_cast<int64_t>(keys_per_primary) * 100;
  }
}

}  // namespace guccho::ops

// Building the picture.
#include "operator/plan/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

namespace guccho::ops {
namespace {

// Number of shards whose places hold a slot owner, counted up to the highest such shard.
int shards_with_slots(const Observed& observed, const RedisClusterStatus& memory) {
  int shards = 0;
  for (const auto& [place, status] : observed.nodes) {
    if (!status.slots.empty()) shards = std::max(shards, place.shard + 1);
  }
  for (const NodeSummary& node : memory.nodes) {
    if (!node.slots.empty()) shards = std::max(shards, node.instance.shard + 1);
  }
  return shards;
}

SlotSet set_of(const std::vector<SlotRange>& ranges) {
  SlotSet set;
  for (const SlotRange& range : ranges) set.insert(range);
  return set;
}

}  // namespace

std::string Member::str() const {
  return id.is_null() ? place.str() : fmt::format("{} ({})", place.str(), id.view().substr(0, 8));
}

Picture::Picture(const Observed& observed_in, const RedisCluster& desired_in)
    : observed(observed_in), desired(desired_in), memory(desired_in.status) {
  const Condition* formed = memory.condition("ClusterFormed");
  formed_before = formed && formed->status == ConditionStatus::kTrue;
  shards = shards_to_have();
  size = desired.spec.shard_size();
  place_members();
  claim_slots();
  compare_views();
}

// A formation that began is finished with the count that it began with, and a shard whose last node lost its data is
// still one, also when another count is asked for by then: the ranges of two layouts overlap.
int Picture::shards_to_have() const {
  const int now = shards_with_slots(observed, memory);
  if (memory.shards > 0) return std::max(now, memory.shards);
  // No memory of it: nothing was assigned yet, or the status was lost.
  return now == 0 || !formed_before ? std::max(now, desired.spec.primaries) : now;
}

void Picture::place_members() {
  std::set<InstanceId> places;
  for (int shard = 0; shard < shards; ++shard) {
    for (int ordinal = 0; ordinal < size; ++ordinal) places.insert({shard, ordinal});
  }
  for (const Instance& instance : observed.world.instances) places.insert(instance.id);

  std::set<NodeId> answered;
  for (const auto& [place, status] : observed.nodes) answered.insert(status.id);
  for (const InstanceId place : places) {
    Member member{.place = place, .instance = observed.world.find(place), .status = nullptr, .id = {}, .wanted = false};
    member.wanted = place.shard < shards && place.ordinal < size;
    if (const auto it = observed.nodes.find(place); it != observed.nodes.end()) {
      member.status = &it->second;
      member.id = it->second.id;
    } else {
      // The newest entry of the place is the last one.
      for (const NodeSummary& node : memory.nodes) {
        if (node.instance == place && !answered.contains(node.id)) member.id = node.id;
      }
    }
    members.push_back(member);
  }
  for (const Member& member : members) {
    if (member.answers()) by_id_.emplace(member.id, &member);
  }
  all_wanted_answer = silence_among(/*wanted=*/true).empty();
  all_answer = first_silence().empty();
}

void Picture::claim_slots() {
  struct Claim {
    ConfigEpoch epoch;
    NodeId id;
    const std::vector<SlotRange>* slots;
  };
  std::vector<Claim> claims;
  for (const Member& member : members) {
    if (member.answers()) claims.push_back({member.status->config_epoch, member.id, &member.status->slots});
  }
  for (const Member& viewer : members) {
    if (!viewer.answers()) continue;
    for (const PeerView& peer : viewer.status->peers) {
      // Whoever answers speaks for itself; an older view of it must not give it back what it lost.
      if (!by_id_.contains(peer.id)) claims.push_back({peer.config_epoch, peer.id, &peer.slots});
    }
  }
  std::ranges::stable_sort(claims, std::greater(), &Claim::epoch);
  unowned_.insert(SlotRange{Slot(0), Slot(kSlotCount - 1)});
  for (const Claim& claim : claims) {
    SlotSet won = set_of(*claim.slots);
    won &= unowned_;
    if (won.empty()) continue;
    owned_[claim.id] |= won;
    unowned_ -= won;
  }
  any_slot_owned = !owned_.empty();
}

void Picture::compare_views() {
  views_agree = true;
  for (const Member& viewer : members) {
    if (!viewer.answers() || !viewer.wanted) continue;
    // A newcomer serves nobody yet, and need not have heard of every owner.
    if (viewer.status->role == Role::kPrimary && !owns_slots(viewer.id)) continue;
    size_t owners = 0;
    const auto agrees = [&](const NodeId& id, const std::vector<SlotRange>& ranges) {
      owners += owns_slots(id);
      return set_of(ranges) == slots_of(id);
    };
    bool same = agrees(viewer.id, viewer.status->slots);
    for (const PeerView& peer : viewer.status->peers) same = agrees(peer.id, peer.slots) && same;
    if (!same || owners != owned_.size()) views_agree = false;
  }
}

const Member* Picture::at(InstanceId place) const {
  const auto it = std::ranges::find(members, place, &Member::place);
  return it == members.end() ? nullptr : &*it;
}

const Member* Picture::by_id(const NodeId& id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

const Member* Picture::primary_of(int shard) const {
  const Member* best = nullptr;
  for (const Member& member : members) {
    if (member.place.shard != shard || !owns_slots(member.id)) continue;
    if (!best || slots_of(member.id).size() > slots_of(best->id).size()) best = &member;
  }
  return best;
}

const SlotSet& Picture::slots_of(const NodeId& id) const {
  static const SlotSet kNone;
  const auto it = owned_.find(id);
  return it == owned_.end() ? kNone : it->second;
}

bool Picture::knows(const Member& viewer, const NodeId& id) {
  if (!viewer.answers()) return false;
  const PeerView* peer = viewer.status->peer(id);
  return peer && !peer->handshake;
}

std::vector<const Member*> Picture::followers(const NodeId& id) const {
  std::vector<const Member*> out;
  for (const Member& member : members) {
    if (member.answers() && member.status->role == Role::kReplica && member.status->primary == id)
      out.push_back(&member);
  }
  return out;
}

const NodeSummary* Picture::remembered(const NodeId& id) const {
  const auto it = std::ranges::find(memory.nodes, id, &NodeSummary::id);
  return it == memory.nodes.end() ? nullptr : &*it;
}

std::string Picture::first_silence() const {
  std::string silence = silence_among(/*wanted=*/true);
  return silence.empty() ? silence_among(/*wanted=*/false) : silence;
}

std::string Picture::silence_among(bool wanted) const {
  if (!observed.world.complete) return "the world that runs the nodes did not answer completely";
  for (const Member& member : members) {
    if (member.wanted != wanted) continue;
    if (!member.instance) return member.str() + " does not exist yet";
    if (!wanted && std::holds_alternative<Gone>(member.instance->life)) continue;
    if (!member.answers()) return fmt::format("{} does not answer ({})", member.str(), describe(member.instance->life));
    if (member.status->loading) return member.str() + " is loading its data";
  }
  return "";
}

}  // namespace guccho::ops

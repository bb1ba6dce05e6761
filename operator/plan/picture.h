// One observation made easy to ask: who lives where, who answered, who owns which slot. Built once for each plan.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/plan/plan.h"

namespace guccho::ops {

// A place, and the node in it.
struct Member {
  InstanceId place;
  const Instance* instance = nullptr;  // null: the world shows no such place
  const NodeStatus* status = nullptr;  // null: silence
  NodeId id;                           // as it answered, else as remembered; null: not known
  bool wanted = false;                 // the cluster shall have this place

  bool answers() const { return status != nullptr; }
  // Answers and has read its data: can take part.
  bool usable() const { return status && !status->loading; }
  NodeAt at() const { return {place, id}; }
  std::string str() const;  // "0-1 (3f2a91c0)"
};

class Picture {
 public:
  Picture(const Observed& observed, const RedisCluster& desired);
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  const Observed& observed;
  const RedisCluster& desired;
  const RedisClusterStatus& memory;  // what the last round said

  // The shape to have now. `shards` stays what it is once slots were given out, since no slots can be moved yet.
  int shards = 0;
  int size = 0;  // instances a shard

  std::vector<Member> members;  // all places, wanted or present, ascending

  bool formed_before = false;      // the status says that the cluster was formed
  bool any_slot_owned = false;     // in any view
  bool all_wanted_answer = false;  // every wanted place answers, from a complete view of the world, none loading
  // So does every other place that exists, apart from those whose process has certainly ended: nobody is left who could
  // know something else. What everything irreversible demands.
  bool all_answer = false;
  // Every answering wanted member that owns slots or follows somebody sees the same owner for each slot.
  bool views_agree = false;

  const Member* at(InstanceId place) const;
  const Member* by_id(const NodeId& id) const;  // the member that answered with this id
  // The member of this shard's places that owns slots (the most, if several); null: none. It may be silent.
  const Member* primary_of(int shard) const;
  // Who owns which slots, by the claim with the greatest epoch: from the owner itself or, for the silent, from the
  // others' views. Only owners are listed.
  const std::map<NodeId, SlotSet>& owned() const { return owned_; }
  const SlotSet& slots_of(const NodeId& id) const;  // empty for who owns none
  bool owns_slots(const NodeId& id) const { return owned_.contains(id); }
  const SlotSet& unowned() const { return unowned_; }
  // True when `viewer` has `id` as a full member of its cluster.
  static bool knows(const Member& viewer, const NodeId& id);
  // The answering members that follow this node.
  std::vector<const Member*> followers(const NodeId& id) const;
  const NodeSummary* remembered(const NodeId& id) const;
  // First place that cannot be heard, and why, in words: a wanted one, and if none of any. Empty if all_answer.
  std::string first_silence() const;

 private:
  std::string silence_among(bool wanted) const;
  int shards_to_have() const;
  void place_members();
  void claim_slots();
  void compare_views();

  std::map<NodeId, SlotSet> owned_;
  SlotSet unowned_;
  std::map<NodeId, const Member*> by_id_;
};

}  // namespace guccho::ops

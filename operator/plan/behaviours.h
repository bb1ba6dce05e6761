// The parts of a plan, one file each. Every part reads the picture and adds steps, or holds that say why not; each step
// checks its own conditions on this one observation, so that the order of the parts does not matter for safety.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operator/plan/picture.h"

namespace guccho::ops {

struct Draft {
  std::vector<Step> steps;
  std::vector<Hold> holds;
  std::optional<Hold> scale_in_blocked;
  std::optional<Hold> scale_out_blocked;
  // Slots whose data is gone with its last storage; they are given to an empty node.
  std::optional<Hold> data_lost;

  void add(Step step) { steps.push_back(std::move(step)); }
  void hold(std::string name, std::string message) { holds.push_back({std::move(name), std::move(message)}); }
};

// formation.cc: every wanted place exists; all slots have an owner.
void ensure_places(const Picture& picture, Draft& draft);
void assign_slots(const Picture& picture, Draft& draft);

// repair.cc: everyone knows everyone at the right address; everyone without slots follows the primary of its shard;
// nodes that are certainly no more are forgotten.
void introduce(const Picture& picture, Draft& draft);
void attach_replicas(const Picture& picture, Draft& draft);
void forget_gone(const Picture& picture, Draft& draft);
// Whether this node may be made one of us: it is known to us, or it is empty and knows nobody else. Else why not.
std::optional<std::string> foreign(const Picture& picture, const Member& member);

// takeover.cc: where votes cannot decide, proof of death can.
void take_over(const Picture& picture, Draft& draft);

// scaling.cc: fewer replicas; other numbers of primaries are refused by name.
void shrink_replicas(const Picture& picture, Draft& draft);
void refuse_resharding(const Picture& picture, Draft& draft);

// status.cc
RedisClusterStatus make_status(const Picture& picture, const Draft& draft, UnixMillis now);
std::map<InstanceId, Role> roles_of(const Picture& picture);
// Whether every wanted node is a full, linked, unsuspected member in every other's view, the views agree about all
// slots, and each shard is one primary and its replicas. Else the first reason why not.
std::optional<std::string> not_formed(const Picture& picture);

}  // namespace guccho::ops

// Where fewer than three can vote nothing is decided by vote: only proof of a primary's death, from the world that runs
// it, lets a replica take over without one.
#include <fmt/format.h>

#include <algorithm>

#include "operator/plan/behaviours.h"

namespace guccho::ops {
namespace {

struct Death {
  ProofOfDeath proof;
  // Its data is gone too, so that whatever a replica has is better than nothing.
  bool data_gone = false;
};

// Where this node lived last.
const Member* home_of(const Picture& picture, const NodeId& id) {
  if (const Member* member = picture.by_id(id)) return member;
  const NodeSummary* before = picture.remembered(id);
  return before ? picture.at(before->instance) : nullptr;
}

// Positive evidence that the process that held this owner's data is no more.
std::optional<Death> death_of(const Picture& picture, const NodeId& owner) {
  const Member* home = home_of(picture, owner);
  if (!home || !home->instance) return std::nullopt;
  const Incarnation& incarnation = home->instance->incarnation;
  if (home->answers() && home->id == owner) {
    // Alive, but not the process that held the data: it says so itself.
    if (!home->status->awaiting_data) return std::nullopt;
    return Death{{owner, home->status->incarnation, Evidence::kProcessReaped}, true};
  }
  // Another node runs on its storage's place.
  if (home->answers()) return Death{{owner, incarnation, Evidence::kStorageDeleted}, true};
  const Gone* gone = std::get_if<Gone>(&home->instance->life);
  if (!gone) return std::nullopt;
  return Death{{owner, incarnation, gone->evidence}, false};
}

bool votes_decide(const Picture& picture, const NodeId& owner) {
  return std::ranges::any_of(picture.followers(owner),
                             [](const Member* follower) { return follower->status->electorate.can_decide; });
}

// The follower with the most data, of those that were in sync when their primary was last heard.
const Member* heir_of(const Picture& picture, const Death& death) {
  const Member* best = nullptr;
  for (const Member* follower : picture.followers(death.proof.node)) {
    const NodeSummary* before = picture.remembered(follower->id);
    const bool in_sync = follower->status->in_sync || (before && before->in_sync);
    if (!in_sync && !(death.data_gone && follower->status->keys > 0)) continue;
    if (!follower->usable()) continue;
    if (!best || follower->status->offset > best->status->offset) best = follower;
  }
  return best;
}

}  // namespace

void take_over(const Picture& picture, Draft& draft) {
  if (!picture.observed.world.complete) return;
  for (const auto& [owner, slots] : picture.owned()) {
    const auto death = death_of(picture, owner);
    if (!death || picture.followers(owner).empty() || votes_decide(picture, owner)) continue;
    if (const Member* heir = heir_of(picture, *death)) {
      draft.add(Failover{heir->at(), FailoverMode::kTakeover, death->proof});
    } else {
      draft.hold("NoHeir", fmt::format("{}, owner of slots {}, is dead, and no replica of it was in sync", owner.view(),
                                       slots.str()));
    }
  }
}

}  // namespace guccho::ops

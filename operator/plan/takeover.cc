// Where fewer than three can vote nothing is decided by vote: only proof of a primary's death, from the world that runs
// it, lets a replica take over without one (DESIGN §3 rule 5).
#include <fmt/format.h>

#include <algorithm>

#include "operator/plan/behaviours.h"

namespace guccho::ops {
namespace {

// The places of this cluster whose remembered node is dead for certain, with the proof.
std::optional<ProofOfDeath> proof_of(const Member& primary) {
  if (primary.answers()) {
    // Alive, but the process that held the data is not: it says so itself.
    if (!primary.status->awaiting_data) return std::nullopt;
    return ProofOfDeath{primary.id, primary.status->incarnation, Evidence::kProcessReaped};
  }
  const Gone* gone = primary.instance ? std::get_if<Gone>(&primary.instance->life) : nullptr;
  if (!gone) return std::nullopt;
  return ProofOfDeath{primary.id, primary.instance->incarnation, gone->evidence};
}

bool votes_decide(const Picture& picture, const Member& primary) {
  return std::ranges::any_of(picture.followers(primary.id),
                             [](const Member* follower) { return follower->status->electorate.can_decide; });
}

// The follower with the most data, of those that were in sync when their primary was last heard. A primary that says it
// has lost its data is worse than any replica that has some.
const Member* heir_of(const Picture& picture, const Member& primary) {
  const Member* best = nullptr;
  for (const Member* follower : picture.followers(primary.id)) {
    const NodeSummary* before = picture.remembered(follower->id);
    const bool in_sync = follower->status->in_sync || (before && before->in_sync);
    const bool better_than_nothing = primary.answers() && follower->status->keys > 0;
    if (!in_sync && !better_than_nothing) continue;
    if (!follower->usable()) continue;
    if (!best || follower->status->offset > best->status->offset) best = follower;
  }
  return best;
}

}  // namespace

void take_over(const Picture& picture, Draft& draft) {
  if (!picture.observed.world.complete) return;
  for (int shard = 0; shard < picture.shards; ++shard) {
    const Member* primary = picture.primary_of(shard);
    if (!primary) continue;
    const auto proof = proof_of(*primary);
    if (!proof || votes_decide(picture, *primary)) continue;
    if (const Member* heir = heir_of(picture, *primary)) {
      draft.add(Failover{heir->at(), FailoverMode::kTakeover, proof});
    } else {
      draft.hold("NoHeir", fmt::format("{} is dead, and no replica of it was in sync", primary->str()));
    }
  }
}

}  // namespace guccho::ops

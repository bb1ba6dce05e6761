// Scaling: places beyond the wanted number of replicas are emptied of roles, forgotten by everyone, and only then
// removed. Another number of primaries needs slots to move, which this build refuses by name.
#include <fmt/format.h>

#include <algorithm>

#include "operator/plan/behaviours.h"

namespace guccho::ops {
namespace {

// The in-sync replica with the most data among the places that stay.
const Member* successor_in(const Picture& picture, const Member& primary) {
  const Member* best = nullptr;
  for (const Member* follower : picture.followers(primary.id)) {
    if (!follower->wanted || follower->place.shard != primary.place.shard || !follower->usable()) continue;
    if (!follower->status->in_sync) continue;
    if (!best || follower->status->offset > best->status->offset) best = follower;
  }
  return best;
}

bool keeps_a_replica(const Picture& picture, int shard) {
  const Member* primary = picture.primary_of(shard);
  return primary && (picture.size == 1 || successor_in(picture, *primary));
}

std::vector<const Member*> knowing(const Picture& picture, const NodeId& id) {
  std::vector<const Member*> out;
  for (const Member& member : picture.members) {
    if (member.answers() && member.id != id && member.status->peer(id)) out.push_back(&member);
  }
  return out;
}

// One leaving place, the highest of its shard. Returns a reason when it must stay for now.
std::optional<Hold> retire(const Picture& picture, const Member& leaving, Draft& draft) {
  const auto block = [&](const char* name, const std::string& why) {
    return Hold{name, fmt::format("{} stays: {}", leaving.str(), why)};
  };
  const bool dead = std::holds_alternative<Gone>(leaving.instance->life);
  if (std::holds_alternative<Terminating>(leaving.instance->life)) return std::nullopt;  // on its way
  if (!leaving.answers() && !dead) {
    return block("NodeSilent", fmt::format("it does not answer ({})", describe(leaving.instance->life)));
  }
  if (!picture.all_answer) return block("NodeSilent", picture.first_silence());
  if (picture.owns_slots(leaving.id)) {
    const Member* heir = leaving.answers() ? successor_in(picture, leaving) : nullptr;
    if (!heir) return block("NoSyncedReplica", "it is the primary, and no replica that stays is in sync");
    draft.add(Failover{heir->at(), FailoverMode::kGraceful, std::nullopt});
    return std::nullopt;
  }
  if (leaving.answers() && leaving.status->role == Role::kPrimary && leaving.status->keys != 0) {
    return block("HoldsKeys", fmt::format("it is no replica and holds {} keys", leaving.status->keys));
  }
  if (!keeps_a_replica(picture, leaving.place.shard)) {
    return block("NoSyncedReplica", "no replica that stays is in sync");
  }
  if (const auto followers = picture.followers(leaving.id); !followers.empty()) {
    return block("StillFollowed", followers[0]->str() + " follows it");
  }
  if (const auto viewers = knowing(picture, leaving.id); !viewers.empty() && !leaving.id.is_null()) {
    for (const Member* viewer : viewers) draft.add(Forget{viewer->at(), leaving.id});
    return std::nullopt;  // removed once every node's view says that it is forgotten
  }
  draft.add(RemoveHighest{leaving.place, leaving.instance->incarnation});
  return std::nullopt;
}

// Storage of a removed replica: deleted when its place is gone and no node knows its node any more.
void release_left_storage(const Picture& picture, Draft& draft) {
  for (const StorageInfo& storage : picture.observed.world.left_storage) {
    if (storage.state != StorageState::kPresent || storage.place.shard >= picture.shards ||
        storage.place.ordinal < picture.size || !picture.formed_before) {
      continue;
    }
    bool known = false;
    for (const NodeSummary& node : picture.memory.nodes) {
      if (node.instance == storage.place) known |= picture.owns_slots(node.id) || !knowing(picture, node.id).empty();
    }
    if (known || !picture.all_answer) continue;
    draft.add(ReleaseStorage{storage.id,
                             fmt::format("place {} was removed and every node forgot its node", storage.place.str())});
  }
}

}  // namespace

void shrink_replicas(const Picture& picture, Draft& draft) {
  if (!picture.formed_before) return;
  if (!picture.observed.world.complete) return;  // its places cannot be told: nothing irreversible
  std::map<int, const Member*> highest;
  for (const Member& member : picture.members) {
    if (member.instance && !member.wanted && member.place.shard < picture.shards) {
      highest[member.place.shard] = &member;  // members ascend
    }
  }
  for (const auto& [shard, leaving] : highest) {
    if (auto hold = retire(picture, *leaving, draft); hold && !draft.scale_in_blocked) draft.scale_in_blocked = hold;
  }
  release_left_storage(picture, draft);
}

void refuse_resharding(const Picture& picture, Draft& draft) {
  const int asked = picture.desired.spec.primaries;
  const auto message = [&] {
    return fmt::format(
        "{} primaries are asked for and {} hold the slots: this release cannot move slots between primaries", asked,
        picture.shards);
  };
  if (asked > picture.shards) draft.scale_out_blocked = Hold{"MigrationUnavailable", message()};
  if (asked < picture.shards) draft.scale_in_blocked = Hold{"MigrationUnavailable", message()};
  for (const Member& member : picture.members) {
    if (member.place.shard < picture.shards || draft.scale_in_blocked) continue;
    draft.scale_in_blocked =
        Hold{"LeftoverShard", fmt::format("{} is of a shard that is not asked for any more, and shards "
                                          "are not removed by this release",
                                          member.str())};
  }
}

}  // namespace guccho::ops

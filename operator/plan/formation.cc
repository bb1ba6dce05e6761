// Formation: every wanted place exists, and every slot gets an owner once all nodes know each other.
#include <fmt/format.h>

#include "operator/plan/behaviours.h"
#include "operator/plan/layout.h"

namespace guccho::ops {
namespace {

// The first pair of wanted members of which one does not know the other yet.
std::optional<std::string> unacquainted(const Picture& picture) {
  for (const Member& viewer : picture.members) {
    if (!viewer.wanted) continue;
    for (const Member& other : picture.members) {
      if (!other.wanted || other.place == viewer.place || Picture::knows(viewer, other.id)) continue;
      return fmt::format("{} does not know {} yet", viewer.str(), other.str());
    }
  }
  return std::nullopt;
}

// Who takes a shard's unowned slots: its primary, or in a new shard the node in place 0.
const Member* taker_of(const Picture& picture, int shard) {
  if (const Member* primary = picture.primary_of(shard)) return primary->answers() ? primary : nullptr;
  for (const Member& member : picture.members) {
    if (member.place.shard == shard && member.usable() && member.status->role == Role::kPrimary) return &member;
  }
  return nullptr;
}

}  // namespace

void ensure_places(const Picture& picture, Draft& draft) {
  if (!picture.observed.world.complete) return;  // a place that is not listed may still exist
  const std::string revision = revision_of(picture.desired.spec);
  for (int shard = 0; shard < picture.shards; ++shard) {
    bool missing = false;
    for (const Member& member : picture.members) {
      missing |= member.wanted && member.place.shard == shard && member.instance == nullptr;
    }
    if (missing) draft.add(EnsureShard{shard, picture.size, revision});
  }
}

void assign_slots(const Picture& picture, Draft& draft) {
  const SlotSet unowned = picture.unowned();
  if (unowned.empty()) return;
  // A silent node may own what the others show as free, so silence anywhere is a reason to wait.
  if (!picture.all_answer) return draft.hold("NodeSilent", picture.first_silence());
  if (const auto reason = unacquainted(picture)) return draft.hold("NotAcquainted", *reason);
  for (int shard = 0; shard < picture.shards; ++shard) {
    const SlotRange range = shard_range(shard, picture.shards);
    SlotSet free;
    for (int slot = range.first.value; slot <= range.last.value; ++slot) {
      const Slot s(static_cast<uint16_t>(slot));
      if (unowned.contains(s)) free.insert(s);
    }
    if (free.empty()) continue;
    const Member* taker = taker_of(picture, shard);
    if (!taker) {
      draft.hold("NoPrimary", fmt::format("no node of shard {} can take slots {}", shard, free.str()));
      continue;
    }
    const ConfigEpoch epoch(taker->status->config_epoch.value == 0 ? static_cast<uint64_t>(shard) + 1 : 0);
    draft.add(AssignSlots{taker->at(), free.ranges(), epoch});
  }
  if (picture.formed_before) {
    draft.data_lost =
        Hold{"SlotsWithoutOwner", fmt::format("nobody held slots {} any more; empty nodes took them", unowned.str())};
  }
}

}  // namespace guccho::ops

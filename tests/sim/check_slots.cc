// Invariants about slot ownership.
#include <algorithm>

#include "tests/sim/checker.h"
#include "tests/sim/process.h"
#include "tests/sim/world.h"

namespace guccho::sim {

// O(slots), but only when a node's own claim changed.
void Checker::check_claims(int node, const cluster::View& view) {
  if (!formed_ || !view.self().is_primary() || view.self().slot_count == 0) return;
  const uint64_t epoch = view.self().config_epoch.value;
  // Epoch 0 is every new node's: a claim in it is an administrator's assignment, not a decision of the cluster.
  if (epoch == 0) return;
  auto& claims = claims_[epoch];
  SlotSet& mine = claims[node];
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (view.owns(Slot(s))) mine.insert(Slot(s));
  }
  for (const auto& [by, slots] : claims) {
    if (by == node || !slots.intersects(mine)) continue;
    SlotSet both = slots;
    both &= mine;
    return broken("one_owner_per_epoch", name(node) + " and " + name(by) + " both own slots " + both.str() +
                                             " in config epoch " + std::to_string(epoch));
  }
}

void Checker::cluster_formed() {
  formed_ = true;
  for (int i = 0; i < world_.size(); ++i) check_claims(i, *world_.process(i).view());
}

bool Checker::gave_up(int node, const NodeId& owner, Slot slot) const {
  const Books& b = books_[static_cast<size_t>(node)];
  const auto it = b.claims_heard.find(index(owner));
  return it != b.claims_heard.end() && (it->second.slots == nullptr || !it->second.slots->contains(slot));
}

void Checker::check_rebinds(int node, const cluster::View& old, const cluster::View& view) {
  // The pair that changed is the same for long runs of slots: remember the last one.
  cluster::NodeIndex last_from = cluster::kNoNode;
  cluster::NodeIndex last_to = cluster::kNoNode;
  const bool same_places = std::equal(old.nodes.begin(), old.nodes.end(), view.nodes.begin(), view.nodes.end(),
                                      [](const auto& a, const auto& b) { return a.id == b.id; });
  constexpr uint16_t kBlock = 64;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (const auto* block = &old.slots->owner[s];
        s % kBlock == 0 && same_places && std::equal(block, block + kBlock, &view.slots->owner[s])) {
      s = static_cast<uint16_t>(s + kBlock - 1);
      continue;
    }
    const auto from = old.slots->owner[s];
    const auto to = view.slots->owner[s];
    if (from == cluster::kNoNode || to == cluster::kNoNode || (from == last_from && to == last_to)) continue;
    last_from = from;
    last_to = to;
    const auto& before = old.nodes[from];
    const auto& after = view.nodes[to];
    if (before.id == after.id || after.config_epoch > before.config_epoch || gave_up(node, before.id, Slot(s)))
      continue;
    return broken("rebind_needs_greater_epoch",
                  name(node) + " gives slot " + std::to_string(s) + " of " + name(index(before.id)) +
                      " (config epoch " + std::to_string(before.config_epoch.value) + ") to " + name(index(after.id)) +
                      " (" + std::to_string(after.config_epoch.value) + ")");
  }
}

}  // namespace guccho::sim

// Invariants about data: what a whole shard held is lost by no decision of the cluster.
#include "tests/sim/checker.h"
#include "tests/sim/process.h"
#include "tests/sim/world.h"

namespace guccho::sim {

void Checker::note_safe_data() {
  // The primary and everybody who follows it, down or not: what all of them hold is safe.
  struct Shard {
    const Process* primary = nullptr;
    bool two = false;  // two think that they are it: not a moment to judge
    int followers = 0;
    Position safe;
  };
  std::vector<Shard> shards(safe_.size());
  std::vector<int> shard_of(static_cast<size_t>(world_.size()), -1);  // of a primary
  for (int i = 0; i < world_.size(); ++i) {
    const Process& p = world_.process(i);
    if (p.view() == nullptr || !p.view()->self().is_primary()) continue;
    const int shard = world_.shard_owned_by(*p.view());
    if (shard < 0) continue;
    shard_of[static_cast<size_t>(i)] = shard;
    Shard& s = shards[static_cast<size_t>(shard)];
    s.two |= s.primary != nullptr;
    s.primary = &p;
    s.safe = p.data.position();
  }
  for (int i = 0; i < world_.size(); ++i) {
    const Process& p = world_.process(i);
    const Process* primary = p.data.following().is_null() ? nullptr : world_.process_of(p.data.following());
    const int shard = primary == nullptr ? -1 : shard_of[static_cast<size_t>(primary->index())];
    if (shard < 0) continue;
    Shard& s = shards[static_cast<size_t>(shard)];
    ++s.followers;
    if (!s.two) s.safe = world_.histories.common(s.safe, p.data.position());
  }
  for (size_t shard = 0; shard < shards.size(); ++shard) {
    const Shard& s = shards[shard];
    if (s.primary == nullptr || s.two || s.followers == 0 || !s.primary->data.serves()) continue;
    if (world_.histories.contains(s.safe, safe_[shard])) safe_[shard] = s.safe;
  }
}

bool Checker::somebody_holds(const Position& data, int except) const {
  for (int i = 0; i < world_.size(); ++i) {
    if (i != except && world_.histories.contains(world_.process(i).data.position(), data)) return true;
  }
  return false;
}

// A fault took the data of a process. If it was the last copy, nobody can be asked to keep it.
void Checker::on_data_lost_by_fault(int) {
  for (Position& safe : safe_) {
    if (safe.empty() || somebody_holds(safe, -1)) continue;
    Position best;
    for (int i = 0; i < world_.size(); ++i) {
      const Position p = world_.histories.common(safe, world_.process(i).data.position());
      if (p.offset > best.offset) best = p;
    }
    safe = best;
  }
}

void Checker::on_data_replaced(int node, const Position& before, const char* why) {
  const int shard = world_.histories.shard(before);
  if (before.empty() || shard < 0) return;
  const Position& safe = safe_[static_cast<size_t>(shard)];
  if (safe.empty() || !world_.histories.contains(before, safe) || somebody_holds(safe, -1)) return;
  broken("data_not_wiped",
         name(node) + " lost the last copy of what shard " + std::to_string(shard) + " held, by " + why);
}

// Somebody who could have been chosen in place of `node`: it holds the data, follows the same primary, has run for a
// while and can be reached.
bool Checker::better_candidate(const Position& data, int node) const {
  constexpr Micros kAWhile = std::chrono::seconds(3);
  const NodeId& primary = world_.process(node).data.following();
  // A primary that was stopped has old news of everybody; it may choose by them.
  const Process* chooser = world_.process_of(primary);
  if (chooser != nullptr && chooser->last_thaw() && world_.now() - *chooser->last_thaw() < kAWhile) return false;
  for (int i = 0; i < world_.size(); ++i) {
    const Process& p = world_.process(i);
    if (i == node || !p.running() || world_.now() - p.running_since() < kAWhile) continue;
    const bool follows = p.data.following() == primary;
    if (!follows && p.id() != primary) continue;
    if (world_.network.is_cut(i, node) || world_.network.is_cut(node, i)) continue;
    if (world_.histories.contains(p.data.position(), data)) return true;
  }
  return false;
}

// A replica that lost its data, or was attached and never synced, must not win over one that is well.
void Checker::on_promoted(int node) {
  const Process& p = world_.process(node);
  if (p.view() == nullptr) return;
  int shard = world_.shard_owned_by(*p.view());
  for (int s = 0; s < world_.shape().primaries && shard < 0; ++s) {
    const auto* owner = p.view()->owner_of(world_.key_slots(s).front());
    if (owner != nullptr && owner->id == p.data.following()) shard = s;
  }
  if (shard < 0) return;
  const Position& safe = safe_[static_cast<size_t>(shard)];
  // While the primary has its data, nobody may take its place who lacks what was safe. When it has lost it, the best
  // that can be reached has to do.
  const Process* primary = world_.process_of(p.data.following());
  const bool primary_has_it = primary != nullptr && world_.histories.contains(primary->data.position(), safe);
  const bool must_have_it = (primary_has_it && !books(node).takeover_allowed) || better_candidate(safe, node);
  if (!world_.histories.contains(p.data.position(), safe) && must_have_it) {
    broken("stale_replica_not_promoted",
           name(node) + " became the primary of shard " + std::to_string(shard) + " without what the shard held");
  }
  // What was held under the former primary is safe again once the new one's replicas are known to hold it: the loss of
  // a winner's memory before anybody followed it is a second fault that nobody promises to survive.
  safe_[static_cast<size_t>(shard)] = Position();
}

void Checker::on_serve(int node, int shard) {
  const Position& safe = safe_[static_cast<size_t>(shard)];
  const Position& held = world_.process(node).data.position();
  // A serving primary without the safe data: a deposed one that was overtaken long ago still has what it had; one that
  // has less than was safe has lost it, and whoever holds it should be serving instead.
  if (safe.empty() || world_.histories.contains(held, safe)) return;
  if (!world_.process(node).data.was_emptied() || !somebody_holds(safe, node)) return;
  broken("lost_data_is_not_served",
         name(node) + " serves shard " + std::to_string(shard) + " without data that another node still holds");
}

}  // namespace guccho::sim

// The tree of histories.
#include "tests/sim/dataset.h"

#include <algorithm>

namespace guccho::sim {

Position Histories::begin(int shard) {
  const auto id = static_cast<HistoryId>(nodes_.size());
  nodes_.push_back({.parent = id, .forked_at = 0, .shard = shard, .depth = 0});
  return {id, 0};
}

Position Histories::fork(const Position& from) {
  const Node& parent = nodes_[from.history];
  nodes_.push_back(
      {.parent = from.history, .forked_at = from.offset, .shard = parent.shard, .depth = parent.depth + 1});
  return {static_cast<HistoryId>(nodes_.size() - 1), from.offset};
}

Position Histories::common(const Position& a, const Position& b) const {
  Position x = a;
  Position y = b;
  // Climb from the deeper one; a climb may only shorten the data.
  while (x.history != y.history) {
    Position& deeper = nodes_[x.history].depth >= nodes_[y.history].depth ? x : y;
    const bool at_root = nodes_[deeper.history].parent == deeper.history;
    if (at_root) return {deeper.history, 0};
    const Position fork_point = up(deeper);
    deeper = {fork_point.history, std::min(deeper.offset, fork_point.offset)};
  }
  return {x.history, std::min(x.offset, y.offset)};
}

bool Histories::contains(const Position& a, const Position& b) const {
  return b.empty() || common(a, b).offset == b.offset;
}

}  // namespace guccho::sim

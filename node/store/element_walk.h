// A snapshot's walk through the elements of a big hash, set or sorted set, in the hash order of their table. An element
// ahead of the walk is delivered just before its first change and its hash is noted; the walk then passes over all
// elements of a noted hash, those that were added since the cut among them.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "node/store/value_walk.h"

namespace guccho::store {

class ElementWalk final : public ValueWalk {
 public:
  ElementWalk(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink);

  // An element of this hash is about to be added, changed or removed.
  void before_change(uint64_t hash);
  size_t step(size_t budget_bytes) override;

 private:
  void deliver(std::vector<void*>& items);

  const Type type_;
  uint64_t position_ = 0;  // of the walk, in hash order
  std::unordered_set<uint64_t> noted_;
};

}  // namespace guccho::store

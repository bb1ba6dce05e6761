// The walk of a snapshot through one big value, in parts: what Snapshot does with the keys of a slot, one level down. An
// element ahead of the walk is delivered just before its first change and its hash is noted; the walk then passes over
// all elements of a noted hash, those that were added since the cut among them. So a write to a big value serialises the
// elements that it touches and no others.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "node/store/entry.h"
#include "node/store/snapshot.h"
#include "node/store/structure.h"

namespace guccho::store {

class ElementWalk {
 public:
  // Smaller values are delivered whole: about 0.1 ms of work.
  static constexpr size_t kWholeElements = 1024;
  // Whether the value is to be delivered in parts.
  static bool suits(const Entry& entry);

  // Announces the value to the sink. The structure must outlive the walk; changes of it come to before_change().
  ElementWalk(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink);
  ~ElementWalk();
  ElementWalk(const ElementWalk&) = delete;
  ElementWalk& operator=(const ElementWalk&) = delete;

  Slot slot() const { return slot_; }
  const Structure& structure() const { return structure_; }

  // An element of this hash is about to be added, changed or removed.
  void before_change(uint64_t hash);
  // Delivers at least `count` more elements where there are as many; false once all were and the end was announced.
  bool step(size_t count);

 private:
  void deliver(std::vector<void*>& items);

  const uint64_t id_;
  const Slot slot_;
  const Type type_;
  Structure& structure_;
  SnapshotSink& sink_;
  uint64_t position_ = 0;  // of the walk, in hash order
  bool done_ = false;
  std::unordered_set<uint64_t> noted_;
};

}  // namespace guccho::store

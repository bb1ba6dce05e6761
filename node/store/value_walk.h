// The walk of a snapshot through one big value, in parts: what Snapshot does with the keys of a slot, one level down.
// What is about to change ahead of the walk is delivered, or kept for it, as it was at the cut: so a write to a big
// value costs what it touches, and no turn of the loop serialises a value as a whole. By kind of value: element_walk.h
// (hashes, sets, sorted sets), list_walk.h, stream_parts.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "node/store/entry.h"
#include "node/store/snapshot.h"
#include "node/store/structure.h"

namespace guccho::store {

class ValueWalk {
 public:
  // Smaller values are delivered whole: about 0.1 ms of work.
  static constexpr size_t kWholeElements = 1024;
  static constexpr size_t kWholeBytes = size_t{256} << 10;
  static bool is_big(const Structure& structure) {
    return structure.elements() > kWholeElements || structure.bytes() > kWholeBytes;
  }
  // Whether the value is to be delivered in parts.
  static bool suits(const Entry& entry) {
    return entry.is_external() && entry.external().is_structure() && is_big(*entry.external().structure());
  }
  // Announces the value, which suits, to the sink. Changes of the structure come to the walk until it ends; the
  // structure outlives it, or says so by structure_gone().
  static std::unique_ptr<ValueWalk> begin(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink);

  virtual ~ValueWalk() {
    if (structure_ != nullptr) structure_->set_walk(nullptr);
  }
  ValueWalk(const ValueWalk&) = delete;
  ValueWalk& operator=(const ValueWalk&) = delete;

  Slot slot() const { return slot_; }
  // Null once it is gone.
  const Structure* structure() const { return structure_; }
  // The walk has all that it still needs of it.
  void structure_gone() { structure_ = nullptr; }

  // Delivers about `budget_bytes` more, one part at least, and says about how many it were.
  virtual size_t step(size_t budget_bytes) = 0;
  // Everything was delivered, and the end announced.
  bool done() const { return done_; }

 protected:
  ValueWalk(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink)
      : id_(id), sink_(sink), slot_(slot), structure_(entry.external().structure()) {
    structure_->set_walk(this);
    sink_.begin_value(id_, entry);
  }
  void finish() {
    done_ = true;
    sink_.end_value(id_);
  }

  const uint64_t id_;
  SnapshotSink& sink_;

 private:
  const Slot slot_;
  Structure* structure_;
  bool done_ = false;
};

}  // namespace guccho::store

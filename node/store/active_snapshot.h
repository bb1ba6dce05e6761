// A running snapshot of a Keyspace: what was delivered, what was changed ahead of it, what was deleted under it.
//
// The walk goes through the slots in order and each slot in hash order. Keys behind its position are delivered. A key
// ahead of it is delivered just before its first change ("serialize before write"), and its hash is noted; the walk
// then passes over all keys of a noted hash, including keys made since the cut. Nothing of this depends on where the
// table keeps an entry, so tables may grow, split and shrink under it. All keys of one hash are treated as one, so
// that two keys with equal hashes cannot hide one another.
//
// A big value is delivered in parts (ValueWalk): its key counts as delivered from the first part on.
//
// What becomes of a key, by where the walk is:
//
//   key                            written           erased                       its slot is flushed
//   behind the walk, or noted      nothing           nothing                      nothing
//   ahead, small                   delivered, noted  delivered, noted             its table is kept, and walked in its
//   ahead, big                     its walk begins   its entry is kept for a      turn
//                                                    walk (`taken_`), noted
//   big, its walk under way        tells its walk    its entry is freed with the  its table is kept to the end of the
//                                                    walk (`owned`)               walks (`retired_`)
//
// Limits: a noted hash costs about 40 bytes until its slot is done, so at most that for each key written meanwhile.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "node/store/keyspace.h"
#include "node/store/value_walk.h"

namespace guccho::store {

class Snapshot {
 public:
  Snapshot(Keyspace& keyspace, const SlotSet& slots, SnapshotSink& sink);
  // Frees, in pieces, what it still holds.
  ~Snapshot();

  void before_change(Slot slot, uint64_t hash);
  // Instead of before_change for an entry about to be erased: true when the snapshot keeps the entry, to deliver and
  // free it later. Only for values that are expensive to serialise.
  bool keep_erased_entry(const KeyRef& key, Entry& entry);
  // The table of a slot about to be flushed, with the bytes that are charged to the slot. False when the snapshot does
  // not need it.
  bool keep_flushed_table(Slot slot, SlotTable& table, size_t bytes);
  // As Keyspace::snapshot_step.
  bool step(size_t budget_bytes);

 private:
  struct Taken {
    Slot slot;
    Entry* entry;
  };
  struct Walk {
    std::unique_ptr<ValueWalk> walk;
    Entry* owned = nullptr;  // the value was deleted meanwhile: to be freed at the end of its walk
  };
  // Left the keyspace before the walk came to it.
  struct Flushed {
    SlotTable table;
    size_t bytes;  // of table and values
  };

  bool noted(Slot slot, uint64_t hash) const;
  // The walk is still to deliver keys of this hash.
  bool ahead(Slot slot, uint64_t hash) const;
  // From now on it passes over them.
  void note(Slot slot, uint64_t hash) { noted_[slot.value].insert(hash); }
  void deliver_all(Slot slot, uint64_t hash, const Entry* except);
  void deliver(Slot slot, const Entry& entry);
  Walk& begin_walk(Slot slot, const Entry& entry);
  bool walks_in(Slot slot) const;
  size_t step_taken();
  size_t step_walk(size_t budget_bytes);
  size_t step_slot(size_t budget_bytes);
  void finish_slot();

  Keyspace& keyspace_;
  const SlotSet slots_;
  SnapshotSink& sink_;
  uint32_t slot_ = 0;      // the walk's position
  uint64_t position_ = 0;  // in hash order
  std::unordered_map<uint16_t, std::unordered_set<uint64_t>> noted_;
  std::unordered_map<uint16_t, Flushed> flushed_;
  std::vector<Taken> taken_;
  // The first is gone through to its end before the next, so that a sink need not keep parts of all of them.
  std::deque<Walk> walks_;
  uint64_t next_walk_ = 1;
  std::vector<SlotTable> retired_;  // flushed tables that hold values of walks
};

}  // namespace guccho::store

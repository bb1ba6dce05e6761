// Structure: a value made of many allocations (a table, a tree, linked blocks), as the keyspace sees it. An entry
// refers to one by an External without capacity; to a single block of bytes by an External with its capacity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "node/store/slab.h"

namespace guccho::store {

class TableCore;
class ValueWalk;

// Lives in memory of the keyspace's allocator. Made by its own kind, freed by drain(); never deleted.
class Structure {
 public:
  // Returns where the object now lies: elsewhere, when its page was sparse.
  using Move = std::function<void*(void* object, size_t size)>;

  Structure() = default;
  Structure(const Structure&) = delete;
  Structure& operator=(const Structure&) = delete;

  // Fields, members, list elements: what the work of serialising and freeing grows with. Constant time.
  virtual size_t elements() const = 0;
  // Footprints of all its allocations, with its own. Constant time.
  virtual size_t bytes() const = 0;
  // Linear.
  virtual Structure* copy(SlabAllocator& alloc) const = 0;
  // Frees until `budget` (free_cost) is used up; false once all is gone, the object itself included. Between the first
  // call and the last nothing else is called.
  virtual bool drain(size_t& budget, SlabAllocator& alloc) = 0;
  // The same at once.
  void drain_all(SlabAllocator& alloc) {
    size_t budget = SIZE_MAX;
    drain(budget, alloc);
  }
  // Offers each allocation to `move`, but not its own. Linear; called for structures of at most 1024 elements.
  virtual void defragment(const Move& move, SlabAllocator& alloc) = 0;

  // The table in whose hash order a snapshot delivers the elements in parts, its items being what the kind's elements
  // are made of. Null: there is none; lists and streams come block by block.
  virtual const TableCore* element_table() const { return nullptr; }
  // With an element_table(), every change of an element calls this first, with the element's hash there.
  void before_element_change(uint64_t hash) {
    if (walk_ != nullptr) element_change_slow(hash);
  }
  // A snapshot's walk through this value; null: none.
  ValueWalk* walk() const { return walk_; }
  void set_walk(ValueWalk* walk) { walk_ = walk; }

 protected:
  ~Structure() = default;

 private:
  void element_change_slow(uint64_t hash);

  ValueWalk* walk_ = nullptr;
};

}  // namespace guccho::store

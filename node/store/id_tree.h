// A B+tree from stream ids to pointers: the index over a stream's blocks, and the pending entries of groups and
// consumers.
//
//   leaf:  previous leaf, next leaf | count u16, capacity u16 | (id, value) x capacity
//   inner: count u16, capacity u16 | (smallest id of the child, child) x capacity
//
// A node takes at most 984 bytes, a class of the slab allocator. A tree of one leaf grows with what is in it, so that
// the many small trees stay small. Ids mostly arrive in ascending order: a full rightmost node is not split in halves,
// the new item starts the next one. Nodes that fell below a quarter are joined with a neighbour where both fit well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "node/store/slab.h"
#include "node/store/stream_id.h"

namespace guccho::store {

// Owns its nodes, not what the values point to. Its owner frees it by drain(); it has no destructor of its own.
class IdTree {
  struct Leaf;
  struct Inner;

 public:
  // A place in the tree, good until the next insert or erase.
  class Cursor {
   public:
    Cursor() = default;
    explicit operator bool() const { return leaf_ != nullptr; }
    const StreamId& id() const;
    void* value() const;
    void set_value(void* value);
    // To the neighbour in id order; past the last, or before the first, the cursor is false.
    void next();
    void previous();

   private:
    friend class IdTree;
    Cursor(Leaf* leaf, size_t index) : leaf_(leaf), index_(index) {}
    Leaf* leaf_ = nullptr;
    size_t index_ = 0;
  };

  // Where `object` of so many bytes now lies.
  using Move = std::function<void*(void* object, size_t size)>;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Footprints of the nodes.
  size_t bytes() const { return bytes_; }

  // All O(log n); first and last in constant time, as is inserting behind the last.
  void* find(const StreamId& id) const;  // nullptr when absent; values are never null
  Cursor first() const { return first_ != nullptr ? Cursor(first_, 0) : Cursor(); }
  Cursor last() const;
  Cursor at_or_after(const StreamId& id) const;
  Cursor at_or_before(const StreamId& id) const;
  // The value that is in the tree then: `value`, or what was there under this id before.
  void* insert(const StreamId& id, void* value, SlabAllocator& alloc);
  // What was there; nullptr when nothing was.
  void* erase(const StreamId& id, SlabAllocator& alloc);

  // Frees values (by `free_value`, which says what it cost) and nodes from the front until `budget` is used up; true
  // while something is left.
  bool drain(size_t& budget, SlabAllocator& alloc, const std::function<size_t(void*)>& free_value);
  // Offers each node to `move`.
  void relocate(const Move& move);

 private:
  static constexpr size_t kMax = 40;
  static constexpr size_t kMaxHeight = 32;
  struct Item {
    StreamId id;
    void* value;
  };
  // The inner nodes from the root down, and which child was taken in each.
  struct Path {
    Inner* nodes[kMaxHeight];
    size_t indexes[kMaxHeight];
  };

  static size_t leaf_size(size_t capacity);
  static size_t inner_size(size_t capacity);
  Leaf* make_leaf(size_t capacity, SlabAllocator& alloc);
  Inner* make_inner(SlabAllocator& alloc);
  void free_leaf(Leaf* leaf, SlabAllocator& alloc);
  void free_inner(Inner* inner, SlabAllocator& alloc);
  Leaf* descend(const StreamId& id, Path* path) const;
  Leaf* resize_only_leaf(size_t capacity, SlabAllocator& alloc);
  void link_after(Leaf* leaf, Leaf* fresh);
  void unlink(Leaf* leaf);
  void insert_child(Path& path, size_t level, const StreamId& id, void* child, SlabAllocator& alloc);
  void remove_child(Path& path, size_t level, size_t index, SlabAllocator& alloc);
  template <class Node>
  static size_t join_place(const Inner& parent, size_t index);
  void join_leaf(Path& path, Leaf* leaf, SlabAllocator& alloc);
  void join_inner(Path& path, size_t level, SlabAllocator& alloc);
  void drop_root_levels(SlabAllocator& alloc);
  void* relocate_node(void* node, size_t level, const Move& move);

  void* root_ = nullptr;  // a Leaf at height 0
  size_t height_ = 0;     // inner levels above the leaves
  Leaf* first_ = nullptr;
  Leaf* last_ = nullptr;
  size_t size_ = 0;
  size_t bytes_ = 0;
};

}  // namespace guccho::store

// The order of a big sorted set: a B+tree over its members by (score, bytes), in which every subtree knows its size, so
// that ranks are found, and found again, in logarithmic time.
//
//   leaf    prev, next | size, capacity | scores[capacity] | items[capacity]
//   inner   size, capacity | scores[capacity] of the children's first items | {first item, child, members}[capacity]
//
// Scores lie side by side, so that a search compares numbers within a few cache lines and reads a member only where
// scores are equal. A node has room for up to four more than it holds, not for its maximum: nodes grow by reallocation,
// which keeps a member's share of its leaf at about 17 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "node/store/slab.h"
#include "node/store/structure.h"

namespace guccho::store {

// A member and its score in one allocation.
//
//   narrow: score f64 | length u8 (0-254) | bytes
//   wide:   score f64 | 0xff | length u32 | bytes
class ScoredItem {
 public:
  ScoredItem(const ScoredItem&) = delete;
  ScoredItem& operator=(const ScoredItem&) = delete;

  double score() const {
    double score;
    std::memcpy(&score, bytes(), sizeof(score));
    return score;
  }
  void set_score(double score) { std::memcpy(bytes(), &score, sizeof(score)); }
  std::string_view member() const {
    return wide() ? std::string_view(bytes() + kWideHeader, wide_size())
                  : std::string_view(bytes() + kNarrowHeader, static_cast<uint8_t>(bytes()[kSizeAt]));
  }
  size_t allocation_size() const { return allocation_size(member().size()); }
  static size_t allocation_size(size_t member_size) {
    return (member_size < kWide ? kNarrowHeader : kWideHeader) + member_size;
  }
  static ScoredItem* format(void* memory, double score, std::string_view member);

 private:
  ScoredItem() = default;

  static constexpr size_t kSizeAt = 8;
  static constexpr uint8_t kWide = 0xff;
  static constexpr size_t kNarrowHeader = 9;
  static constexpr size_t kWideHeader = 13;

  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  char* bytes() { return reinterpret_cast<char*>(this); }
  bool wide() const { return static_cast<uint8_t>(bytes()[kSizeAt]) == kWide; }
  size_t wide_size() const {
    uint32_t size;
    std::memcpy(&size, bytes() + kSizeAt + 1, sizeof(size));
    return size;
  }
};

// Holds addresses of items, which belong to someone else. Memory from the allocator of each call; drain() it before it
// goes. Members compare as bytes; -0 and 0 are the same score. No score is NaN.
class RankTree {
 public:
  RankTree() = default;
  RankTree(const RankTree&) = delete;
  RankTree& operator=(const RankTree&) = delete;

  struct Leaf;

  // A place among the items; past the last (or before the first) one it is not valid(). A change of the tree ends it.
  class Cursor {
   public:
    Cursor() = default;
    bool valid() const { return leaf_ != nullptr; }
    ScoredItem& item() const;
    void next();
    void previous();

   private:
    friend class RankTree;
    Cursor(const Leaf* leaf, size_t index) : leaf_(leaf), index_(index) {}
    const Leaf* leaf_ = nullptr;
    size_t index_ = 0;
  };

  size_t size() const { return size_; }
  // Footprints of the nodes.
  size_t bytes() const { return bytes_; }

  // The item, with its score, must not be there.
  void insert(ScoredItem* item, SlabAllocator& alloc);
  // The same for an item that is greater than all others: nothing is compared.
  void append(ScoredItem* item, SlabAllocator& alloc);
  void remove(const ScoredItem* item, SlabAllocator& alloc);
  // Gives an item that is there another score.
  void change_score(ScoredItem* item, double score, SlabAllocator& alloc);

  // How many items come before this one, which is there.
  size_t rank(const ScoredItem* item) const { return count_before(item->score(), item->member()); }
  size_t count_before(double score, std::string_view member) const;
  // Items with a score below (below or equal to) this one.
  size_t count_below(double score) const;
  size_t count_to(double score) const;
  // Items whose member is less than (less or equal to) this one; meaningful when all scores are equal.
  size_t count_members_below(std::string_view member) const;
  size_t count_members_to(std::string_view member) const;
  // The item with this many before it; not valid when there is none.
  Cursor at(size_t rank) const;

  // Frees nodes until `budget`, their number, is used up; false once all are gone. Between two drains nothing else is
  // called.
  bool drain(size_t& budget, SlabAllocator& alloc);
  // Offers each item, of the size it says, and each node to `move`; `moved` hears of items that lie elsewhere now, with
  // the old address, before that is used for anything else.
  using Moved = std::function<void(const ScoredItem* old_item, ScoredItem* item)>;
  void defragment(const Structure::Move& move, const Moved& moved);

  // For tests: aborts when an invariant does not hold.
  void check() const;

 private:
  struct Child;
  struct Inner;
  static constexpr int kMaxHeight = 24;  // a level multiplies by 4 at the least on average: 2^48 items
  struct Step {
    Inner* node;
    size_t index;
  };
  // From the root (height - 1) to the parents of leaves (0), and the place in the leaf.
  struct Path {
    Step steps[kMaxHeight];
    Leaf* leaf;
    size_t index;
  };

  template <class Before>
  static size_t child_for(const Inner& inner, const Before& before);
  template <class Before>
  static size_t place_in(const Leaf& leaf, const Before& before);
  template <class Before>
  size_t count(const Before& before) const;
  static void* descend(void* node, int level, double score, std::string_view member, Path& path);
  // To the leaf that holds (score, member) or would hold it.
  void descend_to_leaf(double score, std::string_view member, Path& path) const;
  // Where it would be: it is not there. Where it is.
  static size_t place_for(const Leaf& leaf, double score, std::string_view member);
  static size_t place_of(const Leaf& leaf, const ScoredItem* item);

  void start(ScoredItem* item, SlabAllocator& alloc);
  void insert_at(Path& path, ScoredItem* item, SlabAllocator& alloc);
  void split_leaf(Path& path, ScoredItem* item, SlabAllocator& alloc);
  void add_child(Path& path, int level, double score, const Child& child, SlabAllocator& alloc);
  // True: inner nodes and other leaves are where they were, so that another path is still good, unless it ends in this
  // leaf, which may lie elsewhere.
  bool remove_at(Path& path, SlabAllocator& alloc);
  bool shrink_leaf(Path& path, SlabAllocator& alloc);
  void merge_leaves(Path& path, size_t left_index, SlabAllocator& alloc);
  void remove_child(Path& path, int level, SlabAllocator& alloc);
  void merge_inners(Path& path, int level, size_t left_index, SlabAllocator& alloc);

  Leaf* make_leaf(size_t capacity, SlabAllocator& alloc);
  Inner* make_inner(size_t capacity, SlabAllocator& alloc);
  void free_leaf(Leaf* leaf, SlabAllocator& alloc);
  void free_inner(Inner* inner, SlabAllocator& alloc);
  // The node the path leads through lies elsewhere afterwards, with room for `room` in all.
  void resize_leaf(Path& path, size_t room, SlabAllocator& alloc);
  void resize_inner(Path& path, int level, size_t room, SlabAllocator& alloc);
  void link(Leaf* leaf);
  void unlink(Leaf* leaf);
  // The first item below step `level` of the path is this one now.
  void set_first(Path& path, int level, double score, const ScoredItem* item);
  void add_to_counts(Path& path, size_t delta);
  void* move_node(void* node, int level, const Structure::Move& move);
  size_t check_node(const void* node, int level, const ScoredItem*& last) const;

  void* root_ = nullptr;  // a Leaf when height_ is 0
  Leaf* first_ = nullptr;
  int height_ = 0;  // levels of inner nodes
  size_t size_ = 0;
  size_t bytes_ = 0;
};

}  // namespace guccho::store

// The nodes of a RankTree; for its own files.
#pragma once

#include <algorithm>
#include <cstring>

#include "node/store/rank_tree.h"

namespace guccho::store {

// Capacities are multiples of this.
inline constexpr size_t kNodeStep = 4;
// 984 and 904 bytes: the largest that the slab allocator's pages hold several of.
inline constexpr size_t kLeafMax = 60;
inline constexpr size_t kInnerMax = 28;

constexpr size_t rounded_capacity(size_t size) {
  return (size + kNodeStep - 1) / kNodeStep * kNodeStep;
}

// Opens or closes a gap in an array of `size`.
template <class T>
void open_gap(T* array, size_t at, size_t size) {
  std::memmove(static_cast<void*>(array + at + 1), array + at, (size - at) * sizeof(T));
}
template <class T>
void close_gap(T* array, size_t at, size_t size) {
  std::memmove(static_cast<void*>(array + at), array + at + 1, (size - at - 1) * sizeof(T));
}

struct RankTree::Leaf {
  Leaf* prev = nullptr;
  Leaf* next = nullptr;
  uint16_t size = 0;
  uint16_t capacity = 0;

  static size_t allocation_size(size_t capacity) {
    return sizeof(Leaf) + capacity * (sizeof(double) + sizeof(ScoredItem*));
  }
  double* scores() { return reinterpret_cast<double*>(this + 1); }
  const double* scores() const { return reinterpret_cast<const double*>(this + 1); }
  ScoredItem** items() { return reinterpret_cast<ScoredItem**>(scores() + capacity); }
  ScoredItem* const* items() const { return reinterpret_cast<ScoredItem* const*>(scores() + capacity); }

  void put(size_t at, double score, ScoredItem* item) {
    open_gap(scores(), at, size);
    open_gap(items(), at, size);
    scores()[at] = score;
    items()[at] = item;
    ++size;
  }
  void cut(size_t at) {
    close_gap(scores(), at, size);
    close_gap(items(), at, size);
    --size;
  }
  // Copies `n` items of another leaf to its own end, which is `at`.
  void take(size_t at, const Leaf& from, size_t first, size_t n) {
    std::copy_n(from.scores() + first, n, scores() + at);
    std::copy_n(from.items() + first, n, items() + at);
    size = static_cast<uint16_t>(at + n);
  }
};

struct RankTree::Child {
  const ScoredItem* first;
  void* node;
  size_t count;  // items below it
};

struct RankTree::Inner {
  uint16_t size = 0;
  uint16_t capacity = 0;
  uint32_t unused = 0;

  static size_t allocation_size(size_t capacity) { return sizeof(Inner) + capacity * (sizeof(double) + sizeof(Child)); }
  double* scores() { return reinterpret_cast<double*>(this + 1); }
  const double* scores() const { return reinterpret_cast<const double*>(this + 1); }
  Child* children() { return reinterpret_cast<Child*>(scores() + capacity); }
  const Child* children() const { return reinterpret_cast<const Child*>(scores() + capacity); }

  void put(size_t at, double score, const Child& child) {
    open_gap(scores(), at, size);
    open_gap(children(), at, size);
    scores()[at] = score;
    children()[at] = child;
    ++size;
  }
  void cut(size_t at) {
    close_gap(scores(), at, size);
    close_gap(children(), at, size);
    --size;
  }
  void take(size_t at, const Inner& from, size_t first, size_t n) {
    std::copy_n(from.scores() + first, n, scores() + at);
    std::copy_n(from.children() + first, n, children() + at);
    size = static_cast<uint16_t>(at + n);
  }
  size_t total() const {
    size_t sum = 0;
    for (size_t i = 0; i < size; ++i) sum += children()[i].count;
    return sum;
  }
};

}  // namespace guccho::store

// The hash table behind every slot and every big hash: segments of cache-line buckets under a small directory.
//
// The top `depth` bits of a 64-bit hash choose the segment through the directory (extendible hashing); the 11 bits that
// follow, the fragment, choose its home bucket by multiplication, so buckets are in hash order; a full bucket passes
// items on to the next. A segment grows by an eighth at a time to 16 buckets, then splits in two. So:
//  - no insertion ever moves more than one segment (about 125 items), and only a split reads the items;
//  - load stays between 75 and 87 %;
//  - hash order is a property of the keys alone: a position in it means the same in another process, or after growth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/prefetch.h"
#include "node/base/random.h"
#include "node/store/bucket.h"
#include "node/store/key.h"
#include "node/store/slab.h"

namespace guccho::store {

// The untyped part. Items are addresses aligned to 8; the table owns its buckets and directory, not the items.
// Destroying a table that is not empty frees nothing: clear it (clear_structure, drain) with its allocator first.
class TableCore {
 public:
  using HashOf = uint64_t (*)(const void* item);
  // A position in hash order: the top 48 bits of a hash.
  static constexpr int kPositionBits = 48;
  static uint64_t position_of(uint64_t hash) { return hash >> (64 - kPositionBits); }
  // "No item of the segment has an expiry."
  static constexpr int64_t kNoBound = std::numeric_limits<int64_t>::max();

  explicit TableCore(HashOf function) : hash_of_(function) {}
  TableCore(TableCore&& other) noexcept;
  TableCore& operator=(TableCore&& other) noexcept;

  size_t size() const { return size_; }
  // Bytes taken by buckets and directory.
  size_t structure_bytes() const { return structure_bytes_; }

  // The item must not be in the table. Moves at most one segment.
  void insert(uint64_t hash, void* item, SlabAllocator& alloc);
  // The item must be in the table.
  void remove(uint64_t hash, const void* item, SlabAllocator& alloc);
  void replace(uint64_t hash, const void* old_item, void* new_item);

  void prefetch(uint64_t hash) const {
    const Segment& s = segment(hash);
    if (s.buckets) guccho::prefetch(&s.buckets[home(hash, s)]);
  }
  // Brings in the items whose tags match in the bucket that many places after the home bucket. True: there are none,
  // but the bucket passed items on, and the next one, now on its way, may have them.
  bool prefetch_items(uint64_t hash, size_t places = 0) const;

  // Items in hash order from `position` on, at least `count` where there are as many; items of one fragment come
  // together, and nothing before `position`. Appends to `out`; returns the next position, or nothing at the end.
  std::optional<uint64_t> scan(uint64_t position, size_t count, std::vector<void*>& out) const;
  void for_each(const std::function<void(void*)>& visit) const;
  // Nearly even; nullptr when empty.
  void* random(Rng& rng) const;

  // ---- expiry: each segment has a lower bound (ms) of its items' expiries ----

  void lower_bound(uint64_t hash, int64_t when);
  // The first segment at or after `position` whose bound is below `limit`.
  struct DueSegment {
    uint64_t position;  // where the segment begins
    std::optional<uint64_t> next;
    std::vector<void*> items;
  };
  std::optional<DueSegment> find_due(uint64_t position, int64_t limit) const;
  void set_bound(uint64_t position, int64_t bound);
  int64_t least_bound() const;

  // Lets `move` give each item of the segment at `position` another address (or its own), and moves the segment's
  // buckets themselves out of a sparse page. Returns the next segment's position, or nothing at the end.
  std::optional<uint64_t> relocate(uint64_t position, SlabAllocator& alloc, const std::function<void*(void*)>& move);

  uint64_t hash_of(const void* item) const { return hash_of_(item); }
  // All items of exactly this hash.
  void find_all(uint64_t hash, std::vector<void*>& out) const;

  // Gives items to `visit`, which says what each cost, and forgets them, until `budget` is used up; true while
  // something is left. `resume` starts at 0. No other call than size() may come between two drains; after the last one
  // the table is empty and usable.
  bool drain(uint32_t& resume, size_t& budget, SlabAllocator& alloc, const std::function<size_t(void*)>& visit);

 protected:
  struct Segment {
    Bucket* buckets = nullptr;
    int64_t bound = kNoBound;  // valid in the first directory entry of the segment, as is count
    uint32_t count = 0;
    uint32_t bucket_count : 26 = 0;
    uint32_t depth : 6 = 0;
  };

  const Segment& segment(uint64_t hash) const { return directory_[directory_index(hash)]; }
  static unsigned fragment_of(uint64_t hash, unsigned depth) {
    return static_cast<unsigned>((hash << depth) >> (64 - Bucket::kFragmentBits));
  }
  static size_t home_of(unsigned fragment, size_t bucket_count) {
    return (fragment * bucket_count) >> Bucket::kFragmentBits;
  }
  static size_t home(uint64_t hash, const Segment& s) { return home_of(fragment_of(hash, s.depth), s.bucket_count); }

 private:
  size_t directory_index(uint64_t hash) const { return (hash >> 1) >> (63 - depth_); }
  size_t directory_size() const { return size_t{1} << depth_; }
  // How many directory entries name the segment; the first one is the segment's own.
  size_t copies(const Segment& s) const { return size_t{1} << (depth_ - s.depth); }
  size_t first_index(size_t index) const { return index & ~(copies(directory_[index]) - 1); }
  Segment& own_segment(uint64_t hash) { return directory_[first_index(directory_index(hash))]; }
  uint64_t position_at(size_t index) const { return depth_ == 0 ? 0 : uint64_t{index} << (kPositionBits - depth_); }

  void spread(size_t index, Segment s);
  Bucket* allocate_buckets(size_t count, SlabAllocator& alloc);
  void free_buckets(Bucket* buckets, size_t count, SlabAllocator& alloc);
  Segment* allocate_directory(unsigned depth, SlabAllocator& alloc);
  void free_directory(SlabAllocator& alloc);
  void resize(size_t index, size_t bucket_count, SlabAllocator& alloc);
  void make_room(uint64_t hash, SlabAllocator& alloc);
  bool may_deepen() const;
  void deepen(SlabAllocator& alloc);
  void split(size_t index, SlabAllocator& alloc);
  void shrink(size_t index, SlabAllocator& alloc);
  bool merge(size_t index, SlabAllocator& alloc);
  void halve_directory(SlabAllocator& alloc);

  Segment* directory_ = &first_;
  Segment first_;  // the whole directory while its depth is 0
  uint32_t depth_ = 0;
  uint32_t deepest_ = 0;  // directory entries whose segment is as deep as the directory
  size_t size_ = 0;
  size_t structure_bytes_ = 0;
  HashOf hash_of_;
};
static_assert(sizeof(TableCore) == 64, "16384 of them are a node's empty tables");

// A table of T, found by the bytes that Traits::key(const T&) gives; Traits::hash(key) hashes them.
template <class T, class Traits>
class Table : public TableCore {
 public:
  Table() : TableCore([](const void* item) { return Traits::hash(Traits::key(*static_cast<const T*>(item))); }) {}

  T* find(std::string_view key, uint64_t hash) const {
    const Segment& s = segment(hash);
    if (!s.buckets) return nullptr;
    const unsigned fragment = fragment_of(hash, s.depth);
    size_t b = home_of(fragment, s.bucket_count);
    for (size_t probes = 0; probes < s.bucket_count; ++probes) {
      const Bucket& bucket = s.buckets[b];
      for (uint32_t mask = bucket.match(fragment); mask != 0; mask &= mask - 1) {
        T* item = static_cast<T*>(bucket.item(static_cast<unsigned>(std::countr_zero(mask))));
        if (same_bytes(Traits::key(*item), key)) return item;
      }
      if (bucket.passed() == 0) return nullptr;
      if (++b == s.bucket_count) b = 0;
    }
    return nullptr;
  }
};

}  // namespace guccho::store

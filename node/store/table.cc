// Segments, directory, growth and shrinking of the hash table. The picture is in table.h.
#include "node/store/table.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "node/base/prefetch.h"

namespace guccho::store {

namespace {

// What nearly all small items reach: a name and a value of 16 bytes with what is around them.
constexpr size_t kMostOfAnItem = 40;

// A segment of this many buckets splits instead of growing: 16 x 9 x 0.87 = 125 items of at most 2.4 us to lay out.
constexpr size_t kMaxBuckets = 16;
// Two sibling segments with at most this many items together become one; half of what made them split.
constexpr size_t kMergeAt = 60;

// Items that a segment of `buckets` holds before it grows: 87 %, where a lookup reads 1.2 buckets on average.
constexpr size_t capacity(size_t buckets) {
  return buckets == 1 ? Bucket::kItems : buckets * Bucket::kItems * 87 / 100;
}

constexpr size_t buckets_for(size_t items) {
  size_t buckets = 1;
  while (capacity(buckets) < items) ++buckets;
  return buckets;
}

void place(Bucket* buckets, size_t bucket_count, void* item, unsigned fragment) {
  size_t b = (fragment * bucket_count) >> Bucket::kFragmentBits;
  while (buckets[b].full()) {
    buckets[b].note_passed();
    if (++b == bucket_count) b = 0;
  }
  buckets[b].push(item, fragment);
}

struct Place {
  size_t bucket;
  unsigned index;
};

Place locate(const Bucket* buckets, size_t bucket_count, const void* item, unsigned fragment) {
  size_t b = (fragment * bucket_count) >> Bucket::kFragmentBits;
  for (size_t probes = 0; probes < bucket_count; ++probes) {
    for (uint32_t mask = buckets[b].match(fragment); mask != 0; mask &= mask - 1) {
      const auto i = static_cast<unsigned>(std::countr_zero(mask));
      if (buckets[b].item(i) == item) return {b, i};
    }
    if (++b == bucket_count) b = 0;
  }
  std::abort();  // the caller promised that the item is here: the table is broken
}

}  // namespace

TableCore::TableCore(TableCore&& other) noexcept : hash_of_(other.hash_of_) {
  *this = std::move(other);
}

TableCore& TableCore::operator=(TableCore&& other) noexcept {
  first_ = std::exchange(other.first_, Segment{});
  directory_ = other.directory_ == &other.first_ ? &first_ : other.directory_;
  other.directory_ = &other.first_;
  hash_of_ = other.hash_of_;
  size_ = std::exchange(other.size_, 0);
  structure_bytes_ = std::exchange(other.structure_bytes_, 0);
  deepest_ = std::exchange(other.deepest_, 0);
  depth_ = std::exchange(other.depth_, 0);
  return *this;
}

// Writes a segment to all its directory entries; `index` is the first.
void TableCore::spread(size_t index, Segment s) {
  std::fill_n(directory_ + index, copies(s), s);
}

Bucket* TableCore::allocate_buckets(size_t count, SlabAllocator& alloc) {
  const size_t bytes = count * sizeof(Bucket);
  structure_bytes_ += SlabAllocator::footprint(bytes);
  return static_cast<Bucket*>(std::memset(alloc.allocate(bytes), 0, bytes));
}

void TableCore::free_buckets(Bucket* buckets, size_t count, SlabAllocator& alloc) {
  if (!buckets) return;
  structure_bytes_ -= SlabAllocator::footprint(count * sizeof(Bucket));
  alloc.free(buckets, count * sizeof(Bucket));
}

TableCore::Segment* TableCore::allocate_directory(unsigned depth, SlabAllocator& alloc) {
  const size_t bytes = sizeof(Segment) << depth;
  structure_bytes_ += SlabAllocator::footprint(bytes);
  return static_cast<Segment*>(alloc.allocate(bytes));
}

void TableCore::free_directory(SlabAllocator& alloc) {
  if (directory_ == &first_) return;
  const size_t bytes = sizeof(Segment) << depth_;
  structure_bytes_ -= SlabAllocator::footprint(bytes);
  alloc.free(directory_, bytes);
  directory_ = &first_;
}

void TableCore::insert(uint64_t hash, void* item, SlabAllocator& alloc) {
  make_room(hash, alloc);
  Segment& s = own_segment(hash);
  place(s.buckets, s.bucket_count, item, fragment_of(hash, s.depth));
  ++s.count;
  ++size_;
}

void TableCore::remove(uint64_t hash, const void* item, SlabAllocator& alloc) {
  const size_t index = first_index(directory_index(hash));
  Segment& s = directory_[index];
  const unsigned fragment = fragment_of(hash, s.depth);
  const Place at = locate(s.buckets, s.bucket_count, item, fragment);
  for (size_t b = home_of(fragment, s.bucket_count); b != at.bucket; b = b + 1 == s.bucket_count ? 0 : b + 1) {
    s.buckets[b].note_unpassed();
  }
  s.buckets[at.bucket].remove(at.index);
  --s.count;
  --size_;
  shrink(index, alloc);
}

void TableCore::replace(uint64_t hash, const void* old_item, void* new_item) {
  const Segment& s = segment(hash);
  const unsigned fragment = fragment_of(hash, s.depth);
  const Place at = locate(s.buckets, s.bucket_count, old_item, fragment);
  s.buckets[at.bucket].set(at.index, new_item, fragment);
}

bool TableCore::prefetch_items(uint64_t hash, size_t places) const {
  const Segment& s = segment(hash);
  if (places >= s.bucket_count) return false;
  const unsigned fragment = fragment_of(hash, s.depth);
  size_t b = home_of(fragment, s.bucket_count) + places;
  if (b >= s.bucket_count) b -= s.bucket_count;
  const Bucket& bucket = s.buckets[b];
  uint32_t mask = bucket.match(fragment);
  if (mask == 0) {
    if (bucket.passed() == 0) return false;
    guccho::prefetch(&s.buckets[b + 1 == s.bucket_count ? 0 : b + 1]);
    return true;
  }
  for (; mask != 0; mask &= mask - 1) {
    const auto* item = static_cast<const char*>(bucket.item(static_cast<unsigned>(std::countr_zero(mask))));
    guccho::prefetch(item);
    guccho::prefetch(item + kMostOfAnItem);  // if that is of the next line
  }
  return false;
}

// ---- growth ----

void TableCore::make_room(uint64_t hash, SlabAllocator& alloc) {
  for (;;) {
    const size_t index = first_index(directory_index(hash));
    const Segment& s = directory_[index];
    if (s.bucket_count != 0 && s.count < capacity(s.bucket_count)) return;
    if (s.bucket_count < kMaxBuckets) {
      resize(index, s.bucket_count + std::max<size_t>(1, s.bucket_count / 8), alloc);
      return;
    }
    if (s.depth < depth_) {
      split(index, alloc);
    } else if (may_deepen()) {
      deepen(alloc);
    } else {
      resize(index, s.bucket_count + s.bucket_count / 8, alloc);
      return;
    }
  }
}

// The directory follows the number of items, so that keys crafted to share their top bits cost time, never memory: at
// most 4 entries per 32 items, where even hashes need 1 to 2 per 60 to 125.
bool TableCore::may_deepen() const {
  return depth_ + Bucket::kFragmentBits < kPositionBits && (size_t{1} << depth_) <= size_ / 8;
}

void TableCore::deepen(SlabAllocator& alloc) {
  Segment* old = directory_;
  const unsigned old_depth = depth_;
  Segment* fresh = allocate_directory(old_depth + 1, alloc);
  for (size_t i = 0; i < (size_t{1} << old_depth); ++i) fresh[2 * i] = fresh[2 * i + 1] = old[i];
  free_directory(alloc);
  directory_ = fresh;
  depth_ = old_depth + 1;
  deepest_ = 0;
}

// Lays a segment out again; needs no look at the items.
void TableCore::resize(size_t index, size_t bucket_count, SlabAllocator& alloc) {
  Segment s = directory_[index];
  Bucket* buckets = bucket_count == 0 ? nullptr : allocate_buckets(bucket_count, alloc);
  for (size_t b = 0; b < s.bucket_count; ++b) {
    for (unsigned i = 0; i < s.buckets[b].size(); ++i) {
      place(buckets, bucket_count, s.buckets[b].item(i), s.buckets[b].fragment(i));
    }
  }
  free_buckets(s.buckets, s.bucket_count, alloc);
  s.buckets = buckets;
  s.bucket_count = static_cast<uint32_t>(bucket_count);
  spread(index, s);
}

void TableCore::split(size_t index, SlabAllocator& alloc) {
  const Segment old = directory_[index];
  // The new last bit of each fragment lies in the item's hash: start all the reads, then use them.
  for (size_t b = 0; b < old.bucket_count; ++b) {
    for (unsigned i = 0; i < old.buckets[b].size(); ++i) guccho::prefetch(old.buckets[b].item(i));
  }
  std::vector<std::pair<void*, unsigned>> halves[2];
  for (auto& half : halves) half.reserve(old.count);
  for (size_t b = 0; b < old.bucket_count; ++b) {
    for (unsigned i = 0; i < old.buckets[b].size(); ++i) {
      void* item = old.buckets[b].item(i);
      const bool upper = (old.buckets[b].fragment(i) >> (Bucket::kFragmentBits - 1)) != 0;
      halves[upper].emplace_back(item, fragment_of(hash_of_(item), old.depth + 1u));
    }
  }
  const size_t step = copies(old) / 2;
  for (size_t h = 0; h < 2; ++h) {
    Segment s{.bound = old.bound, .depth = old.depth + 1u};
    s.count = static_cast<uint32_t>(halves[h].size());
    // One place of room at least: the insertion that caused the split is still to come.
    s.bucket_count = static_cast<uint32_t>(buckets_for(s.count + 1));
    s.buckets = allocate_buckets(s.bucket_count, alloc);
    for (const auto& [item, fragment] : halves[h]) place(s.buckets, s.bucket_count, item, fragment);
    spread(index + h * step, s);
  }
  free_buckets(old.buckets, old.bucket_count, alloc);
  if (old.depth + 1u == depth_) deepest_ += 2;
}

// ---- shrinking ----

void TableCore::shrink(size_t index, SlabAllocator& alloc) {
  const Segment& s = directory_[index];
  if (s.count <= kMergeAt && merge(index, alloc)) return;
  if (s.count == 0) {
    resize(index, 0, alloc);
  } else if (s.bucket_count > 1 && s.count < capacity(s.bucket_count) / 2) {
    resize(index, buckets_for(s.count + s.count / 4 + 1), alloc);
  }
}

// Joins a segment with its sibling when both are small. The siblings differ in the last bit of their prefix, which
// becomes the first bit of the fragment: again no item is read.
bool TableCore::merge(size_t index, SlabAllocator& alloc) {
  const unsigned depth = directory_[index].depth;
  if (depth == 0) return false;
  const size_t span = copies(directory_[index]);
  const size_t lower = index & ~span;
  const Segment sides[2] = {directory_[lower], directory_[lower + span]};
  if (sides[0].depth != depth || sides[1].depth != depth || sides[0].count + sides[1].count > kMergeAt) return false;
  Segment joined{
      .bound = std::min(sides[0].bound, sides[1].bound), .count = sides[0].count + sides[1].count, .depth = depth - 1};
  joined.bucket_count = static_cast<uint32_t>(joined.count == 0 ? 0 : buckets_for(joined.count + joined.count / 4 + 1));
  if (joined.bucket_count != 0) joined.buckets = allocate_buckets(joined.bucket_count, alloc);
  for (unsigned side = 0; side < 2; ++side) {
    for (size_t b = 0; b < sides[side].bucket_count; ++b) {
      const Bucket& bucket = sides[side].buckets[b];
      for (unsigned i = 0; i < bucket.size(); ++i) {
        const unsigned fragment = (bucket.fragment(i) >> 1) | (side << (Bucket::kFragmentBits - 1));
        place(joined.buckets, joined.bucket_count, bucket.item(i), fragment);
      }
    }
    free_buckets(sides[side].buckets, sides[side].bucket_count, alloc);
  }
  spread(lower, joined);
  if (depth == depth_) {
    deepest_ -= 2;
    while (deepest_ == 0 && depth_ > 0) halve_directory(alloc);
  }
  return true;
}

void TableCore::halve_directory(SlabAllocator& alloc) {
  Segment* old = directory_;
  const unsigned depth = depth_ - 1u;
  Segment* fresh = depth == 0 ? &first_ : allocate_directory(depth, alloc);
  uint32_t deepest = 0;
  for (size_t i = 0; i < (size_t{1} << depth); ++i) {
    fresh[i] = old[2 * i];
    deepest += fresh[i].depth == depth;
  }
  free_directory(alloc);
  directory_ = fresh;
  depth_ = depth;
  deepest_ = deepest;
}

}  // namespace guccho::store

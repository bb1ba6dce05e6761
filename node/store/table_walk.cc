// Walking a table: scans in hash order, random items, segments with due expiries, and piecemeal destruction.
#include <algorithm>

#include "node/base/prefetch.h"
#include "node/store/table.h"

namespace guccho::store {

std::optional<uint64_t> TableCore::scan(uint64_t position, size_t count, std::vector<void*>& out) const {
  struct Found {
    unsigned fragment;
    void* item;
  };
  std::vector<Found> found;
  size_t visited = 0;
  for (;;) {
    const uint64_t hash = position << (64 - kPositionBits);
    const size_t index = first_index(directory_index(hash));
    const Segment& s = directory_[index];
    const uint64_t start = position_at(index);
    const int fragment_shift = kPositionBits - static_cast<int>(s.depth) - static_cast<int>(Bucket::kFragmentBits);
    const unsigned first = fragment_of(hash, s.depth);
    // A position taken from a finer segment that was merged since may lie inside a fragment.
    const bool exact = position == start + (uint64_t{first} << fragment_shift);
    found.clear();
    for (size_t b = 0; b < s.bucket_count; ++b) {
      const Bucket& bucket = s.buckets[b];
      for (unsigned i = 0; i < bucket.size(); ++i) {
        const unsigned fragment = bucket.fragment(i);
        if (fragment < first) continue;
        if (fragment == first && !exact && position_of(hash_of_(bucket.item(i))) < position) continue;
        found.push_back({fragment, bucket.item(i)});
      }
    }
    std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.fragment < b.fragment; });
    for (size_t i = 0; i < found.size(); ++i) {
      if (visited >= count && (i == 0 || found[i].fragment != found[i - 1].fragment)) {
        return start + (uint64_t{found[i].fragment} << fragment_shift);
      }
      out.push_back(found[i].item);
      ++visited;
    }
    const size_t next_index = index + copies(s);
    if (next_index == directory_size()) return std::nullopt;
    position = position_at(next_index);
    if (visited >= count) return position;
  }
}

void TableCore::for_each(const std::function<void(void*)>& visit) const {
  for (size_t index = 0; index < directory_size(); index += copies(directory_[index])) {
    const Segment& s = directory_[index];
    for (size_t b = 0; b < s.bucket_count; ++b) {
      for (unsigned i = 0; i < s.buckets[b].size(); ++i) visit(s.buckets[b].item(i));
    }
  }
}

void* TableCore::random(Rng& rng) const {
  if (size_ == 0) return nullptr;
  // A place among those of the largest segment; taken when this segment has it and something is there. Segments hold
  // about the same number of items for each directory entry that names them, so all items are about as likely.
  constexpr unsigned kMaxTries = 4096;
  for (unsigned tries = 0; tries < kMaxTries; ++tries) {
    const Segment& s = segment(rng.next());
    const uint64_t place = rng.below(std::max<uint64_t>(s.bucket_count, 16) * Bucket::kItems);
    const size_t bucket = place / Bucket::kItems;
    const auto i = static_cast<unsigned>(place % Bucket::kItems);
    if (bucket < s.bucket_count && i < s.buckets[bucket].size()) return s.buckets[bucket].item(i);
  }
  // Nearly empty (just emptied, not yet shrunk): the first item from a random place on.
  const size_t begin = rng.below(directory_size());
  for (size_t n = 0; n < directory_size(); ++n) {
    const Segment& s = directory_[(begin + n) & (directory_size() - 1)];
    for (size_t b = 0; b < s.bucket_count; ++b) {
      if (s.buckets[b].size() != 0) return s.buckets[b].item(0);
    }
  }
  return nullptr;
}

void TableCore::lower_bound(uint64_t hash, int64_t when) {
  Segment& s = own_segment(hash);
  s.bound = std::min(s.bound, when);
}

std::optional<TableCore::DueSegment> TableCore::find_due(uint64_t position, int64_t limit) const {
  for (size_t index = first_index(directory_index(position << (64 - kPositionBits))); index < directory_size();
       index += copies(directory_[index])) {
    const Segment& s = directory_[index];
    if (s.bound >= limit) continue;
    DueSegment due{.position = position_at(index), .next = std::nullopt, .items = {}};
    const size_t next = index + copies(s);
    if (next < directory_size()) due.next = position_at(next);
    due.items.reserve(s.count);
    for (size_t b = 0; b < s.bucket_count; ++b) {
      for (unsigned i = 0; i < s.buckets[b].size(); ++i) {
        due.items.push_back(s.buckets[b].item(i));
        guccho::prefetch(due.items.back());
      }
    }
    return due;
  }
  return std::nullopt;
}

void TableCore::set_bound(uint64_t position, int64_t bound) {
  own_segment(position << (64 - kPositionBits)).bound = bound;
}

int64_t TableCore::least_bound() const {
  int64_t least = kNoBound;
  for (size_t index = 0; index < directory_size(); index += copies(directory_[index])) {
    least = std::min(least, directory_[index].bound);
  }
  return least;
}

std::optional<uint64_t> TableCore::relocate(uint64_t position, SlabAllocator& alloc,
                                            const std::function<void*(void*)>& move) {
  const size_t index = first_index(directory_index(position << (64 - kPositionBits)));
  const Segment& s = directory_[index];
  for (size_t b = 0; b < s.bucket_count; ++b) {
    Bucket& bucket = s.buckets[b];
    for (unsigned i = 0; i < bucket.size(); ++i) guccho::prefetch(bucket.item(i));
    for (unsigned i = 0; i < bucket.size(); ++i) bucket.set(i, move(bucket.item(i)), bucket.fragment(i));
  }
  if (s.buckets && alloc.sparse(s.buckets, s.bucket_count * sizeof(Bucket))) resize(index, s.bucket_count, alloc);
  const size_t next = index + copies(s);
  if (next == directory_size()) return std::nullopt;
  return position_at(next);
}

void TableCore::find_all(uint64_t hash, std::vector<void*>& out) const {
  const Segment& s = segment(hash);
  const unsigned fragment = fragment_of(hash, s.depth);
  for (size_t b = 0; b < s.bucket_count; ++b) {
    const Bucket& bucket = s.buckets[b];
    for (unsigned i = 0; i < bucket.size(); ++i) {
      if (bucket.fragment(i) == fragment && hash_of_(bucket.item(i)) == hash) out.push_back(bucket.item(i));
    }
  }
}

bool TableCore::drain(uint32_t& resume, size_t& budget, SlabAllocator& alloc,
                      const std::function<size_t(void*)>& visit) {
  while (resume < directory_size()) {
    const Segment s = directory_[resume];
    for (size_t b = 0; b < s.bucket_count; ++b) {
      Bucket& bucket = s.buckets[b];
      while (bucket.size() > 0) {
        if (budget == 0) return true;
        const unsigned last = bucket.size() - 1;
        void* item = bucket.item(last);
        bucket.remove(last);
        --size_;
        spend(budget, visit(item));
      }
    }
    if (budget == 0) return true;
    spend(budget, 1);
    free_buckets(s.buckets, s.bucket_count, alloc);
    resume += static_cast<uint32_t>(copies(s));
  }
  free_directory(alloc);
  first_ = Segment{};
  depth_ = 0;
  deepest_ = 0;
  return false;
}

}  // namespace guccho::store

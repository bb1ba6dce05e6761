// The two things a hot path measures with: a counter and a latency histogram, each written by one thread and read by
// any.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace guccho::metrics {

// Only the owning thread writes, so adding is a load and a store, not a locked instruction.
class Counter {
 public:
  void add(uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  void raise_to(uint64_t n) {
    if (n > value()) set(n);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Buckets of a histogram of nanoseconds: exact up to 15, then 16 equal parts of each power of two, so a bucket is at
// most 1/16 of its value wide. The last bucket takes everything from 2^36 ns (69 s) on.
struct Buckets {
  static constexpr unsigned kPartBits = 4;
  static constexpr unsigned kMaxBits = 36;
  static constexpr size_t kCount = (size_t{kMaxBits - kPartBits + 1} << kPartBits) + 1;

  static constexpr size_t index(uint64_t nanos) {
    if (nanos < (1u << kPartBits)) return nanos;
    const unsigned octave = static_cast<unsigned>(std::bit_width(nanos)) - 1;
    if (octave >= kMaxBits) return kCount - 1;
    const uint64_t part = (nanos >> (octave - kPartBits)) & ((1u << kPartBits) - 1);
    return (size_t{octave - kPartBits + 1} << kPartBits) + part;
  }
  // The least value that belongs into the bucket.
  static constexpr uint64_t lower(size_t index) {
    if (index < (1u << kPartBits)) return index;
    const unsigned octave = static_cast<unsigned>(index >> kPartBits) + kPartBits - 1;
    return (uint64_t{1} << octave) + ((index & ((1u << kPartBits) - 1)) << (octave - kPartBits));
  }
};
static_assert(Buckets::index(0) == 0 && Buckets::index(15) == 15 && Buckets::index(16) == 16);
static_assert(Buckets::lower(Buckets::index(1'000'000)) <= 1'000'000);
static_assert(Buckets::index(~uint64_t{0}) == Buckets::kCount - 1);
static_assert(Buckets::lower(Buckets::kCount - 1) == uint64_t{1} << Buckets::kMaxBits);

// About 4 KiB.
class Histogram {
 public:
  void record(uint64_t nanos) {
    buckets_[Buckets::index(nanos)].add();
    sum_.add(nanos);
  }
  uint64_t bucket(size_t i) const { return buckets_[i].value(); }
  uint64_t sum_nanos() const { return sum_.value(); }
  void reset() {
    for (Counter& c : buckets_) c.set(0);
    sum_.set(0);
  }

 private:
  std::array<Counter, Buckets::kCount> buckets_;
  Counter sum_;
};

// Sums of histograms as they are read; plain numbers.
struct HistogramTotals {
  std::vector<uint64_t> buckets;  // empty until the first add()
  uint64_t count = 0;
  uint64_t sum_nanos = 0;

  void add(const Histogram& h);
  // The greatest value of the bucket that holds this percentile (0 to 100), in nanoseconds; 0 without values.
  uint64_t percentile(double percent) const;
  // How many values were below `nanos`, which is rounded down to a bucket's lower bound.
  uint64_t count_below(uint64_t nanos) const;
};

}  // namespace guccho::metrics

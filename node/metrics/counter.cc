// Sums of histograms and their percentiles.
#include "node/metrics/counter.h"

#include <cmath>

namespace guccho::metrics {

void HistogramTotals::add(const Histogram& h) {
  buckets.resize(Buckets::kCount);
  for (size_t i = 0; i < Buckets::kCount; ++i) {
    const uint64_t n = h.bucket(i);
    buckets[i] += n;
    count += n;
  }
  sum_nanos += h.sum_nanos();
}

uint64_t HistogramTotals::percentile(double percent) const {
  if (count == 0) return 0;
  const auto wanted = static_cast<uint64_t>(std::ceil(static_cast<double>(count) * percent / 100));
  uint64_t seen = 0;
  for (size_t i = 0; i + 1 < Buckets::kCount; ++i) {
    seen += buckets[i];
    if (seen > 0 && seen >= wanted) return Buckets::lower(i + 1) - 1;
  }
  return Buckets::lower(Buckets::kCount - 1);
}

uint64_t HistogramTotals::count_below(uint64_t nanos) const {
  if (count == 0) return 0;
  uint64_t seen = 0;
  for (size_t i = 0, end = Buckets::index(nanos); i < end; ++i) seen += buckets[i];
  return seen;
}

}  // namespace guccho::metrics

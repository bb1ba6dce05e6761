// Histogram buckets and percentiles.
#include "node/metrics/counter.h"

#include <gtest/gtest.h>

#include <memory>

namespace guccho::metrics {
namespace {

TEST(Buckets, AscendWithoutGaps) {
  for (size_t i = 1; i < Buckets::kCount; ++i) {
    ASSERT_LT(Buckets::lower(i - 1), Buckets::lower(i));
    ASSERT_EQ(Buckets::index(Buckets::lower(i)), i);
    ASSERT_EQ(Buckets::index(Buckets::lower(i) - 1), i - 1);
  }
}

TEST(Histogram, PercentilesAreWithinASixteenth) {
  const auto h = std::make_unique<Histogram>();
  for (uint64_t i = 1; i <= 10000; ++i) h->record(i * 1000);
  HistogramTotals t;
  t.add(*h);
  EXPECT_EQ(t.count, 10000u);
  EXPECT_EQ(t.sum_nanos, 10000ull * 10001 / 2 * 1000);
  for (double p : {1.0, 50.0, 99.0, 99.9}) {
    const double exact = p * 100 * 1000;
    EXPECT_GE(static_cast<double>(t.percentile(p)), exact);
    EXPECT_LE(static_cast<double>(t.percentile(p)), exact * 17 / 16);
  }
  EXPECT_EQ(t.count_below(1u << 20), 1048u);  // 1000, 2000, ... 1048000
}

TEST(Histogram, Ends) {
  HistogramTotals none;
  EXPECT_EQ(none.percentile(50), 0u);
  EXPECT_EQ(none.count_below(1000), 0u);
  const auto h = std::make_unique<Histogram>();
  h->record(~uint64_t{0} >> 1);
  HistogramTotals t;
  t.add(*h);
  EXPECT_EQ(t.percentile(0), uint64_t{1} << 36);
  EXPECT_EQ(t.percentile(100), uint64_t{1} << 36);
  h->reset();
  HistogramTotals empty;
  empty.add(*h);
  EXPECT_EQ(empty.count, 0u);
}

}  // namespace
}  // namespace guccho::metrics

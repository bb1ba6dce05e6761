// "instantaneous_*": averages over 16 samples, restarts after CONFIG RESETSTAT.
#include "node/metrics/rate.h"

#include <gtest/gtest.h>

namespace guccho::metrics {
namespace {

TEST(Rate, AverageOfTheLastSixteenSamples) {
  Rate rate;
  Instant now{};
  uint64_t total = 0;
  rate.sample(now, total);
  EXPECT_EQ(rate.per_second(), 0);
  for (int i = 0; i < 16; ++i) rate.sample(now += Millis(100), total += 10);
  EXPECT_DOUBLE_EQ(rate.per_second(), 100);
  for (int i = 0; i < 8; ++i) rate.sample(now += Millis(100), total);
  EXPECT_DOUBLE_EQ(rate.per_second(), 50);
  rate.sample(now += Millis(100), 0);  // reset: no negative rate
  EXPECT_DOUBLE_EQ(rate.per_second(), 50);
  rate.sample(now, 5);  // no time passed: nothing to divide by
  EXPECT_DOUBLE_EQ(rate.per_second(), 50);
}

}  // namespace
}  // namespace guccho::metrics

// client-output-buffer-limit: the hard limit at once, the soft one after its time without a break.
#include "node/runtime/output_limit.h"

#include <gtest/gtest.h>

namespace guccho::runtime {
namespace {

UnixMillis at(int64_t seconds) {
  return UnixMillis(Millis(1000 * seconds));
}

constexpr config::BufferLimit kLimit{.hard = 1000, .soft = 100, .soft_for = config::Seconds(10)};

}  // namespace

TEST(OutputLimit, TheHardOneHoldsAtOnce) {
  OutputLimit<UnixMillis> limit;
  EXPECT_FALSE(limit.exceeded(kLimit, 1000, at(0)));
  EXPECT_TRUE(limit.exceeded(kLimit, 1001, at(0)));
  EXPECT_FALSE(limit.exceeded({}, uint64_t{1} << 40, at(0)));
}

TEST(OutputLimit, TheSoftOneHoldsAfterItsTime) {
  OutputLimit<UnixMillis> limit;
  EXPECT_FALSE(limit.exceeded(kLimit, 101, at(0)));
  EXPECT_FALSE(limit.exceeded(kLimit, 101, at(10)));
  EXPECT_TRUE(limit.exceeded(kLimit, 101, at(11)));
}

TEST(OutputLimit, BelowItTheTimeBeginsAnew) {
  OutputLimit<UnixMillis> limit;
  EXPECT_FALSE(limit.exceeded(kLimit, 101, at(0)));
  EXPECT_FALSE(limit.exceeded(kLimit, 100, at(9)));
  EXPECT_FALSE(limit.exceeded(kLimit, 101, at(12)));
  EXPECT_FALSE(limit.exceeded(kLimit, 101, at(22)));
  EXPECT_TRUE(limit.exceeded(kLimit, 101, at(23)));
}

}  // namespace guccho::runtime

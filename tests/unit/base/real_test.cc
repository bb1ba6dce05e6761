// Doubles as text: the same as printf, read back to the same value.
#include "node/base/real.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>

#include "node/base/random.h"

namespace guccho {
namespace {

std::string printed(double value) {
  RealText scratch;
  return std::string(print_real(value, scratch));
}

TEST(RealTest, Printed) {
  EXPECT_EQ(printed(3.3), "3.2999999999999998");
  EXPECT_EQ(printed(-7), "-7");
  EXPECT_EQ(printed(0.5), "0.5");
  EXPECT_EQ(printed(0.0), "0");
  EXPECT_EQ(printed(-0.0), "-0");
  EXPECT_EQ(printed(HUGE_VAL), "inf");
  EXPECT_EQ(printed(-HUGE_VAL), "-inf");
  EXPECT_EQ(printed(std::nan("")), "nan");
  EXPECT_EQ(printed(4503599627370496.0), "4503599627370496");
  EXPECT_EQ(printed(1e16), "10000000000000000");
  EXPECT_EQ(printed(1e17), "1e+17");
  EXPECT_EQ(printed(-2.2250738585072014e-308), "-2.2250738585072014e-308");
}

TEST(RealTest, LikePrintfAndBack) {
  Rng rng(1);
  for (int i = 0; i < 200000; ++i) {
    const auto value = i % 2 ? std::bit_cast<double>(rng.next())
                             : static_cast<double>(static_cast<int64_t>(rng.next()) >> rng.below(64)) / 8;
    if (std::isnan(value)) continue;
    char expected[64];
    std::snprintf(expected, sizeof expected, "%.17g", value);
    const std::string text = printed(value);
    ASSERT_EQ(text, expected);
    ASSERT_EQ(parse_real(text), value);
  }
}

TEST(RealTest, Refused) {
  for (const char* text : {"", " 1", "1 ", "+1", "nan", "1e999", "0x1", "1.5x", "-", "--1"}) {
    EXPECT_EQ(parse_real(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_real("-inf"), -HUGE_VAL);
}

}  // namespace
}  // namespace guccho

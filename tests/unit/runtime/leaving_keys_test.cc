// Keys that MIGRATE has under way: which commands must be tried again later.
#include "node/runtime/leaving_keys.h"

#include <gtest/gtest.h>

namespace guccho::runtime {
namespace {

constexpr bool kHere = true;
constexpr bool kWrites = true;

TEST(LeavingKeys, HoldsBackWhatIsGoneAndInTheEndWrites) {
  LeavingKeys keys;
  EXPECT_TRUE(keys.empty());
  keys.add("a");
  keys.add("b");
  EXPECT_FALSE(keys.empty());
  EXPECT_FALSE(keys.holds_back("a", kHere, kWrites));
  EXPECT_FALSE(keys.holds_back("a", kHere, !kWrites));
  EXPECT_TRUE(keys.holds_back("a", !kHere, kWrites));
  EXPECT_TRUE(keys.holds_back("a", !kHere, !kWrites));
  EXPECT_FALSE(keys.holds_back("c", !kHere, kWrites));

  keys.put_writes_off();
  EXPECT_TRUE(keys.holds_back("a", kHere, kWrites));
  EXPECT_FALSE(keys.holds_back("a", kHere, !kWrites));
  EXPECT_FALSE(keys.holds_back("c", kHere, kWrites));
  keys.remove("a");
  keys.remove("nobody");
  EXPECT_FALSE(keys.holds_back("a", kHere, kWrites));
  EXPECT_TRUE(keys.holds_back("b", kHere, kWrites));
  // The next batch begins anew.
  keys.remove("b");
  EXPECT_TRUE(keys.empty());
  keys.add("b");
  EXPECT_FALSE(keys.holds_back("b", kHere, kWrites));
}

}  // namespace
}  // namespace guccho::runtime

// WATCH: what breaks it and what does not.
#include "node/runtime/watch_table.h"

#include <gtest/gtest.h>

namespace guccho::runtime {
namespace {

commands::WatchFlag flag() {
  return std::make_shared<std::atomic<bool>>(false);
}
UnixMillis at(int64_t ms) {
  return UnixMillis(Millis(ms));
}

}  // namespace

TEST(WatchTable, BreaksOnlyTheWatchesOfTheKey) {
  WatchTable table;
  const auto a = flag();
  const auto b = flag();
  table.add("one", a, {}, false);
  table.add("two", b, {}, false);
  table.touch("three");
  EXPECT_FALSE(a->load());
  table.touch("one");
  EXPECT_TRUE(a->load());
  EXPECT_FALSE(b->load());
  table.touch_existing([](std::string_view) { return false; });
  EXPECT_FALSE(b->load());
  table.touch_existing([](std::string_view key) { return key == "two"; });
  EXPECT_TRUE(b->load());
}

TEST(WatchTable, AWatchedKeyThatExpiresBreaksTheWatch) {
  WatchTable table;
  const auto a = flag();
  table.add("key", a, at(1000), true);
  table.sweep(at(1000));
  EXPECT_FALSE(a->load());
  table.sweep(at(1001));
  EXPECT_TRUE(a->load());
}

TEST(WatchTable, ForgetsWatchersThatAreGone) {
  WatchTable table;
  table.add("key", flag(), {}, false);
  EXPECT_EQ(table.size(), 1u);
  table.sweep(at(0));
  EXPECT_TRUE(table.empty());
}

}  // namespace guccho::runtime

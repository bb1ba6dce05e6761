// WATCH: what breaks it and what does not, and that nothing is kept of those who are gone.
#include "node/runtime/watch_table.h"

#include <gtest/gtest.h>

namespace guccho::runtime {
namespace {

constexpr bool kStale = true;

std::shared_ptr<Watch> watch() {
  return std::make_shared<Watch>();
}
UnixMillis at(int64_t ms) {
  return UnixMillis(Millis(ms));
}
bool gone() {
  return true;
}
bool there() {
  return false;
}

}  // namespace

TEST(WatchTable, BreaksOnlyTheWatchesOfTheKey) {
  WatchTable table;
  const auto a = watch();
  const auto b = watch();
  table.add("one", a, !kStale);
  table.add("two", b, !kStale);
  table.touch("three", there);
  EXPECT_FALSE(a->load());
  table.touch("one", gone);
  EXPECT_TRUE(a->load());
  EXPECT_FALSE(b->load());
  table.touch_existing([](std::string_view) { return false; });
  EXPECT_FALSE(b->load());
  table.touch_existing([](std::string_view key) { return key == "two"; });
  EXPECT_TRUE(b->load());
  EXPECT_TRUE(table.empty());
}

TEST(WatchTable, TheEndOfAKeyThatWasOverAlreadyIsNoChange) {
  WatchTable table;
  const auto knew_it_stale = watch();
  const auto other = watch();
  table.add("key", knew_it_stale, kStale);
  table.add("key", other, !kStale);
  table.touch("key", gone);
  EXPECT_FALSE(knew_it_stale->load());
  EXPECT_TRUE(other->load());
  table.touch("key", gone);
  EXPECT_TRUE(knew_it_stale->load()) << "it was made, and deleted";

  const auto overwritten = watch();
  table.add("key", overwritten, kStale);
  table.touch("key", there);
  EXPECT_TRUE(overwritten->load());

  const auto flushed = watch();
  table.add("key", flushed, kStale);
  table.touch_existing([](std::string_view) { return true; });
  EXPECT_FALSE(flushed->load());
}

TEST(Watch, IsBrokenByTheFirstOfItsKeysToExpire) {
  const auto a = watch();
  EXPECT_FALSE(a->is_broken(UnixMillis::max()));
  a->note_expiry(at(2000));
  a->note_expiry(at(1000));
  a->note_expiry(at(3000));
  EXPECT_FALSE(a->is_broken(at(1000)));
  EXPECT_TRUE(a->is_broken(at(1001)));
  a->store(true);
  EXPECT_TRUE(a->is_broken(at(0)));
}

TEST(WatchTable, ForgetsWatchersThatAreGone) {
  WatchTable table;
  auto leaves = watch();
  table.add("key", leaves, !kStale);
  const auto alive = watch();
  table.add("other", alive, !kStale);
  EXPECT_EQ(table.size(), 2u);
  leaves.reset();
  table.sweep(100);
  EXPECT_EQ(table.size(), 1u);
  table.touch("other", there);
  EXPECT_TRUE(alive->load());
}

TEST(WatchTable, DoesNotGrowWithTransactionsThatAreOver) {
  WatchTable table;
  const auto alive = watch();
  for (int i = 0; i < 100; ++i) table.add("alive" + std::to_string(i), alive, !kStale);
  size_t most = 0;
  for (int i = 0; i < 100'000; ++i) {
    table.add("key" + std::to_string(i), watch(), !kStale);
    most = std::max(most, table.size());
  }
  EXPECT_LT(most, 2000u);
  for (int i = 0; i < 100; ++i) table.touch("alive" + std::to_string(i), there);
  EXPECT_TRUE(alive->load());
}

}  // namespace guccho::runtime

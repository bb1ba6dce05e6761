// The directory of subscriptions: who is counted, and where messages go.
#include "node/runtime/pubsub.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace guccho::runtime {
namespace {

using Workers = std::vector<uint16_t>;

struct Found {
  uint64_t count;
  Workers workers;
  friend bool operator==(const Found&, const Found&) = default;
};

Found receivers(const SubscriptionDirectory& d, bool sharded, std::string_view channel) {
  Found f{};
  f.count = d.receivers(sharded, channel, f.workers);
  return f;
}

Found matching(const SubscriptionDirectory& d, std::string_view channel) {
  Found f{};
  f.count = SubscriptionDirectory::matching(*d.patterns().first, channel, f.workers);
  std::ranges::sort(f.workers);
  return f;
}

}  // namespace

TEST(SubscriptionDirectory, CountsAChannelByWorker) {
  SubscriptionDirectory d(3);
  EXPECT_EQ(receivers(d, false, "news"), (Found{0, {}}));
  d.add(false, 0, "news");
  d.add(false, 2, "news");
  d.add(false, 2, "news");
  EXPECT_EQ(receivers(d, false, "news"), (Found{3, {0, 2}}));
  EXPECT_EQ(receivers(d, true, "news"), (Found{0, {}})) << "shard channels are a space of their own";
  d.remove(false, 2, "news");
  d.remove(false, 0, "news");
  EXPECT_EQ(receivers(d, false, "news"), (Found{1, {2}}));
  d.remove(false, 2, "news");
  EXPECT_EQ(receivers(d, false, "news"), (Found{0, {}}));
  EXPECT_EQ(d.measure().channels, 0u);
  d.remove(false, 2, "news");
}

TEST(SubscriptionDirectory, ListsChannels) {
  SubscriptionDirectory d(2);
  for (int i = 0; i < 200; ++i) d.add(i % 2 == 1, 0, std::to_string(i));
  EXPECT_EQ(d.channels(false).size(), 100u);
  EXPECT_EQ(d.channels(true).size(), 100u);
  EXPECT_EQ(d.measure().channels, 100u);
  EXPECT_EQ(d.measure().shard_channels, 100u);
  const auto names = d.channels(true);
  EXPECT_NE(std::ranges::find(names, "17"), names.end());
  EXPECT_EQ(std::ranges::find(names, "16"), names.end());
}

TEST(SubscriptionDirectory, PatternsAddUp) {
  SubscriptionDirectory d(2);
  const uint64_t version = d.patterns_version();
  d.add_pattern(0, "n*");
  d.add_pattern(1, "n*");
  d.add_pattern(1, "*s");
  d.add_pattern(1, "x?");
  EXPECT_NE(d.patterns_version(), version);
  EXPECT_EQ(matching(d, "news"), (Found{3, {0, 1, 1}}));
  EXPECT_EQ(matching(d, "nothing"), (Found{2, {0, 1}}));
  EXPECT_EQ(matching(d, "xyz"), (Found{0, {}}));
  EXPECT_EQ(d.measure().patterns, 3u);
  d.remove_pattern(1, "n*");
  d.remove_pattern(1, "*s");
  d.remove_pattern(1, "unknown");
  EXPECT_EQ(matching(d, "news"), (Found{1, {0}}));
  EXPECT_EQ(d.measure().patterns, 2u);
}

TEST(SubscriptionDirectory, AListOnceTakenStaysAsItWas) {
  SubscriptionDirectory d(1);
  d.add_pattern(0, "a");
  const auto [old, version] = d.patterns();
  d.add_pattern(0, "a");
  d.add_pattern(0, "b");
  EXPECT_EQ(old->size(), 1u);
  EXPECT_EQ(old->front()->counts, std::vector<uint32_t>{1});
  EXPECT_GT(d.patterns_version(), version);
}

}  // namespace guccho::runtime

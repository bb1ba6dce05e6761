// Replies leave in the order of their commands, whatever order they come in.
#include "node/runtime/reply_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "node/base/random.h"

namespace guccho::runtime {
namespace {

TEST(ReplyOrderTest, WhatIsMadeHereWaitsBehindThePlacesBeforeIt) {
  ReplyOrder order;
  resp::Buffer out;
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(order.next(), 0u);
  const uint64_t a = order.reserve(false);
  order.behind().append("[1]");
  const uint64_t b = order.reserve(false);
  const uint64_t c = order.reserve(true);
  order.behind().append("[2]");
  EXPECT_EQ(order.size(), 3u);
  EXPECT_FALSE(order.fill(b, "b", out));
  EXPECT_FALSE(order.fill(b, "again", out));
  EXPECT_FALSE(order.fill(c, "dropped", out));
  EXPECT_EQ(order.bytes(), 7u);
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(order.fill(a, "a", out));
  EXPECT_EQ(out.view(), "a[1]b[2]");
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(order.bytes(), 0u);
  EXPECT_EQ(order.next(), 3u);
}

TEST(ReplyOrderTest, PlacesThatAreNotReservedArePassedOver) {
  ReplyOrder order;
  resp::Buffer out;
  EXPECT_FALSE(order.fill(0, "x", out));
  const uint64_t a = order.reserve(false);
  EXPECT_FALSE(order.fill(a + 1, "x", out));
  EXPECT_TRUE(order.fill(a, "a", out));
  EXPECT_FALSE(order.fill(a, "again", out));
  EXPECT_EQ(out.view(), "a");
}

TEST(ReplyOrderTest, AnyOrderOfAnsweringGivesTheOrderOfCommands) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Rng rng(seed);
    ReplyOrder order;
    resp::Buffer out;
    std::string expected;
    struct Waiting {
      uint64_t place;
      std::string reply;
    };
    std::vector<Waiting> waiting;
    const size_t most = 1 + rng.below(300);
    const auto answer = [&] {
      const size_t i = rng.below(waiting.size());
      order.fill(waiting[i].place, waiting[i].reply, out);
      waiting.erase(waiting.begin() + static_cast<ptrdiff_t>(i));
    };
    for (int i = 0; i < 3000; ++i) {
      // Short ones lie in their place, long ones do not.
      const std::string reply =
          std::to_string(i) + std::string(rng.below(5) == 0 ? rng.below(200) : rng.below(30), '.');
      if (rng.below(2) == 0) {
        (order.empty() ? out : order.behind()).append(reply);
        expected += reply;
      } else {
        const bool drop = rng.below(10) == 0;
        const uint64_t place = order.next();
        EXPECT_EQ(order.reserve(drop), place);
        waiting.push_back({place, reply});
        if (!drop) expected += reply;
      }
      while (waiting.size() > most || (!waiting.empty() && rng.below(3) == 0)) answer();
      if (rng.below(100) == 0) order.shrink();
    }
    while (!waiting.empty()) answer();
    ASSERT_EQ(out.view(), expected) << "seed " << seed;
    EXPECT_TRUE(order.empty());
    EXPECT_EQ(order.bytes(), 0u);
  }
}

}  // namespace
}  // namespace guccho::runtime

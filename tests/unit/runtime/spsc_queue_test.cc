// The queue between two workers: order, fullness, and its use from two threads.
#include "node/runtime/spsc_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace guccho::runtime {

TEST(SpscQueue, RefusesWhenFullAndLeavesTheValue) {
  SpscQueue<std::unique_ptr<int>, 2> queue;
  for (int i = 0; i < 2; ++i) {
    auto value = std::make_unique<int>(i);
    ASSERT_TRUE(queue.push(value));
  }
  auto third = std::make_unique<int>(2);
  EXPECT_FALSE(queue.push(third));
  ASSERT_NE(third, nullptr);
  std::unique_ptr<int> out;
  ASSERT_TRUE(queue.pop(out));
  EXPECT_EQ(*out, 0);
  EXPECT_TRUE(queue.push(third));
  EXPECT_EQ(third, nullptr);
}

TEST(SpscQueue, ShowsWhatIsTakenNext) {
  SpscQueue<int, 2> queue;
  EXPECT_EQ(queue.front(), nullptr);
  int value = 1;
  ASSERT_TRUE(queue.push(value));
  value = 2;
  ASSERT_TRUE(queue.push(value));
  ASSERT_NE(queue.front(), nullptr);
  EXPECT_EQ(*queue.front(), 1);
  ASSERT_TRUE(queue.pop(value));
  ASSERT_NE(queue.front(), nullptr);
  EXPECT_EQ(*queue.front(), 2);
  ASSERT_TRUE(queue.pop(value));
  EXPECT_EQ(queue.front(), nullptr);
}

TEST(SpscQueue, DeliversEverythingInOrderBetweenThreads) {
  constexpr int kCount = 100'000;
  SpscQueue<int, 64> queue;
  std::thread producer([&] {
    for (int i = 0; i < kCount; ++i) {
      int value = i;
      while (!queue.push(value)) std::this_thread::yield();
    }
  });
  int expected = 0;
  while (expected < kCount) {
    int value = -1;
    if (!queue.pop(value)) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(value, expected);
    ++expected;
  }
  producer.join();
  EXPECT_TRUE(queue.empty());
}

}  // namespace guccho::runtime

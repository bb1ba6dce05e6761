// The exclusive section: nothing else runs meanwhile, works run in order, nobody is left parked.
#include "node/runtime/exclusive.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace guccho::runtime {

TEST(ExclusiveSection, RunsAtOnceWithoutWorkers) {
  ExclusiveSection section(
      1, [](size_t) {}, [](uint64_t) {});
  bool ran = false;
  section.request([&] { ran = true; });
  EXPECT_TRUE(ran);
}

// Workers count without locks between their batch boundaries; works read all counters twice and must see no change.
TEST(ExclusiveSection, ParksEveryWorkerAtABatchBoundary) {
  constexpr size_t kWorkers = 3;
  constexpr int kWorks = 500;
  struct alignas(64) Counter {
    uint64_t value = 0;
  };
  std::vector<Counter> counters(kWorkers);
  std::atomic<bool> stop{false};
  std::atomic<int> measured{0};
  ExclusiveSection section(
      kWorkers, [](size_t) {}, [&](uint64_t) { measured.fetch_add(1); });
  for (size_t i = 0; i < kWorkers; ++i) section.join();
  std::vector<std::thread> workers;
  for (size_t i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&, i] {
      while (!stop.load()) {
        if (section.requested()) section.park();
        for (int k = 0; k < 100; ++k) ++counters[i].value;
      }
      section.leave();
    });
  }
  std::atomic<int> done{0};
  std::atomic<bool> disturbed{false};
  std::vector<int> order;
  const auto sum = [&] {
    uint64_t total = 0;
    for (const Counter& c : counters) total += c.value;
    return total;
  };
  for (int n = 0; n < kWorks; ++n) {
    section.request([&, n] {
      const uint64_t before = sum();
      for (int spin = 0; spin < 100; ++spin) std::this_thread::yield();
      if (sum() != before) disturbed.store(true);
      order.push_back(n);
      done.fetch_add(1);
    });
  }
  while (done.load() < kWorks) std::this_thread::yield();
  stop.store(true);
  for (std::thread& t : workers) t.join();
  EXPECT_FALSE(disturbed.load());
  for (int n = 0; n < kWorks; ++n) ASSERT_EQ(order[static_cast<size_t>(n)], n);
  EXPECT_GT(measured.load(), 0);
}

TEST(ExclusiveSection, AWorkMayRequestAnother) {
  ExclusiveSection section(
      1, [](size_t) {}, [](uint64_t) {});
  section.join();
  std::vector<int> order;
  section.request([&] {
    order.push_back(1);
    section.request([&] { order.push_back(2); });
  });
  section.park();
  EXPECT_EQ(order, std::vector<int>({1}));
  EXPECT_TRUE(section.requested());
  section.park();
  EXPECT_EQ(order, std::vector<int>({1, 2}));
  section.leave();
}

TEST(ExclusiveSection, ALeavingWorkerLetsTheOthersGoOn) {
  ExclusiveSection section(
      2, [](size_t) {}, [](uint64_t) {});
  section.join();
  section.join();
  std::atomic<bool> ran{false};
  section.request([&] { ran.store(true); });
  std::thread parked([&] {
    section.park();
    section.leave();
  });
  section.leave();
  parked.join();
  EXPECT_TRUE(ran.load());
}

}  // namespace guccho::runtime

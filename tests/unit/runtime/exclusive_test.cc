// The exclusive section: nothing else runs meanwhile, works run in order, nobody is left parked.
#include "node/runtime/exclusive.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace guccho::runtime {
namespace {

// What each worker changes without locks between its batch boundaries.
struct Data {
  struct alignas(64) Counter {
    uint64_t value = 0;
  };
  explicit Data(size_t workers) : counters(workers) {}
  uint64_t sum() const {
    uint64_t total = 0;
    for (const Counter& c : counters) total += c.value;
    return total;
  }
  std::vector<Counter> counters;
};

}  // namespace

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
  Data data(kWorkers);
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
        for (int k = 0; k < 100; ++k) ++data.counters[i].value;
      }
      section.leave();
    });
  }
  std::atomic<int> done{0};
  std::atomic<bool> disturbed{false};
  std::vector<int> order;
  for (int n = 0; n < kWorks; ++n) {
    section.request([&, n] {
      const uint64_t before = data.sum();
      for (int spin = 0; spin < 100; ++spin) std::this_thread::yield();
      if (data.sum() != before) disturbed.store(true);
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

// Each worker now and then takes the section in the middle of its turn, while others ask for works in the ordinary way.
TEST(ExclusiveSection, WhoSeizesItIsAloneWithTheDataOfAll) {
  constexpr size_t kWorkers = 3;
  constexpr int kSeizures = 200;
  Data data(kWorkers);
  std::atomic<bool> disturbed{false};
  std::atomic<int> works{0};
  ExclusiveSection section(
      kWorkers, [](size_t) {}, [](uint64_t) {});
  const auto look = [&] {
    const uint64_t before = data.sum();
    for (int spin = 0; spin < 20; ++spin) std::this_thread::yield();
    if (data.sum() != before) disturbed.store(true);
    for (Data::Counter& c : data.counters) ++c.value;
  };
  for (size_t i = 0; i < kWorkers; ++i) section.join();
  std::vector<std::thread> workers;
  for (size_t i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&, i] {
      for (int n = 0; n < kSeizures; ++n) {
        if (section.requested()) section.park();
        for (int k = 0; k < 100; ++k) ++data.counters[i].value;
        if (n % 8 == 0) {
          section.request([&] {
            look();
            works.fetch_add(1);
          });
        }
        // Refused: another is at it, and waits for this one.
        while (!section.seize()) section.park();
        look();
        section.release();
      }
      while (section.requested()) section.park();
      section.leave();
    });
  }
  for (std::thread& t : workers) t.join();
  EXPECT_FALSE(disturbed.load());
  EXPECT_EQ(works.load(), static_cast<int>(kWorkers) * kSeizures / 8);
  EXPECT_EQ(data.sum(), kWorkers * (uint64_t{kSeizures} * (100 + kWorkers) + static_cast<uint64_t>(works.load())));
}

TEST(ExclusiveSection, IsPutOffWhileAWorkerIsBusy) {
  ExclusiveSection section(
      2, [](size_t) {}, [](uint64_t) {});
  section.join();
  section.join();
  std::atomic<int> ran{0};
  std::atomic<int> passes{0};
  std::atomic<bool> stop{false};
  section.request([&] { ran.fetch_add(1); });
  std::thread other([&] {
    while (!stop.load()) {
      section.park();
      passes.fetch_add(1);
    }
    section.leave();
  });
  // The other is parked, or is about to be: it goes on all the same, and the work has not run.
  section.suspend();
  EXPECT_FALSE(section.requested());
  const int before = passes.load();
  while (passes.load() < before + 2) std::this_thread::yield();
  EXPECT_EQ(ran.load(), 0);
  section.suspend();
  section.resume();
  EXPECT_FALSE(section.requested());
  section.resume();
  EXPECT_TRUE(section.requested());
  section.park();
  EXPECT_EQ(ran.load(), 1);
  stop.store(true);
  other.join();
  section.leave();
}

TEST(ExclusiveSection, ParkedWorkersServeWhileAWorkTakesLong) {
  ExclusiveSection section(
      2, [](size_t) {}, [](uint64_t) {});
  section.join();
  section.join();
  std::atomic<int> served{0};
  std::atomic<int> serving{0};
  bool quiet = true;
  section.request([&] {
    EXPECT_TRUE(section.inside());
    for (int round = 1; round <= 3; ++round) {
      const int before = served.load();
      section.set_serving(true);
      while (served.load() < before + 5) std::this_thread::yield();
      section.set_serving(false);
      // From here on nobody is in it.
      const int after = served.load();
      for (int spin = 0; spin < 100; ++spin) std::this_thread::yield();
      quiet = quiet && serving.load() == 0 && served.load() == after;
    }
  });
  const auto serve = [&] {
    serving.fetch_add(1);
    served.fetch_add(1);
    serving.fetch_sub(1);
  };
  // One of the two runs the work, the other serves.
  std::thread other([&] {
    section.park(serve);
    section.leave();
  });
  section.park(serve);
  section.leave();
  other.join();
  EXPECT_TRUE(quiet);
}

}  // namespace guccho::runtime

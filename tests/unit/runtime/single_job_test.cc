// One job at a time, whoever asks: others are refused, and a job that has told its outcome is no obstacle to the next.
#include "node/runtime/single_job.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace guccho::runtime {
namespace {

TEST(SingleJob, AnotherIsRefusedMeanwhile) {
  SingleJob jobs;
  std::promise<void> go_on;
  std::promise<void> told;
  EXPECT_TRUE(jobs.begin([&] { go_on.get_future().wait(); }, [&] { told.set_value(); }));
  bool ran = false;
  EXPECT_FALSE(jobs.begin([&] { ran = true; }, [&] { ran = true; }));
  go_on.set_value();
  told.get_future().wait();
  // Whoever was told may ask again at once.
  std::promise<void> second;
  EXPECT_TRUE(jobs.begin([] {}, [&] { second.set_value(); }));
  second.get_future().wait();
  EXPECT_FALSE(ran);
}

TEST(SingleJob, StopWaitsAndIsForGood) {
  SingleJob jobs;
  std::promise<void> begun;
  std::atomic<bool> ended = false;
  EXPECT_TRUE(jobs.begin([&] { begun.set_value(); }, [&] { ended = true; }));
  begun.get_future().wait();
  jobs.stop();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(jobs.begin([] {}, [] {}));
  jobs.stop();
}

TEST(SingleJob, AskedForByManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kTries = 500;
  std::atomic<int> begun = 0;
  std::atomic<int> told = 0;
  std::atomic<int> running = 0;
  std::atomic<bool> overlapped = false;
  {
    SingleJob jobs;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kTries; ++i) {
          begun += jobs.begin(
              [&] {
                if (running.fetch_add(1) != 0) overlapped = true;
                running.fetch_sub(1);
              },
              [&] { ++told; });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_GT(begun, 0);
  EXPECT_EQ(begun, told);
  EXPECT_FALSE(overlapped);
}

}  // namespace
}  // namespace guccho::runtime

// Worker counters: sums over workers, the bound on error prefixes, CONFIG RESETSTAT, reading while the worker writes.
#include "node/metrics/worker_stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "node/metrics/snapshot.h"

namespace guccho::metrics {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

const std::vector<std::string> kNames = {"get", "set", "config|get"};

TEST(WorkerStats, SumsAndMaxima) {
  WorkerStats a(kNames.size());
  WorkerStats b(kNames.size());
  a.commands_processed.add(3);
  b.commands_processed.add(4);
  a.max_input_buffer.set(100);
  b.max_input_buffer.set(70);
  a.connected_clients.set(2);
  b.connected_clients.set(5);
  a.keys_with_expiry.set(1);
  a.average_ttl_millis.set(1000);
  b.keys_with_expiry.set(3);
  b.average_ttl_millis.set(2000);
  a.commands[0].record(1000);
  b.commands[0].record(3000);
  b.commands[1].rejected.add();
  a.errors.record("ERR");
  b.errors.record("ERR");
  b.errors.record("WRONGTYPE");
  Snapshot s;
  add_worker(s, a, kNames);
  add_worker(s, b, kNames);
  EXPECT_EQ(s.workers.commands_processed, 7u);
  EXPECT_EQ(s.workers.max_input_buffer, 100u);
  EXPECT_EQ(s.workers.connected_clients, 7u);
  EXPECT_EQ(s.workers.average_ttl_millis, 1750u);
  EXPECT_EQ(s.workers.errors, 3u);
  EXPECT_THAT(s.workers.errors_by_prefix, UnorderedElementsAre(Pair("ERR", 2), Pair("WRONGTYPE", 1)));
  ASSERT_EQ(s.commands.size(), 3u);
  EXPECT_EQ(s.commands[0].name, "get");
  EXPECT_EQ(s.commands[0].calls, 2u);
  EXPECT_EQ(s.commands[0].nanos, 4000u);
  EXPECT_EQ(s.commands[0].latency.count, 2u);
  EXPECT_EQ(s.commands[1].rejected, 1u);
  EXPECT_EQ(s.commands[2].calls, 0u);
}

TEST(WorkerStats, LongestTurnIsThatOfAnyWorker) {
  WorkerStats a(1), b(1);
  for (const uint64_t nanos : {7'000'000, 2'000'000}) a.loop_cpu_max_nanos.raise_to(nanos);
  b.loop_cpu_max_nanos.raise_to(5'000'000);
  a.loop_cpu.record(7'000'000);
  b.loop_cpu.record(5'000'000);
  Snapshot s;
  add_worker(s, a, {"get"});
  add_worker(s, b, {"get"});
  EXPECT_EQ(s.workers.loop_cpu_max_nanos, 7'000'000u);
  EXPECT_EQ(s.workers.loop_cpu.count, 2u);
}

TEST(WorkerStats, ErrorPrefixesAreBounded) {
  ErrorStats e;
  for (int i = 0; i < 1000; ++i) e.record("E" + std::to_string(i));
  e.record("E0");
  e.record(std::string(100, 'x'));
  EXPECT_EQ(e.size(), ErrorStats::kMaxPrefixes);
  EXPECT_EQ(e.total(), 1002u);
  EXPECT_EQ(e[0].count.value(), 2u);
  ErrorStats cut;
  cut.record(std::string(100, 'x'));
  cut.record(std::string(50, 'x'));
  ASSERT_EQ(cut.size(), 1u);
  EXPECT_STREQ(cut[0].prefix.data(), std::string(23, 'x').c_str());
  EXPECT_EQ(cut[0].count.value(), 2u);
}

TEST(WorkerStats, ResetClearsCountersAndKeepsLevels) {
  WorkerStats w(1);
  w.commands_processed.add(3);
  w.connected_clients.set(2);
  w.keys.set(9);
  w.commands[0].record(10);
  w.errors.record("ERR");
  w.loop_latency.record(5);
  w.loop_cpu.record(5);
  w.loop_cpu_max_nanos.raise_to(5);
  w.reset();
  Snapshot s;
  add_worker(s, w, {"get"});
  EXPECT_EQ(s.workers.commands_processed, 0u);
  EXPECT_EQ(s.workers.connected_clients, 2u);
  EXPECT_EQ(s.workers.keys, 9u);
  EXPECT_EQ(s.workers.errors, 0u);
  EXPECT_TRUE(s.workers.errors_by_prefix.empty());
  EXPECT_EQ(s.commands[0].calls, 0u);
  EXPECT_EQ(s.commands[0].latency.count, 0u);
  EXPECT_EQ(s.workers.loop_latency.count, 0u);
  EXPECT_EQ(s.workers.loop_cpu.count, 0u);
  EXPECT_EQ(s.workers.loop_cpu_max_nanos, 0u);
  w.errors.record("ERR");
  EXPECT_EQ(w.errors.size(), 1u);
}

TEST(WorkerStats, ReadWhileTheWorkerCounts) {
  constexpr uint64_t kCalls = 20000;
  WorkerStats w(kNames.size());
  std::thread worker([&] {
    for (uint64_t i = 0; i < kCalls; ++i) {
      w.commands_processed.add();
      w.commands[i % kNames.size()].record(i);
      w.errors.record("E" + std::to_string(i % 100));
    }
  });
  uint64_t last = 0;
  while (last < kCalls) {
    Snapshot s;
    add_worker(s, w, kNames);
    ASSERT_GE(s.workers.commands_processed, last);
    last = s.workers.commands_processed;
    std::this_thread::yield();
  }
  worker.join();
  Snapshot s;
  add_worker(s, w, kNames);
  EXPECT_EQ(s.commands[0].calls + s.commands[1].calls + s.commands[2].calls, kCalls);
  EXPECT_EQ(s.workers.errors, kCalls);
}

}  // namespace
}  // namespace guccho::metrics

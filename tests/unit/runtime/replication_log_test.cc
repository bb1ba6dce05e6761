// The one ordered log: several writers, one reader, whole ranges only.
#include "node/runtime/replication_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace guccho::runtime {
namespace {

std::string read_all(const ReplicationLog& log, int64_t from, int64_t until) {
  std::string out;
  while (from < until) {
    const std::string_view piece = log.read(from, until);
    out += piece;
    from += static_cast<int64_t>(piece.size());
  }
  return out;
}

}  // namespace

TEST(ReplicationLog, KeepsNothingWhileInactive) {
  ReplicationLog log(1);
  EXPECT_EQ(log.append(0, "abc"), 0);
  EXPECT_EQ(log.head(), 0);
}

TEST(ReplicationLog, StartsAtTheGivenOffsetAndCrossesSegments) {
  ReplicationLog log(1);
  const int64_t start = int64_t{ReplicationLog::kSegmentBytes} * 3 - 5;
  log.restart(start);
  const std::string bytes(ReplicationLog::kSegmentBytes + 100, 'x');
  EXPECT_EQ(log.append(0, "0123456789"), start + 10);
  EXPECT_EQ(log.append(0, bytes), start + 10 + static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(log.committed(), log.head());
  EXPECT_EQ(read_all(log, start, log.committed()), "0123456789" + bytes);
  log.trim(log.head() - 10);
  EXPECT_GT(log.first(), start);
  EXPECT_LE(log.first(), log.head() - 10);
  EXPECT_EQ(read_all(log, log.head() - 10, log.head()), std::string(10, 'x'));
}

TEST(ReplicationLog, SaysInTimeWhenItIsFull) {
  constexpr size_t kSegments = 16;
  ReplicationLog log(1, kSegments);
  log.restart(0);
  const auto segment = static_cast<int64_t>(ReplicationLog::kSegmentBytes);
  EXPECT_EQ(log.capacity(), 16 * segment);
  const std::string bytes(ReplicationLog::kSegmentBytes, 'x');
  for (int i = 0; i < 14; ++i) log.append(0, bytes);
  EXPECT_FALSE(log.is_full_from(0));
  log.append(0, "x");
  EXPECT_TRUE(log.is_full_from(0));
  EXPECT_FALSE(log.is_full_from(1));
  log.trim(segment);
  EXPECT_FALSE(log.is_full_from(log.first()));
}

// The default is more than the directive's greatest backlog, with room for replicas that are behind.
TEST(ReplicationLog, HoldsTheGreatestBacklog) {
  ReplicationLog log(1);
  log.restart(0);
  EXPECT_GE(log.capacity(), int64_t{16} << 30);
}

// A range that is longer than all that the log can keep: it is read, and trimmed, while it is written.
TEST(ReplicationLog, ARangeMayBeLongerThanTheLog) {
  constexpr size_t kSegments = 4;
  ReplicationLog log(2, kSegments);
  log.restart(0);
  std::string bytes;
  for (size_t i = 0; i < 11 * ReplicationLog::kSegmentBytes / 8; ++i) bytes += std::to_string(10'000'000 + i);
  std::thread writer([&] { log.append(0, bytes); });
  std::string seen;
  while (seen.size() < bytes.size()) {
    const auto at = static_cast<int64_t>(seen.size());
    seen += read_all(log, at, std::max(at, log.committed()));
    log.trim(static_cast<int64_t>(seen.size()));
    std::this_thread::yield();
  }
  writer.join();
  EXPECT_EQ(seen, bytes);
}

// Each writer appends records "<writer>:<number>;" of varying length; a reader follows committed() while they write.
// Every record must arrive whole, and each writer's records in their order.
TEST(ReplicationLog, InterleavesWritersByWholeRanges) {
  constexpr size_t kWriters = 3;
  constexpr int kRecords = 20'000;
  ReplicationLog log(kWriters);
  log.restart(0);
  std::vector<std::thread> writers;
  for (size_t w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kRecords; ++i) {
        const std::string pad(static_cast<size_t>(i % 97), '.');
        log.append(w, std::to_string(w) + ":" + std::to_string(i) + pad + ";");
      }
    });
  }
  std::map<std::string, int> next;
  std::string pending;
  int64_t at = 0;
  size_t seen = 0;
  while (seen < kWriters * kRecords) {
    const int64_t until = std::max(at, log.committed());
    pending += read_all(log, at, until);
    at = until;
    log.trim(at);
    size_t begin = 0;
    for (size_t end; (end = pending.find(';', begin)) != std::string::npos; begin = end + 1) {
      const std::string record = pending.substr(begin, end - begin);
      const size_t colon = record.find(':');
      ASSERT_NE(colon, std::string::npos) << record;
      ASSERT_EQ(std::stoi(record.substr(colon + 1)), next[record.substr(0, colon)]++) << record;
      ++seen;
    }
    pending.erase(0, begin);
    std::this_thread::yield();
  }
  for (std::thread& t : writers) t.join();
  EXPECT_EQ(at, log.head());
  EXPECT_EQ(log.committed(), log.head());
}

}  // namespace guccho::runtime

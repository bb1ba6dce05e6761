// The log of denials: grouping within a minute, order, limit.
#include "node/acl/log.h"

#include <gtest/gtest.h>

namespace guccho::acl {
namespace {

constexpr UnixMillis kStart{Millis(1'000'000)};

LogEntry denied(std::string object, std::string client = "c") {
  return {.reason = Denial::kCommand, .object = std::move(object), .user = "u", .client = std::move(client)};
}

TEST(AclLog, CountsEqualOnesWithinAMinute) {
  Log log;
  log.note(denied("get"), kStart, 128);
  log.note(denied("set"), kStart, 128);
  log.note(denied("get", "later"), kStart + Millis(60'000), 128);
  const std::vector<LogEntry> entries = log.newest(10);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].object, "get");
  EXPECT_EQ(entries[0].count, 2u);
  EXPECT_EQ(entries[0].id, 0u);
  EXPECT_EQ(entries[0].client, "later");
  EXPECT_EQ(entries[0].created, kStart);
  EXPECT_EQ(entries[0].updated, kStart + Millis(60'000));
  EXPECT_EQ(entries[1].id, 1u);
}

TEST(AclLog, AMinuteLaterItIsANewOne) {
  Log log;
  log.note(denied("get"), kStart, 128);
  log.note(denied("get"), kStart + Millis(60'001), 128);
  EXPECT_EQ(log.newest(10).size(), 2u);
}

TEST(AclLog, OnlyTheNewestTenAreLookedAt) {
  Log log;
  log.note(denied("get"), kStart, 128);
  for (int i = 0; i < 10; ++i) log.note(denied(std::to_string(i)), kStart, 128);
  log.note(denied("get"), kStart, 128);
  EXPECT_EQ(log.newest(100).size(), 12u);
}

TEST(AclLog, KeepsAsManyAsItMay) {
  Log log;
  for (int i = 0; i < 5; ++i) log.note(denied(std::to_string(i)), kStart, 3);
  ASSERT_EQ(log.newest(10).size(), 3u);
  EXPECT_EQ(log.newest(1)[0].object, "4");
  log.note(denied("x"), kStart, 0);
  EXPECT_TRUE(log.newest(10).empty());
}

}  // namespace
}  // namespace guccho::acl

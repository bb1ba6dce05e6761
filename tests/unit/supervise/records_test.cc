// The desired state and the record as text: there and back, and every torn or foreign text refused.
#include "node/supervise/records.h"

#include <gtest/gtest.h>

namespace guccho::supervise {
namespace {

Desired a_desired() {
  Desired desired;
  desired.goal = Desired::Goal::kStop;
  desired.revision = "0123456789abcdef";
  desired.restart = "boot/12/34";
  desired.grace = Millis(1500);
  desired.arguments = {"/a b/node.conf", "--port", "7000", ""};
  return desired;
}

Record a_record() {
  Record record;
  record.supervisor = {"boot", 5, 6};
  record.state = Record::State::kStopping;
  record.process = ProcessIdentity{"boot", 7, 8};
  record.revision = "r";
  record.since = UnixMillis(Millis(1700000000123));
  record.last_exit = ExitRecord{{"boot", 3, 4}, "killed by signal 9", UnixMillis(Millis(99))};
  record.failures = 2;
  record.retry_at = UnixMillis(Millis(1700000002123));
  return record;
}

TEST(Desired, ThereAndBack) {
  EXPECT_EQ(parse_desired(to_text(a_desired())), a_desired());
  EXPECT_EQ(parse_desired(to_text(Desired{})), Desired{});
}

TEST(Record, ThereAndBack) {
  EXPECT_EQ(parse_record(to_text(a_record())), a_record());
  Record least;
  least.supervisor = {"boot", 5, 6};
  EXPECT_EQ(parse_record(to_text(least)), least);
}

TEST(Records, NewlinesInValuesCannotForgeLines) {
  Record record = a_record();
  record.last_exit->how = "odd\nprocess boot/1/1";
  EXPECT_EQ(parse_record(to_text(record))->last_exit->how, "odd process boot/1/1");
}

TEST(Records, EveryTornTextIsRefused) {
  // A cut at a line's end leaves a shorter text that is whole in itself; the atomic replacement excludes it.
  for (const std::string& text : {to_text(a_desired()), to_text(a_record())}) {
    for (size_t length = 0; length < text.size(); ++length) {
      const std::string torn = text.substr(0, length);
      if (torn.ends_with('\n')) continue;
      EXPECT_FALSE(parse_desired(torn)) << torn;
      EXPECT_FALSE(parse_record(torn)) << torn;
    }
  }
}

TEST(Records, NamesTheLineThatIsWrong) {
  EXPECT_EQ(parse_desired("guccho-desired 1\ngoal fly\n").error().text,
            "desired state: line 2: 'goal fly' is not understood");
  EXPECT_FALSE(parse_desired("guccho-desired 1\ngrace-ms -1\n"));
  EXPECT_FALSE(parse_desired("guccho-desired 2\ngoal run\n"));
  EXPECT_FALSE(parse_record("guccho-record 1\nprocess x\n"));
  EXPECT_FALSE(parse_record("guccho-record 1\nlast-exit boot/1/1 12\n"));
  EXPECT_FALSE(parse_record("guccho-record 1\ncolour blue\n"));
}

}  // namespace
}  // namespace guccho::supervise

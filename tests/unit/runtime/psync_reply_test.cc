// Answers to PSYNC: numbers that cannot be are refused before anything is done with them.
#include "node/runtime/psync_reply.h"

#include <gtest/gtest.h>

namespace guccho::runtime {
namespace {

const std::string kId(40, 'a');

TEST(PsyncReply, ReadsWhatPrimariesSay) {
  const auto full = parse_psync_reply("+FULLRESYNC " + kId + " 1234567890123");
  ASSERT_TRUE(full);
  EXPECT_TRUE(full->full);
  EXPECT_EQ(full->replid, kId);
  EXPECT_EQ(full->offset, 1234567890123);
  EXPECT_EQ(parse_psync_reply("+FULLRESYNC " + kId + " 0")->offset, 0);

  const auto newer = parse_psync_reply("+CONTINUE " + kId);
  ASSERT_TRUE(newer);
  EXPECT_FALSE(newer->full);
  EXPECT_EQ(newer->replid, kId);
  const auto older = parse_psync_reply("+CONTINUE");
  ASSERT_TRUE(older);
  EXPECT_FALSE(older->full);
  EXPECT_EQ(older->replid, "");
}

TEST(PsyncReply, RefusesWhatCannotBe) {
  const std::string lines[] = {
      "",
      "+OK",
      "-NOMASTERLINK Can't SYNC while not connected with my master",
      "+FULLRESYNC",
      "+FULLRESYNC " + kId,
      "+FULLRESYNC " + kId + " ",
      "+FULLRESYNC " + kId + " -5",
      "+FULLRESYNC " + kId + " 5x",
      "+FULLRESYNC " + kId + "  5",
      "+FULLRESYNC " + kId + " 9223372036854775807",
      "+FULLRESYNC " + kId + " 9223372036854775808",
      "+FULLRESYNC " + kId + "a 5",
      "+FULLRESYNC " + kId.substr(1) + " 5",
      "+FULLRESYNC " + kId.substr(1) + "\r 5",
      "+CONTINUE ",
      "+CONTINUEx" + kId,
      "+CONTINUE " + kId.substr(1),
      "+CONTINUE " + kId + "a",
      "+CONTINUE " + kId.substr(1) + "\"",
  };
  for (const std::string& line : lines) {
    const auto reply = parse_psync_reply(line);
    ASSERT_FALSE(reply) << line;
    EXPECT_EQ(reply.error().text, "PSYNC was answered with " + line);
  }
}

}  // namespace
}  // namespace guccho::runtime

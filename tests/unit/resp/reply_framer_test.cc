// Reply boundaries in RESP2 and RESP3, whole and byte by byte, and streams that are not RESP.
#include "node/resp/reply_framer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace guccho::resp {
namespace {

const std::vector<std::string>& whole_replies() {
  static const std::vector<std::string> replies = {
      "+OK\r\n",
      "-ERR no\r\n",
      ":42\r\n",
      ":-7\r\n",
      "$5\r\nhello\r\n",
      "$0\r\n\r\n",
      "$-1\r\n",
      "$4\r\n\r\n\r\n\r\n",  // line ends inside a string
      "*0\r\n",
      "*-1\r\n",
      "*2\r\n$1\r\na\r\n:1\r\n",
      "*2\r\n*1\r\n*1\r\n+x\r\n*0\r\n",
      "*3\r\n$-1\r\n*-1\r\n*0\r\n",
      // RESP3
      "_\r\n",
      "#t\r\n",
      ",3.25\r\n",
      ",inf\r\n",
      "(3492890328409238509324850943850943825024385\r\n",
      "=7\r\ntxt:abc\r\n",
      "!9\r\nERR wrong\r\n",
      "~2\r\n:1\r\n:2\r\n",
      "%0\r\n",
      "%2\r\n+a\r\n:1\r\n+b\r\n%1\r\n+c\r\n~0\r\n",
      ">2\r\n+message\r\n$1\r\nx\r\n",
      "|1\r\n+ttl\r\n:3600\r\n:1\r\n",  // an attribute belongs to what follows it
      "|0\r\n*1\r\n:1\r\n",
      "*2\r\n|1\r\n+a\r\n*1\r\n:5\r\n:1\r\n:2\r\n",  // and does not count in its parent
      "|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n+x\r\n",
  };
  return replies;
}

TEST(ReplyFramer, FindsTheEndOfWholeReplies) {
  for (const std::string& reply : whole_replies()) {
    ReplyFramer framer;
    ASSERT_EQ(framer.next(reply + "+next\r\n"), FrameStatus::kReply) << reply;
    EXPECT_EQ(framer.size(), reply.size()) << reply;
    EXPECT_EQ(framer.is_push(), reply.front() == '>') << reply;
  }
}

TEST(ReplyFramer, ByteByByteGivesTheSameEnds) {
  std::string stream;
  for (const std::string& reply : whole_replies()) stream += reply;
  ReplyFramer framer;
  std::string unread;
  std::vector<std::string> found;
  for (const char byte : stream) {
    unread += byte;
    const FrameStatus status = framer.next(unread);
    ASSERT_NE(status, FrameStatus::kError) << unread;
    if (status == FrameStatus::kNeedMore) {
      EXPECT_GT(framer.wanted(), unread.size()) << unread;
      continue;
    }
    EXPECT_EQ(framer.size(), unread.size());
    found.push_back(unread);
    unread.clear();
  }
  EXPECT_EQ(found, whole_replies());
}

TEST(ReplyFramer, TellsHowMuchALargeStringNeeds) {
  ReplyFramer framer;
  const std::string begin = "*1\r\n$100000\r\nabc";
  ASSERT_EQ(framer.next(begin), FrameStatus::kNeedMore);
  EXPECT_EQ(framer.wanted(), std::string("*1\r\n$100000\r\n").size() + 100000 + 2);
}

TEST(ReplyFramer, RefusesWhatIsNotResp) {
  const char* const broken[] = {
      "hello\r\n",
      "\r\n",
      "+OK\rx",
      "$3\r\nabcd\r\n",
      "$-2\r\n",
      "$x\r\n",
      "$\r\n",
      "$1x\r\na\r\n",
      ":\r\n",
      ":12a\r\n",
      "*-2\r\n",
      "*x\r\n",
      "%-1\r\n",
      "~-1\r\n",
      "$99999999999999999999\r\n",
      "*99999999999999\r\n",
      "*1\r\nnope\r\n",
      "*1\r\n>1\r\n+push inside\r\n",
      "$?\r\n",
  };
  for (const char* bytes : broken) {
    ReplyFramer framer;
    EXPECT_EQ(framer.next(bytes), FrameStatus::kError) << bytes;
  }
}

TEST(ReplyFramer, LimitsDepthLinesStringsAndElements) {
  const FramerLimits limits{.max_depth = 3, .max_line = 16, .max_bulk = 10, .max_elements = 4};
  const auto frame = [&](const std::string& bytes) { return ReplyFramer(limits).next(bytes); };
  EXPECT_EQ(frame("*1\r\n*1\r\n*1\r\n:1\r\n"), FrameStatus::kReply);
  EXPECT_EQ(frame("*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"), FrameStatus::kError);
  EXPECT_EQ(frame("+0123456789\r\n"), FrameStatus::kReply);
  EXPECT_EQ(frame("+0123456789012345"), FrameStatus::kError);
  EXPECT_EQ(frame("$10\r\n0123456789\r\n"), FrameStatus::kReply);
  EXPECT_EQ(frame("$11\r\n"), FrameStatus::kError);
  EXPECT_EQ(frame("*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n"), FrameStatus::kReply);
  EXPECT_EQ(frame("*5\r\n"), FrameStatus::kError);
}

TEST(ReplyFramer, ResetForgetsAPartialReply) {
  ReplyFramer framer;
  ASSERT_EQ(framer.next("*2\r\n:1\r\n"), FrameStatus::kNeedMore);
  framer.reset();
  ASSERT_EQ(framer.next("+OK\r\n"), FrameStatus::kReply);
  EXPECT_EQ(framer.size(), 5u);
}

}  // namespace
}  // namespace guccho::resp

// The request parser: what redis-server 7.0 accepts and how it words what it refuses, however the bytes arrive.
#include "node/resp/parser.h"

#include <gtest/gtest.h>

namespace guccho::resp {
namespace {

using namespace std::string_literals;

// What a connection makes of a stream: each request as [a][b], errors as !text, "..." for an unfinished rest.
std::string parse(std::string_view stream, size_t step, const ParserLimits& limits = {}) {
  CommandParser parser;
  std::string out;
  std::string pending;
  for (size_t at = 0; at < stream.size() || at == 0; at += step) {
    pending += stream.substr(at, step);
    for (;;) {
      const ParseStatus status = parser.next(pending, limits);
      if (status == ParseStatus::kError) return out + "!" + parser.error();
      if (status == ParseStatus::kNeedMore) {
        EXPECT_GT(parser.wanted(), pending.size());
        break;
      }
      if (!out.empty()) out += ' ';
      for (const std::string_view arg : parser.args()) out += "[" + std::string(arg) + "]";
      EXPECT_LE(parser.consumed(), pending.size());
      pending.erase(0, parser.consumed());
    }
    if (stream.empty()) break;
  }
  return pending.empty() ? out : out + "...";
}

struct Case {
  std::string stream;
  std::string expected;
};

void check(const std::vector<Case>& cases, const ParserLimits& limits = {}) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.stream.substr(0, 60));
    EXPECT_EQ(parse(c.stream, c.stream.size(), limits), c.expected);
    EXPECT_EQ(parse(c.stream, 1, limits), c.expected) << "byte by byte";
    EXPECT_EQ(parse(c.stream, 3, limits), c.expected) << "three bytes at a time";
  }
}

TEST(Parser, Arrays) {
  check({
      {"*1\r\n$4\r\nPING\r\n", "[PING]"},
      {"*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4\r\nPING\r\n", "[GET][a] [PING]"},
      {"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", "[ECHO][]"},
      {"*2\r\n$4\r\nECHO\r\n$6\r\n\r\n*1\r\n\r\n", "[ECHO][\r\n*1\r\n]"},
      {"*2\r\n$4\r\nECHO\r\n$3\r\na\0b\r\n"s, "[ECHO][a\0b]"s},
      {"*0\r\n*1\r\n$4\r\nPING\r\n", "[PING]"},
      {"*-1\r\n*1\r\n$4\r\nPING\r\n", "[PING]"},
      {"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "[PING] [PING]"},  // what ends an argument is not looked at
      {"*1\r\n$4\r\nPI", "..."},
      {"*2\r\n$4\r\nECHO\r\n", "..."},
      {"*1\r", "..."},
  });
}

TEST(Parser, Inline) {
  check({
      {"PING\r\n", "[PING]"},
      {"PING\n", "[PING]"},
      {"  SET  a\t1 \r\nPING\r\n", "[SET][a][1] [PING]"},
      {"\r\nPING\r\n", "[PING]"},
      {"   \r\nPING\r\n", "[PING]"},
      {"PING \"a\\x41\\n\\q\\\"\"\r\n", "[PING][aA\nq\"]"},
      {"PING 'a\\'b\\n'\r\n", "[PING][a'b\\n]"},
      {"PING \"\" ''\r\n", "[PING][][]"},
      {"PING\vx\r\n", "[PING\vx]"},
      {"PING", "..."},
  });
}

TEST(Parser, ErrorsAreWordedAsByRedisServer) {
  check({
      {"*x\r\n", "!Protocol error: invalid multibulk length"},
      {"*\r\n", "!Protocol error: invalid multibulk length"},
      {"*+1\r\n", "!Protocol error: invalid multibulk length"},
      {"*01\r\n", "!Protocol error: invalid multibulk length"},
      {"*1\n$4\r\n", "!Protocol error: invalid multibulk length"},
      {"*2147483648\r\n", "!Protocol error: invalid multibulk length"},
      {"*1\r\nfoo\r\n", "!Protocol error: expected '$', got 'f'"},
      {"*1\r\n*1\r\n", "!Protocol error: expected '$', got '*'"},
      {"*3\r\n$3\r\nSET\r\n$1\r\na\r\n:1\r\n", "!Protocol error: expected '$', got ':'"},
      {"*1\r\n\r\n", "!Protocol error: expected '$', got '\r'"},
      {"*1\r\n$-1\r\n", "!Protocol error: invalid bulk length"},
      {"*1\r\n$x\r\n", "!Protocol error: invalid bulk length"},
      {"*1\r\n$\r\n", "!Protocol error: invalid bulk length"},
      {"*1\r\n$ 4\r\n", "!Protocol error: invalid bulk length"},
      {"*1\r\n$536870913\r\n", "!Protocol error: invalid bulk length"},
      {"\"ping\r\n", "!Protocol error: unbalanced quotes in request"},
      {"\"a\"b\r\n", "!Protocol error: unbalanced quotes in request"},
      {"PING\r\n*x\r\n", "[PING]!Protocol error: invalid multibulk length"},
  });
}

TEST(Parser, LinesThatNeverEnd) {
  const std::string long_line(70'000, '1');
  EXPECT_EQ(parse(long_line, 4096), "!Protocol error: too big inline request");
  EXPECT_EQ(parse("*" + long_line, 4096), "!Protocol error: too big mbulk count string");
  EXPECT_EQ(parse("*1\r\n$" + long_line, 4096), "!Protocol error: too big bulk count string");
}

TEST(Parser, BeforeAuthenticationLittleIsAccepted) {
  ParserLimits limits;
  limits.authenticated = false;
  check(
      {
          {"*10\r\n", "..."},
          {"*11\r\n", "!Protocol error: unauthenticated multibulk length"},
          {"*1\r\n$16384\r\n", "..."},
          {"*1\r\n$16385\r\n", "!Protocol error: unauthenticated bulk length"},
      },
      limits);
}

TEST(Parser, LimitsAreSettings) {
  ParserLimits limits;
  limits.max_bulk_length = 4;
  check({{"*1\r\n$4\r\nPING\r\n", "[PING]"}, {"*1\r\n$5\r\n", "!Protocol error: invalid bulk length"}}, limits);
}

TEST(Parser, TellsHowManyBytesALargeArgumentNeeds) {
  CommandParser parser;
  EXPECT_EQ(parser.next("*2\r\n$4\r\nECHO\r\n$100000\r\nabc", {}), ParseStatus::kNeedMore);
  EXPECT_EQ(parser.wanted(), 23u + 100000u + 2u);
}

// A connection that once sent a long command does not keep the room for its arguments for good.
TEST(Parser, GivesBackTheRoomOfManyArguments) {
  std::string request = "*5000\r\n";
  for (int i = 0; i < 5000; ++i) request += "$1\r\nx\r\n";
  std::string line;
  for (int i = 0; i < 5000; ++i) line += "x ";
  CommandParser parser;
  EXPECT_EQ(parser.argument_bytes(), 0u);
  ASSERT_EQ(parser.next(request, {}), ParseStatus::kCommand);
  EXPECT_GE(parser.argument_bytes(), 5000 * 2 * sizeof(std::string_view));
  ASSERT_EQ(parser.next(line + "\n", {}), ParseStatus::kCommand);
  EXPECT_GE(parser.argument_bytes(), 5000 * (2 * sizeof(std::string_view) + sizeof(std::string)));
  parser.shrink();
  EXPECT_EQ(parser.argument_bytes(), 0u);
  // In the middle of a command it keeps what it knows.
  ASSERT_EQ(parser.next(std::string_view(request).substr(0, request.size() - 3), {}), ParseStatus::kNeedMore);
  parser.shrink();
  EXPECT_GT(parser.argument_bytes(), 0u);
  ASSERT_EQ(parser.next(request, {}), ParseStatus::kCommand);
  EXPECT_EQ(parser.args().size(), 5000u);
  // What most commands need stays.
  parser.shrink();
  ASSERT_EQ(parser.next("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", {}), ParseStatus::kCommand);
  const size_t kept = parser.argument_bytes();
  parser.shrink();
  EXPECT_EQ(parser.argument_bytes(), kept);
}

}  // namespace
}  // namespace guccho::resp

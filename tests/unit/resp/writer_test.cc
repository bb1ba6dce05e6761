// The reply writer: every element in RESP2 and RESP3.
#include "node/resp/writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

namespace guccho::resp {
namespace {

struct Case {
  const char* name;
  std::function<void(ReplyWriter&)> write;
  std::string resp2;
  std::string resp3;
};

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Writer, Elements) {
  const Case cases[] = {
      {"ok", [](ReplyWriter& w) { w.ok(); }, "+OK\r\n", "+OK\r\n"},
      {"simple", [](ReplyWriter& w) { w.simple("PONG"); }, "+PONG\r\n", "+PONG\r\n"},
      {"error", [](ReplyWriter& w) { w.error("ERR a\r\nb"); }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
      {"error that ends its line", [](ReplyWriter& w) { w.error("ERR a\nb\r\n"); }, "-ERR a b\r\n", "-ERR a b\r\n"},
      {"integer", [](ReplyWriter& w) { w.integer(std::numeric_limits<int64_t>::min()); }, ":-9223372036854775808\r\n",
       ":-9223372036854775808\r\n"},
      {"bulk", [](ReplyWriter& w) { w.bulk("a\r\nb"); }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
      {"empty bulk", [](ReplyWriter& w) { w.bulk(""); }, "$0\r\n\r\n", "$0\r\n\r\n"},
      {"bulk integer", [](ReplyWriter& w) { w.bulk_integer(-12); }, "$3\r\n-12\r\n", "$3\r\n-12\r\n"},
      {"null", [](ReplyWriter& w) { w.null(); }, "$-1\r\n", "_\r\n"},
      {"null array", [](ReplyWriter& w) { w.null_array(); }, "*-1\r\n", "_\r\n"},
      {"whole real", [](ReplyWriter& w) { w.real(3); }, "$1\r\n3\r\n", ",3\r\n"},
      {"real", [](ReplyWriter& w) { w.real(0.1); }, "$19\r\n0.10000000000000001\r\n", ",0.10000000000000001\r\n"},
      {"inf", [](ReplyWriter& w) { w.real(-kInf); }, "$4\r\n-inf\r\n", ",-inf\r\n"},
      {"nan", [](ReplyWriter& w) { w.real(std::nan("")); }, "$3\r\nnan\r\n", ",nan\r\n"},
      {"minus zero", [](ReplyWriter& w) { w.real(-0.0); }, "$2\r\n-0\r\n", ",-0\r\n"},
      {"large real", [](ReplyWriter& w) { w.real(1e300); }, "$23\r\n1.0000000000000001e+300\r\n",
       ",1.0000000000000001e+300\r\n"},
      {"true", [](ReplyWriter& w) { w.boolean(true); }, ":1\r\n", "#t\r\n"},
      {"false", [](ReplyWriter& w) { w.boolean(false); }, ":0\r\n", "#f\r\n"},
      {"verbatim", [](ReplyWriter& w) { w.verbatim("txt", "abc"); }, "$3\r\nabc\r\n", "=7\r\ntxt:abc\r\n"},
      {"big number", [](ReplyWriter& w) { w.big_number("123"); }, "$3\r\n123\r\n", "(123\r\n"},
      {"array", [](ReplyWriter& w) { w.array(2); }, "*2\r\n", "*2\r\n"},
      {"map", [](ReplyWriter& w) { w.map(2); }, "*4\r\n", "%2\r\n"},
      {"set", [](ReplyWriter& w) { w.set(2); }, "*2\r\n", "~2\r\n"},
      {"push", [](ReplyWriter& w) { w.push(2); }, "*2\r\n", ">2\r\n"},
  };
  for (const Case& c : cases) {
    for (const Version version : {Version::kResp2, Version::kResp3}) {
      Buffer buffer;
      ReplyWriter writer(buffer, version);
      c.write(writer);
      EXPECT_EQ(buffer.view(), version == Version::kResp2 ? c.resp2 : c.resp3) << c.name;
    }
  }
}

TEST(Writer, HeadersWrittenAfterTheirElements) {
  Buffer buffer;
  ReplyWriter writer(buffer, Version::kResp3);
  writer.array(2);
  const size_t mark = writer.begin_deferred();
  writer.bulk("a");
  const size_t inner = writer.begin_deferred();
  writer.integer(1);
  writer.integer(2);
  writer.end_set(inner, 2);
  writer.end_map(mark, 1);
  writer.ok();
  EXPECT_EQ(buffer.view(), "*2\r\n%1\r\n$1\r\na\r\n~2\r\n:1\r\n:2\r\n+OK\r\n");
}

TEST(Writer, Requests) {
  Buffer buffer;
  const std::string_view args[] = {"SET", "a", ""};
  append_request(buffer, args);
  EXPECT_EQ(buffer.view(), "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$0\r\n\r\n");
}

TEST(Buffer, GrowsConsumesAndGivesMemoryBack) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<size_t>(i % 97), static_cast<char>('a' + i % 26));
    buffer.append(piece);
    expected += piece;
    if (i % 3 == 0) {
      buffer.consume(expected.size() / 2);
      expected.erase(0, expected.size() / 2);
    }
    ASSERT_EQ(buffer.view(), expected);
  }
  buffer.truncate(3);
  EXPECT_EQ(buffer.view(), expected.substr(0, 3));
  buffer.shrink(0);
  EXPECT_EQ(buffer.view(), expected.substr(0, 3)) << "not while there is something in it";
  buffer.clear();
  buffer.shrink(16);
  EXPECT_EQ(buffer.capacity(), 0u);
}

}  // namespace
}  // namespace guccho::resp

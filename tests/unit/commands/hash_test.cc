// Hashes: replies, what is replicated, keyspace events.
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value|";

TEST(Hashes, FieldsAndValues) {
  Node node;
  const Step steps[] = {
      {"HSET h a 1 b 2", ":2|", "HSET h a 1 b 2", "hset h"},
      {"HSET h a 3 c 4", ":1|", "HSET h a 3 c 4", "hset h"},
      {"HSET h a", "-ERR wrong number of arguments for 'hset' command|", "", ""},
      {"HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command|"},
      {"HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command|"},
      {"HMSET h d 5", "+OK|", "HMSET h d 5", "hset h"},
      {"HGET h a", "$1|3|", "", ""},
      {"HGET h nosuch", "$-1|"},
      {"HGET nosuch a", "$-1|"},
      {"HMGET h a nosuch b", "*3|$1|3|$-1|$1|2|"},
      {"HMGET nosuch a b", "*2|$-1|$-1|"},
      {"HGETALL h", "*8|$1|a|$1|3|$1|b|$1|2|$1|c|$1|4|$1|d|$1|5|"},
      {"HKEYS h", "*4|$1|a|$1|b|$1|c|$1|d|"},
      {"HVALS h", "*4|$1|3|$1|2|$1|4|$1|5|"},
      {"HGETALL nosuch", "*0|"},
      {"HKEYS nosuch", "*0|"},
      {"HLEN h", ":4|"},
      {"HLEN nosuch", ":0|"},
      {"HEXISTS h a", ":1|"},
      {"HEXISTS h nosuch", ":0|"},
      {"HSTRLEN h a", ":1|"},
      {"HSTRLEN h nosuch", ":0|"},
      {"HSETNX h a 9", ":0|", "", ""},
      {"HSETNX h e 9", ":1|", "HSETNX h e 9", "hset h"},
      {"HDEL h a nosuch b", ":2|", "HDEL h a nosuch b", "hdel h"},
      {"HDEL h nosuch", ":0|", "", ""},
      {"HDEL h c d e", ":3|", "HDEL h c d e", "hdel h; del h"},
      {"EXISTS h", ":0|"},
      {"HDEL h c", ":0|", "", ""},
      {"SET s 1", "+OK|"},
      {"HGET s a", kWrongType},
      {"HSET s a 1", kWrongType, "", ""},
      {"HSETNX s a 1", kWrongType},
      {"HDEL s a", kWrongType},
      {"HLEN s", kWrongType},
      {"HMGET s a", kWrongType},
      {"HGETALL s", kWrongType},
      {"HKEYS s", kWrongType},
      {"HINCRBY s a 1", kWrongType},
      {"HSCAN s 0", kWrongType},
      {"HRANDFIELD s", kWrongType},
  };
  run_steps(node, steps);
}

TEST(Hashes, Numbers) {
  Node node;
  const Step steps[] = {
      {"HINCRBY h a 5", ":5|", "HINCRBY h a 5", "hincrby h"},
      {"HINCRBY h a -7", ":-2|", "HINCRBY h a -7"},
      {"HINCRBY h a x", "-ERR value is not an integer or out of range|", "", ""},
      {"HSET h s v", ":1|"},
      {"HINCRBY h s 1", "-ERR hash value is not an integer|", "", ""},
      {"HSET h big 9223372036854775807", ":1|"},
      {"HINCRBY h big 1", "-ERR increment or decrement would overflow|", "", ""},
      {"HINCRBYFLOAT h f 1.5", "$3|1.5|", "HSET h f 1.5", "hincrbyfloat h"},
      {"HINCRBYFLOAT h s 1", "-ERR hash value is not a float|", "", ""},
      {"HINCRBYFLOAT h f x", "-ERR value is not a valid float|"},
      {"HINCRBYFLOAT h f inf", "-ERR value is NaN or Infinity|"},
      {"HSET h z inf", ":1|"},
      {"HINCRBYFLOAT h z 1", "-ERR increment would produce NaN or Infinity|", "", ""},
  };
  run_steps(node, steps);
}

TEST(Hashes, Scanning) {
  Node node;
  const Step steps[] = {
      {"HSET h a 1 b 2", ":2|"},
      {"HSCAN h 0", "*2|$1|0|*4|$1|a|$1|1|$1|b|$1|2|"},
      {"HSCAN h 0 MATCH b* COUNT 1", "*2|$1|0|*2|$1|b|$1|2|"},
      {"HSCAN nosuch 0 foo", "*2|$1|0|*0|"},
      {"HSCAN h 0 foo", "-ERR syntax error|"},
      {"HSCAN h x", "-ERR invalid cursor|"},
      {"HSCAN h 0 COUNT 0", "-ERR syntax error|"},
      {"HSCAN h 0 COUNT x", "-ERR value is not an integer or out of range|"},
      {"HSCAN h 0 TYPE hash", "-ERR syntax error|"},
  };
  run_steps(node, steps);
}

TEST(Hashes, ScanOfALargeHashFindsEveryFieldOnce) {
  Node node;
  for (int i = 0; i < 1000; ++i) node.run("HSET h field" + std::to_string(i) + " " + std::to_string(i));
  EXPECT_EQ(node.run("OBJECT ENCODING h"), "$9|hashtable|");
  std::multiset<std::string> fields;
  std::string cursor = "0";
  int calls = 0;
  do {
    // *2|$n|CURSOR|*m|$k|field|$l|value|...
    const std::string reply = node.run("HSCAN h " + cursor + " COUNT 50");
    std::vector<std::string> parts;
    for (size_t at = 0, bar; (bar = reply.find('|', at)) != std::string::npos; at = bar + 1) {
      parts.push_back(reply.substr(at, bar - at));
    }
    cursor = parts[2];
    for (size_t i = 5; i < parts.size(); i += 4) fields.insert(parts[i]);
    ASSERT_LT(++calls, 100);
  } while (cursor != "0");
  EXPECT_EQ(fields.size(), 1000u);
  EXPECT_EQ(std::set<std::string>(fields.begin(), fields.end()).size(), 1000u);
  EXPECT_GE(calls, 5);
}

TEST(Hashes, RandomFields) {
  Node node;
  const Step steps[] = {
      {"HRANDFIELD nosuch", "$-1|"},
      {"HRANDFIELD nosuch 5", "*0|"},
      {"HRANDFIELD nosuch x", "-ERR value is not an integer or out of range|"},
      {"HSET h f v", ":1|"},
      {"HRANDFIELD h", "$1|f|"},
      {"HRANDFIELD h 0", "*0|"},
      {"HRANDFIELD h 3", "*1|$1|f|"},
      {"HRANDFIELD h 3 WITHVALUES", "*2|$1|f|$1|v|"},
      {"HRANDFIELD h -2", "*2|$1|f|$1|f|"},
      {"HRANDFIELD h -2 WITHVALUES", "*4|$1|f|$1|v|$1|f|$1|v|"},
      {"HRANDFIELD h 1 foo", "-ERR syntax error|"},
      {"HRANDFIELD h 5000000000000000000 WITHVALUES", "-ERR value is out of range|"},
      {"HRANDFIELD h -9223372036854775808",
       "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807|"},
  };
  run_steps(node, steps);
}

TEST(Hashes, RandomFieldsAreDistinctAndAllComeUp) {
  Node node;
  node.run("HSET h a 1 b 1 c 1");
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string reply = node.run("HRANDFIELD h 2");
    ASSERT_EQ(reply.size(), std::string("*2|$1|a|$1|b|").size());
    EXPECT_NE(reply[6], reply[11]) << reply;
    seen.insert(reply);
  }
  EXPECT_EQ(seen.size(), 3u);  // ab, ac, bc
}

// A few of many are drawn, not picked in a walk through all: still distinct, each with its own value, each as likely.
TEST(Hashes, RandomFieldsOfABigHash) {
  constexpr int kFields = 1000;
  constexpr int kWanted = 100;
  constexpr int kRounds = 200;
  Node node;
  for (int i = 0; i < kFields; ++i) node.run("HSET h f" + std::to_string(i) + " v" + std::to_string(i));
  EXPECT_EQ(node.run("OBJECT ENCODING h"), "$9|hashtable|");
  std::map<std::string, int> times;
  for (int round = 0; round < kRounds; ++round) {
    std::istringstream reply(node.run("HRANDFIELD h " + std::to_string(kWanted) + " WITHVALUES"));
    std::string length, field, value;
    std::getline(reply, length, '|');
    ASSERT_EQ(length, "*" + std::to_string(2 * kWanted));
    std::set<std::string> seen;
    while (std::getline(reply, length, '|') && std::getline(reply, field, '|') && std::getline(reply, length, '|') &&
           std::getline(reply, value, '|')) {
      EXPECT_TRUE(seen.insert(field).second) << field;
      EXPECT_EQ(value.substr(1), field.substr(1));
      ++times[field];
    }
    ASSERT_EQ(seen.size(), static_cast<size_t>(kWanted));
  }
  // 20 on average, with a standard deviation of 4.2.
  EXPECT_EQ(times.size(), static_cast<size_t>(kFields));
  for (const auto& [field, count] : times) EXPECT_LT(count, 50) << field;
}

TEST(Hashes, Resp3) {
  Node node;
  node.session.resp = resp::Version::kResp3;
  const Step steps[] = {
      {"HSET h f v", ":1|"},
      {"HGETALL h", "%1|$1|f|$1|v|"},
      {"HGETALL nosuch", "%0|"},
      {"HGET nosuch f", "_|"},
      {"HRANDFIELD h -1 WITHVALUES", "*1|*2|$1|f|$1|v|"},
      {"HRANDFIELD h 1 WITHVALUES", "*1|*2|$1|f|$1|v|"},
  };
  run_steps(node, steps);
}

}  // namespace
}  // namespace guccho::commands::testing

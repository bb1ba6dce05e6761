// Sets: replies, what is replicated, keyspace events.
#include <set>

#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value|";

TEST(Sets, Members) {
  Node node;
  const Step steps[] = {
      {"SADD s a b", ":2|", "SADD s a b", "sadd s"},
      {"SADD s a", ":0|", "", ""},
      {"SADD s a c", ":1|", "SADD s a c", "sadd s"},
      {"SCARD s", ":3|"},
      {"SISMEMBER s a", ":1|"},
      {"SMISMEMBER s a x", "*2|:1|:0|"},
      {"SMEMBERS s", "*3|$1|a|$1|b|$1|c|"},
      {"SREM s x", ":0|", "", ""},
      {"SREM s a x b", ":2|", "SREM s a x b", "srem s"},
      {"SREM s c a", ":1|", "SREM s c a", "srem s; del s"},
      {"SMEMBERS s", "*0|"},
      {"SET k 1", "+OK|"},
      {"SADD k a", kWrongType, "", ""},
      {"SREM k a", kWrongType},
      {"SISMEMBER k a", kWrongType},
      {"SSCAN k 0", kWrongType},
      {"SPOP k", kWrongType},
      {"SRANDMEMBER k 1", kWrongType},
      {"SINTER k", kWrongType},
      {"SMEMBERS k", kWrongType},
  };
  run_steps(node, steps);
}

TEST(Sets, Moving) {
  Node node;
  const Step steps[] = {
      {"SADD {s}1 a b", ":2|"},
      {"SMOVE {s}1 {s}2 a", ":1|", "SMOVE {s}1 {s}2 a", "srem {s}1; sadd {s}2"},
      {"SADD {s}2 b", ":1|"},
      {"SMOVE {s}1 {s}2 b", ":1|", "SMOVE {s}1 {s}2 b", "srem {s}1; del {s}1"},
      {"SMOVE {s}1 {s}2 b", ":0|", "", ""},
      {"SMOVE {s}2 {s}2 b", ":1|", "", ""},
      {"SMEMBERS {s}2", "*2|$1|a|$1|b|"},
  };
  run_steps(node, steps);
}

TEST(Sets, PopIsReplicatedAsWhatItTook) {
  Node node;
  const Step steps[] = {
      {"SADD s a", ":1|"},
      {"SPOP s", "$1|a|", "SREM s a", "spop s; del s"},
      {"SADD s 1 2", ":2|"},
      {"SPOP s 2", "*2|$1|1|$1|2|", "DEL s", "spop s; del s"},
      {"SPOP s", "$-1|", "", ""},
      {"SPOP s 1", "*0|", "", ""},
      {"SADD s 1 2", ":2|"},
      {"SPOP s 0", "*0|", "", ""},
  };
  run_steps(node, steps);
  std::string add = "SADD s";
  for (int i = 0; i < 3000; ++i) add += " m" + std::to_string(i);
  node.run(add);
  node.take_replicated();
  node.run("SPOP s 2000");
  EXPECT_EQ(node.run("SCARD s"), ":1002|");
  EXPECT_EQ(node.effects.replicated.size(), 2u);  // 1024 members each at most
  // A replica that does the same is left with the same.
  Node replica;
  replica.run(add + " 1 2");
  replica.from_primary = true;
  for (const std::string& request : node.effects.replicated) replica.run(request);
  EXPECT_EQ(replica.run("SCARD s"), ":1002|");
  EXPECT_EQ(node.run("SDIFF s"), node.run("SINTER s s"));
}

TEST(Sets, RandomMembers) {
  Node node;
  std::string add = "SADD s";
  for (int i = 0; i < 1000; ++i) add += " member" + std::to_string(i);
  node.run(add);
  for (const char* request : {"SRANDMEMBER s 10", "SRANDMEMBER s 900"}) {
    const std::string reply = node.run(request);
    std::set<std::string> seen;
    size_t count = 0;
    for (size_t at = reply.find("member"); at != std::string::npos; at = reply.find("member", at + 1)) {
      seen.insert(reply.substr(at, reply.find('|', at) - at));
      ++count;
    }
    EXPECT_EQ(seen.size(), count) << request;
    EXPECT_EQ(count, std::string(request) == "SRANDMEMBER s 10" ? 10u : 900u);
  }
  node.run("SADD t a b c");
  std::set<std::string> pairs;
  for (int i = 0; i < 100; ++i) pairs.insert(node.run("SRANDMEMBER t 2"));
  EXPECT_EQ(pairs.size(), 3u);  // ab, ac, bc
  const Step steps[] = {
      {"SRANDMEMBER t 0", "*0|"},
      {"SRANDMEMBER nosuch", "$-1|"},
      {"SRANDMEMBER nosuch -5", "*0|"},
      {"SRANDMEMBER t x", "-ERR value is not an integer or out of range|"},
  };
  run_steps(node, steps);
}

TEST(Sets, Combining) {
  Node node;
  const Step steps[] = {
      {"SADD {s}1 1 2 3 4", ":4|"},
      {"SADD {s}2 2 3 5", ":3|"},
      {"SADD {s}3 3 x", ":2|"},
      {"SINTER {s}1 {s}2", "*2|$1|2|$1|3|"},
      {"SINTER {s}1 {s}2 {s}3", "*1|$1|3|"},
      {"SUNION {s}1 {s}2", "*5|$1|1|$1|2|$1|3|$1|4|$1|5|"},
      {"SUNION {s}1 {s}2 {s}3 {s}1", "*6|$1|1|$1|2|$1|3|$1|4|$1|5|$1|x|"},
      {"SDIFF {s}1 {s}2", "*2|$1|1|$1|4|"},
      {"SINTERCARD 2 {s}1 {s}2", ":2|"},
      {"SINTERCARD 2 {s}1 {s}2 LIMIT 1", ":1|"},
      {"SINTERSTORE {s}d {s}1 {s}2", ":2|", "SINTERSTORE {s}d {s}1 {s}2", "sinterstore {s}d"},
      {"SUNIONSTORE {s}d {s}1 {s}2", ":5|", "SUNIONSTORE {s}d {s}1 {s}2", "sunionstore {s}d"},
      {"SDIFFSTORE {s}d {s}1 {s}1", ":0|", "SDIFFSTORE {s}d {s}1 {s}1", "del {s}d"},
      {"SDIFFSTORE {s}d {s}1 {s}1", ":0|", "", ""},
      {"SINTERSTORE {s}1 {s}1 {s}2", ":2|"},
      {"SMEMBERS {s}1", "*2|$1|2|$1|3|"},
      {"SINTER {s}1 {s}0", "*0|"},
  };
  run_steps(node, steps);
}

TEST(Sets, Resp3AndEncodings) {
  Node node;
  node.session.resp = resp::Version::kResp3;
  const Step steps[] = {
      {"SADD s a", ":1|"},          {"SMEMBERS s", "~1|$1|a|"},      {"SINTER s", "~1|$1|a|"},
      {"SUNION s", "~1|$1|a|"},     {"SDIFF s", "~1|$1|a|"},         {"SMEMBERS nosuch", "~0|"},
      {"SPOP s 1", "~1|$1|a|"},     {"SPOP s 1", "~0|"},             {"SPOP s", "_|"},
      {"SADD i 1 2", ":2|"},        {"OBJECT ENCODING i", "$6|intset|"}, {"SADD i x", ":1|"},
      {"OBJECT ENCODING i", "$8|listpack|"},
  };
  run_steps(node, steps);
}

}  // namespace
}  // namespace guccho::commands::testing

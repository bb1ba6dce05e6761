// Lists: replies, what is replicated, keyspace events, waiting.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value|";

TEST(Lists, PushAndPop) {
  Node node;
  const Step steps[] = {
      {"RPUSH l a b", ":2|", "RPUSH l a b", "rpush l"},
      {"LPUSH l 1 2", ":4|", "LPUSH l 1 2", "lpush l"},
      {"LRANGE l 0 -1", "*4|$1|2|$1|1|$1|a|$1|b|", "", ""},
      {"LPUSHX nosuch a", ":0|", "", ""},
      {"RPUSHX l c", ":5|", "RPUSHX l c", "rpush l"},
      {"LPOP l", "$1|2|", "LPOP l", "lpop l"},
      {"RPOP l 2", "*2|$1|c|$1|b|", "RPOP l 2", "rpop l"},
      {"RPOP l 0", "*0|", "", ""},
      {"LPOP l 5", "*2|$1|1|$1|a|", "LPOP l 5", "lpop l; del l"},
      {"LPOP l", "$-1|", "", ""},
      {"LPOP l 1", "*-1|", "", ""},
      {"RPOP l x", "-ERR value is out of range, must be positive|"},
      {"RPOP l 1 2", "-ERR wrong number of arguments for 'rpop' command|"},
      {"SET s 1", "+OK|"},
      {"LPUSH s a", kWrongType, "", ""},
      {"LPUSHX s a", kWrongType},
      {"LPOP s", kWrongType},
      {"LLEN s", kWrongType},
      {"LRANGE s 0 1", kWrongType},
      {"LTRIM s 0 1", kWrongType},
      {"LREM s 0 a", kWrongType},
      {"LINSERT s BEFORE a b", kWrongType},
      {"LPOS s a", kWrongType},
      {"LSET s 0 a", kWrongType},
      {"LINDEX s 0", kWrongType},
  };
  run_steps(node, steps);
}

TEST(Lists, ByIndexAndValue) {
  Node node;
  const Step steps[] = {
      {"RPUSH l a b c b a", ":5|"},
      {"LINDEX l -1", "$1|a|"},
      {"LINDEX l 5", "$-1|"},
      {"LSET l 1 x", "+OK|", "LSET l 1 x", "lset l"},
      {"LSET l 9 x", "-ERR index out of range|", "", ""},
      {"LSET nosuch 9 x", "-ERR no such key|", "", ""},
      {"LINSERT l BEFORE c y", ":6|", "LINSERT l BEFORE c y", "linsert l"},
      {"LINSERT l AFTER nosuch y", ":-1|", "", ""},
      {"LINSERT l BESIDE a y", "-ERR syntax error|"},
      {"LREM l -1 a", ":1|", "LREM l -1 a", "lrem l"},
      {"LREM l 0 nosuch", ":0|", "", ""},
      {"LRANGE l 0 -1", "*5|$1|a|$1|x|$1|y|$1|c|$1|b|"},
      {"LPOS l y", ":2|"},
      {"LPOS l y COUNT 0", "*1|:2|"},
      {"LPOS l nosuch", "$-1|"},
      {"LTRIM l 0 -1", "+OK|", "", "ltrim l"},
      {"LTRIM l 1 2", "+OK|", "LTRIM l 1 2", "ltrim l"},
      {"LRANGE l 0 -1", "*2|$1|x|$1|y|"},
      {"LTRIM l 5 9", "+OK|", "LTRIM l 5 9", "ltrim l; del l"},
      {"RPUSH l a a", ":2|"},
      {"LREM l 0 a", ":2|", nullptr, nullptr},
      {"EXISTS l", ":0|"},
  };
  run_steps(node, steps);
}

TEST(Lists, MovingBetweenLists) {
  Node node;
  const Step steps[] = {
      {"RPUSH {l}1 a b", ":2|"},
      {"LMOVE {l}1 {l}2 LEFT RIGHT", "$1|a|", "LMOVE {l}1 {l}2 LEFT RIGHT", "rpush {l}2; lpop {l}1"},
      {"RPOPLPUSH {l}1 {l}2", "$1|b|", "RPOPLPUSH {l}1 {l}2", "lpush {l}2; rpop {l}1; del {l}1"},
      {"LRANGE {l}2 0 -1", "*2|$1|b|$1|a|"},
      {"LMOVE {l}2 {l}2 LEFT RIGHT", "$1|b|", "LMOVE {l}2 {l}2 LEFT RIGHT", "rpush {l}2; lpop {l}2"},
      {"LRANGE {l}2 0 -1", "*2|$1|a|$1|b|"},
      {"LMOVE {l}1 {l}2 LEFT RIGHT", "$-1|", "", ""},
      {"SET {l}s 1", "+OK|"},
      {"LMOVE {l}2 {l}s LEFT RIGHT", kWrongType, "", ""},
      {"LMOVE {l}s {l}2 LEFT RIGHT", kWrongType, "", ""},
      {"LLEN {l}2", ":2|"},
  };
  run_steps(node, steps);
}

TEST(Lists, BlockingFormsAreReplicatedAsWhatTheyDid) {
  Node node;
  const Step steps[] = {
      {"RPUSH {l}1 a b c d e f 7", ":7|"},
      {"BLPOP {l}0 {l}1 0", "*2|$4|{l}1|$1|a|", "LPOP {l}1", "lpop {l}1"},
      {"BRPOP {l}1 1", "*2|$4|{l}1|$1|7|", "RPOP {l}1", "rpop {l}1"},
      {"LMPOP 2 {l}0 {l}1 RIGHT COUNT 2", "*2|$4|{l}1|*2|$1|f|$1|e|", "RPOP {l}1 2", "rpop {l}1"},
      {"BLMOVE {l}1 {l}2 left RIGHT 0", "$1|b|", "LMOVE {l}1 {l}2 LEFT RIGHT", "rpush {l}2; lpop {l}1"},
      {"BRPOPLPUSH {l}1 {l}2 0", "$1|d|", "RPOPLPUSH {l}1 {l}2", "lpush {l}2; rpop {l}1"},
      {"BLMPOP 0 1 {l}1 LEFT COUNT 9", "*2|$4|{l}1|*1|$1|c|", "LPOP {l}1 1", "lpop {l}1; del {l}1"},
      {"LMPOP 1 {l}1 LEFT", "*-1|", "", ""},
  };
  run_steps(node, steps);
}

TEST(Lists, Waiting) {
  Node node;
  const Step steps[] = {
      {"BLPOP {l}1 {l}2 0", "blocks: list {l}1 {l}2 0", "", ""},
      {"BRPOP {l}1 0.0011", "blocks: list {l}1 2"},
      {"BLMOVE {l}1 {l}2 LEFT RIGHT 1.5", "blocks: list {l}1 1500"},
      {"BRPOPLPUSH {l}1 {l}2 3", "blocks: list {l}1 3000"},
      {"BLMPOP 2 2 {l}1 {l}2 LEFT COUNT 3", "blocks: list {l}1 {l}2 2000"},
      {"BLPOP l x", "-ERR timeout is not a float or out of range|"},
      {"BLPOP l -1", "-ERR timeout is negative|"},
      {"BLPOP l inf", "-ERR timeout is out of range|"},
      {"BLMPOP -1 0 l LEFT", "-ERR numkeys should be greater than 0|"},
      {"SET {l}s 1", "+OK|"},
      {"BLPOP {l}1 {l}s 0", kWrongType},
      {"BLMOVE {l}s {l}1 LEFT LEFT 0", kWrongType},
  };
  run_steps(node, steps);
  node.in_exec = true;
  const Step answered[] = {
      {"BLPOP {l}1 {l}2 0", "*-1|", "", ""},
      {"BLMPOP 0 1 {l}1 LEFT", "*-1|"},
      {"BLMOVE {l}1 {l}2 LEFT RIGHT 0", "$-1|"},
      {"BRPOPLPUSH {l}1 {l}2 0", "$-1|"},
  };
  run_steps(node, answered);
}

TEST(Lists, Encodings) {
  Node node;
  const Step steps[] = {
      {"RPUSH l a b c", ":3|"},
      {"OBJECT ENCODING l", "$8|listpack|"},
  };
  run_steps(node, steps);
  std::string push = "RPUSH l";
  for (int i = 0; i < 800; ++i) push += " element-" + std::to_string(i);
  EXPECT_EQ(node.run(push), ":803|");
  const Step more[] = {
      {"OBJECT ENCODING l", "$9|quicklist|"},
      {"LINDEX l 400", "$11|element-397|"},
      {"LTRIM l 100 110", "+OK|"},
      {"OBJECT ENCODING l", "$8|listpack|"},
      {"LLEN l", ":11|"},
  };
  run_steps(node, more);
}

}  // namespace
}  // namespace guccho::commands::testing

// Bits of strings. Expected values are redis-server 7.0's.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

TEST(Bitmaps, Bits) {
  Node node;
  const Step steps[] = {
      {"SETBIT b 0 2", "-ERR bit is not an integer or out of range|"},
      {"SETBIT b -1 1", "-ERR bit offset is not an integer or out of range|"},
      {"SETBIT b 4294967296 1", "-ERR bit offset is not an integer or out of range|"},
      {"SETBIT b 7 1", ":0|", "SETBIT b 7 1", "setbit b"},
      {"SETBIT b 7 1", ":1|", "", ""},
      {"SETBIT b 6 0", ":0|", "", ""},
      {"SETBIT b 20 0", ":0|", "SETBIT b 20 0", "setbit b"},
      {"GET b", "$3|\x01\0\0|"},
      {"GETBIT b 7", ":1|"},
      {"GETBIT b 700", ":0|"},
      {"GETBIT nosuch 7", ":0|"},
      {"GETBIT b x", "-ERR bit offset is not an integer or out of range|"},
      {"SET n 1", "+OK|"},
      {"SETBIT n 6 1", ":0|"},
      {"GET n", "$1|3|"},
      {"HSET h f v", ":1|"},
      {"SETBIT h 0 1", "-WRONGTYPE Operation against a key holding the wrong kind of value|"},
      {"BITCOUNT h", "-WRONGTYPE Operation against a key holding the wrong kind of value|"},
  };
  for (const Step& step : steps) {
    if (std::string_view(step.request) == "GET b") {
      EXPECT_EQ(node.run("GET b"), std::string("$3|\x01\0\0|", 7));
    } else {
      run_steps(node, std::span(&step, 1));
    }
  }
}

TEST(Bitmaps, CountAndFind) {
  Node node;
  const Step steps[] = {
      {"SET s foobar", "+OK|"},
      {"BITCOUNT s", ":26|"},
      {"BITCOUNT s 0 0", ":4|"},
      {"BITCOUNT s 1 1", ":6|"},
      {"BITCOUNT s 5 30 BIT", ":17|"},
      {"BITCOUNT s -1 -2", ":0|"},
      {"BITCOUNT s 10 20", ":0|"},
      {"BITCOUNT s 0", "-ERR syntax error|"},
      {"BITCOUNT s 0 0 FOO", "-ERR syntax error|"},
      {"BITCOUNT s 0 0 BIT x", "-ERR syntax error|"},
      {"BITCOUNT s 0 x", "-ERR value is not an integer or out of range|"},
      {"BITCOUNT nosuch 0", ":0|"},
      {"SET o \"\\xff\\xf0\\x00\"", "+OK|"},
      {"BITPOS o 0", ":12|"},
      {"BITPOS o 1 2", ":-1|"},
      {"BITPOS o 0 0 0", ":-1|"},
      {"BITPOS o 1 1 -1", ":8|"},
      {"BITPOS o 0 3 20 BIT", ":12|"},
      {"BITPOS o 0 3", ":-1|"},
      {"SET ones \"\\xff\\xff\"", "+OK|"},
      {"BITPOS ones 0", ":16|"},
      {"BITPOS ones 0 0", ":16|"},
      {"BITPOS ones 0 0 -1", ":-1|"},
      {"BITPOS ones 0 9", ":-1|"},
      {"BITPOS nosuch 1 x", ":-1|"},
      {"BITPOS nosuch 0", ":0|"},
      {"BITPOS o 2", "-ERR The bit argument must be 1 or 0.|"},
      {"BITPOS o x", "-ERR value is not an integer or out of range|"},
      {"BITPOS o 1 0 0 FOO", "-ERR syntax error|"},
  };
  run_steps(node, steps);
}

TEST(Bitmaps, Operations) {
  Node node;
  const Step steps[] = {
      {"MSET {t}a abc {t}b AB", "+OK|"},
      {"BITOP AND {t}d {t}a {t}b", ":3|", "BITOP AND {t}d {t}a {t}b", "set {t}d"},
      {"BITOP OR {t}d {t}a {t}b {t}nosuch", ":3|"},
      {"GET {t}d", "$3|abc|"},
      {"BITOP XOR {t}d {t}a {t}b", ":3|"},
      {"GET {t}d", "$3|  c|"},
      {"BITOP NOT {t}d {t}a {t}b", "-ERR BITOP NOT must be called with a single source key.|", "", ""},
      {"BITOP FOO {t}d {t}a", "-ERR syntax error|"},
      {"BITOP AND {t}d {t}nosuch", ":0|", "BITOP AND {t}d {t}nosuch", "del {t}d"},
      {"BITOP AND {t}d {t}nosuch", ":0|", "", ""},
      {"HSET {t}h f v", ":1|"},
      {"BITOP AND {t}d {t}h", "-WRONGTYPE Operation against a key holding the wrong kind of value|"},
  };
  run_steps(node, steps);
}

TEST(Bitmaps, Fields) {
  Node node;
  const Step steps[] = {
      {"BITFIELD b", "*0|", "", ""},
      {"BITFIELD b SET u8 0 1", "*1|:0|", "BITFIELD b SET u8 0 1", "setbit b"},
      {"BITFIELD b SET u8 0 1", "*1|:1|", "", ""},
      {"BITFIELD b SET u8 #1 300", "*1|:0|"},
      {"BITFIELD b GET u8 8 GET u8 #1 GET i4 10", "*3|:44|:44|:-5|", "", ""},
      {"BITFIELD b SET u8 0 -1", "*1|:1|"},
      {"BITFIELD b OVERFLOW SAT SET u8 0 -300", "*1|:255|"},
      {"BITFIELD b OVERFLOW SAT SET i8 0 -300", "*1|:-1|"},
      {"BITFIELD b GET i8 0", "*1|:-128|"},
      {"BITFIELD b INCRBY u8 0 -300", "*1|:84|"},
      {"BITFIELD b OVERFLOW FAIL INCRBY u2 0 9 GET u2 0", "*2|$-1|:1|", "", ""},
      {"BITFIELD b SET i64 0 -5 GET i64 0 INCRBY i64 0 9223372036854775807 INCRBY i64 0 9223372036854775807",
       "*4|:6065222798161215488|:-5|:9223372036854775802|:-7|"},
      {"BITFIELD b GET u63 1", "*1|:9223372036854775801|"},
      {"BITFIELD b GET u64 0",
       "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.|"},
      {"BITFIELD b GET x 0",
       "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.|"},
      {"BITFIELD b SET u8 #1 x", "-ERR value is not an integer or out of range|"},
      {"BITFIELD b OVERFLOW FOO", "-ERR Invalid OVERFLOW type specified|"},
      {"BITFIELD b GET u8 -1", "-ERR bit offset is not an integer or out of range|"},
      {"BITFIELD b GET u8 #x", "-ERR bit offset is not an integer or out of range|"},
      {"BITFIELD b GET", "-ERR syntax error|"},
      {"BITFIELD b FOO 1 2 3", "-ERR syntax error|"},
      {"BITFIELD_RO b SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand|"},
      {"BITFIELD_RO nosuch GET u8 0", "*1|:0|"},
      {"EXISTS nosuch", ":0|"},
      {"HSET h f v", ":1|"},
      {"BITFIELD h GET u8 0", "-WRONGTYPE Operation against a key holding the wrong kind of value|"},
  };
  run_steps(node, steps);
}

}  // namespace
}  // namespace guccho::commands::testing

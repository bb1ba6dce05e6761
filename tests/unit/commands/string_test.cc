// Strings: replies, what is replicated, keyspace events.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value|";
constexpr const char* kNotInteger = "-ERR value is not an integer or out of range|";

TEST(Strings, GetAndSet) {
  Node node;
  const Step steps[] = {
      {"GET a", "$-1|", "", ""},
      {"SET a 1", "+OK|", "SET a 1", "set a"},
      {"GET a", "$1|1|", "", ""},
      {"set a \"\"", "+OK|", "set a ", "set a"},
      {"GET a", "$0||"},
      {"SET a 2 NX", "$-1|", "", ""},
      {"SET b 2 XX", "$-1|", "", ""},
      {"SET a 2 XX", "+OK|", "SET a 2 XX", "set a"},
      {"SET a 3 GET", "$1|2|", "SET a 3", "set a"},
      {"SET b 1 NX GET", "$-1|", "SET b 1 NX", "set b"},
      {"SET b 2 NX GET", "$1|1|", "", ""},
      {"SET a 1 NX XX", "-ERR syntax error|", "", ""},
      {"SET a 1 EX", "-ERR syntax error|"},
      {"SET a 1 EX 1 PX 1", "-ERR syntax error|"},
      {"SET a 1 KEEPTTL EX 10", "-ERR syntax error|"},
      {"SET a 1 EX 0", "-ERR invalid expire time in 'set' command|", "", ""},
      {"SET a 1 EX x", kNotInteger},
      {"SET a 1 EX 9223372036854775807", "-ERR invalid expire time in 'set' command|"},
      {"SET a 1 PX 9223372036854775807", "-ERR invalid expire time in 'set' command|"},
      {"HSET h f v", ":1|"},
      {"GET h", kWrongType},
      {"SET h v GET", kWrongType, "", ""},
      {"SET h v", "+OK|", "SET h v", "set h"},
      {"GET", "-ERR wrong number of arguments for 'get' command|"},
  };
  run_steps(node, steps);
}

TEST(Strings, ExpiriesAreReplicatedAsMoments) {
  Node node;
  const Step steps[] = {
      {"SET a 1 EX 10", "+OK|", "SET a 1 PXAT 1700000010000", "set a; expire a"},
      {"SET a 1 EX 10 EX 20", "+OK|", "SET a 1 PXAT 1700000020000"},
      {"SET a 1 px 1500 GET", "$1|1|", "SET a 1 PXAT 1700000001500"},
      {"SET a 1 EXAT 1700000001", "+OK|", "SET a 1 PXAT 1700000001000"},
      {"SET a 1 PXAT 1700000009000", "+OK|", "SET a 1 PXAT 1700000009000"},
      {"PTTL a", ":9000|"},
      {"SET a 2 KEEPTTL", "+OK|", "SET a 2 KEEPTTL", "set a"},
      {"PTTL a", ":9000|"},
      {"SET a 2", "+OK|"},
      {"PTTL a", ":-1|"},
      {"SETEX a 5 x", "+OK|", "SET a x PXAT 1700000005000", "set a; expire a"},
      {"PSETEX a 5 x", "+OK|", "SET a x PXAT 1700000000005"},
      {"SETEX a -1 x", "-ERR invalid expire time in 'setex' command|", "", ""},
      {"PSETEX a 0 x", "-ERR invalid expire time in 'psetex' command|"},
      {"SETNX a 1", ":0|", "", ""},
      {"SETNX n 1", ":1|", "SETNX n 1", "set n"},
      {"GETEX a EX 100", "$1|x|", "PEXPIREAT a 1700000100000", "expire a"},
      {"GETEX a", "$1|x|", "", ""},
      {"GETEX a PERSIST", "$1|x|", "PERSIST a", "persist a"},
      {"GETEX a PERSIST", "$1|x|", "", ""},
      {"GETEX a PERSIST EX 1", "-ERR syntax error|"},
      {"GETEX a KEEPTTL", "-ERR syntax error|"},
      {"GETEX a EX x", kNotInteger},
      {"GETEX nosuch EX x", "$-1|"},
      {"GETEX a PXAT 1", "$1|x|", "DEL a", "del a"},
      {"EXISTS a", ":0|"},
      {"SET a 1", "+OK|"},
      {"GETDEL a", "$1|1|", "DEL a", "del a"},
      {"GETDEL a", "$-1|", "", ""},
      {"GETSET a 1", "$-1|", "SET a 1", "set a"},
      {"GETSET a 2", "$1|1|", "SET a 2", "set a"},
  };
  run_steps(node, steps);
}

TEST(Strings, PartsOfValues) {
  Node node;
  const Step steps[] = {
      {"APPEND a 12", ":2|", "APPEND a 12", "append a"},
      {"OBJECT ENCODING a", "$3|int|"},
      {"APPEND a 3", ":3|", "APPEND a 3", "append a"},
      {"GET a", "$3|123|"},
      {"STRLEN a", ":3|", "", ""},
      {"STRLEN nosuch", ":0|"},
      {"SETRANGE a 5 xy", ":7|", "SETRANGE a 5 xy", "setrange a"},
      {"GETRANGE a 0 2", "$3|123|"},
      {"GETRANGE a -2 -1", "$2|xy|"},
      {"GETRANGE a -1 -2", "$0||"},
      {"GETRANGE a -100 0", "$1|1|"},
      {"GETRANGE a 5 100", "$2|xy|"},
      {"GETRANGE a 7 100", "$0||"},
      {"SUBSTR a 5 5", "$1|x|"},
      {"GETRANGE nosuch 0 x", kNotInteger},
      {"GETRANGE nosuch 0 1", "$0||"},
      {"SETRANGE nosuch 3 \"\"", ":0|", "", ""},
      {"EXISTS nosuch", ":0|"},
      {"SETRANGE a 1 \"\"", ":7|", "", ""},
      {"SETRANGE a -1 x", "-ERR offset is out of range|"},
      {"SETRANGE a 536870912 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)|"},
      {"SETRANGE new 2 x", ":3|", "SETRANGE new 2 x", "setrange new"},
  };
  run_steps(node, steps);
}

// Sizes have 32 bits, whoever asks.
TEST(Strings, EndBelowFourGibibytes) {
  Node node;
  node.is_primary = false;
  node.from_primary = true;
  const Step steps[] = {
      {"SETRANGE a 536870912 \"\"", ":0|", "", ""},  // no limit of this node's configuration
      {"SETRANGE a 4293918720 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)|", "", ""},
      {"SETRANGE a 5000000000 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)|", "", ""},
      {"SETBIT a 34351349760 1", "-ERR bit offset is not an integer or out of range|", "", ""},
      {"BITFIELD a SET u8 #4293918720 1", "-ERR bit offset is not an integer or out of range|", "", ""},
      {"EXISTS a", ":0|"},
  };
  run_steps(node, steps);
}

TEST(Strings, Numbers) {
  Node node;
  const Step steps[] = {
      {"INCR a", ":1|", "INCR a", "incrby a"},
      {"INCRBY a 41", ":42|", "INCRBY a 41", "incrby a"},
      {"DECR a", ":41|", "DECR a", "incrby a"},
      {"DECRBY a -1", ":42|", "DECRBY a -1"},
      {"INCRBY a x", kNotInteger, "", ""},
      {"DECRBY a -9223372036854775808", "-ERR decrement would overflow|"},
      {"INCRBY a 9223372036854775807", "-ERR increment or decrement would overflow|", "", ""},
      {"SET a \" 1\"", "+OK|"},
      {"INCR a", kNotInteger},
      {"SET a 01", "+OK|"},
      {"INCR a", kNotInteger},
      {"INCRBYFLOAT b 3.0e3", "$4|3000|", "SET b 3000 KEEPTTL", "incrbyfloat b"},
      {"INCRBYFLOAT b 0.1", "$22|3000.10000000000000009|", "SET b 3000.10000000000000009 KEEPTTL"},
      {"INCRBYFLOAT b -3000.1", "$1|0|"},
      {"SET b 10.50", "+OK|"},
      {"INCRBYFLOAT b 0.1", "$4|10.6|", "SET b 10.6 KEEPTTL"},
      {"INCRBYFLOAT b x", "-ERR value is not a valid float|", "", ""},
      {"INCRBYFLOAT b nan", "-ERR value is not a valid float|"},
      {"INCRBYFLOAT b inf", "-ERR increment would produce NaN or Infinity|", "", ""},
      {"SET b 5.0e-5000", "+OK|"},
      {"INCRBYFLOAT b 1", "-ERR value is not a valid float|"},
  };
  run_steps(node, steps);
}

TEST(Strings, SeveralKeys) {
  Node node;
  const Step steps[] = {
      {"MSET {t}a 1 {t}b 2", "+OK|", "MSET {t}a 1 {t}b 2", "set {t}a; set {t}b"},
      {"MSET {t}a 1 {t}b", "-ERR wrong number of arguments for 'mset' command|"},
      {"HSET {t}h f v", ":1|"},
      {"MGET {t}a {t}nosuch {t}h {t}b", "*4|$1|1|$-1|$-1|$1|2|"},
      {"MSETNX {t}c 1 {t}a 1", ":0|", "", ""},
      {"MSETNX {t}c 1 {t}d 1", ":1|", "MSETNX {t}c 1 {t}d 1", "set {t}c; set {t}d"},
      {"SET {t}x ohmytext", "+OK|"},
      {"SET {t}y mynewtext", "+OK|"},
      {"LCS {t}x {t}y", "$6|mytext|"},
      {"LCS {t}x {t}y LEN", ":6|"},
      {"LCS {t}x {t}y IDX", "*4|$7|matches|*2|*2|*2|:4|:7|*2|:5|:8|*2|*2|:2|:3|*2|:0|:1|$3|len|:6|"},
      {"LCS {t}x {t}y IDX MINMATCHLEN 4 WITHMATCHLEN", "*4|$7|matches|*1|*3|*2|:4|:7|*2|:5|:8|:4|$3|len|:6|"},
      {"LCS {t}x {t}y IDX LEN", "-ERR If you want both the length and indexes, please just use IDX.|"},
      {"LCS {t}x {t}h foo", "-ERR The specified keys must contain string values|"},
      {"LCS {t}x {t}nosuch", "$0||"},
  };
  run_steps(node, steps);
}

TEST(Strings, Resp3) {
  Node node;
  node.session.resp = resp::Version::kResp3;
  const Step steps[] = {
      {"GET a", "_|"},
      {"SET a 1 XX", "_|"},
      {"MGET {t}a {t}b", "*2|_|_|"},
      {"LCS {t}a {t}b IDX", "%2|$7|matches|*0|$3|len|:0|"},
  };
  run_steps(node, steps);
}

}  // namespace
}  // namespace guccho::commands::testing

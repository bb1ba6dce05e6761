// Fields that expire, which came after Redis 7.2: no redis-server of Debian can be asked about them. The expected
// replies, events and replicated requests, and their sources:
//   HEXPIRE, HTTL, HPERSIST and their kin   https://redis.io/docs/latest/commands/hexpire/ (and the pages of the
//   others);
//                                           tests/unit/type/hash-field-expire.tcl of Redis 7.4 and 8.0
//   HGETEX, HSETEX, HGETDEL                 https://redis.io/docs/latest/commands/hsetex/ ...; the same tests of
//   Redis 8.0 keyspace events                         tests/unit/pubsub.tcl of Redis 8.0
// What is replicated differs where it is simpler to be exact: one HDEL for several fields, only the fields that
// changed, no conditions, and HSET where a replica needs no newer command.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value|";

void pass(Node& node, int64_t millis) {
  node.now += Millis(millis);
}

// Each test with packed hashes and with tables.
struct HashExpireTest : ::testing::TestWithParam<const char*> {
  HashExpireTest() {
    if (!packed()) {
      for (store::Keyspace* k : node.host.all) k->packed_limits().hash_max_listpack_entries = 0;
    }
  }
  bool packed() const { return std::string_view(GetParam()) == "listpackex"; }
  Node node;
};

TEST_P(HashExpireTest, AnswersForEachField) {
  run_steps(node,
            std::vector<Step>{
                {"HEXPIRE nosuch 10 FIELDS 2 a b", "*2|:-2|:-2|", "", ""},
                {"HTTL nosuch FIELDS 1 a", "*1|:-2|"},
                {"HPERSIST nosuch FIELDS 2 a b", "*2|:-2|:-2|", "", ""},
                {"HSET h a 1 b 2 c 3", ":3|"},
                {"HEXPIRE h 10 FIELDS 2 a nosuch", "*2|:1|:-2|", "HPEXPIREAT h 1700000010000 FIELDS 1 a", "hexpire h"},
                {"HTTL h FIELDS 3 a b nosuch", "*3|:10|:-1|:-2|", "", ""},
                {"HPTTL h FIELDS 1 a", "*1|:10000|"},
                {"HEXPIRETIME h FIELDS 1 a", "*1|:1700000010|"},
                {"HPEXPIRETIME h FIELDS 2 a b", "*2|:1700000010000|:-1|"},
                {"HPEXPIRE h 1500 FIELDS 1 b", "*1|:1|", "HPEXPIREAT h 1700000001500 FIELDS 1 b"},
                {"HTTL h FIELDS 1 b", "*1|:2|"},
                {"HEXPIRETIME h FIELDS 1 b", "*1|:1700000002|"},
                {"HEXPIREAT h 1700000100 FIELDS 1 c", "*1|:1|", "HPEXPIREAT h 1700000100000 FIELDS 1 c"},
                {"HPEXPIREAT h 1700000200001 fields 1 c", "*1|:1|", "HPEXPIREAT h 1700000200001 FIELDS 1 c"},
                {"HPTTL h FIELDS 1 c", "*1|:200001|"},
                {"HPERSIST h FIELDS 3 a nosuch a", "*3|:1|:-2|:-1|", "HPERSIST h FIELDS 1 a", "hpersist h"},
                {"HPERSIST h FIELDS 1 a", "*1|:-1|", "", ""},
                {"HTTL h FIELDS 1 a", "*1|:-1|"},
            });
  EXPECT_EQ(node.run("OBJECT ENCODING h"), packed() ? "$10|listpackex|" : "$9|hashtable|");
}

TEST_P(HashExpireTest, Conditions) {
  run_steps(node,
            std::vector<Step>{
                {"HSET h a 1 b 2 c 3", ":3|"},
                {"HPEXPIRE h 1000 NX FIELDS 1 a", "*1|:1|"},
                {"HPEXPIRE h 2000 nx FIELDS 2 a b", "*2|:0|:1|", "HPEXPIREAT h 1700000002000 FIELDS 1 b", "hexpire h"},
                {"HPEXPIRE h 1500 GT FIELDS 3 a b c", "*3|:1|:0|:0|", "HPEXPIREAT h 1700000001500 FIELDS 1 a"},
                {"HPEXPIRE h 1500 GT FIELDS 1 a", "*1|:0|", "", ""},
                {"HPEXPIRE h 1500 LT FIELDS 3 a b c", "*3|:0|:1|:1|", "HPEXPIREAT h 1700000001500 FIELDS 2 b c"},
                {"HPERSIST h FIELDS 1 c", "*1|:1|"},
                {"HPEXPIRE h 3000 XX FIELDS 2 a c", "*2|:1|:0|", "HPEXPIREAT h 1700000003000 FIELDS 1 a"},
                {"HPEXPIRE h 3000 XX FIELDS 1 nosuch", "*1|:-2|", "", ""},
            });
}

TEST_P(HashExpireTest, ATimeInThePastDeletes) {
  run_steps(node,
            std::vector<Step>{
                {"HSET h f1 1 f2 2 f4 4", ":3|"},
                {"HEXPIRE h 1000 NX FIELDS 1 f4", "*1|:1|"},
                {"HPEXPIREAT h 1699999999000 NX FIELDS 4 f1 f2 f3 f4", "*4|:2|:2|:-2|:0|", "HDEL h f1 f2", "hdel h"},
                {"HKEYS h", "*1|$2|f4|"},
                {"HEXPIRE h 0 FIELDS 1 f4", "*1|:2|", "HDEL h f4", "hdel h; del h"},
                {"EXISTS h", ":0|"},
                {"HSET h f 1", ":1|"},
                {"HEXPIREAT h 0 FIELDS 1 f", "*1|:2|", "HDEL h f", "hdel h; del h"},
            });
  EXPECT_EQ(node.effects.expired_fields, 4);
}

TEST_P(HashExpireTest, BadArguments) {
  run_steps(
      node,
      std::vector<Step>{
          {"SET s 1", "+OK|"},
          {"HSET h f1 v1", ":1|"},
          {"HEXPIRE s 10 FIELDS 1 f", kWrongType, "", ""},
          {"HEXPIRE s x FIELDS 1 f", kWrongType},
          {"HPEXPIREAT s 10 FIELDS 1 f", kWrongType},
          {"HTTL s FIELDS 1 f", kWrongType},
          {"HTTL s XFIELDS 1 f", kWrongType},
          {"HPEXPIRETIME s FIELDS 1 f", kWrongType},
          {"HPERSIST s FIELDS 1 f", kWrongType},
          {"HEXPIRE h 10 FIELDS 1", "-ERR wrong number of arguments for 'hexpire' command|"},
          {"HTTL h FIELDS 1", "-ERR wrong number of arguments for 'httl' command|"},
          {"HPERSIST h FIELDS 1", "-ERR wrong number of arguments for 'hpersist' command|"},
          {"HEXPIRE h x FIELDS 1 f1", "-ERR value is not an integer or out of range|"},
          {"HEXPIRE h -1 FIELDS 1 f1", "-ERR invalid expire time, must be >= 0|"},
          {"HEXPIRE h -9223372036854775808 FIELDS 1 f1", "-ERR invalid expire time, must be >= 0|"},
          {"HEXPIRE h 281474976710 FIELDS 1 f1", "-ERR invalid expire time in 'hexpire' command|"},
          {"HEXPIREAT h 281474976710 FIELDS 1 f1", "-ERR invalid expire time in 'hexpireat' command|"},
          {"HPEXPIRE h 281474976710656 FIELDS 1 f1", "-ERR invalid expire time in 'hpexpire' command|"},
          {"HPEXPIREAT h 9223372036854775807 FIELDS 1 f1", "-ERR invalid expire time in 'hpexpireat' command|"},
          // 2^46 - 1 is the last millisecond.
          {"HPEXPIREAT h 70368744177664 FIELDS 1 f1", "-ERR invalid expire time in 'hpexpireat' command|", "", ""},
          {"HPEXPIREAT h 70368744177663 FIELDS 1 f1", "*1|:1|"},
          {"HPEXPIRE h 68668744177664 FIELDS 1 f1", "-ERR invalid expire time in 'hpexpire' command|", "", ""},
          {"HPEXPIRE h 68668744177663 FIELDS 1 f1", "*1|:1|"},
          {"HPEXPIRE h 1000 NX FIELDS 0 f1 f2 f3", "-ERR Parameter `numFields` should be greater than 0|"},
          {"HPEXPIRE h 1000 FIELDS x f1", "-ERR Parameter `numFields` should be greater than 0|"},
          {"HPEXPIRE h 1000 NX FIELDS 4 f1 f2 f3",
           "-ERR The `numfields` parameter must match the number of arguments|"},
          {"HPEXPIRE h 1000 NX FIELDS 2 f1 f2 f3",
           "-ERR The `numfields` parameter must match the number of arguments|"},
          {"HTTL h FIELDS 1 f1 f2", "-ERR The `numfields` parameter must match the number of arguments|"},
          {"HPERSIST h FIELDS 3 f1 f2", "-ERR The `numfields` parameter must match the number of arguments|"},
          {"HTTL h FIELDS 0 f1", "-ERR Parameter `numFields` should be greater than 0|"},
          {"HEXPIRE h 10 YY FIELDS 1 f1", "-ERR Mandatory argument FIELDS is missing or not at the right position|"},
          {"HEXPIRE h 10 NX XX FIELDS 1 f1", "-ERR Mandatory argument FIELDS is missing or not at the right position|"},
          {"HEXPIRE h 10 NX NX NX", "-ERR Mandatory argument FIELDS is missing or not at the right position|"},
          {"HTTL h XFIELDS 1 f1", "-ERR Mandatory argument FIELDS is missing or not at the right position|", "", ""},
          {"HPERSIST h 1 FIELDS f1", "-ERR Mandatory argument FIELDS is missing or not at the right position|"},
      });
}

TEST_P(HashExpireTest, AskedForAnExpiredFieldIsDeleted) {
  run_steps(node, std::vector<Step>{
                      {"HSET h a 1 b 2 c 3 d 4 e 5", ":5|"},
                      {"HPEXPIRE h 10 FIELDS 5 a b c d e", "*5|:1|:1|:1|:1|:1|"},
                  });
  pass(node, 10);
  EXPECT_EQ(node.run("HGET h a"), "$1|1|") << "through its last millisecond";
  pass(node, 1);
  node.take_replicated();
  node.take_events();
  run_steps(node, std::vector<Step>{
                      {"EXISTS h", ":1|", "", ""},
                      {"HLEN h", ":5|", "", ""},
                      {"HTTL h FIELDS 1 a", "*1|:-2|", "", ""},
                      {"HPERSIST h FIELDS 1 a", "*1|:-2|", "", ""},
                      {"HEXPIRE h 100 FIELDS 1 a", "*1|:-2|", "", ""},
                      {"HGET h nosuch", "$-1|", "", ""},
                      {"HEXISTS h a", ":0|", "HDEL h a", "hexpired h"},
                      {"HLEN h", ":4|", "", ""},
                      {"HMGET h b c nosuch", "*3|$-1|$-1|$-1|", "HDEL h b; HDEL h c", "hexpired h"},
                      {"HSTRLEN h d", ":0|", "HDEL h d", "hexpired h"},
                      {"HGET h e", "$-1|", "HDEL h e", "hexpired h; del h"},
                      {"EXISTS h", ":0|"},
                  });
  EXPECT_EQ(node.effects.expired_fields, 5);
}

TEST_P(HashExpireTest, WalksDoNotShowExpiredFields) {
  run_steps(node, std::vector<Step>{
                      {"HSET h a 1 b 2", ":2|"},
                      {"HPEXPIRE h 10 FIELDS 1 a", "*1|:1|"},
                  });
  pass(node, 11);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      {"HGETALL h", "*2|$1|b|$1|2|", "", ""},
                      {"HKEYS h", "*1|$1|b|", "", ""},
                      {"HVALS h", "*1|$1|2|", "", ""},
                      {"HSCAN h 0", "*2|$1|0|*2|$1|b|$1|2|", "", ""},
                      {"HLEN h", ":2|", "", ""},
                      {"HRANDFIELD h 5", "*1|$1|b|", "HDEL h a", "hexpired h"},
                      {"HPEXPIRE h 1 FIELDS 1 b", "*1|:1|"},
                  });
  pass(node, 5);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      {"HGETALL h", "*0|", "", ""},
                      {"HRANDFIELD h", "$-1|", "HDEL h b", "hexpired h; del h"},
                      {"EXISTS h", ":0|"},
                  });
}

TEST_P(HashExpireTest, WritesToFieldsWithATime) {
  run_steps(node, std::vector<Step>{
                      {"HSET h a 1 b 2 n 10 x 1", ":4|"},
                      {"HPEXPIRE h 1000 FIELDS 4 a b n x", "*4|:1|:1|:1|:1|"},
                      {"HSET h a 5", ":0|", "HSET h a 5"},
                      {"HINCRBY h n 1", ":11|", "HINCRBY h n 1", "hincrby h"},
                      {"HINCRBYFLOAT h x 0.5", "$3|1.5|", "HSETEX h KEEPTTL FIELDS 1 x 1.5", "hincrbyfloat h"},
                      {"HINCRBYFLOAT h a 0.5", "$3|5.5|", "HSET h a 5.5"},
                      {"HSETNX h b 9", ":0|", "", ""},
                      {"HPTTL h FIELDS 4 a b n x", "*4|:-1|:1000|:1000|:1000|"},
                  });
  pass(node, 1001);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      {"HSETNX h b 9", ":1|", "HSET h b 9", "hexpired h; hset h"},
                      {"HINCRBY h n 1", ":1|", "HSET h n 1", "hexpired h; hincrby h"},
                      {"HINCRBYFLOAT h x 0.5", "$3|0.5|", "HSET h x 0.5", "hexpired h; hincrbyfloat h"},
                      {"HPTTL h FIELDS 4 a b n x", "*4|:-1|:-1|:-1|:-1|"},
                      {"HPEXPIRE h 10 FIELDS 2 a b", "*2|:1|:1|"},
                  });
  pass(node, 11);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      // HSET and HDEL find what has expired, as in Redis.
                      {"HSET h a 7", ":0|", "HSET h a 7", "hset h"},
                      {"HTTL h FIELDS 1 a", "*1|:-1|"},
                      {"HDEL h b", ":1|", "HDEL h b", "hdel h"},
                  });
}

TEST_P(HashExpireTest, AReplicaHidesAndWaits) {
  run_steps(node, std::vector<Step>{
                      {"HSET h a 1 b 2", ":2|"},
                      {"HPEXPIRE h 10 FIELDS 2 a b", "*2|:1|:1|"},
                      {"HSET all a 1", ":1|"},
                      {"HPEXPIRE all 10 FIELDS 1 a", "*1|:1|"},
                  });
  pass(node, 100);
  node.is_primary = false;
  node.take_replicated();
  node.take_events();
  run_steps(node, std::vector<Step>{
                      {"HGET h a", "$-1|", "", ""},
                      {"HMGET h a b", "*2|$-1|$-1|", "", ""},
                      {"HEXISTS h a", ":0|", "", ""},
                      {"HGETALL h", "*0|", "", ""},
                      {"HRANDFIELD h", "$-1|", "", ""},
                      {"HRANDFIELD h -3", "*0|", "", ""},
                      {"HTTL h FIELDS 1 a", "*1|:-2|"},
                      {"HLEN h", ":2|"},
                      {"EXISTS h", ":1|"},
                  });
  // The primary's stream sees them; whether a time is over is not the replica's to say.
  node.from_primary = true;
  run_steps(node, std::vector<Step>{
                      {"HINCRBY h a 1", ":2|"},
                      {"HPEXPIREAT h 1700000000020 FIELDS 1 b", "*1|:1|"},
                      {"HSETEX h KEEPTTL FIELDS 1 b 5", ":1|"},
                      {"HPTTL h FIELDS 2 a b", "*2|:-90|:-80|"},
                      {"HSETEX h PXAT 1 FIELDS 1 past v", ":1|"},
                      {"HLEN h", ":3|"},
                      {"HDEL h a b past", ":3|"},
                      {"EXISTS h", ":0|"},
                  });
}

TEST_P(HashExpireTest, Hgetex) {
  run_steps(
      node,
      std::vector<Step>{
          {"HGETEX nosuch FIELDS 2 a b", "*2|$-1|$-1|", "", ""},
          {"HGETEX nosuch EX 10 FIELDS 1 a", "*1|$-1|", "", ""},
          {"HSET h a 1 b 2 c strval", ":3|"},
          {"HGETEX h FIELDS 3 a b c", "*3|$1|1|$1|2|$6|strval|", "", ""},
          {"HGETEX h EX 10 FIELDS 2 a nosuch", "*2|$1|1|$-1|", "HPEXPIREAT h 1700000010000 FIELDS 1 a", "hexpire h"},
          {"HGETEX h PX 500 FIELDS 1 b", "*1|$1|2|", "HPEXPIREAT h 1700000000500 FIELDS 1 b", "hexpire h"},
          {"HGETEX h EXAT 1700000100 FIELDS 1 c", "*1|$6|strval|", "HPEXPIREAT h 1700000100000 FIELDS 1 c"},
          {"HGETEX h PXAT 1700000100001 FIELDS 1 c", "*1|$6|strval|", "HPEXPIREAT h 1700000100001 FIELDS 1 c"},
          {"HPTTL h FIELDS 3 a b c", "*3|:10000|:500|:100001|"},
          {"HGETEX h PERSIST FIELDS 2 c nosuch", "*2|$6|strval|$-1|", "HPERSIST h FIELDS 1 c", "hpersist h"},
          {"HGETEX h PERSIST FIELDS 1 c", "*1|$6|strval|", "", ""},
          {"HGETEX h PX 0 FIELDS 1 a", "*1|$1|1|", "HDEL h a", "hdel h"},
      });
  pass(node, 501);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      // One field has expired, the other gets a time.
                      {"HGETEX h EX 100 FIELDS 2 b c", "*2|$-1|$6|strval|",
                       "HDEL h b; HPEXPIREAT h 1700000100501 FIELDS 1 c", "hexpired h; hexpire h"},
                      {"HGETEX h PXAT 1 FIELDS 2 c c", "*2|$6|strval|$-1|", "HDEL h c", "hdel h; del h"},
                      {"EXISTS h", ":0|"},
                      {"HSETEX h PX 1 FIELDS 2 f1 v1 f2 v2", ":1|"},
                  });
  pass(node, 5);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      {"HGETEX h PERSIST FIELDS 2 f1 f2", "*2|$-1|$-1|", "HDEL h f1; HDEL h f2", "hexpired h; del h"},
                      {"EXISTS h", ":0|"},
                  });
}

TEST_P(HashExpireTest, HgetexBadArguments) {
  run_steps(
      node,
      std::vector<Step>{
          {"SET s 1", "+OK|"},
          {"HSET h a 1", ":1|"},
          {"HGETEX s FIELDS 1 a", kWrongType, "", ""},
          {"HGETEX h FIELDS 1", "-ERR wrong number of arguments for 'hgetex' command|"},
          {"HGETEX h EX 10 FIELDS", "-ERR wrong number of arguments for 'hgetex' command|"},
          {"HGETEX h XFIELDX 1 a", "-ERR Mandatory argument FIELDS is missing or not at the right position|"},
          {"HGETEX h PXAT 1 1", "-ERR Mandatory argument FIELDS is missing or not at the right position|"},
          {"HGETEX h PERSIST 1 FIELDS 1 a", "-ERR Mandatory argument FIELDS is missing or not at the right position|"},
          {"HGETEX h FIELDS 2 a", "-ERR The `numfields` parameter must match the number of arguments|"},
          {"HGETEX h FIELDS 0 a", "-ERR Number of fields must be a positive integer|"},
          {"HGETEX h FIELDS -1 a", "-ERR Number of fields must be a positive integer|"},
          {"HGETEX h FIELDS 9223372036854775808 a", "-ERR Number of fields must be a positive integer|"},
          {"HGETEX h EX bla FIELDS 1 a", "-ERR value is not an integer or out of range|"},
          {"HGETEX h EXAT 9223372036854775808 FIELDS 1 a", "-ERR value is not an integer or out of range|"},
          {"HGETEX h PX -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0|"},
          {"HGETEX h EX 281474976710656 FIELDS 1 a", "-ERR invalid expire time in 'hgetex' command|"},
          {"HGETEX h PXAT 70368744177764 FIELDS 1 a", "-ERR invalid expire time in 'hgetex' command|", "", ""},
      });
}

TEST_P(HashExpireTest, Hsetex) {
  run_steps(node, std::vector<Step>{
                      {"HSETEX h FXX FIELDS 1 a 1", ":0|", "", ""},
                      {"EXISTS h", ":0|"},
                      {"HSETEX h FIELDS 2 a 1 b 2", ":1|", "HSET h a 1 b 2", "hset h"},
                      {"HSETEX h FNX FIELDS 2 a 9 c 9", ":0|", "", ""},
                      {"HSETEX h FXX FIELDS 2 a 9 c 9", ":0|", "", ""},
                      {"HSETEX h FNX FIELDS 2 c 3 d 4", ":1|", "HSET h c 3 d 4", "hset h"},
                      {"HSETEX h EX 10 FXX FIELDS 1 a 5", ":1|", "HSETEX h PXAT 1700000010000 FIELDS 1 a 5",
                       "hset h; hexpire h"},
                      {"HSETEX h PX 7 FNX FIELDS 1 e 5", ":1|", "HSETEX h PXAT 1700000000007 FIELDS 1 e 5"},
                      {"HSETEX h EXAT 1700000100 FIELDS 1 b 5", ":1|", "HSETEX h PXAT 1700000100000 FIELDS 1 b 5"},
                      {"HSETEX h PXAT 1700000100001 FIELDS 1 c 5", ":1|", "HSETEX h PXAT 1700000100001 FIELDS 1 c 5"},
                      {"HPTTL h FIELDS 5 a b c d e", "*5|:10000|:100000|:100001|:-1|:7|"},
                      {"HSETEX h KEEPTTL FIELDS 2 a kept d 4", ":1|", "HSETEX h KEEPTTL FIELDS 2 a kept d 4", "hset h"},
                      {"HPTTL h FIELDS 2 a d", "*2|:10000|:-1|"},
                      {"HSETEX h FIELDS 1 a 1", ":1|", "HSET h a 1"},
                      {"HPTTL h FIELDS 1 a", "*1|:-1|"},
                      {"HSETEX plain KEEPTTL FIELDS 1 a 1", ":1|", "HSET plain a 1"},
                  });
  pass(node, 8);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      {"HSETEX h FXX FIELDS 1 e 1", ":0|", "HDEL h e", "hexpired h"},
                      {"HSETEX h PX 3 FIELDS 1 e 1", ":1|"},
                  });
  pass(node, 8);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      {"HSETEX h FNX FIELDS 1 e 1", ":1|", "HSET h e 1", "hexpired h; hset h"},
                      {"HPTTL h FIELDS 1 e", "*1|:-1|"},
                      {"HSETEX h PX 3 FIELDS 1 e 1", ":1|"},
                  });
  pass(node, 8);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      // A dead expiry is not kept, here or by a replica.
                      {"HSETEX h KEEPTTL FIELDS 1 e 2", ":1|", "HSET h e 2; HSETEX h KEEPTTL FIELDS 1 e 2",
                       "hexpired h; hset h"},
                      {"HPTTL h FIELDS 1 e", "*1|:-1|"},
                  });
}

TEST_P(HashExpireTest, HsetexInThePast) {
  run_steps(node, std::vector<Step>{
                      {"HSETEX h PXAT 1 FIELDS 1 f1 v1", ":1|", "HDEL h f1", "hset h; hdel h; del h"},
                      {"EXISTS h", ":0|"},
                      {"HSET h f1 1 f2 2", ":2|"},
                      {"HSETEX h PX 0 FIELDS 2 f1 v1 f3 v3", ":1|", "HDEL h f1 f3", "hset h; hdel h"},
                      {"HKEYS h", "*1|$2|f2|"},
                      {"HSETEX only PX 5 FIELDS 1 f v", ":1|"},
                  });
  pass(node, 6);
  node.take_replicated();
  run_steps(node, std::vector<Step>{
                      {"HSETEX only FXX FIELDS 1 f v", ":0|", "HDEL only f", "hexpired only; del only"},
                      {"EXISTS only", ":0|"},
                  });
}

TEST_P(HashExpireTest, HsetexBadArguments) {
  const char* const arity = "-ERR wrong number of arguments for 'hsetex' command|";
  const char* const one_ttl = "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified|";
  const char* const one_condition = "-ERR Only one of FXX or FNX arguments can be specified|";
  const char* const number = "-ERR value is not an integer or out of range|";
  const char* const count = "-ERR invalid number of fields|";
  run_steps(node, std::vector<Step>{
                      {"SET s 1", "+OK|"},
                      {"HSETEX s FIELDS 1 a b", kWrongType, "", ""},
                      {"HSETEX h FIELDS 2 a b", arity},
                      {"HSETEX h FIELDS 2 a b c", arity},
                      {"HSETEX h FIELDS 2 a b c d e", arity},
                      {"HSETEX h FIELDS 3 a b c d", arity},
                      {"HSETEX h FIELDS 1 a b unknown", arity},
                      {"HSETEX h EX 10 FIELDS 1", arity},
                      {"HSETEX h NX FIELDS 1 a b", "-ERR unknown argument: NX|"},
                      {"HSETEX h 1 FIELDS 1 a b", "-ERR unknown argument: 1|"},
                      {"HSETEX h FXX FXX EX 100 FIELDS 1 a b", one_condition},
                      {"HSETEX h FNX FXX EX 100 FIELDS 1 a b", one_condition},
                      {"HSETEX h EX 100 PX 1000 FIELDS 1 a b", one_ttl},
                      {"HSETEX h EXAT 100 EX 1000 FIELDS 1 a b", one_ttl},
                      {"HSETEX h EX 100 KEEPTTL FIELDS 1 a b", one_ttl},
                      {"HSETEX h KEEPTTL EX 100 FIELDS 1 a b", one_ttl},
                      {"HSETEX h KEEPTTL KEEPTTL FIELDS 1 a b", one_ttl},
                      {"HSETEX h EX FIELDS 1 a b", number},
                      {"HSETEX h PXAT FIELDS 1 a b", number},
                      {"HSETEX h EXAT 281474976710656 1 a b", "-ERR invalid expire time in 'hsetex' command|"},
                      {"HSETEX h PX 281474976710656 1 a b", "-ERR invalid expire time in 'hsetex' command|"},
                      {"HSETEX h EXAT -1 1 a b", "-ERR invalid expire time, must be >= 0|"},
                      {"HSETEX h EXAT 9223372036854775808 1 a b", number},
                      {"HSETEX h EXAT x 1 a b", number},
                      {"HSETEX h FIELDS x a b", count},
                      {"HSETEX h FIELDS 0 a b", count},
                      {"HSETEX h FIELDS -1 a b", count},
                      {"HSETEX h FIELDS 9223372036854775808 a b", count},
                      {"HSETEX h FXX EX 10 KEEP", "-ERR unknown argument: KEEP|"},
                      {"HSETEX h FXX EX 10 PX", one_ttl},
                      {"HSETEX h EX 10 FXX FNX", one_condition},
                      {"HSETEX h PX 10 FXX fields", arity},
                      {"EXISTS h", ":0|", "", ""},
                  });
}

TEST_P(HashExpireTest, Hgetdel) {
  run_steps(node, std::vector<Step>{
                      {"HGETDEL nosuch FIELDS 2 a b", "*2|$-1|$-1|", "", ""},
                      {"HSETEX h FIELDS 3 f1 10 f2 20 f3 value3", ":1|"},
                      {"HGETDEL h FIELDS 1 nosuch", "*1|$-1|", "", ""},
                      {"HPEXPIRE h 5 FIELDS 1 f2", "*1|:1|"},
                  });
  pass(node, 6);
  node.take_replicated();
  run_steps(node,
            std::vector<Step>{
                {"HGETDEL h FIELDS 2 f2 f3", "*2|$-1|$6|value3|", "HDEL h f2; HDEL h f3", "hexpired h; hdel h"},
                {"HGETALL h", "*2|$2|f1|$2|10|"},
                {"HGETDEL h FIELDS 4 f1 f2 f1 f4", "*4|$2|10|$-1|$-1|$-1|", "HDEL h f1", "hdel h; del h"},
                {"EXISTS h", ":0|"},
                {"SET s 1", "+OK|"},
                {"HGETDEL s FIELDS 1 a", kWrongType, "", ""},
                {"HGETDEL h FIELDS 1", "-ERR wrong number of arguments for 'hgetdel' command|"},
                {"HGETDEL h XFIELDX 1 a", "-ERR Mandatory argument FIELDS is missing or not at the right position|"},
                {"HGETDEL h FIELDS 2 a", "-ERR The `numfields` parameter must match the number of arguments|"},
                {"HGETDEL h FIELDS 0 a", "-ERR Number of fields must be a positive integer|"},
            });
}

TEST_P(HashExpireTest, OtherCommandsCarryTheTimes) {
  run_steps(node, std::vector<Step>{
                      {"HSET {t}a f 1 g 2", ":2|"},
                      {"HPEXPIREAT {t}a 1700000001000 FIELDS 1 f", "*1|:1|"},
                      {"COPY {t}a {t}b", ":1|"},
                      {"RENAME {t}a {t}c", "+OK|"},
                      {"HPEXPIRETIME {t}b FIELDS 2 f g", "*2|:1700000001000|:-1|"},
                      {"HPEXPIRETIME {t}c FIELDS 2 f g", "*2|:1700000001000|:-1|"},
                      {"PEXPIRE {t}c 5000", ":1|"},
                      {"HPEXPIRETIME {t}c FIELDS 1 f", "*1|:1700000001000|"},
                      {"PTTL {t}c", ":5000|"},
                  });
}

INSTANTIATE_TEST_SUITE_P(Encodings, HashExpireTest, ::testing::Values("listpackex", "hashtable"));

}  // namespace
}  // namespace guccho::commands::testing

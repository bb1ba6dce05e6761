// Streams: replies that depend on time, what is replicated, keyspace events, what waits for what.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

TEST(Streams, AddAndTrim) {
  Node node;
  const Step steps[] = {
      {"XADD s 1-1 f v", "$3|1-1|", "XADD s 1-1 f v", "xadd s"},
      {"XADD s 1-* f v", "$3|1-2|", "XADD s 1-2 f v", "xadd s"},
      {"XADD s * f v", "$15|1700000000000-0|", "XADD s 1700000000000-0 f v", "xadd s"},
      {"XADD s * f v", "$15|1700000000000-1|", "XADD s 1700000000000-1 f v", "xadd s"},
      {"XADD s 1-1 f v", "-ERR The ID specified in XADD is equal or smaller than the target stream top item|", "", ""},
      {"XADD s MAXLEN 2 * f v", "$15|1700000000000-2|", "XADD s MAXLEN 2 1700000000000-2 f v", "xadd s; xtrim s"},
      // Nothing was trimmed, as the block is not full: the replicas are told to keep what is here.
      {"XADD s MAXLEN ~ 1 * f v", "$15|1700000000000-3|", "XADD s MAXLEN = 3 1700000000000-3 f v", "xadd s"},
      {"XADD s MINID ~ 1700000000001 LIMIT 5 9999999999999-0 f v", "$15|9999999999999-0|",
       "XADD s MINID = 1700000000000-1 LIMIT 5 9999999999999-0 f v", "xadd s"},
      {"XADD s NOMKSTREAM * f v", "$15|9999999999999-1|", "XADD s NOMKSTREAM 9999999999999-1 f v"},
      {"XADD t NOMKSTREAM * f v", "$-1|", "", ""},
      {"XTRIM s MAXLEN 100", ":0|", "", ""},
      {"XTRIM s MAXLEN 3", ":2|", "XTRIM s MAXLEN 3", "xtrim s"},
      {"XTRIM s MAXLEN ~ 0", ":3|", "XTRIM s MAXLEN = 0", "xtrim s"},
      {"XLEN s", ":0|"},
      {"EXISTS s", ":1|"},
      {"XDEL s 1", ":0|", "", ""},
      {"XADD s 10000000000000 f v", "$16|10000000000000-0|"},
      {"XDEL s 10000000000000", ":1|", "XDEL s 10000000000000", "xdel s"},
      {"XSETID s 20000000000000", "+OK|", "XSETID s 20000000000000", "xsetid s"},
  };
  run_steps(node, steps);
}

TEST(Streams, NewKeysAreAnnounced) {
  Node node;
  node.config.notify_keyspace_events = config::kNotifyNew;
  const Step steps[] = {
      {"XADD s 1 f v", "$3|1-0|", nullptr, "new s; xadd s"},
      {"XGROUP CREATE t g $ MKSTREAM", "+OK|", "XGROUP CREATE t g $ MKSTREAM", "new t; xgroup-create t"},
  };
  run_steps(node, steps);
}

// The primary has bounded its work already: LIMIT in its stream is no error, and no limit.
TEST(Streams, TrimsFromThePrimary) {
  Node node;
  node.is_primary = false;
  node.from_primary = true;
  const Step steps[] = {
      {"XADD s 1 f v", "$3|1-0|"},
      {"XADD s 2 f v", "$3|2-0|"},
      {"XADD s MAXLEN = 1 LIMIT 1 3 f v", "$3|3-0|"},
      {"XLEN s", ":1|"},
  };
  run_steps(node, steps);
}

TEST(Streams, GroupsAreReplicatedByWhatBecameOfTheirEntries) {
  Node node;
  const Step steps[] = {
      {"XADD s 1 f v", "$3|1-0|"},
      {"XADD s 2 f v", "$3|2-0|"},
      {"XGROUP CREATE s g 0", "+OK|", "XGROUP CREATE s g 0", "xgroup-create s"},
      {"XREADGROUP GROUP g alice COUNT 1 STREAMS s >", "*1|*2|$1|s|*1|*2|$3|1-0|*2|$1|f|$1|v|",
       "XGROUP CREATECONSUMER s g alice; "
       "XCLAIM s g alice 0 1-0 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-0; "
       "XGROUP SETID s g 1-0 ENTRIESREAD 1",
       "xgroup-createconsumer s"},
      {"XREADGROUP GROUP g bob NOACK STREAMS s >", "*1|*2|$1|s|*1|*2|$3|2-0|*2|$1|f|$1|v|",
       "XGROUP CREATECONSUMER s g bob; XGROUP SETID s g 2-0 ENTRIESREAD 2", "xgroup-createconsumer s"},
      {"XREADGROUP GROUP g bob STREAMS s >", "*-1|", "", ""},
      {"XREADGROUP GROUP g alice STREAMS s 0", "*1|*2|$1|s|*1|*2|$3|1-0|*2|$1|f|$1|v|", "", ""},
      {"XPENDING s g - + 5", "*1|*4|$3|1-0|$5|alice|:0|:2|", "", ""},
      {"XCLAIM s g bob 1 1", "*0|", "", ""},
      {"XCLAIM s g bob 0 1 RETRYCOUNT 5 TIME 1600000000000", "*1|*2|$3|1-0|*2|$1|f|$1|v|",
       "XCLAIM s g bob 0 1-0 TIME 1600000000000 RETRYCOUNT 5 FORCE JUSTID LASTID 2-0", ""},
      {"XCLAIM s g bob 0 9 LASTID 7", "*0|", "XGROUP SETID s g 7-0 ENTRIESREAD 2", ""},
      {"XAUTOCLAIM s g carol 5 0", "*3|$3|0-0|*1|*2|$3|1-0|*2|$1|f|$1|v|*0|",
       "XGROUP CREATECONSUMER s g carol; "
       "XCLAIM s g carol 0 1-0 TIME 1700000000000 RETRYCOUNT 6 FORCE JUSTID LASTID 7-0",
       "xgroup-createconsumer s"},
      {"XDEL s 1", ":1|"},
      {"XAUTOCLAIM s g carol 0 0", "*3|$3|0-0|*0|*1|$3|1-0|",
       "XCLAIM s g carol 0 1-0 TIME 1700000000000 RETRYCOUNT 6 FORCE JUSTID LASTID 7-0", ""},
      {"XPENDING s g", "*4|:0|$-1|$-1|*-1|"},
      {"XADD s 8 f v", "$3|8-0|"},
      {"XREADGROUP GROUP g bob STREAMS s >", "*1|*2|$1|s|*1|*2|$3|8-0|*2|$1|f|$1|v|"},
      {"XACK s g 8 9", ":1|", "XACK s g 8 9", ""},
      {"XACK s g 8", ":0|", "", ""},
      {"XGROUP CREATECONSUMER s g dave", ":1|", "XGROUP CREATECONSUMER s g dave", "xgroup-createconsumer s"},
      {"XGROUP CREATECONSUMER s g dave", ":0|", "", ""},
      {"XGROUP DELCONSUMER s g dave", ":0|", "XGROUP DELCONSUMER s g dave", "xgroup-delconsumer s"},
      {"XGROUP SETID s g $", "+OK|", "XGROUP SETID s g $", "xgroup-setid s"},
      {"XGROUP DESTROY s g", ":1|", "XGROUP DESTROY s g", "xgroup-destroy s"},
      {"XGROUP DESTROY s g", ":0|", "", ""},
  };
  run_steps(node, steps);
}

// A replica that applies what was replicated has the same pending entries.
TEST(Streams, ReplicasFollow) {
  Node primary, replica;
  replica.is_primary = false;
  replica.from_primary = true;
  for (const char* request :
       {"XADD s 1 f v", "XADD s 2 f v", "XADD s 3 f v", "XADD s 4 f v", "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g a COUNT 2 STREAMS s >", "XREADGROUP GROUP g b STREAMS s >", "XCLAIM s g b 0 1 IDLE 500",
        "XDEL s 2", "XAUTOCLAIM s g c 0 2 COUNT 2 JUSTID", "XACK s g 4", "XADD s MAXLEN ~ 2 5 f v", "XADD s 6-* f v",
        "XREADGROUP GROUP g c NOACK COUNT 1 STREAMS s >"}) {
    primary.run(request);
    for (const std::string& replicated : std::exchange(primary.effects.replicated, {})) replica.run(replicated);
  }
  for (const char* question :
       {"XINFO STREAM s", "XRANGE s - +", "XINFO GROUPS s", "XPENDING s g", "XPENDING s g - + 10"}) {
    EXPECT_EQ(primary.run(question), replica.run(question)) << question;
  }
}

TEST(Streams, ReadsWait) {
  Node node;
  const Step steps[] = {
      {"XADD s 5 f v", "$3|5-0|"},
      {"XREAD BLOCK 100 STREAMS s 4", "*1|*2|$1|s|*1|*2|$3|5-0|*2|$1|f|$1|v|"},
      {"XREAD COUNT 2 BLOCK 100 STREAMS s $", "blocks: stream s 100 as XREAD COUNT 2 BLOCK 100 STREAMS s 5-0"},
      {"XREAD BLOCK 0 STREAMS {s}n s $ 7", "blocks: stream {s}n s 0 as XREAD BLOCK 0 STREAMS {s}n s 0-0 7-0"},
      {"XREAD STREAMS s $", "*-1|"},
      {"XGROUP CREATE s g $", "+OK|"},
      {"XREADGROUP GROUP g c BLOCK 7 STREAMS s >", "blocks: stream s 7 when gone"},
      {"XINFO CONSUMERS s g", "*1|*8|$4|name|$1|c|$7|pending|:0|$4|idle|:0|$8|inactive|:-1|"},
      {"XREADGROUP GROUP g c BLOCK 7 STREAMS s 0", "*1|*2|$1|s|*0|"},
      {"XREADGROUP GROUP x c BLOCK 7 STREAMS s >",
       "-NOGROUP No such key 's' or consumer group 'x' in XREADGROUP with GROUP option|"},
  };
  run_steps(node, steps);
  node.in_exec = true;
  EXPECT_EQ(node.run("XREAD BLOCK 0 STREAMS s $"), "*-1|");
  EXPECT_EQ(node.run("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"), "*-1|");
}

TEST(Streams, TimesOfConsumersAndEntries) {
  Node node;
  const auto wait = [&node](int64_t ms) { node.now += Millis(ms); };
  node.run("XADD s 1 f v");
  node.run("XGROUP CREATE s g 0");
  node.run("XGROUP CREATECONSUMER s g idle");
  wait(100);
  node.run("XREADGROUP GROUP g c STREAMS s >");
  wait(50);
  EXPECT_EQ(node.run("XPENDING s g - + 5"), "*1|*4|$3|1-0|$1|c|:50|:1|");
  EXPECT_EQ(node.run("XPENDING s g IDLE 51 - + 5"), "*0|");
  EXPECT_EQ(node.run("XPENDING s g IDLE 50 - + 5 c"), "*1|*4|$3|1-0|$1|c|:50|:1|");
  node.run("XREADGROUP GROUP g c STREAMS s >");
  wait(5);
  EXPECT_EQ(node.run("XINFO CONSUMERS s g"),
            "*2|*8|$4|name|$1|c|$7|pending|:1|$4|idle|:5|$8|inactive|:55|"
            "*8|$4|name|$4|idle|$7|pending|:0|$4|idle|:155|$8|inactive|:-1|");
  EXPECT_EQ(node.run("XINFO STREAM s FULL"),
            "*18|$6|length|:1|$15|radix-tree-keys|:1|$16|radix-tree-nodes|:2|$17|last-generated-id|$3|1-0|"
            "$20|max-deleted-entry-id|$3|0-0|$13|entries-added|:1|$23|recorded-first-entry-id|$3|1-0|"
            "$7|entries|*1|*2|$3|1-0|*2|$1|f|$1|v|$6|groups|*1|*14|$4|name|$1|g|$17|last-delivered-id|$3|1-0|"
            "$12|entries-read|:1|$3|lag|:0|$9|pel-count|:1|$7|pending|*1|*4|$3|1-0|$1|c|:1700000000100|:1|"
            "$9|consumers|*2|*10|$4|name|$1|c|$9|seen-time|:1700000000150|$11|active-time|:1700000000100|"
            "$9|pel-count|:1|$7|pending|*1|*3|$3|1-0|:1700000000100|:1|"
            "*10|$4|name|$4|idle|$9|seen-time|:1700000000000|$11|active-time|:-1|$9|pel-count|:0|$7|pending|*0|");
  wait(1000);
  EXPECT_EQ(node.run("XCLAIM s g idle 2000 1 JUSTID"), "*0|");
  EXPECT_EQ(node.run("XAUTOCLAIM s g idle 1000 0 JUSTID"), "*3|$3|0-0|*1|$3|1-0|*0|");
  EXPECT_EQ(node.run("XPENDING s g - + 5"), "*1|*4|$3|1-0|$4|idle|:0|:1|");
  EXPECT_EQ(node.run("XCLAIM s g idle 0 1 IDLE 77 JUSTID"), "*1|$3|1-0|");
  EXPECT_EQ(node.run("XPENDING s g - + 5"), "*1|*4|$3|1-0|$4|idle|:77|:1|");
  // A time that no clock has is now.
  EXPECT_EQ(node.run("XCLAIM s g idle 0 1 IDLE -9223372036854775808 JUSTID"), "*1|$3|1-0|");
  EXPECT_EQ(node.run("XPENDING s g - + 5"), "*1|*4|$3|1-0|$4|idle|:0|:1|");
}

TEST(Streams, Resp3) {
  Node node;
  node.session.resp = resp::Version::kResp3;
  const Step steps[] = {
      {"XADD s 1 f v", "$3|1-0|"},
      {"XREAD STREAMS s 0", "%1|$1|s|*1|*2|$3|1-0|*2|$1|f|$1|v|"},
      {"XREAD STREAMS s $", "_|"},
      {"XGROUP CREATE s g 9", "+OK|"},
      {"XINFO GROUPS s",
       "*1|%6|$4|name|$1|g|$9|consumers|:0|$7|pending|:0|$17|last-delivered-id|$3|9-0|$12|entries-read|_|$3|lag|_|"},
      {"XPENDING s g", "*4|:0|_|_|_|"},
      {"XADD s NOMKSTREAM 2 f v", "$3|2-0|"},
      {"XADD t NOMKSTREAM 2 f v", "_|"},
  };
  run_steps(node, steps);
}

}  // namespace
}  // namespace guccho::commands::testing

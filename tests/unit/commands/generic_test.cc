// Keys of any type: deleting, renaming, copying, expiry, scanning, and how expired keys are met.
#include <set>

#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

TEST(Keys, DeleteAndAsk) {
  Node node;
  const Step steps[] = {
      {"MSET {t}a 1 {t}b 2 {t}c 3", "+OK|"},
      {"EXISTS {t}a {t}a {t}nosuch", ":2|", "", ""},
      {"TOUCH {t}a {t}nosuch", ":1|", "", ""},
      {"TYPE {t}a", "+string|"},
      {"TYPE {t}nosuch", "+none|"},
      {"DEL {t}a {t}nosuch {t}a", ":1|", "DEL {t}a {t}nosuch {t}a", "del {t}a"},
      {"UNLINK {t}b {t}c", ":2|", "UNLINK {t}b {t}c", "del {t}b; del {t}c"},
      {"DEL {t}a", ":0|", "", ""},
      {"HSET h f v", ":1|"},
      {"TYPE h", "+hash|"},
      {"OBJECT ENCODING h", "$8|listpack|"},
      {"OBJECT REFCOUNT h", ":1|"},
      {"OBJECT ENCODING nosuch", "$-1|"},
      {"OBJECT IDLETIME h", ":0|"},
      {"OBJECT FREQ h",
       "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
       "between policies at runtime LRU and LFU data will take some time to adjust.|"},
      {"OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command|"},
      {"MOVE h 1", "-ERR MOVE is not allowed in cluster mode|"},
  };
  run_steps(node, steps);
}

TEST(Keys, RenameAndCopy) {
  Node node;
  const Step steps[] = {
      {"RENAME {t}nosuch {t}b", "-ERR no such key|"},
      {"SET {t}a 1 PX 5000", "+OK|"},
      {"SET {t}b 2", "+OK|"},
      {"RENAMENX {t}a {t}b", ":0|", "", ""},
      {"RENAMENX {t}a {t}a", ":0|", "", ""},
      {"RENAME {t}a {t}a", "+OK|", "", ""},
      {"RENAME {t}a {t}b", "+OK|", "RENAME {t}a {t}b", "rename_from {t}a; rename_to {t}b"},
      {"PTTL {t}b", ":5000|"},
      {"EXISTS {t}a", ":0|"},
      {"RENAMENX {t}b {t}c", ":1|", "RENAMENX {t}b {t}c"},
      {"COPY {t}c {t}d", ":1|", "COPY {t}c {t}d", "copy_to {t}d"},
      {"PTTL {t}d", ":5000|"},
      {"COPY {t}c {t}d", ":0|", "", ""},
      {"SET {t}c 9", "+OK|"},
      {"COPY {t}c {t}d REPLACE", ":1|", "COPY {t}c {t}d REPLACE"},
      {"GET {t}d", "$1|9|"},
      {"PTTL {t}d", ":-1|"},
      {"COPY {t}nosuch {t}d", ":0|", "", ""},
      {"COPY {t}c {t}c", "-ERR source and destination objects are the same|"},
      {"COPY {t}c {t}e DB 0", ":1|"},
      {"COPY {t}c {t}e DB 1", "-ERR Copying to another database is not allowed in cluster mode|"},
      {"COPY {t}c {t}e DB 99", "-ERR DB index is out of range|"},
      {"COPY {t}c {t}e DB", "-ERR syntax error|"},
  };
  run_steps(node, steps);
}

TEST(Expiry, Commands) {
  Node node;
  const Step steps[] = {
      {"EXPIRE a 10", ":0|", "", ""},
      {"SET a 1", "+OK|"},
      {"TTL a", ":-1|"},
      {"PERSIST a", ":0|", "", ""},
      {"EXPIRE a 10", ":1|", "PEXPIREAT a 1700000010000", "expire a"},
      {"TTL a", ":10|"},
      {"PTTL a", ":10000|"},
      {"EXPIRETIME a", ":1700000010|"},
      {"PEXPIRETIME a", ":1700000010000|"},
      {"PEXPIRE a 1501", ":1|", "PEXPIREAT a 1700000001501"},
      {"TTL a", ":2|"},
      {"EXPIREAT a 1700000100", ":1|", "PEXPIREAT a 1700000100000"},
      {"PEXPIREAT a 1700000200000", ":1|", "PEXPIREAT a 1700000200000"},
      {"PERSIST a", ":1|", "PERSIST a", "persist a"},
      {"EXPIRE a 10 XX", ":0|", "", ""},
      {"EXPIRE a 10 GT", ":0|", "", ""},
      {"EXPIRE a 10 NX", ":1|", "PEXPIREAT a 1700000010000 NX"},
      {"EXPIRE a 20 NX", ":0|", "", ""},
      {"EXPIRE a 5 GT", ":0|"},
      {"EXPIRE a 10 GT", ":0|"},
      {"EXPIRE a 20 GT", ":1|"},
      {"EXPIRE a 30 LT", ":0|"},
      {"EXPIRE a 10 LT XX", ":1|"},
      {"PERSIST a", ":1|"},
      {"EXPIRE a 10 LT", ":1|"},
      {"EXPIRE a 10 FOO", "-ERR Unsupported option FOO|", "", ""},
      {"EXPIRE a 10 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible|"},
      {"EXPIRE a 10 GT LT", "-ERR GT and LT options at the same time are not compatible|"},
      {"EXPIRE a x", "-ERR value is not an integer or out of range|"},
      {"EXPIRE a 9223372036854775807", "-ERR invalid expire time in 'expire' command|"},
      {"EXPIRE a -9223372036854775807", "-ERR invalid expire time in 'expire' command|"},
      {"PEXPIRE a 9223372036854775807", "-ERR invalid expire time in 'pexpire' command|"},
      {"EXPIRE a -1", ":1|", "DEL a", "del a"},
      {"TTL a", ":-2|"},
      {"PEXPIRETIME a", ":-2|"},
  };
  run_steps(node, steps);
}

TEST(Expiry, APrimaryDeletesWhatItMeetsAndSaysSoFirst) {
  Node node;
  node.run("SET a 1 PX 100");
  node.take_replicated();
  node.take_events();
  node.now += Millis(100);
  EXPECT_EQ(node.run("GET a"), "$1|1|");  // lives through its last millisecond
  node.now += Millis(1);
  const Step steps[] = {
      {"INCR a", ":1|", "DEL a; INCR a", "expired a; incrby a"},
      {"PTTL a", ":-1|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.effects.expired, 1);

  node.config.lazyfree_lazy_expire = true;
  node.run("SET a 1 PX 100");
  node.take_replicated();
  node.now += Millis(101);
  EXPECT_EQ(node.run("GET a"), "$-1|");
  EXPECT_EQ(node.take_replicated(), "UNLINK a");
}

TEST(Expiry, AReplicaHidesButWaitsForItsPrimary) {
  Node node;
  node.run("SET a 1 PX 100");
  node.take_replicated();
  node.take_events();
  node.is_primary = false;
  node.now += Millis(101);
  const Step steps[] = {{"GET a", "$-1|", "", ""}, {"EXISTS a", ":0|", "", ""}, {"TTL a", ":-2|", "", ""}};
  run_steps(node, steps);
  EXPECT_EQ(node.host.key_count(), 1u);
  EXPECT_EQ(node.effects.expired, 0);
  // The primary's own stream sees the key: it decides.
  node.from_primary = true;
  EXPECT_EQ(node.run("APPEND a 2"), ":2|");
  EXPECT_EQ(node.run("PEXPIREAT a 1"), ":1|");  // no deletion of its own
  EXPECT_EQ(node.host.key_count(), 1u);
  EXPECT_EQ(node.run("DEL a"), ":1|");
}

TEST(Keys, ReadsAreCounted) {
  Node node;
  node.run("SET a 1");
  node.run("GET a");
  node.run("GET nosuch");
  node.run("TTL a");
  EXPECT_EQ(node.effects.hits, 2);
  EXPECT_EQ(node.effects.misses, 1);
  EXPECT_EQ(node.effects.missed, std::vector<std::string>{"nosuch"});
}

TEST(Keys, NoTouchLeavesTheAccessClockAloneButForTouch) {
  Node node;
  const auto set_clock = [&] {
    for (store::Keyspace* keyspace : node.host.keyspaces()) keyspace->set_access_clock(node.now);
  };
  set_clock();
  node.run("SET a 1");
  node.now += Millis(5000);
  set_clock();
  EXPECT_EQ(node.run("TTL a"), ":-1|");
  EXPECT_EQ(node.run("EXISTS a"), ":1|");
  EXPECT_EQ(node.run("TYPE a"), "+string|");
  EXPECT_EQ(node.run("OBJECT IDLETIME a"), ":5|");
  node.run("CLIENT NO-TOUCH on");
  EXPECT_EQ(node.run("GET a"), "$1|1|");
  EXPECT_EQ(node.run("OBJECT IDLETIME a"), ":5|");
  EXPECT_EQ(node.run("TOUCH a"), ":1|");
  EXPECT_EQ(node.run("OBJECT IDLETIME a"), ":0|");
  node.now += Millis(3000);
  set_clock();
  node.run("CLIENT NO-TOUCH off");
  EXPECT_EQ(node.run("GET a"), "$1|1|");
  EXPECT_EQ(node.run("OBJECT IDLETIME a"), ":0|");
}

TEST(Keys, NewKeysAreAnnouncedWhenAskedFor) {
  Node node;
  node.config.notify_keyspace_events = config::kNotifyNew;
  const Step steps[] = {
      {"SET a 1", "+OK|", nullptr, "new a; set a"},           {"SET a 2", "+OK|", nullptr, "set a"},
      {"HSET h f v", ":1|", nullptr, "new h; hset h"},        {"INCR n", ":1|", nullptr, "new n; incrby n"},
      {"RENAME {a}a {a}b", "-ERR no such key|", nullptr, ""},
  };
  run_steps(node, steps);
}

std::vector<std::string> split(const std::string& reply) {
  std::vector<std::string> parts;
  for (size_t at = 0, bar; (bar = reply.find('|', at)) != std::string::npos; at = bar + 1) {
    parts.push_back(reply.substr(at, bar - at));
  }
  return parts;
}

TEST(Scan, FindsEveryKeyOfEveryWorkerOnce) {
  Node node;
  for (int i = 0; i < 500; ++i) node.run("SET key" + std::to_string(i) + " 1");
  std::multiset<std::string> keys;
  std::string cursor = "0";
  int calls = 0;
  do {
    const std::vector<std::string> parts = split(node.run("SCAN " + cursor + " COUNT 20"));
    cursor = parts[2];
    for (size_t i = 5; i < parts.size(); i += 2) keys.insert(parts[i]);
    ASSERT_LT(++calls, 100);
  } while (cursor != "0");
  EXPECT_EQ(keys.size(), 500u);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 500u);
  EXPECT_GE(calls, 10);
}

TEST(Scan, FiltersAndErrors) {
  Node node;
  const Step steps[] = {
      {"SCAN 0", "*2|$1|0|*0|"},
      {"KEYS *", "*0|"},
      {"RANDOMKEY", "$-1|"},
      {"SET a 1", "+OK|"},
      {"HSET h f v", ":1|"},
      {"SET gone 1 PX 1", "+OK|"},
      {"DBSIZE", ":3|"},
      {"SCAN 0 TYPE HASH COUNT 100", "*2|$1|0|*1|$1|h|"},
      {"SCAN 0 TYPE foo COUNT 100", "*2|$1|0|*0|"},
      {"SCAN 0 MATCH a* COUNT 100", "*2|$1|0|*1|$1|a|"},
      {"SCAN 0 TYPE", "-ERR syntax error|"},
      {"SCAN 0 FOO", "-ERR syntax error|"},
      {"SCAN x", "-ERR invalid cursor|"},
      {"KEYS [ah]", "*2|$1|h|$1|a|"},
  };
  run_steps(node, steps);
  node.now += Millis(2);
  EXPECT_EQ(node.run("SCAN 0 COUNT 100 MATCH g*"), "*2|$1|0|*0|");
  EXPECT_EQ(node.run("KEYS g*"), "*0|");
}

TEST(Scan, RandomKeyComesFromAllWorkers) {
  Node node;
  for (int i = 0; i < 20; ++i) node.run("SET key" + std::to_string(i) + " 1");
  std::set<std::string> seen;
  for (int i = 0; i < 300; ++i) seen.insert(node.run("RANDOMKEY"));
  EXPECT_GE(seen.size(), 15u);
}

TEST(Scan, Flush) {
  Node node;
  for (const char* request : {"FLUSHALL", "FLUSHDB SYNC", "FLUSHALL ASYNC"}) {
    node.run("SET a 1");
    node.run("SET b 1");
    node.take_replicated();
    EXPECT_EQ(node.run(request), "+OK|");
    EXPECT_EQ(node.take_replicated(), request);
    EXPECT_EQ(node.run("DBSIZE"), ":0|");
  }
  EXPECT_EQ(node.effects.all_removed, 3);
  EXPECT_EQ(node.run("FLUSHALL foo"), "-ERR syntax error|");
  EXPECT_EQ(node.run("FLUSHALL SYNC ASYNC"), "-ERR syntax error|");
}

TEST(Keys, Wait) {
  Node node;
  EXPECT_EQ(node.run("WAIT x 1"), "-ERR value is not an integer or out of range|");
  EXPECT_EQ(node.run("WAIT 1 x"), "-ERR timeout is not an integer or out of range|");
  EXPECT_EQ(node.run("WAIT 1 -1"), "-ERR timeout is negative|");
  EXPECT_EQ(node.run("WAIT 1 100"), "");
  EXPECT_TRUE(node.deferred);
  EXPECT_EQ(node.host.calls, std::vector<std::string>{"wait 1 100"});
  node.in_exec = true;
  node.host.replication.offset = ReplOffset(10);
  node.host.replication.replicas = {{.acknowledged = ReplOffset(10)}, {.acknowledged = ReplOffset(9)}};
  EXPECT_EQ(node.run("WAIT 2 100"), ":1|");
  EXPECT_FALSE(node.deferred);
}

TEST(Keys, WaitAof) {
  Node node;
  const Step steps[] = {
      {"WAITAOF 0 1", "-ERR wrong number of arguments for 'waitaof' command|"},
      {"WAITAOF x y z", "-ERR value is not an integer or out of range|"},
      {"WAITAOF 2 y z", "-ERR value is out of range, value must between 0 and 1|"},
      {"WAITAOF -1 y z", "-ERR value is out of range, value must between 0 and 1|"},
      {"WAITAOF 1 y z", "-ERR value is out of range, must be positive|"},
      {"WAITAOF 1 -1 z", "-ERR value is out of range, must be positive|"},
      {"WAITAOF 1 1 z", "-ERR timeout is not an integer or out of range|"},
      {"WAITAOF 1 1 -1", "-ERR timeout is negative|"},
      {"WAITAOF 1 1 0", "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.run("WAITAOF 0 2 100"), "");
  EXPECT_TRUE(node.deferred);
  EXPECT_EQ(node.host.calls, std::vector<std::string>{"waitaof 2 100"});
  node.in_exec = true;
  node.host.replication.offset = ReplOffset(10);
  node.host.replication.replicas = {{.acknowledged = ReplOffset(10), .in_file = ReplOffset(10)},
                                    {.acknowledged = ReplOffset(10), .in_file = ReplOffset(9)},
                                    {.acknowledged = ReplOffset(10)}};
  EXPECT_EQ(node.run("WAITAOF 0 3 100"), "*2|:0|:1|");
  EXPECT_FALSE(node.deferred);
  node.is_primary = false;
  EXPECT_EQ(
      node.run("WAITAOF 1 1 0"),
      "-ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local "
      "and are not propagated.|");
}

TEST(Keys, MigrateSaysWhatIsToBeDone) {
  Node node;
  const auto call = [&](std::string_view request) {
    node.host.calls.clear();
    const std::string reply = node.run(request);
    return node.deferred && reply.empty() ? node.host.calls.at(0) : reply;
  };
  EXPECT_EQ(call("MIGRATE host 7000 k 0 500"), "migrate host:7000 0 500 [k]");
  EXPECT_EQ(call("MIGRATE host 7000x k 3 0 COPY"), "migrate host:7000 3 1000 copy [k]");
  EXPECT_EQ(call("MIGRATE host x k 0 -7 REPLACE COPY"), "migrate host:0 0 1000 copy replace [k]");
  EXPECT_EQ(call("MIGRATE host 1 \"\" 0 1 AUTH p KEYS a b a"), "migrate host:1 0 1 password=p [a] [b]");
  EXPECT_EQ(call("MIGRATE host 1 \"\" 0 1 AUTH2 u p AUTH KEYS KEYS a"), "migrate host:1 0 1 user=u password=KEYS [a]");
  EXPECT_EQ(call("MIGRATE host 1 \"\" 0 1"), "migrate host:1 0 1 []");
  EXPECT_EQ(call("MIGRATE host 1 \"\" 0 1 KEYS"), "+NOKEY|");
  EXPECT_EQ(call("MIGRATE host 1 k 0 1 KEYS a"),
            "-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string|");
  node.in_exec = true;
  EXPECT_EQ(call("MIGRATE host 1 k 0 x"), "-ERR value is not an integer or out of range|");
  EXPECT_EQ(call("MIGRATE host 1 k 0 1"), "-ERR MIGRATE cannot run inside MULTI here|");
  node.in_exec = false;
  node.is_primary = false;
  EXPECT_EQ(call("MIGRATE host 1 k 0 1"), "-READONLY You can't write against a read only replica.|");
}

}  // namespace
}  // namespace guccho::commands::testing

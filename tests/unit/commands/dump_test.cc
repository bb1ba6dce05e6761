// DUMP and RESTORE, LATENCY and MEMORY: what is replicated, which events there are, what the replies are made of.
#include "tests/unit/commands/harness.h"

namespace guccho::commands {
namespace {

using testing::Node;
using testing::run_steps;
using testing::Step;

// A payload of DUMP as it is, without the reply's frame.
std::string dumped(Node& node, const std::string& key) {
  const std::vector<std::string_view> request = {"DUMP", key};
  resp::Buffer buffer;
  const std::string reply = node.run(request);
  const size_t bar = reply.find('|');
  return reply.substr(bar + 1, std::stoul(reply.substr(1)));
}

std::string restore(Node& node, std::initializer_list<std::string_view> args) {
  std::vector<std::string_view> request = {"RESTORE"};
  request.insert(request.end(), args.begin(), args.end());
  return node.run(request);
}

TEST(Restore, ReplicatesAbsoluteTimes) {
  Node node;
  node.run("SET s hello");
  const std::string payload = dumped(node, "s");
  node.take_replicated();
  node.take_events();
  EXPECT_EQ(restore(node, {"a", "0", payload}), "+OK|");
  EXPECT_EQ(node.take_replicated(), "RESTORE a 0 " + payload);
  EXPECT_EQ(node.take_events(), "restore a");
  EXPECT_EQ(restore(node, {"b", "5000", payload, "REPLACE"}), "+OK|");
  EXPECT_EQ(node.take_replicated(), "RESTORE b 1700000005000 " + payload + " REPLACE ABSTTL");
  EXPECT_EQ(restore(node, {"c", "1700000005000", payload, "ABSTTL"}), "+OK|");
  EXPECT_EQ(node.take_replicated(), "RESTORE c 1700000005000 " + payload + " ABSTTL");
  EXPECT_EQ(node.run("PEXPIRETIME c"), ":1700000005000|");
}

TEST(Restore, WhatIsDeadAlreadyIsNotMade) {
  Node node;
  node.run("SET s hello");
  const std::string payload = dumped(node, "s");
  node.take_replicated();
  node.take_events();
  EXPECT_EQ(restore(node, {"a", "1", payload, "ABSTTL"}), "+OK|");
  EXPECT_EQ(node.take_replicated(), "");
  EXPECT_EQ(restore(node, {"s", "1", payload, "ABSTTL", "REPLACE"}), "+OK|");
  EXPECT_EQ(node.take_replicated(), "DEL s");
  EXPECT_EQ(node.take_events(), "del s");
  EXPECT_EQ(node.run("EXISTS s a"), ":0|");
  // The primary's stream decides for itself.
  node.from_primary = true;
  node.is_primary = false;
  EXPECT_EQ(restore(node, {"a", "1", payload, "ABSTTL"}), "+OK|");
  EXPECT_EQ(node.run("EXISTS a"), ":1|");
}

TEST(Restore, ARefusedPayloadLeavesTheKey) {
  Node node;
  node.run("SET s hello");
  std::string payload = dumped(node, "s");
  payload[3] ^= 1;
  EXPECT_EQ(restore(node, {"s", "0", payload, "REPLACE"}), "-ERR DUMP payload version or checksum are wrong|");
  EXPECT_EQ(node.run("GET s"), "$5|hello|");
  EXPECT_EQ(restore(node, {"s", "0", payload}), "-BUSYKEY Target key name already exists.|");
}

// What XSETID may do to a stream is no reason for anyone to refuse it.
TEST(Restore, StreamsAfterXsetid) {
  Node node;
  const Step steps[] = {
      {"XADD a 1-1 f v", "$3|1-1|"},
      {"XSETID a 1-1 ENTRIESADDED 9223372036854775807", "+OK|"},
      {"XADD a 2-1 f v", "$3|2-1|"},
      {"XADD b 10-1 f v", "$4|10-1|"},
      {"XADD b 60-1 f v", "$4|60-1|"},
      {"XDEL b 60-1", ":1|"},
      {"XSETID b 100-0 MAXDELETEDID 1-1", "+OK|"},
      {"XSETID b 50-0", "+OK|"},
      {"COPY b c", ":1|"},
      {"XADD b 55-1 f v", "$4|55-1|"},
      {"XRANGE b 20 +", "*1|*2|$4|55-1|*2|$1|f|$1|v|"},
  };
  run_steps(node, steps);
  for (const std::string key : {"a", "b", "c"}) {
    EXPECT_EQ(restore(node, {"copy", "0", dumped(node, key), "REPLACE"}), "+OK|") << key;
    EXPECT_EQ(node.run("XRANGE copy - +"), node.run("XRANGE " + key + " - +"));
    EXPECT_EQ(node.run("XINFO STREAM copy"), node.run("XINFO STREAM " + key));
  }
}

TEST(Restore, BothFormsOfAHash) {
  Node node;
  node.run("HSET small f v");
  std::string big = "HSET big";
  for (int i = 0; i < 300; ++i) big += " f" + std::to_string(i) + " v";
  node.run(big);
  for (const std::string key : {"small", "big"}) {
    const std::string payload = dumped(node, key);
    EXPECT_EQ(restore(node, {"copy", "0", payload, "REPLACE"}), "+OK|");
    EXPECT_EQ(node.run("HLEN copy"), node.run("HLEN " + key));
    EXPECT_EQ(node.run("OBJECT ENCODING copy"), node.run("OBJECT ENCODING " + key));
    // The order of a table's fields depends on how it grew.
    EXPECT_EQ(dumped(node, "copy").size(), payload.size());
  }
  for (int i = 0; i < 300; ++i) EXPECT_EQ(node.run("HGET copy f" + std::to_string(i)), "$1|v|") << i;
}

TEST(HyperLogLogCommands, WhatIsReplicated) {
  Node node;
  run_steps(node, std::vector<Step>{
                      {"PFADD h a b", ":1|", "PFADD h a b", "pfadd h"},
                      {"PFADD h a", ":0|", "", ""},
                      {"PFCOUNT h", ":2|", "PFCOUNT h", " h"},
                      {"PFCOUNT h", ":2|", "", ""},
                      {"PFCOUNT h {h}2", ":2|", "", ""},
                      {"PFMERGE {h}2 h", "+OK|", "PFMERGE {h}2 h", "pfadd {h}2"},
                      {"PFDEBUG TODENSE h", ":1|", "PFDEBUG TODENSE h", ""},
                      {"PFADD h a", ":0|", "", ""},
                      {"PFADD h c", ":1|", "PFADD h c", "pfadd h"},
                      {"PFSELFTEST", "+OK|", "", ""},
                  });
  // A replica does not change its copy by itself.
  node.is_primary = false;
  EXPECT_EQ(node.run("PFCOUNT h"), ":3|");
  EXPECT_EQ(node.take_replicated(), "");
}

TEST(Latency, SamplesByEvent) {
  Node node;
  node.host.latency.note("command", node.now, 100);
  node.host.latency.note("command", node.now + Millis(1), 300);
  node.host.latency.note("command", node.now + Millis(2000), 200);
  node.host.latency.note("expire-cycle", node.now, 50);
  run_steps(node,
            std::vector<Step>{
                {"LATENCY LATEST", "*2|*4|$7|command|:1700000002|:200|:300|*4|$12|expire-cycle|:1700000000|:50|:50|"},
                {"LATENCY HISTORY command", "*2|*2|:1700000000|:300|*2|:1700000002|:200|"},
                {"LATENCY HISTORY nosuch", "*0|"},
                {"LATENCY RESET nosuch", ":0|"},
                {"LATENCY RESET command", ":1|"},
                {"LATENCY RESET", ":1|"},
                {"LATENCY LATEST", "*0|"},
                {"LATENCY HISTOGRAM", "*2|$3|get|*4|$5|calls|:3|$14|histogram_usec|*4|:1|:2|:4|:3|"},
                {"LATENCY HISTOGRAM set GET", "*2|$3|get|*4|$5|calls|:3|$14|histogram_usec|*4|:1|:2|:4|:3|"},
                {"LATENCY HISTOGRAM set", "*0|"},
            });
}

TEST(Latency, KeepsTheLastSamples) {
  LatencyMonitor monitor;
  for (int i = 0; i < 200; ++i) monitor.note("e", UnixMillis(Millis(i * 1000)), static_cast<uint32_t>(i));
  const LatencyEvent& event = monitor.events().at("e");
  EXPECT_EQ(event.samples.size(), LatencyMonitor::kSamples);
  EXPECT_EQ(event.samples.front().second, 40);
  EXPECT_EQ(event.greatest, 199u);
}

TEST(Latency, Graph) {
  Node node;
  for (int i = 0; i < 3; ++i) {
    node.host.latency.note("e", node.now - Millis((2 - i) * 90'000), static_cast<uint32_t>(100 + 50 * i));
  }
  EXPECT_EQ(node.run("LATENCY GRAPH e"), "$160|e - high 200 ms, low 100 ms (all time high 200 ms)\n" +
                                             std::string(80, '-') + "\n  #\n _|\n ||\n_||\n   \n310\nmms\n|");
}

TEST(Memory, StatsAndTheRest) {
  Node node;
  node.host.memory = {.used = 1000, .held = 1500, .resident = 3000, .peak = 2000, .dataset = 800, .keys = 4};
  const std::string stats = node.run("MEMORY STATS");
  for (const char* part : {"$14|peak.allocated|:2000|", "$10|keys.count|:4|", "$18|keys.bytes-per-key|:200|",
                           "$14|overhead.total|:200|", "$13|fragmentation|$1|3|"}) {
    EXPECT_NE(stats.find(part), std::string::npos) << part << stats;
  }
  EXPECT_EQ(node.run("MEMORY MALLOC-STATS"), "$16|allocator report|");
  EXPECT_EQ(node.run("MEMORY PURGE"), "+OK|");
  EXPECT_EQ(node.host.calls, std::vector<std::string>{"release memory"});
  EXPECT_EQ(node.run("MEMORY USAGE nosuch"), "$-1|");
}

}  // namespace
}  // namespace guccho::commands

// Each decision of a cluster node for a command with keys, and its exact error text.
#include "node/routing/routing.h"

#include <gtest/gtest.h>

#include "node/base/random.h"

namespace guccho::routing {
namespace {

using cluster::NodeView;
using cluster::SlotTable;
using cluster::View;

constexpr Slot kMine{100};
constexpr Slot kTheirs{200};
constexpr Slot kNobodys{300};
constexpr Slot kLeaving{101};
constexpr Slot kArriving{201};

NodeView node(uint64_t n, const std::string& ip, uint16_t flags) {
  NodeView v;
  v.id = Rng(n).node_id();
  v.ip = ip;
  v.tcp_port = 6379;
  v.tls_port = 6380;
  v.flags = flags;
  return v;
}

View view() {
  View v;
  NodeView self = node(1, "10.0.0.1", bus::kFlagMyself | bus::kFlagPrimary);
  NodeView other = node(2, "10.0.0.2", bus::kFlagPrimary);
  auto table = std::make_shared<SlotTable>();
  for (const Slot s : {kMine, kLeaving}) table->owner[s.value] = 0;
  for (const Slot s : {kTheirs, kArriving}) table->owner[s.value] = 1;
  table->migrating.push_back({.slot = kLeaving, .peer = other.id});
  table->importing.push_back({.slot = kArriving, .peer = other.id});
  v.nodes = {self, other};
  v.slots = table;
  v.cluster_ok = true;
  v.down_reason = cluster::DownReason::kNone;
  return v;
}

Query query(Slot s) {
  return {.slot = s};
}

std::string answer(const View& v, const Query& q) {
  const Decision d = route(v, q);
  return std::holds_alternative<Serve>(d) ? "serve" : error_text(v, d, {});
}

TEST(Route, OrdinarySlots) {
  const View v = view();
  EXPECT_EQ(answer(v, {}), "serve") << "no keys";
  EXPECT_EQ(answer(v, query(kMine)), "serve");
  EXPECT_EQ(answer(v, query(kTheirs)), "MOVED 200 10.0.0.2:6379");
  EXPECT_EQ(answer(v, query(kNobodys)), "CLUSTERDOWN Hash slot not served");
  Query q = query(kMine);
  q.crosses_slots = true;
  EXPECT_EQ(answer(v, q), "CROSSSLOT Keys in request don't hash to the same slot");
  q = query(kNobodys);
  q.crosses_slots = true;
  EXPECT_EQ(answer(v, q), "CLUSTERDOWN Hash slot not served") << "the first key is looked at first";
}

TEST(Route, ASlotThatLeaves) {
  const View v = view();
  Query q = query(kLeaving);
  EXPECT_TRUE(must_look_up_keys(v, q));
  q.keys_present = 1;
  EXPECT_EQ(answer(v, q), "serve");
  q.keys_present = 0;
  q.keys_missing = 1;
  EXPECT_EQ(answer(v, q), "ASK 101 10.0.0.2:6379");
  q.keys_present = 1;
  EXPECT_EQ(answer(v, q), "TRYAGAIN Multiple keys request during rehashing of slot");
  q.migrate_command = true;
  EXPECT_FALSE(must_look_up_keys(v, q));
  EXPECT_EQ(answer(v, q), "serve");
}

TEST(Route, ASlotThatArrives) {
  const View v = view();
  Query q = query(kArriving);
  EXPECT_TRUE(must_look_up_keys(v, q));
  q.keys_missing = 1;
  EXPECT_EQ(answer(v, q), "MOVED 201 10.0.0.2:6379") << "without ASKING";
  q.asking = true;
  EXPECT_EQ(answer(v, q), "serve");
  q.multiple_keys = true;
  EXPECT_EQ(answer(v, q), "TRYAGAIN Multiple keys request during rehashing of slot");
  q.keys_missing = 0;
  q.keys_present = 2;
  EXPECT_EQ(answer(v, q), "serve");
  EXPECT_FALSE(must_look_up_keys(v, query(kMine)));
}

TEST(Route, TheClusterIsDown) {
  View v = view();
  v.cluster_ok = false;
  v.down_reason = cluster::DownReason::kMinority;
  EXPECT_EQ(answer(v, query(kMine)), "CLUSTERDOWN The cluster is down");
  v.allow_reads_when_down = true;
  EXPECT_EQ(answer(v, query(kMine)), "serve");
  EXPECT_EQ(answer(v, query(kTheirs)), "MOVED 200 10.0.0.2:6379");
  Query write = query(kMine);
  write.writes = true;
  EXPECT_EQ(answer(v, write), "CLUSTERDOWN The cluster is down and only accepts read commands");
  // Data that is not there may not even be read.
  v.down_reason = cluster::DownReason::kAwaitingTakeover;
  EXPECT_EQ(answer(v, query(kMine)), "CLUSTERDOWN The cluster is down");
  v.down_reason = cluster::DownReason::kLoading;
  EXPECT_EQ(answer(v, query(kMine)), "CLUSTERDOWN The cluster is down");
}

TEST(Route, ShardChannelsWhenTheClusterIsDown) {
  View v = view();
  v.cluster_ok = false;
  v.down_reason = cluster::DownReason::kMinority;
  Query q = query(kMine);
  q.shard_channel = true;
  EXPECT_EQ(answer(v, q), "serve");
  v.allow_pubsubshard_when_down = false;
  EXPECT_EQ(answer(v, q), "CLUSTERDOWN The cluster is down");
  v.allow_reads_when_down = true;
  EXPECT_EQ(answer(v, q), "CLUSTERDOWN The cluster is down");
}

TEST(Route, NobodyIsSentToANodeThatIsNotKnown) {
  View v = view();
  auto table = std::make_shared<SlotTable>(*v.slots);
  table->migrating.front().peer = Rng(99).node_id();
  v.slots = table;
  Query q = query(kLeaving);
  q.keys_missing = 1;
  EXPECT_EQ(answer(v, q), "serve");
}

TEST(Route, ReadsOnAReplica) {
  View v = view();
  v.nodes[0].flags = bus::kFlagMyself | bus::kFlagReplica;
  v.nodes[0].primary = 1;
  Query q = query(kTheirs);
  EXPECT_EQ(answer(v, q), "MOVED 200 10.0.0.2:6379");
  q.readonly_connection = true;
  EXPECT_EQ(answer(v, q), "serve");
  q.writes = true;
  EXPECT_EQ(answer(v, q), "MOVED 200 10.0.0.2:6379");
  Query channel = query(kTheirs);
  channel.shard_channel = true;
  EXPECT_EQ(answer(v, channel), "serve") << "shard channels live on replicas too";
}

TEST(EndpointOf, ByTypeAndClient) {
  View v = view();
  NodeView n = v.nodes[1];
  const auto at = [&](Client c) {
    const Endpoint e = endpoint_of(v, n, c);
    return e.host + ":" + std::to_string(e.port);
  };
  EXPECT_EQ(at({}), "10.0.0.2:6379");
  EXPECT_EQ(at({.tls = true}), "10.0.0.2:6380");
  n.client = {.ipv4 = "203.0.113.9", .ipv6 = "2001:db8::9", .port = 30000, .tls_port = 30001};
  EXPECT_EQ(at({}), "203.0.113.9:30000");
  EXPECT_EQ(at({.tls = true}), "203.0.113.9:30001");
  EXPECT_EQ(at({.ipv6 = true}), "2001:db8::9:30000");
  v.preferred_endpoint = cluster::EndpointType::kHostname;
  EXPECT_EQ(at({}), "?:30000");
  n.hostname = "b.example";
  EXPECT_EQ(at({}), "b.example:30000");
  v.preferred_endpoint = cluster::EndpointType::kUnknownEndpoint;
  EXPECT_EQ(at({}), ":30000");
  n.tls_port = 0;
  n.client = {};
  EXPECT_EQ(endpoint_of(v, n, {.tls = true}).port, 6379) << "the only port it has";
}

}  // namespace
}  // namespace guccho::routing

// CLUSTER: what reaches the member core, what is refused before, and how views are printed.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

namespace request = cluster::request;

constexpr const char* kIds[] = {"1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222",
                                "3333333333333333333333333333333333333333"};

// We own slots 0 to 99, node 2 owns 100 to 199 and 300, node 3 is node 2's replica.
void make_view(Node& node) {
  cluster::View& view = *node.host.cluster_view;
  view.nodes.assign(3, {});
  for (size_t i = 0; i < 3; ++i) {
    cluster::NodeView& n = view.nodes[i];
    n.id = *NodeId::parse(kIds[i]);
    n.ip = "10.0.0." + std::to_string(i + 1);
    n.tcp_port = static_cast<uint16_t>(7001 + i);
    n.bus_port = static_cast<uint16_t>(17001 + i);
    n.flags = i == 0 ? bus::kFlagMyself | bus::kFlagPrimary : i == 1 ? bus::kFlagPrimary : bus::kFlagReplica;
    n.offset = ReplOffset(static_cast<int64_t>(i) * 10);
    n.shard_id = *NodeId::parse(std::string(40, static_cast<char>('a' + i / 2)));
  }
  view.nodes[2].primary = 1;
  view.nodes[2].primary_id = view.nodes[1].id;
  auto slots = std::make_shared<cluster::SlotTable>();
  for (size_t s = 0; s < 100; ++s) slots->owner[s] = 0;
  for (size_t s = 100; s < 200; ++s) slots->owner[s] = 1;
  slots->owner[300] = 1;
  view.slots = slots;
  node.host.replication.offset = ReplOffset(77);
}

TEST(Cluster, MembershipGoesToTheCore) {
  Node node;
  make_view(node);
  const std::string two = kIds[1];
  const std::string valid[] = {"CLUSTER MEET 10.0.0.9 7009",
                               "CLUSTER MEET 10.0.0.9 7009 7",
                               "CLUSTER FORGET " + two,
                               "CLUSTER REPLICATE " + two,
                               "CLUSTER COUNT-FAILURE-REPORTS " + two,
                               "CLUSTER FAILOVER",
                               "CLUSTER FAILOVER force",
                               "CLUSTER FAILOVER TAKEOVER",
                               "CLUSTER RESET",
                               "CLUSTER RESET hard",
                               "CLUSTER SET-CONFIG-EPOCH 5",
                               "CLUSTER BUMPEPOCH",
                               "CLUSTER SAVECONFIG",
                               "CLUSTER FLUSHSLOTS"};
  for (const std::string& line : valid) {
    EXPECT_EQ(node.run(line), "") << line;
    EXPECT_TRUE(node.deferred) << line;
  }
  const auto& sent = node.host.cluster_requests;
  ASSERT_EQ(sent.size(), std::size(valid));
  EXPECT_EQ(std::get<request::Meet>(sent[0]).bus_port, 17009);
  EXPECT_EQ(std::get<request::Meet>(sent[1]).bus_port, 7);
  EXPECT_EQ(std::get<request::Meet>(sent[1]).ip, "10.0.0.9");
  EXPECT_EQ(std::get<request::Forget>(sent[2]).node.view(), two);
  EXPECT_EQ(std::get<request::Failover>(sent[5]).mode, request::Failover::Mode::kDefault);
  EXPECT_EQ(std::get<request::Failover>(sent[6]).mode, request::Failover::Mode::kForce);
  EXPECT_EQ(std::get<request::Failover>(sent[7]).mode, request::Failover::Mode::kTakeover);
  EXPECT_FALSE(std::get<request::Reset>(sent[8]).hard);
  EXPECT_TRUE(std::get<request::Reset>(sent[9]).hard);
  EXPECT_EQ(std::get<request::SetConfigEpoch>(sent[10]).epoch.value, 5u);
}

TEST(Cluster, RefusedBeforeTheCore) {
  Node node;
  make_view(node);
  const Step steps[] = {
      {"CLUSTER MEET a b", "-ERR Invalid TCP base port specified: b|"},
      {"CLUSTER MEET 10.0.0.9 1 x", "-ERR Invalid TCP bus port specified: x|"},
      {"CLUSTER MEET 10.0.0.9 0", "-ERR Invalid node address specified: 10.0.0.9:0|"},
      {"CLUSTER MEET 10.0.0.9 60000", "-ERR Invalid node address specified: 10.0.0.9:60000|"},
      {"CLUSTER FORGET x", "-ERR Unknown node x|"},
      {"CLUSTER REPLICATE x", "-ERR Unknown node x|"},
      {"CLUSTER COUNT-FAILURE-REPORTS x", "-ERR Unknown node x|"},
      {"CLUSTER FAILOVER foo", "-ERR syntax error|"},
      {"CLUSTER FAILOVER FORCE x",
       "-ERR unknown subcommand or wrong number of arguments for 'FAILOVER'. Try CLUSTER HELP.|"},
      {"CLUSTER RESET foo", "-ERR syntax error|"},
      {"CLUSTER SET-CONFIG-EPOCH x", "-ERR value is not an integer or out of range|"},
      {"CLUSTER SET-CONFIG-EPOCH -1", "-ERR Invalid config epoch specified: -1|"},
      {"CLUSTER FOO", "-ERR unknown subcommand 'FOO'. Try CLUSTER HELP.|"},
      {"CLUSTER ADDSLOTS x", "-ERR Invalid or out of range slot|"},
      {"CLUSTER ADDSLOTS 16384", "-ERR Invalid or out of range slot|"},
      {"CLUSTER ADDSLOTS 500 500", "-ERR Slot 500 specified multiple times|"},
      {"CLUSTER DELSLOTS 1 1", "-ERR Slot 1 specified multiple times|"},
      {"CLUSTER ADDSLOTSRANGE 500", "-ERR wrong number of arguments for 'cluster|addslotsrange' command|"},
      {"CLUSTER ADDSLOTSRANGE 1 2 3", "-ERR wrong number of arguments for 'cluster|addslotsrange' command|"},
      {"CLUSTER ADDSLOTSRANGE 501 500", "-ERR start slot number 501 is greater than end slot number 500|"},
      {"CLUSTER ADDSLOTSRANGE 500 510 505 506", "-ERR Slot 505 specified multiple times|"},
      {"CLUSTER SETSLOT x stable", "-ERR Invalid or out of range slot|"},
      {"CLUSTER SETSLOT 5 foo", "-ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP|"},
      {"CLUSTER SETSLOT 5 stable x", "-ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP|"},
      {"CLUSTER SETSLOT 5 node", "-ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP|"},
      {"CLUSTER SETSLOT 5 migrating x", "-ERR I don't know about node x|"},
      {"CLUSTER SETSLOT 500 migrating x", "-ERR I'm not the owner of hash slot 500|"},
      {"CLUSTER SETSLOT 5 importing x", "-ERR I'm already the owner of hash slot 5|"},
      {"CLUSTER SETSLOT 5 node x", "-ERR Unknown node x|"},
      {"CLUSTER KEYSLOT a", ":15495|"},
      {"CLUSTER COUNTKEYSINSLOT x", "-ERR value is not an integer or out of range|"},
      {"CLUSTER COUNTKEYSINSLOT 99999", "-ERR Invalid slot|"},
      {"CLUSTER GETKEYSINSLOT 5 x", "-ERR value is not an integer or out of range|"},
      {"CLUSTER GETKEYSINSLOT 5 -1", "-ERR Invalid slot or number of keys|"},
      {"CLUSTER GETKEYSINSLOT 16384 1", "-ERR Invalid slot or number of keys|"},
  };
  run_steps(node, steps);
  EXPECT_TRUE(node.host.cluster_requests.empty());
  node.in_exec = true;
  EXPECT_EQ(node.run("CLUSTER BUMPEPOCH"), "-ERR CLUSTER bumpepoch is not allowed in a transaction|");
}

TEST(Cluster, Slots) {
  Node node;
  make_view(node);
  const std::string lines[] = {"CLUSTER ADDSLOTS 500 501",
                               "CLUSTER ADDSLOTSRANGE 500 510 600 601",
                               "CLUSTER DELSLOTS 1",
                               "CLUSTER DELSLOTSRANGE 1 3",
                               "CLUSTER ADDSLOTS 500 5 5",  // 5 is busy: the core says so
                               "CLUSTER SETSLOT 5 STABLE",
                               "CLUSTER SETSLOT 5 MIGRATING " + std::string(kIds[1]),
                               "CLUSTER SETSLOT 5 importing " + std::string(kIds[1]),
                               "CLUSTER SETSLOT 5 node " + std::string(kIds[1])};
  for (const std::string& line : lines) EXPECT_EQ(node.run(line), "") << line;
  const auto& sent = node.host.cluster_requests;
  ASSERT_EQ(sent.size(), std::size(lines));
  EXPECT_EQ(std::get<request::AddSlots>(sent[0]).slots.str(), "500-501");
  EXPECT_EQ(std::get<request::AddSlots>(sent[1]).slots.str(), "500-510 600-601");
  EXPECT_EQ(std::get<request::DelSlots>(sent[2]).slots.str(), "1");
  EXPECT_EQ(std::get<request::DelSlots>(sent[3]).slots.str(), "1-3");
  EXPECT_EQ(std::get<request::AddSlots>(sent[4]).slots.str(), "5");
  EXPECT_EQ(std::get<request::SetSlotStable>(sent[5]).slot, Slot(5));
  EXPECT_EQ(std::get<request::SetSlotMigrating>(sent[6]).to.view(), kIds[1]);
  EXPECT_EQ(std::get<request::SetSlotImporting>(sent[7]).from.view(), kIds[1]);
  EXPECT_EQ(std::get<request::SetSlotNode>(sent[8]).node.view(), kIds[1]);
}

TEST(Cluster, KeysInSlots) {
  Node node;
  node.run("MSET {t}a 1 {t}b 2 {t}c 3");
  const std::string slot = std::to_string(key_slot("t").value);
  EXPECT_EQ(node.run("CLUSTER COUNTKEYSINSLOT " + slot), ":3|");
  EXPECT_EQ(node.run("CLUSTER GETKEYSINSLOT " + slot + " 0"), "*0|");
  EXPECT_TRUE(node.run("CLUSTER GETKEYSINSLOT " + slot + " 2").starts_with("*2|$4|{t}"));
  EXPECT_TRUE(node.run("CLUSTER GETKEYSINSLOT " + slot + " 10").starts_with("*3|$4|{t}"));
  EXPECT_EQ(node.run("CLUSTER COUNTKEYSINSLOT 1"), ":0|");
}

TEST(Cluster, ModesOfAConnection) {
  Node node;
  EXPECT_EQ(node.run("READONLY"), "+OK|");
  EXPECT_TRUE(node.session.readonly);
  EXPECT_EQ(node.run("READWRITE"), "+OK|");
  EXPECT_FALSE(node.session.readonly);
  EXPECT_EQ(node.run("ASKING"), "+OK|");
  EXPECT_TRUE(node.session.asking);
}

TEST(Cluster, Views) {
  Node node;
  make_view(node);
  const std::string one = kIds[0], two = kIds[1], three = kIds[2];
  EXPECT_EQ(node.run("CLUSTER MYID"), "$40|" + one + "|");
  EXPECT_EQ(node.run("CLUSTER MYSHARDID"), "$40|" + std::string(40, 'a') + "|");
  const std::string node2 = "*4|$8|10.0.0.2|:7002|$40|" + two + "|*0|";
  const std::string node3 = "*4|$8|10.0.0.3|:7003|$40|" + three + "|*0|";
  EXPECT_EQ(node.run("CLUSTER SLOTS"), "*3|*3|:0|:99|*4|$8|10.0.0.1|:7001|$40|" + one + "|*0|*4|:100|:199|" + node2 +
                                           node3 + "*4|:300|:300|" + node2 + node3);
  EXPECT_EQ(node.run("CLUSTER SHARDS"),
            "*2|*4|$5|slots|*2|:0|:99|$5|nodes|*1|*14|$2|id|$40|" + one +
                "|$4|port|:7001|$2|ip|$8|10.0.0.1|$8|endpoint|$8|10.0.0.1|$4|role|$6|master|$18|replication-offset|:77|"
                "$6|health|$6|online|*4|$5|slots|*4|:100|:199|:300|:300|$5|nodes|*2|*14|$2|id|$40|" +
                two +
                "|$4|port|:7002|$2|ip|$8|10.0.0.2|$8|endpoint|$8|10.0.0.2|$4|role|$6|master|$18|replication-offset|:10|"
                "$6|health|$6|online|*14|$2|id|$40|" +
                three +
                "|$4|port|:7003|$2|ip|$8|10.0.0.3|$8|endpoint|$8|10.0.0.3|$4|role|$7|replica|$18|replication-offset|"
                ":20|$6|health|$6|online|");
  EXPECT_NE(node.run("CLUSTER NODES").find(two + " 10.0.0.2:7002@17002 master - 0 0 0 disconnected 100-199 300\n"),
            std::string::npos)
      << node.run("CLUSTER NODES");
  EXPECT_EQ(node.run("CLUSTER REPLICAS x"), "-ERR Unknown node x|");
  EXPECT_EQ(node.run("CLUSTER REPLICAS " + three), "-ERR The specified node is not a master|");
  EXPECT_EQ(node.run("CLUSTER REPLICAS " + one), "*0|");
  EXPECT_NE(node.run("CLUSTER SLAVES " + two).find(three + " 10.0.0.3:7003@17003 slave " + two), std::string::npos);
  EXPECT_NE(node.run("CLUSTER INFO").find("cluster_known_nodes:3|"), std::string::npos) << node.run("CLUSTER INFO");
}

TEST(Cluster, ReplicasThatFailedOrAreEmptyAreNotNamedToClients) {
  for (const bool failed : {true, false}) {
    Node node;
    make_view(node);
    cluster::NodeView& replica = node.host.cluster_view->nodes[2];
    if (failed) {
      replica.flags |= bus::kFlagFail;
    } else {
      replica.offset = ReplOffset(0);
    }
    EXPECT_EQ(node.run("CLUSTER SLOTS").find(kIds[2]), std::string::npos);
    EXPECT_NE(node.run("CLUSTER SHARDS").find(failed ? "$6|health|$4|fail|" : "$6|health|$7|loading|"),
              std::string::npos);
  }
}

TEST(Cluster, PreferredEndpoints) {
  Node node;
  make_view(node);
  cluster::View& view = *node.host.cluster_view;
  view.nodes[0].hostname = "one.example";
  view.preferred_endpoint = cluster::EndpointType::kHostname;
  const std::string one = kIds[0], two = kIds[1];
  std::string slots = node.run("CLUSTER SLOTS");
  EXPECT_NE(slots.find("*4|$11|one.example|:7001|$40|" + one + "|*2|$2|ip|$8|10.0.0.1|"), std::string::npos) << slots;
  EXPECT_NE(slots.find("*4|$1|?|:7002|$40|" + two + "|*2|$2|ip|$8|10.0.0.2|"), std::string::npos) << slots;
  view.preferred_endpoint = cluster::EndpointType::kUnknownEndpoint;
  slots = node.run("CLUSTER SLOTS");
  EXPECT_NE(slots.find("*4|$-1|:7001|$40|" + one + "|*4|$2|ip|$8|10.0.0.1|$8|hostname|$11|one.example|"),
            std::string::npos)
      << slots;
  EXPECT_NE(node.run("CLUSTER SHARDS").find("$8|endpoint|$-1|$8|hostname|$11|one.example|"), std::string::npos);
}

TEST(Cluster, Links) {
  Node node;
  make_view(node);
  node.host.links = {{.inbound = true,
                      .node = *NodeId::parse(kIds[1]),
                      .created = node.now,
                      .writing = true,
                      .send_buffer_allocated = 10,
                      .send_buffer_used = 5}};
  EXPECT_EQ(
      node.run("CLUSTER LINKS"),
      "*1|*12|$9|direction|$4|from|$4|node|$40|" + std::string(kIds[1]) +
          "|$11|create-time|:1700000000000|$6|events|$2|rw|$21|send-buffer-allocated|:10|$16|send-buffer-used|:5|");
}

}  // namespace
}  // namespace guccho::commands::testing

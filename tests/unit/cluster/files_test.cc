// nodes.conf in Redis' format, our own file beside it, and the prints of CLUSTER NODES and INFO.
#include <gtest/gtest.h>

#include "node/cluster/persisted.h"
#include "tests/unit/cluster/fabric.h"

namespace guccho::cluster {
namespace {

// Written by redis-server 7.0.15; its fourth line is a migrating primary's.
constexpr const char* kRedis70 =
    "0a1978f582afd36c55c3d4151429e43614521c28 127.0.0.1:20001@30001,host-a.example myself,master - 0 1795381349000 1 "
    "connected 0-5460 5462 [93->-abababababababababababababababababababab] "
    "[7000-<-abababababababababababababababababababab]\n"
    "abababababababababababababababababababab 127.0.0.1:20002@30002 master,fail? - 1795381349696 1795381347689 3 "
    "connected 5461 5463-16383\n"
    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd ::1:20003@30003 slave 0a1978f582afd36c55c3d4151429e43614521c28 0 0 1 "
    "disconnected\n"
    "efefefefefefefefefefefefefefefefefefefef 127.0.0.1:20004@30004 handshake - 0 0 0 connected\n"
    "vars currentEpoch 7 lastVoteEpoch 6\n";

TEST(NodesConf, ReadsRedis) {
  const auto conf = parse_nodes_conf(kRedis70);
  ASSERT_TRUE(conf.has_value()) << conf.error().text;
  ASSERT_EQ(conf->nodes.size(), 3u) << "handshakes do not outlive a restart";
  EXPECT_EQ(conf->self().hostname, "host-a.example");
  EXPECT_EQ(conf->self().slots.str(), "0-5460 5462");
  EXPECT_EQ(conf->self().migrating.at(0).slot, Slot(93));
  EXPECT_EQ(conf->self().importing.at(0).slot, Slot(7000));
  EXPECT_EQ(conf->nodes[2].ip, "::1");
  EXPECT_EQ(conf->nodes[2].port, 20003);
  EXPECT_EQ(conf->nodes[2].primary, conf->self().id);
  EXPECT_EQ(conf->current_epoch, CurrentEpoch(7));
  EXPECT_EQ(conf->last_vote_epoch, CurrentEpoch(6));
}

TEST(NodesConf, PrintsWhatItReads) {
  const auto conf = parse_nodes_conf(kRedis70);
  const std::string text = print_nodes_conf(*conf);
  const auto again = parse_nodes_conf(text);
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_EQ(print_nodes_conf(*again), text);
  EXPECT_NE(text.find(" [93->-abababababababababababababababababababab]"), std::string::npos);
}

TEST(NodesConf, ReadsTheAdditionsOf72) {
  const auto conf = parse_nodes_conf(
      "0a1978f582afd36c55c3d4151429e43614521c28 127.0.0.1:1@2,,tls-port=0,shard-id="
      "abababababababababababababababababababab myself,master - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch "
      "0\n");
  ASSERT_TRUE(conf.has_value()) << conf.error().text;
  EXPECT_EQ(conf->self().hostname, "");
  EXPECT_EQ(conf->self().shard_id.view(), "abababababababababababababababababababab");
}

TEST(NodesConf, RefusesDamageByLineAndField) {
  const std::string good = kRedis70;
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto conf = parse_nodes_conf(text);
    return conf.has_value() ? "accepted" : conf.error().text;
  };
  EXPECT_EQ(changed("0a19", "0A19"), "nodes.conf line 1: bad node id: '0A1978f582afd36c55c3d4151429e43614521c28'");
  EXPECT_EQ(changed("127.0.0.1:20002@30002", "127.0.0.1@30002"), "nodes.conf line 2: bad address: '127.0.0.1@30002'");
  EXPECT_EQ(changed("master,fail?", "master,fail!"), "nodes.conf line 2: bad flags: 'master,fail!'");
  EXPECT_EQ(changed("5463-16383", "5463-16384"), "nodes.conf line 2: bad slots: '5463-16384'");
  EXPECT_EQ(changed("[93->-ab", "[93->-"),
            "nodes.conf line 1: bad slots: '[93->-ababababababababababababababababababab]'");
  EXPECT_EQ(changed(" 3 connected", " x connected"), "nodes.conf line 2: bad config epoch: 'x'");
  EXPECT_EQ(changed("currentEpoch 7", "currentEpoch seven"), "nodes.conf line 5: bad currentEpoch: 'seven'");
  EXPECT_EQ(changed("vars currentEpoch 7 lastVoteEpoch 6\n", ""),
            "nodes.conf: the line 'vars currentEpoch ...' is missing: the file was cut off");
  EXPECT_EQ(changed("lastVoteEpoch 6\n", "lastV"), "nodes.conf: the last line has no end: the file was cut off");
  EXPECT_EQ(changed("myself,master", "master"), "nodes.conf: 0 lines are marked 'myself', want exactly one");
  EXPECT_EQ(changed("connected 5461 ", "connected 5460 "),
            "nodes.conf: node abababababababababababababababababababab has another's slots");
  EXPECT_FALSE(parse_nodes_conf("").has_value());
}

TEST(OwnFile, RoundTripsAndRefusesDamage) {
  OwnState own;
  own.generation = DataGeneration(1700000005);
  own.base = DataGeneration(3);
  own.loss_accepted = true;
  own.held = {.source = Rng(1).node_id(), .generation = DataGeneration(8)};
  own.shard_id = Rng(2).node_id();
  own.electorate.list = {.version = 2, .founder = Rng(1).node_id(), .voters = {Rng(1).node_id()}};
  own.electorate.promised_round = 4;
  own.electorate.promised_node = Rng(1).node_id();
  own.electorate.accepted_round = 3;
  own.electorate.accepted_node = Rng(1).node_id();
  own.electorate.accepted = own.electorate.list;
  const std::string text = print_own_file(own);
  const auto again = parse_own_file(text);
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_EQ(print_own_file(*again), text);
  EXPECT_EQ(again->held, own.held);
  EXPECT_EQ(again->electorate.accepted, own.electorate.accepted);

  EXPECT_TRUE(parse_own_file("").has_value()) << "a Redis nodes.conf has none";
  EXPECT_EQ(parse_own_file("guccho-state 2\n").error().text, "cluster state file: written by a newer version: refused");
  EXPECT_EQ(parse_own_file("guccho-state 1\ngeneration 1 x 0\n").error().text,
            "cluster state file line 2: bad values of 'generation'");
  EXPECT_EQ(parse_own_file("guccho-state 1\nsomething 1\n").error().text,
            "cluster state file line 2: unknown name 'something'");
  EXPECT_FALSE(parse_own_file(text.substr(0, text.size() - 1)).has_value());
}

TEST(Print, ClusterNodesAndInfo) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.request(0, request::SetSlotMigrating{.slot = Slot(5), .to = f.id(1)});
  const View& v = f.view(0);
  const std::string nodes = print_nodes(v, false);
  const std::string self = nodes.substr(0, nodes.find('\n'));
  EXPECT_EQ(self, v.self().id.str() + " 10.0.0.1:7000@17000 myself,master - 0 0 " +
                      std::to_string(v.self().config_epoch.value) + " connected 0-5460 [5->-" + f.id(1).str() + "]");
  EXPECT_NE(nodes.find(f.id(3).str() + " 10.0.0.4:7000@17000 slave " + f.id(0).str() + " "), std::string::npos);
  const auto info = print_info(v);
  EXPECT_EQ(info[0], (std::pair<std::string, std::string>("cluster_state", "ok")));
  EXPECT_EQ(info[1].second, "16384");
  EXPECT_EQ(info[6], (std::pair<std::string, std::string>("cluster_size", "3")));
}

TEST(Member, RefusesWhatRedisRefuses) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  SlotSet slot5;
  slot5.insert(Slot(5));
  const NodeId stranger = Rng(99).node_id();
  EXPECT_EQ(f.request(1, request::AddSlots{.slots = slot5}), "-ERR Slot 5 is already busy");
  EXPECT_EQ(f.request(0, request::SetConfigEpoch{.epoch = ConfigEpoch(1)}),
            "-ERR The user can assign a config epoch only when the node does not know any other node.");
  EXPECT_EQ(f.request(0, request::SetSlotMigrating{.slot = Slot(9000), .to = f.id(1)}),
            "-ERR I'm not the owner of hash slot 9000");
  EXPECT_EQ(f.request(0, request::SetSlotMigrating{.slot = Slot(5), .to = stranger}),
            "-ERR I don't know about node " + stranger.str());
  EXPECT_EQ(f.request(0, request::SetSlotImporting{.slot = Slot(5), .from = f.id(1)}),
            "-ERR I'm already the owner of hash slot 5");
  EXPECT_EQ(f.request(3, request::SetSlotStable{.slot = Slot(5)}), "-ERR Please use SETSLOT only with masters.");
  EXPECT_EQ(f.request(0, request::SetSlotNode{.slot = Slot(5), .node = f.id(4)}), "-ERR Target node is not a master");
  EXPECT_EQ(f.request(0, request::Replicate{.primary = f.id(1)}),
            "-ERR To set a master the node must be empty and without assigned slots.");
  EXPECT_EQ(f.request(3, request::Replicate{.primary = f.id(4)}), "-ERR I can only replicate a master, not a replica.");
  EXPECT_EQ(f.request(3, request::Replicate{.primary = f.id(3)}), "-ERR Can't replicate myself");
  f.step(0, DatasetStatus{.non_empty = slot5});
  EXPECT_EQ(f.request(0, request::SetSlotNode{.slot = Slot(5), .node = f.id(1)}),
            "-ERR Can't assign hashslot 5 to a different node while I still hold keys for this hash slot.");
  EXPECT_EQ(f.request(0, request::FlushSlots{}), "-ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
  EXPECT_EQ(f.request(0, request::Reset{}), "-ERR CLUSTER RESET can't be called with master nodes containing keys");
  EXPECT_EQ(f.request(0, request::CountFailureReports{.node = f.id(1)}), "0");
}

TEST(Member, ASlotMovesAndItsNewOwnerGetsAnEpoch) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  EXPECT_EQ(f.request(1, request::SetSlotImporting{.slot = Slot(5), .from = f.id(0)}), "OK");
  EXPECT_EQ(f.request(0, request::SetSlotMigrating{.slot = Slot(5), .to = f.id(1)}), "OK");
  EXPECT_EQ(f.request(1, request::SetSlotNode{.slot = Slot(5), .node = f.id(1)}), "OK");
  EXPECT_EQ(f.request(0, request::SetSlotNode{.slot = Slot(5), .node = f.id(1)}), "OK");
  EXPECT_TRUE(f.run_until([&] {
    for (size_t i = 0; i < 6; ++i) {
      if (f.owner(i, 5) != 1u) return false;
    }
    return true;
  }));
  EXPECT_TRUE(f.view(0).slots->migrating.empty());
  EXPECT_TRUE(f.view(1).slots->importing.empty());
}

TEST(Member, ResetLeavesTheCluster) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const NodeId before = f.id(3);
  EXPECT_EQ(f.request(3, request::Reset{.hard = true}), "OK");
  EXPECT_NE(f.id(3), before);
  EXPECT_EQ(f.view(3).nodes.size(), 1u);
  EXPECT_TRUE(f.view(3).self().is_primary());
  EXPECT_EQ(f.view(3).current_epoch, CurrentEpoch(0));
}

// A name that is no node's (of a handshake that never ended): clients could be sent nowhere.
TEST(NodesConf, SlotsThatMoveToUnknownNodesDoNotMove) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 0));
  f.kill(0);
  std::string& conf = f.peers[0].conf;
  const size_t line = conf.find("myself");
  ASSERT_NE(line, std::string::npos);
  conf.insert(conf.find('\n', line), " [0->-ffffffffffffffffffffffffffffffffffffffff]");
  f.start(0, DatasetLoaded::Outcome::kComplete);
  EXPECT_TRUE(f.view(0).slots->migrating.empty());
  EXPECT_TRUE(f.logged(0, "it does not move now"));
  f.run(Millis{200});
  EXPECT_EQ(conf.find("->-"), std::string::npos);
}

}  // namespace
}  // namespace guccho::cluster

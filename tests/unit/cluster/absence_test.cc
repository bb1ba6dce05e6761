// Back after not running for a while: nothing is confirmed by old answers, nor before news of a successor could come.
#include <gtest/gtest.h>

#include <algorithm>

#include "node/cluster/rules.h"
#include "tests/unit/cluster/fabric.h"

namespace guccho::cluster {
namespace {

bool confirmed(const Fabric& f, size_t peer, uint64_t number) {
  const auto& effects = f.peers[peer].effects;
  return std::any_of(effects.begin(), effects.end(), [number](const Effect& e) {
    const auto* confirmed = std::get_if<PresenceConfirmed>(&e);
    return confirmed != nullptr && confirmed->number == number;
  });
}

bool suspects(const Fabric& f, size_t observer, const NodeId& peer) {
  return f.view(observer).find(peer)->has(bus::kFlagPfail | bus::kFlagFail);
}

TEST(Absence, AMajorityThatAnswersConfirms) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.step(0, WasAbsent{.number = 7});
  EXPECT_FALSE(confirmed(f, 0, 7));
  f.run(Millis{10});
  EXPECT_TRUE(confirmed(f, 0, 7));
}

TEST(Absence, OneVoterOfThreeIsNoMajority) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.partition({0, 3, 4, 5});  // all replicas on its side, and no other voter
  f.step(0, WasAbsent{.number = 1});
  f.run(Millis{5000});
  EXPECT_FALSE(confirmed(f, 0, 1));
}

TEST(Absence, WhoWasReplacedKnowsItBeforeAnythingIsConfirmed) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.peers[0].frozen = true;
  ASSERT_TRUE(f.run_until([&] { return f.owner(1, 0) == 3u; }));
  f.peers[0].frozen = false;
  f.step(0, WasAbsent{.number = 1});
  // Looked at after every message.
  ASSERT_TRUE(f.run_until([&] { return confirmed(f, 0, 1); }));
  EXPECT_FALSE(f.view(0).owns(Slot(0)));
}

TEST(Absence, AnElectionUnderWayIsWaitedFor) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.step(0, WasAbsent{.number = 1});
  // Both other voters heard of a newer epoch in the meantime, though nobody claims the slots yet.
  f.request(1, request::BumpEpoch{});
  f.request(2, request::BumpEpoch{});
  f.run(Millis{10});
  EXPECT_FALSE(confirmed(f, 0, 1));
  EXPECT_TRUE(f.run_until([&] { return confirmed(f, 0, 1); }, Millis{1500}));
}

TEST(Absence, WhoWasSilentForLongWaitsForTheNewsOfASuccessor) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const Millis timeout = f.peers[0].member->config().node_timeout;
  f.step(0, WasAbsent{.number = 1, .duration = timeout});
  f.run(Millis{400});  // all answered long ago, and none knows a newer epoch
  EXPECT_FALSE(confirmed(f, 0, 1));
  EXPECT_TRUE(f.run_until([&] { return confirmed(f, 0, 1); }, timeout));
}

TEST(Absence, ALaterOneTakesThePlaceOfTheFirst) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.step(0, WasAbsent{.number = 1});
  f.step(0, WasAbsent{.number = 2});
  f.run(Millis{10});
  EXPECT_FALSE(confirmed(f, 0, 1));
  EXPECT_TRUE(confirmed(f, 0, 2));
}

TEST(Absence, ReplicasAndShardsThatNobodyCanReplaceAreConfirmedAtOnce) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.step(3, WasAbsent{.number = 1});
  EXPECT_TRUE(confirmed(f, 3, 1));
  Fabric pair;
  ASSERT_TRUE(pair.form(1, 1));
  pair.step(0, WasAbsent{.number = 1});
  EXPECT_TRUE(confirmed(pair, 0, 1));
}

// A node is restarted. One that waits for its answer stands still, and meanwhile it answers, which others see. They had
// reported it before.
TEST(Absence, NobodyFailsByOldNews) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 2));
  const Millis timeout = f.peers[0].member->config().node_timeout;
  f.partition({1});
  f.kill(2);
  f.run(Millis{2});  // refused, and suspected by the primary; no answer, for the other
  f.partition({});
  f.start(2);
  f.peers[2].frozen = true;
  ASSERT_TRUE(f.run_until([&] { return f.logged(1, f.id(2).str() + " as not reachable"); }, timeout * 9 / 10));
  f.peers[1].frozen = true;
  f.peers[2].frozen = false;
  f.run(timeout * 9 / 10);
  EXPECT_FALSE(suspects(f, 0, f.id(2)));
  f.peers[1].frozen = false;
  f.step(1, Tick{});  // a clock is sooner read than all sockets
  f.run(timeout * 3);
  for (size_t i = 0; i < 3; ++i) EXPECT_FALSE(f.logged(i, "Marking node " + f.id(2).str())) << i;
  EXPECT_TRUE(f.all_ok());
}

// Others are not told again of what was suspected before, until it is seen again.
TEST(Absence, WhatWasSuspectedBeforeIsNotReported) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const Millis timeout = f.peers[0].member->config().node_timeout;
  f.peers[0].frozen = f.peers[2].frozen = true;
  ASSERT_TRUE(f.run_until([&] { return suspects(f, 1, f.id(2)); }, timeout * 2));
  const auto reported = [&] {
    return std::ranges::any_of(f.peers[1].sent, [&](const bus::Message& m) {
      const auto* ping = std::get_if<bus::PingBody>(&m.body);
      return ping != nullptr && std::ranges::any_of(ping->gossip, [&](const bus::Gossip& g) {
               return g.id == f.id(2) && (g.flags & bus::kFlagPfail) != 0;
             });
    });
  };
  EXPECT_TRUE(reported());
  f.peers[1].frozen = true;
  f.run(timeout);
  f.peers[1].frozen = false;
  f.peers[1].sent.clear();
  f.run(timeout * 9 / 10);
  EXPECT_FALSE(f.peers[1].sent.empty());
  EXPECT_FALSE(reported());
  EXPECT_TRUE(suspects(f, 1, f.id(2)));  // nothing is served by its end
  f.run(timeout / 2);
  EXPECT_TRUE(reported());
}

TEST(Absence, ItIsNotTheSilenceOfOthers) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const Millis timeout = f.peers[0].member->config().node_timeout;
  for (Millis after{0}; after < timeout; after += Millis{70}) {  // with and without PINGs that wait for an answer
    f.run(after);
    f.peers[3].frozen = true;
    f.run(timeout * 3);
    f.peers[3].frozen = false;
    f.run(timeout);
  }
  EXPECT_FALSE(f.logged(3, "possibly failing"));
}

// But the silence that follows is.
TEST(Absence, WhoIsGoneIsSuspectedAfterIt) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const Millis timeout = f.peers[0].member->config().node_timeout;
  f.peers[1].frozen = f.peers[2].frozen = true;
  f.run(timeout * 2);
  f.peers[1].frozen = false;
  f.run(timeout / 2);
  EXPECT_FALSE(suspects(f, 1, f.id(2)));
  EXPECT_TRUE(f.run_until([&] { return suspects(f, 1, f.id(2)); }, timeout));
}

TEST(Absence, AnswersToEarlierPingsAreCountedOff) {
  Node node;
  bus::Header header;
  node.pings_sent = 3;
  node.pongs_received = 1;
  node.asked_ping = ++node.pings_sent;
  on_pong_of_link(node, header);
  on_pong_of_link(node, header);
  EXPECT_LT(node.pongs_received, node.asked_ping);
  on_pong_of_link(node, header);
  EXPECT_GE(node.pongs_received, node.asked_ping);
}

TEST(Absence, ANewLinkAsksAgain) {
  Node node;
  bus::Header header;
  node.pings_sent = node.asked_ping = 5;
  node.pongs_received = 3;
  on_new_link(node);
  EXPECT_LT(node.pongs_received, node.asked_ping);
  ++node.pings_sent;  // the first on the new link
  on_pong_of_link(node, header);
  EXPECT_GE(node.pongs_received, node.asked_ping);
  on_new_link(node);  // what was answered stays answered
  EXPECT_GE(node.pongs_received, node.asked_ping);
}

}  // namespace
}  // namespace guccho::cluster

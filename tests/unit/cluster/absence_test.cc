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

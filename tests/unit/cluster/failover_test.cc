// Failures are agreed on, replicas are elected, manual failovers lose nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/unit/cluster/fabric.h"

namespace guccho::cluster {
namespace {

bool took_over(const Fabric& f, size_t i, size_t observer) {
  return f.owner(observer, 0) == i;
}

TEST(Failover, AKilledPrimaryIsReplacedWithinASecond) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const Instant killed = f.now;
  f.kill(0);
  ASSERT_TRUE(f.run_until([&] { return took_over(f, 3, 1) && took_over(f, 3, 2) && took_over(f, 3, 3); }));
  EXPECT_LT(f.now - killed, Millis{300}) << "refused connections are evidence: no timeout is waited for";
  EXPECT_TRUE(f.run_until([&] { return f.view(1).cluster_ok && f.view(3).cluster_ok; }));
  EXPECT_GT(f.view(3).self().config_epoch, f.view(1).self().config_epoch);
  // The old primary comes back as a replica.
  f.start(0);
  EXPECT_TRUE(f.run_until([&] { return f.view(0).self().is_replica() && f.view(0).self().primary_id == f.id(3); }));
  EXPECT_TRUE(f.run_until([&] { return f.all_ok(); }));
}

TEST(Failover, ASilentPrimaryIsReplacedWithinTAndASecond) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const Instant frozen = f.now;
  f.peers[0].frozen = true;
  ASSERT_TRUE(f.run_until([&] { return took_over(f, 3, 1); }));
  EXPECT_LT(f.now - frozen, f.peers[1].config.node_timeout + Millis{1000});
  f.peers[0].frozen = false;
  EXPECT_TRUE(f.run_until([&] { return f.view(0).self().is_replica(); }));
}

TEST(Failover, TheReplicaWithMoreDataWins) {
  for (size_t ahead : {3u, 6u}) {
    Fabric f;
    ASSERT_TRUE(f.form(3, 2));
    f.kill(0);
    f.peers[ahead].offset = ReplOffset(1000);
    f.report_replication(ahead, {.offset = ReplOffset(1000), .down_since = f.now});
    ASSERT_TRUE(f.run_until([&] { return f.owner(1, 0).has_value() && f.owner(1, 0) != 0u; }));
    EXPECT_EQ(f.owner(1, 0), ahead);
  }
}

// Without persistence a restarted replica is empty: it must not become the shard's truth while the data may come back.
TEST(Failover, AReplicaRestartedWhileItsPrimaryIsDownIsNotElected) {
  for (const int factor : {10, 0}) {
    Fabric f;
    Config config;
    config.replica_validity_factor = factor;
    ASSERT_TRUE(f.form(3, 1, config));
    f.kill(3);
    f.kill(0);
    f.run(Millis{2000});
    f.start(3);
    f.run(Millis{20000});
    EXPECT_TRUE(f.view(3).self().is_replica()) << "validity factor " << factor;
    EXPECT_TRUE(f.logged(3, "Currently unable to failover: NoData"));
    // The primary comes back with everything and goes on.
    f.start(0, DatasetLoaded::Outcome::kComplete);
    EXPECT_TRUE(f.run_until([&] { return f.all_ok() && took_over(f, 0, 1) && f.peers[3].replica_synced; }));
  }
}

TEST(Failover, AnEmptyReplicaDoesNotWinAgainstOneThatHoldsData) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 2));
  f.kill(3);
  f.kill(0);
  f.run(Millis{1});
  f.start(3);  // at once, before the election
  ASSERT_TRUE(f.run_until([&] { return f.owner(1, 0) != 0u; }));
  EXPECT_EQ(f.owner(1, 0), 6u);
}

TEST(Failover, DataFromDiskOfUnknownAgeIsElectedOnlyByConfiguration) {
  for (const int factor : {10, 0}) {
    Fabric f;
    Config config;
    config.replica_validity_factor = factor;
    ASSERT_TRUE(f.form(3, 1, config));
    f.kill(3);
    f.kill(0);
    f.run(Millis{2000});
    f.start(3, DatasetLoaded::Outcome::kPartial);
    f.run(Millis{20000});
    EXPECT_EQ(f.view(3).self().is_primary(), factor == 0);
    EXPECT_EQ(f.logged(3, "Currently unable to failover: DataAgeUnknown"), factor != 0);
  }
}

TEST(Failover, NoMajorityNoFailover) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.partition({0, 1, 2});
  f.kill(0);
  f.run(Millis{10000});
  EXPECT_TRUE(f.view(3).self().is_replica()) << "its side has no voters";
  EXPECT_FALSE(f.view(3).cluster_ok);
  f.partition({});
  EXPECT_TRUE(f.run_until([&] { return took_over(f, 3, 1); }));
}

TEST(Failover, AnIsolatedPrimaryStopsServing) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.partition({0});
  EXPECT_TRUE(f.run_until([&] { return !f.view(0).cluster_ok; }, Millis{2500}));
  EXPECT_TRUE(f.run_until([&] { return took_over(f, 3, 1); }));
  f.partition({});
  EXPECT_TRUE(f.run_until([&] { return f.view(0).self().is_replica(); }));
}

TEST(Failover, AFailedReplicaIsTakenBackAtOnce) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const NodeId replica = f.id(5);
  f.kill(5);
  ASSERT_TRUE(f.run_until([&] { return f.view(0).find(replica)->has(bus::kFlagFail); }));
  f.run(Millis{3000});
  f.start(5);
  f.run(Millis{1000});
  EXPECT_FALSE(f.view(0).find(f.id(5))->has(bus::kFlagFail | bus::kFlagPfail));
}

TEST(Failover, ManualFailoverWaitsForTheLastByte) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.peers[0].offset = ReplOffset(500);
  EXPECT_EQ(f.request(0, request::Failover{}), "-ERR You should send CLUSTER FAILOVER to a replica");
  EXPECT_EQ(f.request(3, request::Failover{}), "OK");
  ASSERT_TRUE(f.run_until([&] { return took_over(f, 3, 3); }));
  EXPECT_EQ(f.peers[3].offset, ReplOffset(500));
  EXPECT_TRUE(f.run_until([&] { return f.view(0).self().is_replica(); }));
  const auto& effects = f.peers[0].effects;
  EXPECT_TRUE(std::any_of(effects.begin(), effects.end(),
                          [](const Effect& e) { return std::holds_alternative<PauseWrites>(e); }));
  EXPECT_TRUE(std::any_of(effects.begin(), effects.end(),
                          [](const Effect& e) { return std::holds_alternative<ResumeWrites>(e); }));
}

TEST(Failover, ForceAndTakeover) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.kill(0);
  EXPECT_EQ(f.request(3, request::Failover{.mode = request::Failover::Mode::kForce}), "OK");
  EXPECT_TRUE(f.run_until([&] { return took_over(f, 3, 1); }));
  EXPECT_EQ(f.request(4, request::Failover{.mode = request::Failover::Mode::kTakeover}), "OK");
  EXPECT_TRUE(f.view(4).self().is_primary());
  EXPECT_TRUE(f.run_until([&] { return f.owner(2, 6000) == 4u && f.view(1).self().is_replica(); }));
}

TEST(Failover, AReplicaMovesToAnOrphan) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const size_t extra = f.add();
  f.request(0, request::Meet{.ip = f.peers[extra].ip, .port = 7000, .bus_port = 17000});
  ASSERT_TRUE(f.run_until([&] { return f.view(extra).nodes.size() == 7; }));
  ASSERT_EQ(f.request(extra, request::Replicate{.primary = f.id(0)}), "OK");
  f.run(Millis{3000});
  f.kill(4);  // the only replica of node 1
  EXPECT_TRUE(f.run_until(
      [&] { return f.view(extra).self().primary_id == f.id(1) || f.view(3).self().primary_id == f.id(1); }));
}

// Its offset is of another stream and may be anything.
TEST(Failover, ManualFailoverWaitsForTheSyncWithANewPrimary) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.peers[0].offset = ReplOffset(5000);
  f.peers[1].offset = ReplOffset(500);
  f.run(Millis{300});
  ASSERT_EQ(f.peers[3].offset, ReplOffset(5000));
  f.peers[3].sync_blocked = true;
  ASSERT_EQ(f.request(3, request::Replicate{.primary = f.id(1)}), "OK");
  f.run(Millis{500});
  ASSERT_EQ(f.request(3, request::Failover{}), "OK");
  f.run(Millis{2000});
  EXPECT_TRUE(f.view(3).self().is_replica());
  f.peers[3].sync_blocked = false;
  EXPECT_TRUE(f.run_until([&] { return f.owner(3, kSlotCount / 2) == 3u; }, Millis{2000}));
  EXPECT_EQ(f.peers[3].offset, ReplOffset(500));
}

// A process that was stopped finds the votes in its sockets before it looks at the clock.
TEST(Failover, VotesThatComeAfterAManualFailoverEndedDoNotCount) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1, {.node_timeout = Millis{10000}}));
  ASSERT_EQ(f.request(3, request::Failover{.mode = request::Failover::Mode::kForce}), "OK");
  f.peers[3].frozen = true;
  f.run(Millis{6000});
  f.peers[3].frozen = false;
  f.run(Millis{1000});
  EXPECT_TRUE(f.view(3).self().is_replica());
  EXPECT_TRUE(f.logged(3, "Manual failover timed out."));
}

// It is asked once, and must have heard of the FAIL by then.
TEST(Failover, RedisVotersAreGivenTime) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.peers[1].redis = true;
  f.run(Millis{2000});
  const Instant killed = f.now;
  f.kill(0);
  ASSERT_TRUE(f.run_until([&] { return took_over(f, 3, 2); }));
  EXPECT_GE(f.now - killed, Millis{500});
  EXPECT_LT(f.now - killed, Millis{1500});
}

// Whatever else was wrong: who was in a minority waits before it serves again.
TEST(Failover, AfterAMinorityAPrimaryWaitsAlsoWhenSlotsWereUncovered) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.kill(4);
  f.kill(5);
  f.run(Millis{3000});
  f.kill(1);
  ASSERT_TRUE(f.run_until([&] { return f.view(0).down_reason == DownReason::kUncovered; }));
  f.kill(2);
  f.run(Millis{5000});
  ASSERT_EQ(f.view(0).down_reason, DownReason::kUncovered);
  f.start(1, DatasetLoaded::Outcome::kComplete);
  f.start(2, DatasetLoaded::Outcome::kComplete);
  EXPECT_TRUE(f.run_until([&] { return f.view(0).down_reason == DownReason::kRejoining; }, Millis{3000}));
  EXPECT_TRUE(f.run_until([&] { return f.view(0).cluster_ok; }));
}

// Offsets of two primaries of a shard cannot be compared; who synced with the last one comes first.
TEST(Failover, WhoNeverSyncedWithThePrimaryLetsASiblingThatDidGoFirst) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 2));
  f.peers[6].sync_blocked = true;
  f.peers[0].offset = ReplOffset(100);
  f.run(Millis{500});
  f.kill(0);
  ASSERT_TRUE(f.run_until([&] { return took_over(f, 3, 1) && took_over(f, 3, 6); }));
  f.start(0);
  ASSERT_TRUE(f.run_until([&] { return f.view(0).self().is_replica() && f.peers[0].replica_synced && f.all_ok(); }));
  f.peers[6].offset = ReplOffset(5000);
  f.run(Millis{3000});
  f.kill(3);
  ASSERT_TRUE(f.run_until([&] { return f.owner(1, 0).has_value() && !took_over(f, 3, 1); }));
  EXPECT_TRUE(took_over(f, 0, 1));
}

TEST(Failover, NobodyStandsForAPrimaryThatGaveItsSlotsUp) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  SlotSet all;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (f.owner(0, s) == 0u) all.insert(Slot(s));
  }
  ASSERT_EQ(f.request(0, request::DelSlots{.slots = all}), "OK");
  f.run(Millis{1500});
  ASSERT_TRUE(took_over(f, 0, 1)) << "for a while others still send clients there";
  f.kill(0);
  f.run(Millis{3000});
  EXPECT_TRUE(f.view(3).self().is_replica());
}

// As after an absence, when the sockets of all peers are read in some order.
TEST(Failover, WhatTheWinnerSaidBeforeComesTooLate) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const auto from_replica = [](const bus::Message& m) {
    return m.header.type == bus::MessageType::kPing && m.header.primary.has_value();
  };
  const auto& sent = f.peers[3].sent;
  const auto before = std::find_if(sent.rbegin(), sent.rend(), from_replica);
  ASSERT_NE(before, sent.rend());
  const auto message = std::make_shared<const bus::Message>(*before);
  f.kill(0);
  ASSERT_TRUE(f.run_until([&] { return f.owner(1, 0) == 3u && f.view(1).cluster_ok; }));
  f.step(1, MessageReceived{.link = LinkId(LinkId::kInbound | 999),
                            .message = message,
                            .remote_ip = f.peers[3].ip,
                            .local_ip = f.peers[1].ip});
  EXPECT_EQ(f.owner(1, 0), 3u);
  EXPECT_TRUE(f.view(1).cluster_ok);
  EXPECT_TRUE(f.view(1).find(f.id(3))->is_primary());
}

}  // namespace
}  // namespace guccho::cluster

// The operator over the fake world: formation, repair, failover by proof, scaling, lost data.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/operator_engine/driver.h"

namespace guccho::ops {
namespace {

struct Shape {
  int primaries;
  int replicas;
};

TEST(Formation, EveryShapeBecomesReady) {
  for (const Shape shape :
       {Shape{3, 1}, Shape{1, 0}, Shape{1, 1}, Shape{1, 2}, Shape{2, 1}, Shape{5, 3}, Shape{20, 1}}) {
    Driver d(cluster_of(shape.primaries, shape.replicas));
    ASSERT_TRUE(d.settle()) << shape.primaries << "+" << shape.replicas << "\n" << d.story();
    EXPECT_EQ(d.status().primaries, shape.primaries);
    EXPECT_EQ(d.status().replicas, shape.primaries * shape.replicas);
    EXPECT_EQ(d.status().ready_instances, shape.primaries * (1 + shape.replicas));
    EXPECT_EQ(d.condition("ClusterFormed"), ConditionStatus::kTrue);
    EXPECT_EQ(d.condition("Degraded"), ConditionStatus::kFalse);
    const bool votes = shape.replicas > 0 && shape.primaries * (1 + shape.replicas) >= 3;
    EXPECT_EQ(d.condition("NoAutomaticFailover"), votes ? ConditionStatus::kFalse : ConditionStatus::kTrue);
    for (const NodeSummary& node : d.status().nodes) {
      EXPECT_EQ(node.role, node.instance.ordinal == 0 ? Role::kPrimary : Role::kReplica) << node.instance.str();
    }
  }
}

TEST(Formation, SettledMeansNoMoreActs) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  const int acts = d.world.acts();
  for (int i = 0; i < 100; ++i) d.last = d.round();
  EXPECT_EQ(d.world.acts(), acts) << d.story();
}

TEST(Formation, LostAnswersAndLostCallsOnlyDelay) {
  Driver d(cluster_of(3, 2));
  d.world.faults.lose_every = 2;
  d.world.faults.drop_every = 3;
  EXPECT_TRUE(d.settle(2000)) << d.story();
}

// The operator dies with the first slots assigned, and the file is changed before the next one comes.
TEST(Formation, AnInterruptedOneIsFinishedWithItsOwnCount) {
  Driver whole(cluster_of(3, 0));
  ASSERT_TRUE(whole.settle());
  const auto& acts = whole.world.journal();
  const auto first = std::ranges::find_if(acts, [](const std::string& act) { return act.starts_with("assign_slots"); });
  ASSERT_NE(first, acts.end());

  Driver d(cluster_of(3, 0));
  d.world.faults.dies_after = static_cast<int>(first - acts.begin()) + 1;
  for (int i = 0; i < 50; ++i) d.last = d.round();
  ASSERT_EQ(d.world.journal().back(), *first);
  EXPECT_EQ(d.world.resource().status.shards, 3) << "written before it was sent";
  d.world.faults.dies_after = -1;
  d.new_operator();
  d.world.resource().spec.primaries = 6;
  for (int i = 0; i < 50; ++i) d.last = d.round();
  EXPECT_EQ(d.condition("Ready"), ConditionStatus::kTrue) << d.story();
  EXPECT_EQ(d.status().primaries, 3);
  EXPECT_EQ(d.status().nodes.size(), 3u);
  EXPECT_EQ(d.status().condition("ScaleOutBlocked")->reason, "MigrationUnavailable");
}

TEST(Repair, AllKilledAtOnceComeBackOnOtherPorts) {
  for (const PersistenceMode mode : {PersistenceMode::kNone, PersistenceMode::kLog}) {
    Driver d(cluster_of(3, 1, mode));
    ASSERT_TRUE(d.settle());
    d.world.nodes().write(1000);
    for (int i = 0; i < 5; ++i) d.last = d.round();  // long enough for the status to be written
    const RedisClusterStatus before = d.status();
    for (const NodeSummary& node : before.nodes) {
      d.world.kill(node.instance);
      d.world.move_ports(node.instance);
    }
    d.last = d.round();
    EXPECT_NE(d.condition("Ready"), ConditionStatus::kTrue);
    ASSERT_TRUE(d.settle()) << d.story();
    for (size_t i = 0; i < before.nodes.size(); ++i) {
      EXPECT_EQ(d.status().nodes[i].id, before.nodes[i].id);
      EXPECT_EQ(d.status().nodes[i].slots, before.nodes[i].slots);
    }
    const bool lost = mode == PersistenceMode::kNone;
    EXPECT_EQ(d.condition("DataLost"), lost ? ConditionStatus::kTrue : ConditionStatus::kFalse) << d.story();
  }
}

TEST(Repair, OnePrimaryFailsOverByVoteAndComesBackAsReplica) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  d.world.nodes().write(10);
  d.world.hold_down({1, 0}, true);
  d.world.kill({1, 0});
  for (int i = 0; i < 20; ++i) d.last = d.round();
  EXPECT_EQ(d.condition("Ready"), ConditionStatus::kTrue) << d.story();
  EXPECT_EQ(d.condition("Degraded"), ConditionStatus::kTrue);
  EXPECT_EQ(d.status().phase, Phase::kDegraded);
  d.world.hold_down({1, 0}, false);
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.status().nodes[2].role, Role::kReplica);
  EXPECT_EQ(d.status().nodes[3].role, Role::kPrimary);
  EXPECT_EQ(d.condition("DataLost"), ConditionStatus::kFalse);
}

TEST(Repair, AFrozenNodeIsNeverForgotten) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  const int acts = d.world.acts();
  d.world.freeze({0, 1}, true);
  d.world.faults.unknown = {{0, 1}};
  for (int i = 0; i < 100; ++i) d.last = d.round();
  EXPECT_EQ(d.world.acts(), acts) << d.story();
  EXPECT_EQ(d.condition("Degraded"), ConditionStatus::kTrue);
  d.world.faults.unknown.clear();
  d.world.freeze({0, 1}, false);
  EXPECT_TRUE(d.settle()) << d.story();
}

TEST(Repair, AReplicaWhoseStorageIsGoneIsReplaced) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  const NodeId old = d.status().nodes[1].id;
  d.world.lose_storage({0, 1});
  d.last = d.round();
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_NE(d.status().nodes[1].id, old);
  EXPECT_EQ(d.status().nodes.size(), 6u);
  for (SimNode* node : d.world.nodes().all()) EXPECT_FALSE(node->state.peers.contains(old));
  EXPECT_EQ(d.condition("DataLost"), ConditionStatus::kFalse);
}

TEST(Repair, APrimaryWhoseStorageIsGoneIsReplacedByItsReplica) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  d.world.nodes().write(5);
  d.last = d.round();
  d.world.lose_storage({0, 0});
  d.last = d.round();
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.status().nodes[1].role, Role::kPrimary);
  EXPECT_EQ(d.world.nodes().find({0, 1})->state.keys, 5u);
  EXPECT_EQ(d.condition("DataLost"), ConditionStatus::kFalse);
}

TEST(Repair, APrimaryWithoutReplicaAndStorageIsReplacedAndTheLossIsSaid) {
  Driver d(cluster_of(3, 0));
  ASSERT_TRUE(d.settle());
  d.world.nodes().write(5);
  d.last = d.round();
  d.world.lose_storage({0, 0});
  d.last = d.round();
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.condition("DataLost"), ConditionStatus::kTrue);
}

TEST(Repair, AShardAllOfWhoseStorageIsGoneIsReplacedAndTheLossIsSaid) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  d.world.nodes().write(5);
  d.last = d.round();
  d.world.lose_storage({0, 0});
  d.world.lose_storage({0, 1});
  d.last = d.round();
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.condition("DataLost"), ConditionStatus::kTrue);
  EXPECT_EQ(d.status().primaries, 3);
  EXPECT_EQ(d.world.nodes().find({1, 0})->state.keys, 5u);
}

// What the nodes' admin service refuses, the simulated ones refuse too, or a plan that can never be carried out passes.
TEST(SimulatedNodes, ForgetAsTheRealOnesDo) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  SimNodes& nodes = d.world.nodes();
  SimNode& viewer = *nodes.find({0, 0});
  const NodeId owner = nodes.find({1, 0})->state.id;
  const NodeId replica = nodes.find({1, 1})->state.id;
  ProofOfDeath proof{owner, {"run"}, Evidence::kStorageDeleted};
  EXPECT_EQ(nodes.forget(viewer, owner, &proof).kind, Answer::Kind::kRefused) << "it is followed";
  ASSERT_TRUE(nodes.forget(viewer, replica, nullptr).ok());
  EXPECT_EQ(nodes.forget(viewer, owner, nullptr).kind, Answer::Kind::kRefused) << "it owns slots";
  EXPECT_EQ(nodes.forget(viewer, owner, &proof).kind, Answer::Kind::kRefused) << "it has not failed";
  viewer.state.peers.at(owner).failed = true;
  proof.evidence = Evidence::kProcessReaped;
  EXPECT_EQ(nodes.forget(viewer, owner, &proof).kind, Answer::Kind::kRefused) << "its data may come back";
  proof = {replica, {"run"}, Evidence::kStorageDeleted};
  EXPECT_EQ(nodes.forget(viewer, owner, &proof).kind, Answer::Kind::kRefused) << "a proof about another";
  proof.node = owner;
  EXPECT_EQ(nodes.forget(viewer, owner, &proof), Answer::accepted());
  EXPECT_EQ(nodes.forget(viewer, owner, nullptr), Answer::accepted()) << "already so";
}

TEST(TakeOver, OnePlusOneByProofOfDeath) {
  Driver d(cluster_of(1, 1));
  ASSERT_TRUE(d.settle());
  d.world.nodes().write(7);
  d.last = d.round();
  EXPECT_EQ(d.condition("NoAutomaticFailover"), ConditionStatus::kTrue);
  d.world.hold_down({0, 0}, true);
  d.world.kill({0, 0});
  for (int i = 0; i < 5; ++i) d.last = d.round();
  EXPECT_EQ(d.condition("Ready"), ConditionStatus::kTrue) << d.story();
  EXPECT_EQ(d.world.nodes().find({0, 1})->state.role, Role::kPrimary);
  EXPECT_EQ(d.world.nodes().find({0, 1})->state.keys, 7u);
  d.world.hold_down({0, 0}, false);
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.world.nodes().find({0, 0})->state.role, Role::kReplica);
}

TEST(TakeOver, NeverFromSilence) {
  Driver d(cluster_of(1, 1));
  ASSERT_TRUE(d.settle());
  d.world.nodes().write(7);
  d.last = d.round();
  d.world.freeze({0, 0}, true);
  const int acts = d.world.acts();
  for (int i = 0; i < 100; ++i) d.last = d.round();
  EXPECT_EQ(d.world.acts(), acts) << d.story();
  EXPECT_EQ(d.condition("Ready"), ConditionStatus::kFalse);
}

TEST(TakeOver, RestartedEmptyAtOnceDoesNotLoseTheShard) {
  Driver d(cluster_of(1, 1));
  ASSERT_TRUE(d.settle());
  d.world.nodes().write(7);
  d.last = d.round();
  d.world.kill({0, 0});  // the next step starts it again, without its keys
  d.world.step();
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.world.nodes().find({0, 1})->state.role, Role::kPrimary);
  EXPECT_EQ(d.world.nodes().find({0, 0})->state.keys, 7u);
}

TEST(Scaling, ReplicasUpAndDown) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  d.world.nodes().write(3);
  d.world.resource().spec.replicas_per_primary = 2;
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.status().replicas, 6);
  // The role moves down before its place goes.
  make_primary(d, {2, 2}, {2, 1});
  d.world.resource().spec.replicas_per_primary = 0;
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.status().replicas, 0);
  EXPECT_EQ(d.status().nodes.size(), 3u);
  for (const NodeSummary& node : d.status().nodes) EXPECT_EQ(node.instance.ordinal, 0);
  for (SimNode* node : d.world.nodes().all()) {
    EXPECT_EQ(node->state.keys, 3u);
    EXPECT_EQ(node->state.peers.size(), 2u);
  }
  const auto world = d.world.observe({"default", "c"}, {});
  EXPECT_TRUE(world->left_storage.empty());
  EXPECT_EQ(d.condition("NoAutomaticFailover"), ConditionStatus::kTrue);
}

TEST(Scaling, InIsBlockedBySilenceAndGoesOnAfterwards) {
  Driver d(cluster_of(3, 2));
  ASSERT_TRUE(d.settle());
  d.world.resource().spec.replicas_per_primary = 1;
  d.world.freeze({0, 2}, true);
  for (int i = 0; i < 50; ++i) d.last = d.round();
  EXPECT_EQ(d.condition("ScaleInBlocked"), ConditionStatus::kTrue) << d.story();
  EXPECT_NE(d.world.nodes().find({0, 2}), nullptr);
  d.world.freeze({0, 2}, false);
  ASSERT_TRUE(d.settle()) << d.story();
  EXPECT_EQ(d.world.nodes().find({0, 2}), nullptr);
  EXPECT_EQ(d.condition("ScaleInBlocked"), ConditionStatus::kFalse);
}

TEST(Scaling, PrimariesAreRefusedByName) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  const int acts = d.world.acts();
  d.world.resource().spec.primaries = 4;
  for (int i = 0; i < 10; ++i) d.last = d.round();
  EXPECT_EQ(d.status().condition("ScaleOutBlocked")->reason, "MigrationUnavailable");
  d.world.resource().spec.primaries = 2;
  for (int i = 0; i < 10; ++i) d.last = d.round();
  EXPECT_EQ(d.status().condition("ScaleInBlocked")->reason, "MigrationUnavailable");
  EXPECT_EQ(d.world.acts(), acts);
  EXPECT_EQ(d.condition("Ready"), ConditionStatus::kTrue);
}

TEST(Observation, AnIncompleteWorldStopsEverythingThatCannotBeTakenBack) {
  Driver d(cluster_of(3, 2));
  ASSERT_TRUE(d.settle());
  d.world.resource().spec.replicas_per_primary = 1;
  d.world.faults.incomplete = true;
  d.world.faults.unseen = {{1, 0}};
  const int acts = d.world.acts();
  for (int i = 0; i < 50; ++i) d.last = d.round();
  EXPECT_EQ(d.world.acts(), acts) << d.story();
}

TEST(Observation, AStaleWorldIsHarmless) {
  Driver d(cluster_of(3, 1));
  for (int i = 0; i < 200 && !d.settled(); ++i) {
    d.world.faults.stale = i % 3 == 1;
    d.last = d.round();
  }
  EXPECT_TRUE(d.settled()) << d.story();
}

TEST(Observation, AnUnansweredWorldFailsTheRoundAndSaysSoOnce) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  d.world.faults.observe_fails = true;
  for (int i = 0; i < 5; ++i) {
    const Outcome outcome = d.round();
    EXPECT_TRUE(outcome.failed);
    EXPECT_FALSE(outcome.error.empty());
  }
  EXPECT_EQ(std::ranges::count(d.world.events(), std::string("ObserveFailed"), &Event::reason), 1);
}

TEST(Leadership, ADeposedOperatorDoesNothing) {
  Driver d(cluster_of(3, 1));
  d.world.depose(FencingTerm{2});
  EXPECT_TRUE(d.round().failed);
  EXPECT_EQ(d.world.acts(), 0);
}

TEST(Leadership, ANodeThatKnowsANewerTermEndsTheRound) {
  Driver d(cluster_of(3, 1));
  for (int i = 0; i < 2; ++i) d.round();
  for (SimNode* node : d.world.nodes().all()) node->fencing_term = 9;
  d.last = d.round();
  EXPECT_TRUE(d.last.failed);
  EXPECT_TRUE(d.last.error.starts_with("fenced: ")) << d.last.error;
}

TEST(Status, IsWrittenOnChangeOnlyAndNotTooOften) {
  Driver d(cluster_of(3, 1));
  int rounds = 0;
  for (; !d.settled() && rounds < 300; ++rounds) d.last = d.round();
  // A round takes 100 ms, and 300 ms lie between two writes, but for the one before slots are assigned.
  EXPECT_LE(d.world.status_writes(), rounds / 3 + 2);
  for (int i = 0; i < 4; ++i) d.last = d.round();
  EXPECT_EQ(d.world.resource().status, d.status());
  const int writes = d.world.status_writes();
  for (int i = 0; i < 50; ++i) d.last = d.round();
  EXPECT_EQ(d.world.status_writes(), writes);
}

TEST(Status, WhatWaitsIsWrittenAtACleanStop) {
  Driver d(cluster_of(1, 0));
  for (int i = 0; i < 2; ++i) d.last = d.round();
  EXPECT_NE(d.world.resource().status, d.status());
  d.reconciler->flush();
  EXPECT_EQ(d.world.resource().status, d.status());
}

TEST(Roles, ArePublishedWhenTheyChange) {
  Driver d(cluster_of(3, 1));
  ASSERT_TRUE(d.settle());
  EXPECT_EQ(d.world.published_roles().at({1, 0}), Role::kPrimary);
  EXPECT_EQ(d.world.published_roles().at({1, 1}), Role::kReplica);
  const int writes = d.world.role_writes();
  for (int i = 0; i < 5; ++i) d.round();
  EXPECT_EQ(d.world.role_writes(), writes);
  d.world.kill({1, 0});
  d.world.hold_down({1, 0}, true);
  for (int i = 0; i < 20; ++i) d.round();
  EXPECT_EQ(d.world.published_roles().at({1, 1}), Role::kPrimary);
}

TEST(Events, EachActIsSaid) {
  Driver d(cluster_of(1, 1));
  ASSERT_TRUE(d.settle());
  for (const char* reason : {"EnsureShard", "Meet", "AssignSlots", "Replicate"}) {
    EXPECT_EQ(std::ranges::count(d.world.events(), std::string(reason), &Event::reason), 1) << reason;
  }
}

TEST(Resource, AGoneOneIsNotAskedForAgain) {
  Driver d(cluster_of(1, 0));
  const Outcome outcome = d.reconciler->reconcile({"default", "other"}, {});
  EXPECT_FALSE(outcome.failed);
  EXPECT_FALSE(outcome.again);
}

TEST(Stop, AStoppedRoundActsNoMore) {
  Driver d(cluster_of(3, 1));
  std::stop_source source;
  source.request_stop();
  EXPECT_TRUE(d.reconciler->reconcile({"default", "c"}, source.get_token()).failed);
  EXPECT_EQ(d.world.acts(), 0);
}

}  // namespace
}  // namespace guccho::ops

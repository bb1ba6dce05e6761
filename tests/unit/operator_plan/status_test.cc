// The status: what is claimed, and what is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/operator_plan/scene.h"

namespace guccho::ops {
namespace {

using testing::HasSubstr;

TEST(Status, OfAHealthyCluster) {
  Scene s(3, 1);
  s.formed();
  const Plan plan = s.run();
  EXPECT_EQ(plan.status.phase, Phase::kReady);
  EXPECT_EQ(plan.status.observed_generation, 7);
  EXPECT_EQ(plan.status.primaries, 3);
  EXPECT_EQ(plan.status.replicas, 3);
  EXPECT_EQ(plan.status.ready_instances, 6);
  EXPECT_EQ(plan.status.selector, "guccho.io/cluster=c,guccho.io/role=primary");
  ASSERT_EQ(plan.status.nodes.size(), 6u);
  EXPECT_EQ(plan.status.nodes[0].slots, "0-5460");
  EXPECT_EQ(plan.status.nodes[1].role, Role::kReplica);
  EXPECT_TRUE(plan.status.nodes[1].in_sync);
  for (const char* type : {"Ready", "ClusterFormed", "SlotsAssigned"}) {
    EXPECT_EQ(condition(plan, type).status, ConditionStatus::kTrue) << type;
  }
  for (const char* type : {"Progressing", "Degraded", "NoAutomaticFailover", "ScaleInBlocked", "ScaleOutBlocked",
                           "PlacementLimited", "DataLost", "RolloutPending"}) {
    EXPECT_EQ(condition(plan, type).status, ConditionStatus::kFalse) << type;
  }
  EXPECT_EQ(plan.roles.at({0, 0}), Role::kPrimary);
  EXPECT_EQ(plan.roles.at({0, 1}), Role::kReplica);
}

TEST(Status, ReadyIsNotClaimedWhileASlotIsNotServed) {
  struct Case {
    const char* reason;
    std::function<void(Scene&)> spoil;
  };
  const std::vector<Case> cases = {
      {"OwnerSilent",
       [](Scene& s) {
         s.silence({1, 0});
       }},
      {"OwnerLoading",
       [](Scene& s) {
         s.node({1, 0}).loading = true;
       }},
      {"OwnerWithoutData",
       [](Scene& s) {
         s.node({1, 0}).awaiting_data = true;
       }},
      {"SlotsNotAssigned",
       [](Scene& s) {
         s.node({1, 0}).slots.pop_back();
         s.refresh_views();
       }},
      {"ClusterDown",
       [](Scene& s) {
         s.node({2, 0}).cluster_ok = false;
       }},
      {"ViewsDiffer",
       [](Scene& s) {
         s.view({2, 0}, {1, 0}).slots.clear();
       }},
  };
  for (const Case& c : cases) {
    Scene s(3, 1);
    s.formed();
    c.spoil(s);
    const Plan plan = s.run();
    EXPECT_EQ(condition(plan, "Ready").status, ConditionStatus::kFalse) << c.reason;
    EXPECT_EQ(condition(plan, "Ready").reason, c.reason);
    EXPECT_NE(plan.status.phase, Phase::kReady) << c.reason;
  }
}

TEST(Status, ANewcomerThatHasHeardOfNobodyTakesNothingAway) {
  Scene s(3, 1);
  s.formed();
  s.node({1, 1}) = NodeStatus();
  s.node({1, 1}).id = s.id({1, 1});
  EXPECT_EQ(condition(s.run(), "Ready").status, ConditionStatus::kTrue);
  EXPECT_EQ(condition(s.run(), "Degraded").status, ConditionStatus::kTrue);
}

TEST(Status, ALostReplicaDegradesButServes) {
  Scene s(3, 1);
  s.formed();
  s.silence({1, 1});
  s.seen_failed({1, 1});
  const Plan plan = s.run();
  EXPECT_EQ(condition(plan, "Ready").status, ConditionStatus::kTrue);
  EXPECT_EQ(condition(plan, "Degraded").status, ConditionStatus::kTrue);
  EXPECT_THAT(condition(plan, "Degraded").message, HasSubstr("1-1"));
  EXPECT_EQ(plan.status.phase, Phase::kDegraded);
  EXPECT_EQ(plan.status.ready_instances, 5);
  EXPECT_EQ(plan.status.nodes.size(), 6u) << "the silent one is remembered";
}

TEST(Status, FailoverByVote) {
  struct Case {
    int primaries, replicas;
    const char* reason;
  };
  for (const Case& c : {Case{3, 1, "CanVote"}, Case{1, 2, "CanVote"}, Case{2, 1, "CanVote"}, Case{1, 1, "TooFewVoters"},
                        Case{3, 0, "NoReplicas"}}) {
    Scene s(c.primaries, c.replicas);
    s.formed();
    EXPECT_EQ(condition(s.run(), "NoAutomaticFailover").reason, c.reason) << c.primaries << "+" << c.replicas;
  }
}

TEST(Status, TransitionsAreDatedAtTheChangeOnly) {
  Scene s(3, 1);
  s.formed();
  const UnixMillis formed_at = condition(s.run(), "Ready").last_transition;
  s.now += Millis(5000);
  EXPECT_EQ(s.run().status, s.desired.status) << "nothing changed: nothing to write";
  s.silence({1, 0});
  EXPECT_EQ(condition(s.run(), "Ready").last_transition, s.now);
  EXPECT_EQ(condition(s.run(), "ClusterFormed").last_transition, formed_at);
}

TEST(Status, APrimaryRestartedWithoutItsDataIsALoss) {
  Scene s(3, 0);
  s.formed();
  NodeStatus& node = s.node({1, 0});
  node.generation = DataGeneration(2);
  EXPECT_EQ(condition(s.run(), "DataLost").status, ConditionStatus::kFalse) << "a start that lost nothing";
  node.generation = DataGeneration(0);
  node.base = DataGeneration(2);
  node.awaiting_data = true;
  EXPECT_EQ(condition(s.run(), "DataLost").status, ConditionStatus::kFalse) << "not while a replica may take over";
  s.remember();
  node.generation = DataGeneration(2);
  node.awaiting_data = false;
  EXPECT_EQ(condition(s.run(), "DataLost").reason, "RestartedEmpty");
  s.remember();
  s.now += std::chrono::hours(23);
  EXPECT_EQ(condition(s.run(), "DataLost").status, ConditionStatus::kTrue) << "shown for a day";
  s.now += std::chrono::hours(2);
  EXPECT_EQ(condition(s.run(), "DataLost").status, ConditionStatus::kFalse);
}

TEST(Status, ARestartedReplicaIsNoLoss) {
  Scene s(3, 1);
  s.formed();
  s.node({1, 1}).generation = DataGeneration(2);
  s.node({1, 1}).base = DataGeneration(2);
  EXPECT_EQ(condition(s.run(), "DataLost").status, ConditionStatus::kFalse);
  s.remember();
  s.fail_over({1, 1});
  EXPECT_EQ(condition(s.run(), "DataLost").status, ConditionStatus::kFalse);
}

TEST(Status, ANodeIsRememberedWhileTheOnesThatMayKnowItAreSilent) {
  Scene s(3, 0);
  s.formed();
  s.node({1, 0}).id = node_id(14);  // another node in its place: its storage was lost
  s.node({1, 0}).slots.clear();
  const auto remembers = [&] {
    const Plan plan = s.run();
    return std::ranges::count(plan.status.nodes, s.id({1, 0}), &NodeSummary::id) == 1;
  };
  s.forgotten({1, 0});
  EXPECT_FALSE(remembers());
  s.silence({2, 0});
  EXPECT_TRUE(remembers());
}

TEST(Status, Placement) {
  Scene s(2, 1);
  s.formed();
  for (Instance& instance : s.observed.world.instances) instance.host_name = instance.id.ordinal == 0 ? "a" : "b";
  EXPECT_EQ(condition(s.run(), "PlacementLimited").status, ConditionStatus::kFalse);
  s.instance({1, 1}).host_name = "a";
  EXPECT_EQ(condition(s.run(), "PlacementLimited").reason, "SameMachine");
}

TEST(Status, AnotherRevisionIsSaid) {
  Scene s(3, 1);
  s.formed();
  s.desired.spec.config["hz"] = "20";
  EXPECT_EQ(condition(s.run(), "RolloutPending").reason, "RolloutUnavailable");
  EXPECT_EQ(s.run().steps.size(), 0u);
}

TEST(Status, WaitsShortWhileBusyAndLongWhenSettled) {
  Scene s(3, 1);
  s.formed();
  EXPECT_EQ(s.run().wait, Millis(5000));
  s.silence({1, 1});
  EXPECT_LT(s.run().wait, Millis(1000));
  Scene guarded(1, 1);
  guarded.formed();
  EXPECT_EQ(guarded.run().wait, Millis(1000)) << "only the operator notices a death";
}

}  // namespace
}  // namespace guccho::ops

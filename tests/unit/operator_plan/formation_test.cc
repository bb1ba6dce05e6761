// Formation: what is done at each stage between nothing and a cluster, and what is waited for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator_plan/scene.h"

namespace guccho::ops {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Layout, IsEvenContiguousAndWhole) {
  for (const int shards : {1, 2, 3, 7, 1000, 16384}) {
    int next = 0;
    for (int shard = 0; shard < shards; ++shard) {
      const SlotRange range = shard_range(shard, shards);
      EXPECT_EQ(range.first.value, next);
      const int size = range.last.value - range.first.value + 1;
      EXPECT_GE(size, 16384 / shards);
      EXPECT_LE(size, 16384 / shards + 1);
      next = range.last.value + 1;
    }
    EXPECT_EQ(next, 16384);
  }
}

TEST(Formation, NothingThereYet) {
  Scene s(2, 1);
  s.observed = {};
  s.observed.world.complete = true;
  const std::string revision = revision_of(s.desired.spec);
  EXPECT_THAT(words(s.run()),
              ElementsAre("have 2 instances in shard 0 (revision " + revision + ")",
                          "have 2 instances in shard 1 (revision " + revision + ")", "hold NodeSilent"));
  s.observed.world.complete = false;
  EXPECT_THAT(words(s.run()), ElementsAre("hold NodeSilent")) << "places that are not listed may exist";
}

TEST(Formation, NodesThatAnswerAreIntroducedToTheFirst) {
  Scene s(2, 1);
  s.fresh();
  EXPECT_THAT(words(s.run()),
              ElementsAre("introduce 0-1 (22222222) to 0-0 (11111111)", "introduce 1-0 (66666666) to 0-0 (11111111)",
                          "introduce 1-1 (77777777) to 0-0 (11111111)", "hold NotAcquainted"));
}

TEST(Formation, NoSlotIsGivenWhileAnyoneIsSilentLoadingOrUnacquainted) {
  const std::vector<std::pair<const char*, std::function<void(Scene&)>>> spoilers = {
      {"silent",
       [](Scene& s) {
         s.silence({1, 1});
       }},
      {"unknown life",
       [](Scene& s) {
         s.silence({1, 1});
         s.instance({1, 1}).life = UnknownLife{};
       }},
      {"loading",
       [](Scene& s) {
         s.node({1, 1}).loading = true;
       }},
      {"incomplete world", [](Scene& s) { s.observed.world.complete = false; }},
      {"one does not know another",
       [](Scene& s) {
         s.node({1, 1}).peers.pop_back();
       }},
      {"still a handshake",
       [](Scene& s) {
         s.view({1, 1}, {0, 0}).handshake = true;
       }},
  };
  for (const auto& [name, spoil] : spoilers) {
    Scene s(2, 1);
    s.fresh();
    s.refresh_views();
    EXPECT_THAT(words(s.run()), Contains(StartsWith("assign slots"))) << "without a spoiler";
    spoil(s);
    for (const Step& step : s.run().steps) EXPECT_FALSE(irreversible(step)) << name << ": " << describe(step);
  }
}

TEST(Formation, SlotsThenReplicas) {
  Scene s(2, 1);
  s.fresh();
  s.refresh_views();
  EXPECT_THAT(words(s.run()),
              ElementsAre("assign slots 0-8191 to 0-0 (11111111)", "assign slots 8192-16383 to 1-0 (66666666)"));
  EXPECT_EQ(std::get<AssignSlots>(s.run().steps[1]).epoch, ConfigEpoch(2)) << "distinct from the start";
  s.node({0, 0}).slots = {shard_range(0, 2)};
  s.node({0, 0}).config_epoch = ConfigEpoch(1);
  s.refresh_views();
  EXPECT_THAT(words(s.run()), ElementsAre("assign slots 8192-16383 to 1-0 (66666666)",
                                          "make 0-1 (22222222) a replica of 0-0 (11111111)"))
      << "an interrupted assignment goes on";
  EXPECT_EQ(s.run().status.phase, Phase::kInitializing);
}

TEST(Formation, OneThatBeganIsFinishedWithTheCountThatItBeganWith) {
  Scene s(3, 0);
  s.fresh();
  s.refresh_views();
  s.remember();
  EXPECT_EQ(s.desired.status.shards, 3);
  s.node({0, 0}).slots = {shard_range(0, 3)};
  s.node({0, 0}).config_epoch = ConfigEpoch(1);
  s.refresh_views();
  for (const int asked : {6, 2}) {
    s.desired.spec.primaries = asked;
    const Plan plan = s.run();
    EXPECT_THAT(words(plan), ElementsAre("assign slots 5461-10921 to 1-0 (66666666)",
                                         "assign slots 10922-16383 to 2-0 (bbbbbbbb)", "hold MigrationUnavailable"))
        << asked;
    EXPECT_EQ(plan.status.shards, 3);
  }
}

TEST(Formation, UntilSlotsAreAssignedTheCountIsWhatIsAskedFor) {
  Scene s(3, 0);
  s.fresh();
  s.remember();
  EXPECT_EQ(s.desired.status.shards, 0) << "the nodes do not know each other yet";
  s.desired.spec.primaries = 2;
  s.remove_place({2, 0});
  s.refresh_views();
  EXPECT_THAT(words(s.run()),
              ElementsAre("assign slots 0-8191 to 0-0 (11111111)", "assign slots 8192-16383 to 1-0 (66666666)"));
}

TEST(Formation, ALossOfDataFormsNothingNew) {
  Scene s(3, 0);
  s.formed();
  EXPECT_EQ(s.desired.status.shards, 3);
  s.desired.spec.primaries = 5;
  s.remember();
  // Another node runs in 1-0, and the old one is forgotten: its slots are nobody's.
  NodeStatus fresh;
  fresh.id = node_id(14);
  s.observed.nodes[{1, 0}] = fresh;
  s.forgotten({1, 0});
  s.refresh_views();
  const std::vector<std::string> want = {"assign slots 5461-10921 to 1-0 (eeeeeeee)", "hold MigrationUnavailable",
                                         "hold SlotsWithoutOwner"};
  EXPECT_EQ(words(s.run()), want);
  s.remember();
  EXPECT_EQ(s.desired.status.condition("ClusterFormed")->status, ConditionStatus::kFalse);
  EXPECT_THAT(words(s.run()), ElementsAre("assign slots 5461-10921 to 1-0 (eeeeeeee)", "hold MigrationUnavailable"))
      << "no shards 3 and 4";
  EXPECT_EQ(s.run().status.shards, 3);
}

TEST(Formation, APartOfAShardsSlotsIsFilledUp) {
  Scene s(1, 0);
  s.fresh();
  s.node({0, 0}).slots = {{Slot(5), Slot(16000)}};
  EXPECT_THAT(words(s.run()), ElementsAre("assign slots 0-4 16001-16383 to 0-0 (11111111)"));
}

TEST(Formation, ASlotThatASilentStrangerOwnsIsNotGivenAway) {
  Scene s(2, 0);
  s.fresh();
  s.refresh_views();
  // Somebody else's claim, seen by one node only.
  s.node({1, 0}).peers.push_back({.id = node_id(15), .config_epoch = ConfigEpoch(1), .slots = {{Slot(0), Slot(9)}}});
  EXPECT_THAT(words(s.run()), Contains("assign slots 10-8191 to 0-0 (11111111)"));
}

TEST(Formation, VerifiedFromEveryView) {
  Scene s(3, 1);
  s.formed();
  EXPECT_THAT(words(s.run()), IsEmpty());
  EXPECT_EQ(condition(s.run(), "ClusterFormed").status, ConditionStatus::kTrue);
  const std::vector<std::pair<const char*, std::function<void(Scene&)>>> flaws = {
      {"sees 0-0 (11111111) as failing",
       [](Scene& t) {
         t.view({2, 1}, {0, 0}).suspected = true;
       }},
      {"sees 0-0 (11111111) as unknown",
       [](Scene& t) {
         t.node({2, 1}).peers.erase(t.node({2, 1}).peers.begin());
       }},
      {"sees 0-1 (22222222) as in another role",
       [](Scene& t) {
         t.view({2, 1}, {0, 1}).role = Role::kPrimary;
       }},
      {"do not agree",
       [](Scene& t) {
         t.view({2, 1}, {0, 0}).slots = {{Slot(0), Slot(1)}};
       }},
      {"does not follow",
       [](Scene& t) {
         t.node({1, 1}).primary = t.id({0, 0});
         t.refresh_views();
       }},
      {"does not answer",
       [](Scene& t) {
         t.silence({1, 1});
       }},
  };
  for (const auto& [message, spoil] : flaws) {
    Scene t(3, 1);
    t.formed();
    t.desired.status = {};  // not verified before
    spoil(t);
    const Plan plan = t.run();
    EXPECT_EQ(condition(plan, "ClusterFormed").status, ConditionStatus::kFalse) << message;
    EXPECT_THAT(condition(plan, "ClusterFormed").message, HasSubstr(message));
    EXPECT_EQ(condition(plan, "Ready").status, ConditionStatus::kFalse) << message;
    EXPECT_EQ(plan.status.phase, Phase::kInitializing);
  }
}

TEST(Plan, IsPure) {
  Scene s(3, 1);
  s.fresh();
  EXPECT_EQ(words(s.run()), words(s.run()));
  EXPECT_EQ(s.run().status, s.run().status);
}

TEST(Plan, NothingForADeletedResource) {
  Scene s(2, 1);
  s.fresh();
  s.desired.deleting = true;
  EXPECT_THAT(words(s.run()), ElementsAre("hold Deleting"));
}

TEST(Plan, TwoPlacesWithOneIdentityStopEverything) {
  Scene s(2, 1);
  s.fresh();
  s.node({1, 1}).id = s.id({0, 0});
  EXPECT_THAT(words(s.run()), ElementsAre("hold SameIdentity"));
}

}  // namespace
}  // namespace guccho::ops

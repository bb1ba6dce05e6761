// Fewer and more replicas; other numbers of primaries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/operator_plan/scene.h"

namespace guccho::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Scene shrinking() {
  Scene s(1, 2);
  s.formed();
  s.desired.spec.replicas_per_primary = 1;
  return s;
}

TEST(ScaleOut, MoreReplicasAreNewPlaces) {
  Scene s(2, 1);
  s.formed();
  s.desired.spec.replicas_per_primary = 2;
  const std::string revision = revision_of(s.desired.spec);
  EXPECT_THAT(words(s.run()), ElementsAre("have 3 instances in shard 0 (revision " + revision + ")",
                                          "have 3 instances in shard 1 (revision " + revision + ")"));
}

TEST(ScaleIn, ForgottenByEveryoneThenRemovedThenReleased) {
  Scene s = shrinking();
  EXPECT_THAT(words(s.run()), ElementsAre("forget 33333333 at 0-0 (11111111)", "forget 33333333 at 0-1 (22222222)"));
  EXPECT_EQ(s.run().status.phase, Phase::kReconciling);
  // One of them has it in its view still.
  std::erase_if(s.node({0, 0}).peers, [&](const PeerView& p) { return p.id == s.id({0, 2}); });
  EXPECT_THAT(words(s.run()), ElementsAre("forget 33333333 at 0-1 (22222222)"));
  s.forgotten({0, 2});
  EXPECT_THAT(words(s.run()), ElementsAre("remove instance 0-2"));
  s.instance({0, 2}).life = Terminating{};
  s.silence({0, 2});
  EXPECT_THAT(words(s.run()), IsEmpty());
  s.remember();
  s.observed.world.left_storage = {{.id = "disk-0-2", .place = {0, 2}, .state = StorageState::kPresent}};
  s.remove_place({0, 2});
  EXPECT_THAT(words(s.run()), ElementsAre(HasSubstr("release storage disk-0-2")));
  s.observed.world.left_storage.clear();
  EXPECT_THAT(words(s.run()), IsEmpty());
  EXPECT_EQ(s.run().status.phase, Phase::kReady);
  EXPECT_EQ(s.run().status.nodes.size(), 2u);
}

TEST(ScaleIn, WhatBlocksIt) {
  struct Case {
    const char* reason;
    std::function<void(Scene&)> spoil;
  };
  const std::vector<Case> cases = {
      {"NodeSilent",
       [](Scene& s) {
         s.silence({0, 2});
       }},
      {"NodeSilent",
       [](Scene& s) {
         s.silence({0, 1});
       }},
      {"NodeSilent",
       [](Scene& s) {
         s.node({0, 1}).loading = true;
       }},
      {"NoSyncedReplica",
       [](Scene& s) {
         s.node({0, 1}).in_sync = false;
       }},
      {"StillFollowed",
       [](Scene& s) {
         s.node({0, 1}).in_sync = true;
         s.add_place({0, 3});
         s.node({0, 3}) = s.node({0, 2});
         s.node({0, 3}).id = node_id(4);
         s.refresh_views();
         s.node({0, 3}).primary = s.id({0, 2});
         s.remove_place({0, 3});
         s.node({0, 1}).primary = s.id({0, 2});
       }},
      {"HoldsKeys",
       [](Scene& s) {
         s.node({0, 2}).role = Role::kPrimary;
         s.node({0, 2}).primary = NodeId();
       }},
  };
  for (const Case& c : cases) {
    Scene s = shrinking();
    c.spoil(s);
    const Plan plan = s.run();
    for (const Step& step : plan.steps) {
      EXPECT_FALSE(std::holds_alternative<RemoveHighest>(step)) << c.reason;
      EXPECT_FALSE(std::holds_alternative<Forget>(step)) << c.reason;
    }
    if (std::string_view(c.reason) == "StillFollowed") continue;  // whichever reason comes first
    EXPECT_EQ(condition(plan, "ScaleInBlocked").status, ConditionStatus::kTrue) << c.reason;
    EXPECT_EQ(condition(plan, "ScaleInBlocked").reason, c.reason);
    EXPECT_NE(plan.status.phase, Phase::kReady);
  }
}

TEST(ScaleIn, NothingInAnIncompleteWorld) {
  Scene s = shrinking();
  s.observed.world.complete = false;
  EXPECT_THAT(words(s.run()), IsEmpty());
  s.forgotten({0, 2});
  EXPECT_THAT(words(s.run()), IsEmpty());
}

TEST(ScaleIn, ADeadNodeMayGoByProof) {
  Scene s = shrinking();
  s.kill({0, 2});
  EXPECT_THAT(words(s.run()), ElementsAre("forget 33333333 at 0-0 (11111111)", "forget 33333333 at 0-1 (22222222)"));
  s.forgotten({0, 2});
  EXPECT_THAT(words(s.run()), ElementsAre("remove instance 0-2"));
}

TEST(ScaleIn, ThePrimaryRoleMovesFirst) {
  Scene s = shrinking();
  s.fail_over({0, 2});
  EXPECT_THAT(words(s.run()), ElementsAre("let 0-0 (11111111) take the primary's role in agreement with it"));
  s.node({0, 1}).offset = ReplOffset(2000);
  EXPECT_THAT(words(s.run()), ElementsAre("let 0-1 (22222222) take the primary's role in agreement with it"));
  s.node({0, 0}).in_sync = false;
  s.node({0, 1}).in_sync = false;
  EXPECT_EQ(condition(s.run(), "ScaleInBlocked").reason, "NoSyncedReplica");
  EXPECT_THAT(s.run().steps, IsEmpty());
}

TEST(ScaleIn, OneAtATimeInEachShard) {
  Scene s(2, 3);
  s.formed();
  s.desired.spec.replicas_per_primary = 1;
  for (const Step& step : s.run().steps) {
    const auto& forget = std::get<Forget>(step);
    EXPECT_TRUE(forget.node == s.id({0, 3}) || forget.node == s.id({1, 3}));
  }
  EXPECT_EQ(s.run().steps.size(), 14u);
}

TEST(ScaleIn, StorageOfAPlaceThatIsWantedAgainIsKept) {
  Scene s(1, 1);
  s.formed();
  s.observed.world.left_storage = {{.id = "d", .place = {0, 1}, .state = StorageState::kPresent}};
  EXPECT_THAT(words(s.run()), IsEmpty());
  s.observed.world.left_storage[0].place = {5, 0};  // a shard that this plan knows nothing about
  EXPECT_THAT(words(s.run()), IsEmpty());
}

TEST(ScaleIn, StorageIsKeptWhileAnyoneKnowsItsNode) {
  Scene s = shrinking();
  s.remember();
  s.remove_place({0, 2});
  s.observed.world.left_storage = {{.id = "d", .place = {0, 2}, .state = StorageState::kPresent}};
  const auto releases = [&] {
    return std::ranges::count_if(s.run().steps,
                                 [](const Step& step) { return std::holds_alternative<ReleaseStorage>(step); });
  };
  EXPECT_EQ(releases(), 0);
  s.forgotten({0, 2});
  EXPECT_EQ(releases(), 1);
  s.silence({0, 1});
  EXPECT_EQ(releases(), 0) << "the silent one may know it";
}

TEST(Resharding, IsRefusedByName) {
  for (const int primaries : {2, 4}) {
    Scene s(3, 1);
    s.formed();
    s.desired.spec.primaries = primaries;
    const Plan plan = s.run();
    EXPECT_THAT(plan.steps, IsEmpty());
    const char* type = primaries > 3 ? "ScaleOutBlocked" : "ScaleInBlocked";
    EXPECT_EQ(condition(plan, type).status, ConditionStatus::kTrue);
    EXPECT_EQ(condition(plan, type).reason, "MigrationUnavailable");
    EXPECT_EQ(condition(plan, "Ready").status, ConditionStatus::kTrue) << "it still serves";
    EXPECT_EQ(plan.status.phase, Phase::kReconciling);
  }
}

}  // namespace
}  // namespace guccho::ops

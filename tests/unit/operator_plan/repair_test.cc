// Repair and take-over: one fact is spoilt in a healthy cluster; what is done, and what is never done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator_plan/scene.h"

namespace guccho::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Another node answers from this place: its storage was lost.
void replace(Scene& s, InstanceId place, int number) {
  NodeStatus fresh;
  fresh.id = node_id(number);
  s.observed.nodes[place] = fresh;
  s.instance(place).incarnation = {"run-again"};
}

struct Case {
  const char* name;
  std::function<void(Scene&)> spoil;
  std::vector<std::string> want;
};

TEST(Introduce, WhoWasLostSightOf) {
  const std::vector<Case> cases = {
      {"it runs elsewhere now and cannot be found",
       [](Scene& s) {
         s.instance({1, 1}).endpoints.port = 7999;
         s.view({0, 0}, {1, 1}).linked = false;
       },
       {"introduce 1-1 (77777777) to 0-0 (11111111)"}},
      {"it runs elsewhere, but is linked: they found each other",
       [](Scene& s) {
         s.instance({1, 1}).endpoints.port = 7999;
       },
       {}},
      {"the link is down, but to the right address: it will come back",
       [](Scene& s) {
         s.view({0, 0}, {1, 1}).linked = false;
       },
       {}},
      {"its bus port alone changed",
       [](Scene& s) {
         s.instance({1, 1}).endpoints.bus_port = 9;
         s.view({2, 0}, {1, 1}).linked = false;
       },
       {"introduce 1-1 (77777777) to 2-0 (bbbbbbbb)"}},
      {"nobody knows it, though it knows all",
       [](Scene& s) {
         s.forgotten({1, 1});
       },
       {"introduce 1-1 (77777777) to 0-0 (11111111)"}},
      {"it is loading: later",
       [](Scene& s) {
         s.forgotten({1, 1});
         s.node({1, 1}).loading = true;
       },
       {}},
  };
  for (const Case& c : cases) {
    Scene s(3, 1);
    s.formed();
    c.spoil(s);
    EXPECT_EQ(words(s.run()), c.want) << c.name;
  }
}

TEST(Introduce, NewcomersMeetTheGreaterPart) {
  Scene s(3, 1);
  s.formed();
  // The first place has lost everything it knew; the others have not.
  s.node({0, 0}).peers.clear();
  s.forgotten({0, 0});
  EXPECT_THAT(words(s.run()), ElementsAre("introduce 0-0 (11111111) to 0-1 (22222222)"));
}

TEST(Introduce, StrangersAreNot) {
  const std::vector<std::pair<const char*, std::function<void(NodeStatus&)>>> strange = {
      {"owns slots",
       [](NodeStatus& n) {
         n.slots = {{Slot(0), Slot(1)}};
       }},
      {"holds 3 keys", [](NodeStatus& n) { n.keys = 3; }},
      {"belongs to a cluster", [](NodeStatus& n) { n.peers = {{.id = node_id(15)}}; }},
  };
  for (const auto& [why, make] : strange) {
    Scene s(3, 1);
    s.formed();
    replace(s, {2, 1}, 14);
    make(s.node({2, 1}));
    const Plan plan = s.run();
    for (const Step& step : plan.steps) EXPECT_FALSE(std::holds_alternative<Meet>(step)) << why;
    const auto hold = std::ranges::find(plan.holds, "ForeignNode", &Hold::name);
    ASSERT_NE(hold, plan.holds.end()) << why;
    EXPECT_THAT(hold->message, HasSubstr(why));
  }
}

TEST(Attach, WhoFollowsWhom) {
  const std::vector<Case> cases = {
      {"a lone empty primary",
       [](Scene& s) {
         s.node({1, 1}).role = Role::kPrimary;
         s.node({1, 1}).primary = NodeId();
         s.node({1, 1}).keys = 0;
         s.refresh_views();
       },
       {"make 1-1 (77777777) a replica of 1-0 (66666666)"}},
      {"a lone primary with keys is left to the cluster",
       [](Scene& s) {
         s.node({1, 1}).role = Role::kPrimary;
         s.node({1, 1}).primary = NodeId();
         s.refresh_views();
       },
       {"hold LonePrimaryWithKeys"}},
      {"it helps an orphaned shard: stays",
       [](Scene& s) {
         s.kill({0, 1});
         s.seen_failed({0, 1});
         s.node({1, 1}).primary = s.id({0, 0});
       },
       {}},
      {"it is not needed there any more: comes home",
       [](Scene& s) {
         s.node({1, 1}).primary = s.id({0, 0});
       },
       {"make 1-1 (77777777) a replica of 1-0 (66666666)"}},
      {"it follows one that owns nothing",
       [](Scene& s) {
         s.node({1, 1}).primary = s.id({2, 1});
       },
       {"make 1-1 (77777777) a replica of 1-0 (66666666)"}},
      {"its primary is silent: nothing to say",
       [](Scene& s) {
         s.silence({1, 0});
         s.seen_failed({1, 0});
       },
       {}},
      {"it does not know its primary yet: introduced first",
       [](Scene& s) {
         s.node({1, 1}).role = Role::kPrimary;
         s.node({1, 1}).primary = NodeId();
         s.node({1, 1}).keys = 0;
         std::erase_if(s.node({1, 1}).peers, [&](const PeerView& p) { return p.id == s.id({1, 0}); });
       },
       {"introduce 1-0 (66666666) to 1-1 (77777777)"}},
  };
  for (const Case& c : cases) {
    Scene s(3, 1);
    s.formed();
    c.spoil(s);
    EXPECT_EQ(words(s.run()), c.want) << c.name;
  }
}

TEST(ForgetReplaced, AReplicaByEveryoneOnceAllAnswer) {
  Scene s(2, 1);
  s.formed();
  replace(s, {1, 1}, 14);
  s.seen_failed({1, 1});
  const std::vector<std::string> forgets = {"introduce 1-1 (eeeeeeee) to 0-0 (11111111)",
                                            "forget 77777777 at 0-0 (11111111)", "forget 77777777 at 0-1 (22222222)",
                                            "forget 77777777 at 1-0 (66666666)"};
  EXPECT_EQ(words(s.run()), forgets);
  s.silence({0, 1});
  EXPECT_THAT(words(s.run()), ElementsAre("introduce 1-1 (eeeeeeee) to 0-0 (11111111)", "hold NodeSilent"));
}

TEST(ForgetReplaced, NeverFromSilence) {
  for (const Life& life : {Life(Running{}), Life(UnknownLife{}), Life(Terminating{}), Life(Pending{"x"}),
                           Life(Gone{Evidence::kProcessReaped, "x"})}) {
    Scene s(3, 1);
    s.formed();
    s.silence({1, 1});
    s.seen_failed({1, 1});
    s.instance({1, 1}).life = life;
    EXPECT_THAT(words(s.run()), IsEmpty()) << describe(life);
  }
}

TEST(ForgetReplaced, NotInAnIncompleteWorld) {
  Scene s(2, 1);
  s.formed();
  replace(s, {1, 1}, 14);
  s.observed.world.complete = false;
  for (const Step& step : s.run().steps) EXPECT_FALSE(irreversible(step)) << describe(step);
}

TEST(ForgetReplaced, APrimaryWaitsForItsReplicaToTakeOver) {
  Scene s(2, 1);
  s.formed();
  replace(s, {1, 0}, 14);
  s.seen_failed({1, 0});
  EXPECT_THAT(words(s.run()), ElementsAre("introduce 1-0 (eeeeeeee) to 0-0 (11111111)", "hold StillFollowed"));
  s.fail_over({1, 1});
  s.node({1, 0}) = NodeStatus();
  s.node({1, 0}).id = node_id(14);
  for (auto& [place, node] : s.observed.nodes) {
    for (PeerView& peer : node.peers) {
      if (peer.id == s.id({1, 0})) peer.slots.clear();
    }
  }
  EXPECT_THAT(words(s.run()),
              UnorderedElementsAre("introduce 1-0 (eeeeeeee) to 0-0 (11111111)", "forget 66666666 at 0-0 (11111111)",
                                   "forget 66666666 at 0-1 (22222222)", "forget 66666666 at 1-1 (77777777)"));
}

TEST(ForgetReplaced, SlotsWithoutAnyReplicaAreGivenUpAndTheLossIsSaid) {
  Scene s(3, 0);
  s.formed();
  replace(s, {1, 0}, 14);
  s.seen_failed({1, 0});
  const Plan plan = s.run();
  EXPECT_THAT(words(plan), ElementsAre("introduce 1-0 (eeeeeeee) to 0-0 (11111111)",
                                       "forget 66666666 at 0-0 (11111111), since its data is gone (storage deleted)",
                                       "forget 66666666 at 2-0 (bbbbbbbb), since its data is gone (storage deleted)",
                                       "hold StorageLost"));
  const auto& forget = std::get<Forget>(plan.steps[1]);
  EXPECT_EQ(forget.proof, (ProofOfDeath{s.id({1, 0}), {"run-again"}, Evidence::kStorageDeleted}));
  EXPECT_EQ(condition(plan, "DataLost").status, ConditionStatus::kTrue);
  EXPECT_EQ(condition(plan, "DataLost").reason, "StorageLost");
}

TEST(ForgetReplaced, AnOwnerThatSomebodyStillReachesIsKept) {
  Scene s(3, 0);
  s.formed();
  replace(s, {1, 0}, 14);
  s.seen_failed({1, 0});
  s.view({2, 0}, {1, 0}).failed = false;
  const Plan plan = s.run();
  EXPECT_THAT(words(plan), ElementsAre("introduce 1-0 (eeeeeeee) to 0-0 (11111111)", "hold NotFailedYet"));
  EXPECT_EQ(condition(plan, "DataLost").status, ConditionStatus::kFalse);
}

TEST(ForgetReplaced, AnOwnerIsKeptWhileAnyoneFollowsItThoughItBeSilentOrAStranger) {
  Scene s(3, 0);
  s.formed();
  replace(s, {1, 0}, 14);
  s.node({2, 0}).peers.push_back({.id = node_id(15), .role = Role::kReplica, .primary = s.id({1, 0}), .failed = true});
  s.seen_failed({1, 0});
  EXPECT_THAT(words(s.run()),
              ElementsAre("introduce 1-0 (eeeeeeee) to 0-0 (11111111)", "hold StillFollowed", "hold UnknownMember"))
      << "it may be the last that has the data";
}

TEST(ForgetGone, ANodeOfARemovedPlaceThatSomebodyStillKnows) {
  Scene s(1, 2);
  s.formed();
  s.desired.spec.replicas_per_primary = 1;
  s.remove_place({0, 2});
  s.observed.world.left_storage = {{.id = "d", .place = {0, 2}, .state = StorageState::kPresent}};
  EXPECT_THAT(words(s.run()), ElementsAre("forget 33333333 at 0-0 (11111111)", "forget 33333333 at 0-1 (22222222)"));
  s.observed.world.complete = false;
  EXPECT_THAT(words(s.run()), IsEmpty()) << "its place may be there, unseen";
}

TEST(ForgetGone, AFailedStrangerOnlyWhereAnotherAnswersFromItsAddress) {
  Scene s(1, 1);
  s.formed();
  PeerView stranger{.id = node_id(15), .host = "10.1.1.1", .port = 1, .bus_port = 2};
  s.node({0, 0}).peers.push_back(stranger);
  EXPECT_THAT(words(s.run()), IsEmpty()) << "somebody's node, and well";
  s.node({0, 0}).peers.back().failed = true;
  EXPECT_THAT(words(s.run()), ElementsAre("hold UnknownMember"));
  const Endpoints& ours = s.instance({0, 1}).endpoints;
  s.node({0, 0}).peers.back().host = ours.host;
  s.node({0, 0}).peers.back().port = ours.port;
  s.node({0, 0}).peers.back().bus_port = ours.bus_port;
  EXPECT_THAT(words(s.run()), ElementsAre("forget ffffffff at 0-0 (11111111)"));
  s.node({0, 0}).peers.back().slots = {{Slot(3), Slot(3)}};
  s.node({0, 0}).slots = {{Slot(0), Slot(2)}, {Slot(4), Slot(16383)}};
  EXPECT_THAT(words(s.run()), ElementsAre("hold UnknownMember")) << "it owns a slot";
}

// ---- take-over by proof of death ----

Scene one_plus_one() {
  Scene s(1, 1);
  s.formed();
  return s;
}

TEST(TakeOver, OnlyByPositiveProof) {
  struct LifeCase {
    Life life;
    bool take;
  };
  for (const LifeCase& c : {LifeCase{Running{}, false}, LifeCase{UnknownLife{}, false}, LifeCase{Terminating{}, false},
                            LifeCase{Pending{"starting"}, false}, LifeCase{Gone{Evidence::kProcessReaped, "9"}, true},
                            LifeCase{Gone{Evidence::kMachineDeleted, ""}, true}}) {
    Scene s = one_plus_one();
    s.silence({0, 0});
    s.seen_failed({0, 0});
    s.node({0, 1}).in_sync = false;  // its link went with its primary
    s.instance({0, 0}).life = c.life;
    const Plan plan = s.run();
    if (!c.take) {
      EXPECT_THAT(words(plan), IsEmpty()) << describe(c.life);
      continue;
    }
    ASSERT_EQ(plan.steps.size(), 1u) << describe(c.life);
    const auto& failover = std::get<Failover>(plan.steps[0]);
    EXPECT_EQ(failover.mode, FailoverMode::kTakeover);
    EXPECT_EQ(failover.at, (NodeAt{{0, 1}, s.id({0, 1})}));
    EXPECT_EQ(failover.proof->node, s.id({0, 0}));
    EXPECT_EQ(failover.proof->incarnation, (Incarnation{"run-0-0"}));
  }
}

TEST(TakeOver, NotInAnIncompleteWorld) {
  Scene s = one_plus_one();
  s.kill({0, 0});
  s.observed.world.complete = false;
  EXPECT_THAT(words(s.run()), IsEmpty());
}

TEST(TakeOver, NotByAReplicaThatWasNotInSync) {
  Scene s = one_plus_one();
  s.node({0, 1}).in_sync = false;
  s.remember();
  s.kill({0, 0});
  EXPECT_THAT(words(s.run()), ElementsAre("hold NoHeir"));
}

TEST(TakeOver, WhatWasInSyncStaysRememberedWhileThePrimaryIsSilent) {
  Scene s = one_plus_one();
  s.silence({0, 0});
  s.seen_failed({0, 0});
  s.node({0, 1}).in_sync = false;
  s.remember();
  s.remember();
  s.instance({0, 0}).life = Gone{Evidence::kProcessReaped, "9"};
  EXPECT_EQ(s.run().steps.size(), 1u);
}

TEST(TakeOver, NotWhereVotesDecide) {
  Scene s(3, 1);
  s.formed();
  s.kill({0, 0});
  s.seen_failed({0, 0});
  EXPECT_THAT(words(s.run()), IsEmpty());
}

TEST(TakeOver, APrimaryThatCameBackWithoutItsDataGivesWay) {
  Scene s = one_plus_one();
  s.node({0, 0}).awaiting_data = true;
  s.node({0, 0}).keys = 0;
  s.node({0, 1}).in_sync = false;
  EXPECT_EQ(s.run().steps.size(), 1u);
  s.desired.status.nodes[1].in_sync = false;  // not even remembered: some keys are better than none
  EXPECT_EQ(s.run().steps.size(), 1u);
  s.node({0, 1}).keys = 0;
  EXPECT_THAT(words(s.run()), ElementsAre("hold NoHeir"));
}

TEST(TakeOver, OfAPrimaryWhoseStorageAnotherNodeTook) {
  Scene s = one_plus_one();
  replace(s, {0, 0}, 14);
  s.seen_failed({0, 0});
  s.node({0, 1}).in_sync = false;
  const auto failover = std::get<Failover>(s.run().steps[0]);
  EXPECT_EQ(failover.at.place, (InstanceId{0, 1}));
  EXPECT_EQ(failover.proof->evidence, Evidence::kStorageDeleted);
}

TEST(TakeOver, TheReplicaWithTheMostData) {
  Scene s(1, 2);
  s.formed();
  for (auto& [place, node] : s.observed.nodes) node.electorate.can_decide = false;
  s.node({0, 2}).offset = ReplOffset(1001);
  s.kill({0, 0});
  EXPECT_EQ(std::get<Failover>(s.run().steps[0]).at.place, (InstanceId{0, 2}));
}

}  // namespace
}  // namespace guccho::ops

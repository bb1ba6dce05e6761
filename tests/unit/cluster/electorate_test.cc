// DESIGN rule 5: who votes, and how the voter list changes.
#include "node/cluster/electorate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/cluster/fabric.h"

namespace guccho::cluster {
namespace {

using bus::VoterList;

NodeId node(uint64_t n) {
  return Rng(n).node_id();
}

std::vector<NodeId> sorted(std::vector<NodeId> v) {
  std::sort(v.begin(), v.end());
  return v;
}

VoterList list(uint64_t version, std::vector<NodeId> voters, bool primaries = false) {
  return {.version = version, .founder = node(1), .primaries = primaries, .voters = sorted(std::move(voters))};
}

TEST(IsOneChange, Table) {
  const NodeId a = node(1);
  const NodeId b = node(2);
  const NodeId c = node(3);
  const auto owners = sorted({a, b});
  struct Case {
    const char* what;
    VoterList from;
    VoterList to;
    bool permitted;
  };
  VoterList stranger = list(2, {a, b});
  stranger.founder = c;
  const Case cases[] = {
      {"one more", list(1, {a}), list(2, {a, b}), true},
      {"one less", list(5, {a, b, c}), list(6, {a, c}), true},
      {"two more", list(1, {a}), list(2, {a, b, c}), false},
      {"one exchanged", list(1, {a, b}), list(2, {a, c}), false},
      {"no change", list(1, {a, b}), list(2, {a, b}), false},
      {"a version skipped", list(1, {a}), list(3, {a, b}), false},
      {"nobody left", list(1, {a}), list(2, {}), false},
      {"another founder", list(1, {a}), stranger, false},
      {"list to primaries", list(1, {a, b}), list(2, {a, b}, true), true},
      {"list to primaries with a change", list(1, {a, b}), list(2, {a, b, c}, true), false},
      {"primaries to list", list(1, {a, b}, true), list(2, {a, b}), true},
      {"primaries to another list", list(1, {a, b}, true), list(2, {a, b, c}), false},
  };
  for (const Case& x : cases) EXPECT_EQ(is_one_change(x.from, x.to, owners), x.permitted) << x.what;
}

size_t voters(const Fabric& f, size_t i) {
  return f.view(i).electorate.voters.voters.size();
}

TEST(Electorate, OnePrimaryWithTwoReplicasFailsOver) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 2));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 1) == 3 && voters(f, 2) == 3; }));
  EXPECT_FALSE(f.view(0).electorate.primaries);
  EXPECT_FALSE(f.view(0).electorate.no_automatic_failover);
  f.kill(0);
  EXPECT_TRUE(f.run_until([&] { return f.owner(1, 0) == 1u || f.owner(1, 0) == 2u; }));
  EXPECT_TRUE(f.run_until([&] { return f.all_ok(); }));
  f.start(0);
  EXPECT_TRUE(f.run_until([&] { return f.view(0).self().is_replica() && f.all_ok(); }));
}

TEST(Electorate, TwoPrimariesWithAReplicaEachFailOver) {
  Fabric f;
  ASSERT_TRUE(f.form(2, 1));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 4 && voters(f, 3) == 4; }));
  f.kill(0);
  EXPECT_TRUE(f.run_until([&] { return f.owner(1, 0) == 2u; }));
  EXPECT_TRUE(f.run_until([&] { return f.all_ok(); }));
}

TEST(Electorate, OnePlusOneDecidesNothingByVote) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 1));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 1) == 2; }));
  EXPECT_TRUE(f.view(1).electorate.no_automatic_failover);
  const NodeId primary = f.id(0);
  EXPECT_EQ(f.request(1, request::TakeoverOnProof{.node = primary}),
            "-ERR The primary's bus link is up: it does not look dead from here");
  f.kill(0);
  f.run(Millis{10000});
  EXPECT_TRUE(f.view(1).self().is_replica());
  EXPECT_EQ(f.request(1, request::TakeoverOnProof{.node = primary}), "OK");
  EXPECT_TRUE(f.view(1).self().is_primary());
  EXPECT_TRUE(f.run_until([&] { return f.view(1).cluster_ok; }));
  f.start(0);
  EXPECT_TRUE(f.run_until([&] { return f.view(0).self().is_replica() && f.all_ok(); }));
}

TEST(Electorate, OnePlusOneHandsOverByHandAndAfterALoss) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 1));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 1) == 2; }));
  EXPECT_EQ(f.request(1, request::Failover{}), "OK");
  ASSERT_TRUE(f.run_until([&] { return f.owner(0, 0) == 1u; }));
  ASSERT_TRUE(f.run_until([&] { return f.all_ok() && f.peers[0].replica_synced; }));
  f.kill(1);
  f.run(Millis{1});
  f.start(1);  // empty, at once: the old primary agrees to its replacement
  EXPECT_TRUE(f.run_until([&] { return f.owner(1, 0) == 0u && f.view(1).self().is_replica(); }));
}

TEST(Electorate, ThreePrimariesVoteAsInRedis) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  EXPECT_TRUE(f.run_until([&] {
    for (size_t i = 0; i < 6; ++i) {
      if (!f.view(i).electorate.primaries) return false;
    }
    return true;
  }));
}

TEST(Electorate, AForgottenVoterIsRemoved) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 3));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 4; }));
  const NodeId gone = f.id(3);
  f.kill(3);
  f.run(Millis{3000});
  EXPECT_EQ(voters(f, 0), 4u) << "unreachable is not absent";
  f.request(0, request::Forget{.node = gone});
  EXPECT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 1) == 3; }));
}

}  // namespace
}  // namespace guccho::cluster

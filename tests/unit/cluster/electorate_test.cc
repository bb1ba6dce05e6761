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

// Two clusters that were formed apart: the first of `primaries` primaries with `replicas` each is at the indexes from
// 0, the second after it. The first owns the lower half of the slots, the second the upper; or, with `conflict`, both
// all.
void form_two(Fabric& f, size_t primaries, size_t replicas, bool conflict) {
  ASSERT_TRUE(f.form(primaries, replicas));
  const size_t n = f.peers.size();
  for (size_t i = 0; i < n; ++i) f.add();
  for (size_t i = 1; i < n; ++i) f.request(n, request::Meet{.ip = f.peers[n + i].ip, .port = 7000, .bus_port = 17000});
  ASSERT_TRUE(f.run_until([&] {
    for (size_t i = n; i < 2 * n; ++i) {
      if (f.view(i).nodes.size() != n) return false;
      for (const NodeView& v : f.view(i).nodes) {
        if (v.has(bus::kFlagHandshake) || !v.link_up || !v.is_guccho) return false;
      }
    }
    return true;
  }));
  for (size_t i = 0; i < primaries; ++i) {
    SlotSet slots;
    for (size_t s = kSlotCount * i / primaries; s < kSlotCount * (i + 1) / primaries; ++s) {
      slots.insert(Slot(static_cast<uint16_t>(s)));
    }
    f.request(n + i, request::SetConfigEpoch{.epoch = ConfigEpoch(i + 20)});
    ASSERT_EQ(f.request(n + i, request::AddSlots{.slots = slots}), "OK");
  }
  f.run(Millis{1500});
  for (size_t i = primaries; i < n; ++i) {
    ASSERT_EQ(f.request(n + i, request::Replicate{.primary = f.id(n + i % primaries)}), "OK");
  }
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == n && voters(f, n) == n && voters(f, 2 * n - 1) == n; }));
  ASSERT_NE(f.view(0).electorate.voters.founder, f.view(n).electorate.voters.founder);
  if (conflict) return;
  for (size_t i = 0; i < 2 * primaries; ++i) {
    const size_t node = i < primaries ? i : n + i - primaries;
    SlotSet foreign;
    for (uint16_t s = 0; s < kSlotCount; ++s) {
      const bool lower = s < kSlotCount / 2;
      if (f.owner(node, s) == node && lower != (i < primaries)) foreign.insert(Slot(s));
    }
    if (foreign.empty()) continue;
    ASSERT_EQ(f.request(node, request::DelSlots{.slots = foreign}), "OK");
  }
}

bool one_list(const Fabric& f, bool primaries, size_t count) {
  for (size_t i = 0; i < f.peers.size(); ++i) {
    const ElectorateView& e = f.view(i).electorate;
    if (e.voters != f.view(0).electorate.voters || e.voters.primaries != primaries || e.no_automatic_failover)
      return false;
    if (!primaries && e.voters.voters.size() != count) return false;
  }
  return true;
}

// While the lists grow together nobody may count by a list of which another's majority does not know.
TEST(Electorate, TwoClustersThatMeetAgreeOnOneList) {
  for (const bool conflict : {false, true}) {
    Fabric f;
    form_two(f, 1, 2, conflict);
    const NodeId first = f.view(0).electorate.voters.founder;
    const NodeId second = f.view(3).electorate.voters.founder;
    ASSERT_EQ(f.request(0, request::Meet{.ip = f.peers[3].ip, .port = 7000, .bus_port = 17000}), "OK");
    ASSERT_TRUE(f.run_until([&] { return one_list(f, false, 6); }, Millis{60000})) << "conflict " << conflict;
    EXPECT_EQ(f.view(5).electorate.voters.founder, std::min(first, second)) << "the smaller name stays";
    const size_t loser = first < second ? 3 : 0;
    EXPECT_TRUE(f.logged(loser, "TwoVoterLists") || f.logged(loser + 1, "TwoVoterLists") ||
                f.logged(loser + 2, "TwoVoterLists"));
    // And the one list decides.
    ASSERT_TRUE(f.run_until([&] { return f.all_ok(); }));
    f.run(Millis{5000});
    const auto primary = f.owner(1, kSlotCount - 1);
    ASSERT_TRUE(primary.has_value());
    f.kill(*primary);
    const size_t observer = *primary == 1 ? 2 : 1;
    EXPECT_TRUE(f.run_until([&] {
      const auto now = f.owner(observer, kSlotCount - 1);
      return now.has_value() && *now != *primary && f.view(observer).cluster_ok;
    })) << "conflict "
        << conflict;
  }
}

TEST(Electorate, TwoClustersOfTwoPrimariesBecomeOneWhosePrimariesVote) {
  Fabric f;
  form_two(f, 2, 1, false);
  ASSERT_EQ(f.request(0, request::Meet{.ip = f.peers[4].ip, .port = 7000, .bus_port = 17000}), "OK");
  // Two of the four own the halves that were kept; four when each keeps a quarter.
  const auto owners = [&] {
    size_t n = 0;
    for (const NodeView& v : f.view(0).nodes) n += v.is_primary() && v.slot_count > 0 ? 1 : 0;
    return n;
  };
  EXPECT_TRUE(f.run_until([&] { return f.view(0).nodes.size() == 8 && one_list(f, owners() >= 3, 8); }, Millis{60000}))
      << owners() << " slot owners";
}

TEST(Electorate, WhoAcceptedASmallListVotesNoMoreByTheOneBefore) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 2));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 1) == 3 && voters(f, 2) == 3; }));
  VoterList smaller = f.view(0).electorate.voters;
  ++smaller.version;
  std::erase(smaller.voters, f.id(2));
  // The primary asked node 1 to accept it and died before anybody knew whether it was decided.
  bus::ElectorateBody accept{.step = bus::ElectorateBody::Step::kAccept,
                             .version = smaller.version,
                             .founder = smaller.founder,
                             .ballot_round = 1000,
                             .ballot_node = f.id(0),
                             .value = smaller};
  bus::Message m{.header = f.peers[0].sent.back().header, .body = accept};
  m.header.type = bus::MessageType::kElectorate;
  f.kill(0);
  f.step(1, MessageReceived{.link = LinkId(LinkId::kInbound | 999),
                            .message = std::make_shared<const bus::Message>(m),
                            .remote_ip = f.peers[0].ip,
                            .local_ip = f.peers[1].ip});
  f.run(Millis{20000});
  EXPECT_TRUE(f.view(1).self().is_replica());
  EXPECT_TRUE(f.view(2).self().is_replica()) << "one vote of three";
  EXPECT_TRUE(f.view(1).electorate.no_automatic_failover);
}

}  // namespace
}  // namespace guccho::cluster

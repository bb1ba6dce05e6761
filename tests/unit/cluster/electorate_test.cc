// Who votes, and how the voter list changes.
#include "node/cluster/electorate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

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

void meet(Fabric& f, size_t i, size_t other) {
  ASSERT_EQ(f.request(i, request::Meet{.ip = f.peers[other].ip, .port = 7000, .bus_port = 17000}), "OK");
}

// A cluster beside those that the fabric has already, at the indexes from `first`; it owns all slots.
void form_another(Fabric& f, size_t primaries, size_t replicas) {
  const size_t first = f.peers.size();
  const size_t n = primaries * (1 + replicas);
  for (size_t i = 0; i < n; ++i) f.add();
  for (size_t i = 1; i < n; ++i) meet(f, first, first + i);
  ASSERT_TRUE(f.run_until([&] {
    for (size_t i = first; i < first + n; ++i) {
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
    f.request(first + i, request::SetConfigEpoch{.epoch = ConfigEpoch(i + 20)});
    ASSERT_EQ(f.request(first + i, request::AddSlots{.slots = slots}), "OK");
  }
  f.run(Millis{1500});
  for (size_t i = primaries; i < n; ++i) {
    ASSERT_EQ(f.request(first + i, request::Replicate{.primary = f.id(first + i % primaries)}), "OK");
  }
}

// Two clusters that were formed apart: the first of `primaries` primaries with `replicas` each is at the indexes from
// 0, the second after it. The first owns the lower half of the slots, the second the upper; or, with `conflict`, both
// all.
void form_two(Fabric& f, size_t primaries, size_t replicas, bool conflict) {
  ASSERT_TRUE(f.form(primaries, replicas));
  const size_t n = f.peers.size();
  form_another(f, primaries, replicas);
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

// A node of an old cluster that is no more, with its list of three; it was not reset.
void leave_one_of_an_old_cluster(Fabric& f) {
  ASSERT_TRUE(f.form(1, 2));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 1) == 3 && voters(f, 2) == 3; }));
  f.kill(0);
  f.kill(1);
}

TEST(Electorate, AClusterWithoutAListTakesNoDeadOneOver) {
  Fabric f;
  leave_one_of_an_old_cluster(f);
  form_another(f, 3, 1);
  f.run(Millis{3000});
  ASSERT_EQ(f.view(3).electorate.voters.version, 0u);
  meet(f, 3, 2);
  f.run(Millis{15000});
  for (size_t i = 3; i < 9; ++i) {
    EXPECT_EQ(f.view(i).electorate.voters.version, 0u) << i;
    EXPECT_TRUE(f.view(i).cluster_ok) << i;
  }
  EXPECT_TRUE(f.logged(3, "VoterListNotTaken"));
  // And its own primaries decide as before.
  f.kill(3);
  EXPECT_TRUE(f.run_until([&] { return f.owner(4, 0) == 6u; }));
}

TEST(Electorate, AClusterWithAListDoesNotGiveItUpForADeadOne) {
  for (const size_t replicas : {1u, 2u}) {
    Fabric f;
    leave_one_of_an_old_cluster(f);
    form_another(f, 1, replicas);
    ASSERT_TRUE(f.run_until([&] { return voters(f, 3) == 1 + replicas && voters(f, 4) == 1 + replicas; }));
    const NodeId founder = f.view(3).electorate.voters.founder;
    meet(f, 3, 2);
    f.run(Millis{15000});
    EXPECT_EQ(f.view(3).electorate.voters.founder, founder) << replicas;
    EXPECT_GE(voters(f, 3), 1 + replicas);
    EXPECT_TRUE(f.view(3).cluster_ok);
  }
}

// It counts by slot-owning primaries, and those of the small one vote with them once their list has become that.
TEST(Electorate, ASmallClusterJoinsOneThatNeverHadAList) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 2));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 2) == 3; }));
  form_another(f, 3, 1);
  f.run(Millis{3000});
  // Each keeps what the other does not have.
  SlotSet lower;
  SlotSet upper;
  for (uint16_t s = 0; s < kSlotCount; ++s) (s < 1000 ? lower : upper).insert(Slot(s));
  ASSERT_EQ(f.request(0, request::DelSlots{.slots = upper}), "OK");
  ASSERT_EQ(f.request(3, request::DelSlots{.slots = lower}), "OK");
  meet(f, 3, 0);
  EXPECT_TRUE(f.run_until(
      [&] {
        for (size_t i = 0; i < 9; ++i) {
          const ElectorateView& e = f.view(i).electorate;
          if (!e.primaries || !e.voters.primaries || e.no_automatic_failover) return false;
          if (e.voters != f.view(0).electorate.voters || f.view(i).nodes.size() != 9) return false;
        }
        return f.all_ok();
      },
      Millis{60000}));
}

// --- voters that are gone for good ---

TEST(Electorate, OfTwoVotersTheOneWithTheDataForgetsTheOther) {
  for (const bool alive : {false, true}) {
    Fabric f;
    ASSERT_TRUE(f.form(1, 1));
    ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 2 && voters(f, 1) == 2; }));
    const NodeId gone = f.id(1);
    if (!alive) f.kill(1);
    f.run(Millis{2000});
    EXPECT_EQ(voters(f, 0), 2u) << "unreachable is not absent";
    ASSERT_EQ(f.request(0, request::Forget{.node = gone}), "OK");
    EXPECT_TRUE(f.run_until([&] { return voters(f, 0) == 1; }, Millis{1000})) << alive;
    EXPECT_TRUE(f.view(0).cluster_ok);
    // Others take its place.
    for (const size_t i : {f.add(), f.add()}) {
      meet(f, 0, i);
      ASSERT_TRUE(f.run_until([&] { return f.view(i).find(f.id(0)) != nullptr; }));
      f.run(Millis{500});
      ASSERT_EQ(f.request(i, request::Replicate{.primary = f.id(0)}), "OK");
    }
    EXPECT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 2) == 3 && voters(f, 3) == 3; })) << alive;
  }
}

TEST(Electorate, ALostMajorityIsReplacedByAnOrderOnly) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 2));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 1) == 3 && voters(f, 2) == 3; }));
  const NodeId gone[] = {f.id(1), f.id(2)};
  const request::Failover order{.mode = request::Failover::Mode::kTakeover};
  f.kill(1);
  f.kill(2);
  EXPECT_TRUE(f.run_until([&] { return f.view(0).down_reason == DownReason::kMinority; }));
  EXPECT_EQ(f.request(0, order), "-ERR You should send CLUSTER FAILOVER to a replica") << "they may come back";
  for (const NodeId& id : gone) ASSERT_EQ(f.request(0, request::Forget{.node = id}), "OK");
  f.run(Millis{5000});
  EXPECT_FALSE(f.view(0).cluster_ok);
  EXPECT_TRUE(f.logged(0, "VotersLost"));
  ASSERT_EQ(f.request(0, order), "OK");
  EXPECT_TRUE(f.run_until([&] { return f.view(0).cluster_ok; }));
  EXPECT_EQ(voters(f, 0), 1u);
  EXPECT_EQ(f.request(0, order), "-ERR You should send CLUSTER FAILOVER to a replica");
}

// Two at once would leave a primary that cannot change its list, though both would have agreed.
TEST(Electorate, AVoterWhoseVoteIsNeededIsNotForgotten) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 2));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 1) == 3 && voters(f, 2) == 3; }));
  ASSERT_EQ(f.request(0, request::Forget{.node = f.id(1)}), "OK");
  EXPECT_TRUE(f.request(0, request::Forget{.node = f.id(2)}).starts_with("-ERR The voter list cannot be changed"));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 2; }));
  EXPECT_EQ(f.request(0, request::Forget{.node = f.id(2)}), "OK");
  EXPECT_TRUE(f.run_until([&] { return voters(f, 0) == 1 && f.view(0).cluster_ok; }));
}

TEST(Electorate, SilenceMakesNoRedisServer) {
  Fabric f;
  ASSERT_TRUE(f.form(2, 1));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 4 && voters(f, 3) == 4; }));
  f.kill(0);
  f.kill(1);
  f.run(Millis{3000});
  f.start(0, DatasetLoaded::Outcome::kComplete);  // it never hears of node 1 again
  EXPECT_TRUE(f.run_until([&] { return f.owner(0, kSlotCount - 1) == 3u; }));
  f.run(Millis{3000});
  EXPECT_EQ(voters(f, 0), 4u);
}

// --- whose reach matters ---

bus::Message accept_of(const Fabric& f, size_t from, const VoterList& value, uint64_t accepted_round = 0) {
  bus::ElectorateBody accept{.step = bus::ElectorateBody::Step::kAccept,
                             .version = value.version,
                             .founder = value.founder,
                             .ballot_round = 1000,
                             .ballot_node = f.id(from),
                             .accepted_round = accepted_round,
                             .value = value};
  bus::Message m{.header = f.peers[from].sent.back().header, .body = accept};
  m.header.type = bus::MessageType::kElectorate;
  return m;
}

void tell(Fabric& f, size_t from, size_t to, const bus::Message& m) {
  f.step(to, MessageReceived{.link = LinkId(LinkId::kInbound | 999),
                             .message = std::make_shared<const bus::Message>(m),
                             .remote_ip = f.peers[from].ip,
                             .local_ip = f.peers[to].ip});
}

TEST(Electorate, TwoOfFourElectNobodySoTheOthersServe) {
  Fabric f;
  ASSERT_TRUE(f.form(2, 1));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 4 && voters(f, 1) == 4; }));
  f.kill(2);
  f.kill(3);
  f.run(Millis{5000});
  EXPECT_TRUE(f.view(0).cluster_ok);
  EXPECT_TRUE(f.view(1).cluster_ok);
  f.step(0, WasAbsent{.number = 5});
  f.run(Millis{2000});
  EXPECT_TRUE(std::any_of(f.peers[0].effects.begin(), f.peers[0].effects.end(),
                          [](const Effect& e) { return std::holds_alternative<PresenceConfirmed>(e); }));
  f.kill(1);
  EXPECT_TRUE(f.run_until([&] { return !f.view(0).cluster_ok; }));
}

// A list with one more voter may have been decided, by which three unreachable ones could elect.
TEST(Electorate, WithASuccessorOfTheListAcceptedAMajorityMustBeReached) {
  for (const size_t accepts : {0u, 1u}) {
    Fabric f;
    ASSERT_TRUE(f.form(2, 1));
    ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 4 && voters(f, 1) == 4; }));
    VoterList next = f.view(0).electorate.voters;
    ++next.version;
    next.voters = sorted({f.id(0), f.id(1), f.id(2), f.id(3), node(77)});
    const bus::Message accept = accept_of(f, 2, next);
    f.partition({2, 3});
    const auto gone = [&f](size_t i) { return f.view(0).find(f.id(i))->has(bus::kFlagPfail | bus::kFlagFail); };
    ASSERT_TRUE(f.run_until([&] { return gone(2) && gone(3); }));
    ASSERT_TRUE(f.view(0).cluster_ok);
    tell(f, 2, accepts, accept);
    f.run(Millis{1000});
    EXPECT_EQ(f.view(0).down_reason, DownReason::kMinority) << accepts;
  }
}

// --- mixed with redis-server ---

// A node that speaks as a redis-server does, known to all.
size_t add_redis(Fabric& f) {
  const size_t i = f.add();
  f.peers[i].redis = true;
  meet(f, 0, i);
  f.run(Millis{3000});
  return i;
}

TEST(Electorate, FewerThanThreePrimariesThatVoteDecideNothing) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 1));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 2 && voters(f, 1) == 2; }));
  const size_t redis = add_redis(f);
  EXPECT_FALSE(f.view(1).electorate.primaries) << "it owns nothing and follows nobody";
  SlotSet some;
  some.insert(Slot(0));
  ASSERT_EQ(f.request(0, request::DelSlots{.slots = some}), "OK");
  ASSERT_EQ(f.request(redis, request::DelSlots{.slots = some}), "OK");
  ASSERT_EQ(f.request(redis, request::AddSlots{.slots = some}), "OK");
  f.request(redis, request::BumpEpoch{});
  ASSERT_TRUE(f.run_until([&] { return f.view(1).electorate.primaries && f.view(1).size == 2; }));
  EXPECT_TRUE(f.view(1).electorate.no_automatic_failover);
  const NodeId dead = f.id(0);
  f.kill(0);
  f.run(Millis{3000});
  EXPECT_TRUE(f.view(1).self().is_replica());
  EXPECT_FALSE(f.view(1).cluster_ok);
  EXPECT_EQ(f.request(1, request::TakeoverOnProof{.node = dead}), "OK");
  f.run(Millis{5});
  EXPECT_TRUE(f.view(1).cluster_ok)
      << "that it reached no majority is no reason to wait: the proof says there is no other";
}

TEST(Electorate, ARedisReplicaGetsNoVotesOfAList) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 2));
  ASSERT_TRUE(f.run_until([&] { return voters(f, 0) == 3 && voters(f, 1) == 3 && voters(f, 2) == 3; }));
  bus::Message request{.header = f.peers[2].sent.back().header, .body = bus::EmptyBody{}};
  request.header.type = bus::MessageType::kFailoverAuthRequest;
  request.header.message_flags = bus::kMessageForceAck;
  request.header.current_epoch = CurrentEpoch(100);
  request.header.own.reset();
  tell(f, 2, 0, request);
  f.run(Millis{5});
  const auto& sent = f.peers[0].sent;
  EXPECT_TRUE(std::none_of(sent.begin(), sent.end(),
                           [](const bus::Message& m) { return m.header.type == bus::MessageType::kFailoverAuthAck; }));
  // While one is there, primaries vote.
  const size_t redis = add_redis(f);
  ASSERT_EQ(f.request(redis, request::Replicate{.primary = f.id(0)}), "OK");
  EXPECT_TRUE(f.run_until([&] { return f.view(0).electorate.primaries && f.view(1).electorate.primaries; }));
}

TEST(Electorate, AValueThatWasAcceptedStaysAcceptable) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 0));
  f.kill(1);
  f.peers[1].own += "voters 5 " + f.id(0).str() + " primaries " + f.id(0).str() + "\n";
  f.start(1, DatasetLoaded::Outcome::kComplete);
  ASSERT_TRUE(f.run_until([&] { return f.view(1).electorate.voters.version == 5 && f.view(1).cluster_ok; }));
  // Two owned slots when it was proposed; now three do.
  const VoterList value{.version = 6, .founder = f.id(0), .voters = sorted({f.id(0), f.id(1)})};
  const auto answer = [&](uint64_t accepted_round) {
    tell(f, 0, 1, accept_of(f, 0, value, accepted_round));
    f.run(Millis{1});
    const auto& sent = f.peers[1].sent;
    const auto last = std::find_if(sent.rbegin(), sent.rend(), [](const bus::Message& m) {
      return m.header.type == bus::MessageType::kElectorate;
    });
    return std::get<bus::ElectorateBody>(last->body).step;
  };
  EXPECT_EQ(answer(0), bus::ElectorateBody::Step::kRefuse);
  EXPECT_EQ(answer(3), bus::ElectorateBody::Step::kAccepted);
}

// Should it die right after, its replica is elected by those who know by which list it counted.
TEST(Electorate, WhoTakesAListOverTellsAllAtOnce) {
  Fabric f;
  ASSERT_TRUE(f.form(2, 1));
  for (size_t i = 0; i < f.peers.size(); ++i) {
    std::vector<bus::MessageType> first;
    for (const bus::Message& m : f.peers[i].sent) {
      if (m.header.own && m.header.own->electorate_tag != 0 && first.size() < f.peers.size() - 1) {
        first.push_back(m.header.type);
      }
    }
    EXPECT_THAT(first, testing::ElementsAre(bus::MessageType::kPong, bus::MessageType::kPong, bus::MessageType::kPong))
        << i;
  }
}

}  // namespace
}  // namespace guccho::cluster

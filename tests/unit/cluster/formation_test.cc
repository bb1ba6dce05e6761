// Nodes meet, gossip spreads, slots and roles are agreed on.
#include <gtest/gtest.h>

#include "tests/unit/cluster/fabric.h"

namespace guccho::cluster {
namespace {

TEST(Formation, GossipIntroducesNodesThatNeverMet) {
  Fabric f;
  for (int i = 0; i < 5; ++i) f.add();
  for (size_t i = 1; i < 5; ++i) f.request(i - 1, request::Meet{.ip = f.peers[i].ip, .port = 7000, .bus_port = 17000});
  EXPECT_TRUE(f.run_until([&] {
    for (size_t i = 0; i < 5; ++i) {
      if (f.view(i).nodes.size() != 5) return false;
    }
    return true;
  }));
}

TEST(Formation, AHandshakeThatIsCutEndsOnBothSidesOrOnNone) {
  for (int cut = 1; cut <= 10; ++cut) {
    Fabric f;
    f.add();
    f.add();
    f.start(0);
    f.start(1);
    f.run(Millis{200});
    ASSERT_EQ(f.request(0, request::Meet{.ip = f.peers[1].ip, .port = 7000, .bus_port = 17000}), "OK");
    f.run(Millis{cut});
    f.partition({0});
    f.run(Millis{1800});
    f.partition({});
    f.run(Millis{5000});
    EXPECT_EQ(f.view(0).find(f.id(1)) != nullptr, f.view(1).find(f.id(0)) != nullptr) << "cut after " << cut << " ms";
  }
}

TEST(Formation, ThreePrimariesAndReplicas) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  for (size_t i = 0; i < 6; ++i) {
    const View& v = f.view(i);
    EXPECT_EQ(v.size, 3) << i;
    EXPECT_EQ(v.slots->assigned, kSlotCount);
    EXPECT_EQ(v.self().is_replica(), i >= 3);
    EXPECT_EQ(f.owner(i, 0), 0u);
    EXPECT_EQ(f.owner(i, 16383), 2u);
    EXPECT_TRUE(v.electorate.primaries);
  }
  EXPECT_EQ(f.view(0).find(f.id(3))->primary, 0);
  // Distinct epochs, everywhere the same.
  EXPECT_NE(f.view(0).nodes[0].config_epoch, f.view(1).nodes[0].config_epoch);
  EXPECT_EQ(f.view(1).find(f.id(0))->config_epoch, f.view(0).self().config_epoch);
}

TEST(Formation, EqualEpochsAreResolvedByTheSmallerName) {
  Fabric f;
  for (int i = 0; i < 3; ++i) f.add();
  for (size_t i = 1; i < 3; ++i) f.request(0, request::Meet{.ip = f.peers[i].ip, .port = 7000, .bus_port = 17000});
  f.run(Millis{5000});
  const uint64_t a = f.view(0).self().config_epoch.value;
  const uint64_t b = f.view(1).self().config_epoch.value;
  const uint64_t c = f.view(2).self().config_epoch.value;
  EXPECT_NE(a, b);
  EXPECT_NE(b, c);
  EXPECT_NE(a, c);
}

TEST(Formation, ForgottenNodesStayAwayForAMinute) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const NodeId gone = f.id(5);
  f.kill(5);
  EXPECT_EQ(f.request(0, request::Forget{.node = gone}), "OK");
  EXPECT_TRUE(f.run_until([&] {
    for (size_t i = 0; i < 5; ++i) {
      if (f.view(i).find(gone) != nullptr) return false;
    }
    return true;
  })) << "one FORGET reaches all Guccho nodes";
  f.run(Millis{5000});
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(f.view(i).nodes.size(), 5u);
  EXPECT_EQ(f.request(0, request::Forget{.node = gone}), "-ERR Unknown node " + gone.str());
  EXPECT_EQ(f.request(3, request::Forget{.node = f.id(0)}), "-ERR Can't forget my master!");
}

TEST(Formation, AnOwnerIsForgottenOnProofOnceItFailed) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  const NodeId gone = f.id(2);
  EXPECT_EQ(f.request(0, request::ForgetOnProof{.node = gone}),
            "-ERR " + gone.str() + " has not failed: it does not look dead from here");
  f.kill(5);  // its replica: dead, but it may have the data
  f.kill(2);
  ASSERT_TRUE(f.run_until([&] { return f.view(0).find(gone)->has(bus::kFlagFail); }));
  EXPECT_TRUE(
      f.request(0, request::ForgetOnProof{.node = gone}).starts_with("-ERR " + gone.str() + " is followed by "));
  EXPECT_NE(f.view(0).find(gone), nullptr);
}

TEST(Formation, SlotsOfAnOwnerForgottenOnProofAreFree) {
  for (const size_t primaries : {size_t{2}, size_t{3}}) {
    Fabric f;
    ASSERT_TRUE(f.form(primaries, 0));
    const size_t last = primaries - 1;
    const NodeId gone = f.id(last);
    f.kill(last);
    // Two cannot agree that one of them failed; there suspicion is all that the proof needs beside it.
    const uint16_t wanted = primaries == 2 ? bus::kFlagPfail : bus::kFlagFail;
    ASSERT_TRUE(f.run_until([&] { return f.view(0).find(gone)->has(wanted); })) << primaries;
    EXPECT_EQ(f.request(0, request::ForgetOnProof{.node = gone}), "OK") << primaries;
    EXPECT_EQ(f.view(0).find(gone), nullptr);
    EXPECT_EQ(f.owner(0, 16383), std::nullopt);
    EXPECT_EQ(f.request(0, request::ForgetOnProof{.node = gone}), "OK") << "already so";
  }
}

TEST(Formation, SuspicionAloneIsNoFailureWhereAMajorityCouldAgree) {
  Fabric f;
  ASSERT_TRUE(f.form(5, 0));
  const NodeId silent = f.id(4);
  f.peers[4].frozen = true;
  // The first that suspects it is alone with that for a moment.
  size_t suspects = 0;
  ASSERT_TRUE(f.run_until([&] {
    for (suspects = 0; suspects < 4; ++suspects) {
      if (f.view(suspects).find(silent)->has(bus::kFlagPfail)) return true;
    }
    return false;
  }));
  EXPECT_EQ(f.request(suspects, request::ForgetOnProof{.node = silent}),
            "-ERR " + silent.str() + " has not failed: it does not look dead from here");
}

TEST(Formation, ARestartedClusterRemembersItself) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  for (size_t i = 0; i < 6; ++i) f.kill(i);
  f.run(Millis{500});
  for (size_t i = 0; i < 6; ++i) f.start(i);
  EXPECT_TRUE(f.run_until([&] { return f.all_ok(); }));
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(f.view(i).self().is_replica(), i >= 3);
    EXPECT_EQ(f.view(i).slots->assigned, kSlotCount);
  }
}

TEST(Formation, ANodeThatMovedIsFoundAgain) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.kill(1);
  f.peers[1].ip = "10.0.9.9";
  f.peers[1].config.announce.ip = "10.0.9.9";
  f.start(1, DatasetLoaded::Outcome::kComplete);
  EXPECT_TRUE(f.run_until([&] {
    const NodeView* n = f.view(0).find(f.id(1));
    return n->ip == "10.0.9.9" && n->link_up && !n->has(bus::kFlagFail);
  }));
}

TEST(Formation, AddressesAreTakenAsRedisTakesThem) {
  Fabric f;
  f.add();
  const auto answer = [&](const char* ip) { return f.request(0, request::Meet{.ip = ip, .port = 7000}); };
  for (const char* ip :
       {"127.0.0.1", "255.0.0.255", "::1", "::", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"}) {
    EXPECT_EQ(answer(ip), "OK") << ip;
  }
  for (const char* ip : {"300.1.1.1",
                         "1.2",
                         "1.2.3.4.5",
                         "1.2.3.",
                         ".1.2.3",
                         "1..2.3",
                         "01.2.3.4",
                         "1.2.3.x",
                         "",
                         "host",
                         ":",
                         ":1",
                         "1:",
                         ":::",
                         "1::2::3",
                         "12345::",
                         "1:2:3:4:5:6:7",
                         "1:2:3:4:5:6:7::8",
                         "::1.2.3",
                         "::1.2.3.4:5",
                         "g::"}) {
    EXPECT_EQ(answer(ip), std::string("-ERR Invalid node address specified: ") + ip + ":7000");
  }
}

}  // namespace
}  // namespace guccho::cluster

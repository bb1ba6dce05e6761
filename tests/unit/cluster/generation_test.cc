// Data generations: a primary restarted without its data neither serves nor feeds emptiness.
#include "node/cluster/generation.h"

#include <gtest/gtest.h>

#include "tests/unit/cluster/fabric.h"

namespace guccho::cluster {
namespace {

NodeId node(uint64_t n) {
  return Rng(n).node_id();
}

TEST(DecideFullSync, Table) {
  const NodeId p = node(1);
  const HeldData held{.source = p, .generation = DataGeneration(5)};
  const auto info = [](uint64_t generation, uint64_t base) {
    return GenerationInfo{.generation = DataGeneration(generation), .base = DataGeneration(base)};
  };
  EXPECT_EQ(decide_full_sync(held, p, info(5, 0)), SyncDecision::kAccept) << "the same data";
  EXPECT_EQ(decide_full_sync(held, p, info(6, 0)), SyncDecision::kAccept) << "restarted without loss";
  EXPECT_EQ(decide_full_sync(held, p, info(6, 6)), SyncDecision::kRefuseEmptier) << "restarted empty";
  EXPECT_EQ(decide_full_sync(held, p, info(4, 0)), SyncDecision::kRefuseEmptier) << "older than what we hold";
  EXPECT_EQ(decide_full_sync(held, node(2), info(6, 6)), SyncDecision::kAccept) << "another node's data";
  EXPECT_EQ(decide_full_sync({}, p, info(6, 6)), SyncDecision::kAccept) << "we hold nothing";
  EXPECT_EQ(decide_full_sync(held, p, GenerationInfo()), SyncDecision::kAccept) << "a Redis node tells nothing";
  GenerationInfo accepted = info(6, 6);
  accepted.loss_accepted = true;
  EXPECT_EQ(decide_full_sync(held, p, accepted), SyncDecision::kAccept) << "an administrator's word";
  GenerationInfo awaiting = info(6, 6);
  awaiting.awaiting_takeover = true;
  EXPECT_EQ(decide_full_sync({}, p, awaiting), SyncDecision::kRefuseAwaiting);
}

TEST(Generation, APrimaryRestartedEmptyHandsOverToItsReplica) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.peers[0].offset = ReplOffset(100);
  f.run(Millis{1000});
  f.kill(0);
  f.peers[0].offset = ReplOffset(0);
  f.run(Millis{1});
  f.start(0);  // at once: before anybody noticed
  EXPECT_EQ(f.view(0).down_reason, DownReason::kAwaitingTakeover);
  bool served_empty = false;
  EXPECT_TRUE(f.run_until([&] {
    served_empty |= f.view(0).cluster_ok && f.view(0).self().is_primary();
    return f.view(0).self().is_replica() && f.owner(1, 0) == 3u;
  }));
  EXPECT_FALSE(served_empty);
  EXPECT_EQ(f.peers[3].offset, ReplOffset(100)) << "the replica's data was not replaced";
  EXPECT_TRUE(f.run_until([&] { return f.all_ok(); }));
}

TEST(Generation, AnEarlierPrimarysDataIsTheShardsDataToo) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.run(Millis{1000});
  f.peers[0].frozen = true;
  ASSERT_TRUE(f.run_until([&] { return f.owner(1, 0) == 3u; }));
  // The winner loses everything before the old primary has synced from it.
  f.kill(3);
  f.run(Millis{1});
  f.start(3);
  f.peers[0].frozen = false;
  EXPECT_TRUE(f.run_until([&] { return f.owner(1, 0) == 0u && f.view(3).self().is_replica(); }))
      << "what the old primary holds is all that is left of the shard";
}

TEST(Generation, AnEarlierPrimaryThatIsGoneLeftTheShardsDataToo) {
  for (const bool own_file_lost : {false, true}) {
    Fabric f;
    ASSERT_TRUE(f.form(3, 2));
    f.run(Millis{1000});
    f.kill(0);
    f.partition({6});  // 0 and its replicas are 3 and 6; this one does not hear of the winner
    ASSERT_TRUE(f.run_until([&] { return f.owner(1, 0) == 3u; }));
    f.kill(3);
    if (own_file_lost) f.peers[3].own.clear();
    f.run(Millis{1});
    f.start(3);
    f.partition({});
    bool served_empty = false;
    EXPECT_TRUE(f.run_until([&] {
      served_empty |= f.view(3).cluster_ok && f.view(3).self().is_primary();
      return f.owner(1, 0) == 6u && f.view(3).self().is_replica();
    })) << "own file lost: "
        << own_file_lost;
    EXPECT_FALSE(served_empty);
  }
}

TEST(Generation, APrimaryThatLostItsOwnFileHandsOverToo) {
  for (const size_t primaries : {1u, 3u}) {
    Fabric f;
    ASSERT_TRUE(f.form(primaries, 1));
    f.peers[0].offset = ReplOffset(100);
    f.run(Millis{1000});
    f.kill(0);
    f.peers[0].own.clear();
    f.peers[0].offset = ReplOffset(0);
    f.run(Millis{1});
    f.start(0);
    EXPECT_EQ(f.view(0).down_reason, DownReason::kAwaitingTakeover);
    bool served_empty = false;
    EXPECT_TRUE(f.run_until([&] {
      served_empty |= f.view(0).cluster_ok && f.view(0).self().is_primary();
      return f.view(0).self().is_replica() && f.owner(primaries, 0) == primaries;
    })) << primaries;
    EXPECT_FALSE(served_empty);
    EXPECT_EQ(f.peers[primaries].offset, ReplOffset(100)) << "the replica's data was not replaced";
    EXPECT_TRUE(f.run_until([&] { return f.all_ok(); }));
    EXPECT_EQ(f.view(0).self().shard_id, f.view(primaries).self().shard_id);
  }
}

TEST(Generation, WithoutItsOwnFileACompleteCopyIsComparedWithTheReplicas) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.peers[0].offset = ReplOffset(100);
  f.run(Millis{1000});
  f.kill(0);
  f.peers[0].own.clear();
  f.run(Millis{1});
  f.start(0, DatasetLoaded::Outcome::kComplete);
  EXPECT_TRUE(f.run_until([&] { return f.view(0).cluster_ok; }, Millis{2500})) << "no replica holds more";
  EXPECT_EQ(f.owner(1, 0), 0u);
}

TEST(Generation, WithoutItsOwnFileAndWithoutAnybodyElseItServes) {
  Fabric f;
  ASSERT_TRUE(f.form(1, 0));
  f.kill(0);
  f.peers[0].own.clear();  // as when the nodes.conf is redis-server's
  f.run(Millis{1});
  f.start(0);
  EXPECT_TRUE(f.run_until([&] { return f.view(0).cluster_ok; }, Millis{2500}));
}

TEST(Generation, WithoutItsOwnFileAndWithReplicasThatHoldNothingItServes) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.kill(0);
  f.kill(3);
  f.peers[0].own.clear();
  f.peers[3].own.clear();
  f.run(Millis{1});
  f.start(0);
  f.start(3);
  EXPECT_TRUE(f.run_until([&] { return f.all_ok() && f.peers[3].replica_synced; }));
  EXPECT_EQ(f.owner(1, 0), 0u);
  EXPECT_EQ(f.view(0).self().shard_id, f.view(3).self().shard_id);
}

TEST(Generation, ANodeWithoutSlotsAndWithoutItsOwnFileJustStarts) {
  Fabric f;
  f.add();
  f.add();
  f.request(0, request::Meet{.ip = f.peers[1].ip, .port = 7000, .bus_port = 17000});
  f.run(Millis{2000});
  f.kill(1);
  f.peers[1].own.clear();
  f.run(Millis{1});
  f.start(1);
  EXPECT_NE(f.view(1).down_reason, DownReason::kAwaitingTakeover);
}

TEST(Generation, DataOfUnknownOriginMayBeThePrimarys) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.kill(3);
  f.kill(0);
  f.run(Millis{1});
  // The replica stopped after its data reached the disk and before the note whose data it is did.
  f.peers[3].own.clear();
  f.start(3, DatasetLoaded::Outcome::kComplete);
  f.start(0);
  EXPECT_TRUE(f.run_until([&] { return f.owner(1, 0) == 3u && f.view(0).self().is_replica(); }));
}

TEST(Generation, WithoutAReplicaItServes) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 0));
  f.kill(0);
  f.run(Millis{1});
  f.start(0);
  EXPECT_TRUE(f.run_until([&] { return f.all_ok(); }, Millis{2500})) << "as soon as all others said what they hold";
}

TEST(Generation, NothingIsDecidedFromAReplicasSilence) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.kill(3);
  f.run(Millis{3000});
  f.kill(0);
  f.run(Millis{1});
  f.start(0);
  f.run(Millis{60000});
  EXPECT_EQ(f.view(0).down_reason, DownReason::kAwaitingTakeover) << "the replica may hold the data";
  // It comes back with what it held.
  f.start(3, DatasetLoaded::Outcome::kPartial);
  EXPECT_TRUE(f.run_until([&] { return f.view(3).self().is_primary() && f.view(0).self().is_replica(); }));
}

TEST(Generation, AReplicaThatLostItsDataTooReleasesThePrimary) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.kill(0);
  f.kill(3);
  f.run(Millis{200});
  f.start(0);
  f.run(Millis{200});
  EXPECT_FALSE(f.view(0).cluster_ok);
  f.start(3);
  EXPECT_TRUE(f.run_until([&] { return f.all_ok(); }));
  EXPECT_EQ(f.owner(1, 0), 0u);
}

TEST(Generation, AnAdministratorMayAcceptTheLoss) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  EXPECT_EQ(f.request(0, request::AcceptLoss{}).substr(0, 4), "-ERR");
  f.kill(3);
  f.kill(0);
  f.run(Millis{1});
  f.start(0);
  f.run(Millis{3000});
  EXPECT_EQ(f.request(0, request::AcceptLoss{}), "OK");
  EXPECT_TRUE(f.run_until([&] { return f.view(0).cluster_ok; }));
  f.start(3, DatasetLoaded::Outcome::kPartial);
  EXPECT_TRUE(f.run_until([&] { return f.peers[3].replica_synced; })) << "the older data may be replaced";
}

TEST(Generation, AnOlderCopyIsServedAfterABoundedWait) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.kill(3);
  f.kill(0);
  f.run(Millis{1});
  f.start(0, DatasetLoaded::Outcome::kPartial);
  f.run(Millis{5000});
  EXPECT_EQ(f.view(0).down_reason, DownReason::kAwaitingTakeover);
  EXPECT_TRUE(f.run_until([&] { return f.view(0).cluster_ok; }));
}

}  // namespace
}  // namespace guccho::cluster

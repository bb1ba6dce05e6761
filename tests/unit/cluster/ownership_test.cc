// Slots that two primaries claim, and slots that their owner gave up.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/cluster/fabric.h"

namespace guccho::cluster {
namespace {

constexpr Slot kSlot{0};  // of node 0

bool all_see(const Fabric& f, std::optional<size_t> owner) {
  for (size_t i = 0; i < f.peers.size(); ++i) {
    if (f.owner(i, kSlot.value) != owner) return false;
  }
  return true;
}

SlotSet just(Slot s) {
  SlotSet set;
  set.insert(s);
  return set;
}

// Node 1 takes the slot over while node 2 hears of nothing; then the old owner's epoch passes the new owner's, and node
// 2 hears of that first.
void give_slot_behind_the_back_of_node_2(Fabric& f) {
  f.partition({2, 5});
  ASSERT_EQ(f.request(1, request::SetSlotImporting{.slot = kSlot, .from = f.id(0)}), "OK");
  ASSERT_EQ(f.request(1, request::SetSlotNode{.slot = kSlot, .node = f.id(1)}), "OK");
  ASSERT_TRUE(f.run_until([&] { return f.owner(0, kSlot.value) == 1u; }));
  ASSERT_TRUE(f.request(0, request::BumpEpoch{}).starts_with("BUMPED"));
  f.peers[1].frozen = true;
  f.partition({});
  ASSERT_TRUE(f.run_until([&] {
    const NodeView* old_owner = f.view(2).find(f.id(0));
    return old_owner->config_epoch == f.view(0).self().config_epoch;
  }));
  f.peers[1].frozen = false;
}

TEST(Ownership, AThirdNodeDoesNotTakeASlotFromTheOneWhoHasIt) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  give_slot_behind_the_back_of_node_2(f);
  EXPECT_TRUE(f.run_until([&] { return all_see(f, 1); }));
  EXPECT_GT(f.view(0).self().config_epoch, f.view(1).self().config_epoch) << "and no epoch was taken for it";
}

TEST(Ownership, AReplicaDoesNotTakeWhatItsPrimaryGaveUp) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.partition({3, 4});  // the primary's replica, and the new owner's
  ASSERT_EQ(f.request(1, request::SetSlotImporting{.slot = kSlot, .from = f.id(0)}), "OK");
  ASSERT_EQ(f.request(1, request::SetSlotNode{.slot = kSlot, .node = f.id(1)}), "OK");
  ASSERT_TRUE(f.run_until([&] { return f.owner(0, kSlot.value) == 1u; }));
  ASSERT_TRUE(f.request(0, request::BumpEpoch{}).starts_with("BUMPED"));
  f.peers[1].frozen = true;
  f.partition({});
  ASSERT_TRUE(f.run_until([&] { return f.view(3).find(f.id(0))->config_epoch == f.view(0).self().config_epoch; }));
  EXPECT_EQ(f.request(3, request::Failover{.mode = request::Failover::Mode::kTakeover}), "OK");
  f.peers[1].frozen = false;
  EXPECT_TRUE(f.run_until([&] { return all_see(f, 1) && f.owner(2, 1) == 3u; }));
}

TEST(Ownership, ASlotThatNobodyClaimsHasNoOwner) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  ASSERT_EQ(f.request(0, request::DelSlots{.slots = just(kSlot)}), "OK");
  f.run(Millis{3000});
  EXPECT_EQ(f.owner(2, kSlot.value), 0u) << "somebody may be about to claim it";
  ASSERT_TRUE(f.run_until([&] { return all_see(f, std::nullopt); }));
  EXPECT_TRUE(f.logged(2, "SlotsUnclaimed: no node claims slots 0"));
  EXPECT_FALSE(f.view(2).cluster_ok);
  ASSERT_EQ(f.request(1, request::AddSlots{.slots = just(kSlot)}), "OK") << "it is not busy any more";
  EXPECT_TRUE(f.run_until([&] { return all_see(f, 1) && f.all_ok(); }));
}

TEST(Ownership, NothingIsReleasedWhileAPrimaryIsSilent) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 0));
  f.peers[1].frozen = true;
  f.run(Millis{3000});
  ASSERT_EQ(f.request(0, request::DelSlots{.slots = just(kSlot)}), "OK");
  f.run(Millis{15000});
  EXPECT_EQ(f.owner(2, kSlot.value), 0u) << "the silent one may claim it";
}

// Its name will be another when the handshake has ended.
TEST(Ownership, ANodeInHandshakeCannotBeNamed) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  ASSERT_EQ(f.request(0, request::Meet{.ip = "10.0.0.99", .port = 7000, .bus_port = 17000}), "OK");
  f.run(Millis{200});
  const auto& nodes = f.view(0).nodes;
  const auto stranger =
      std::find_if(nodes.begin(), nodes.end(), [](const NodeView& n) { return n.has(bus::kFlagHandshake); });
  ASSERT_NE(stranger, nodes.end());
  const NodeId id = stranger->id;
  const std::string text(id.view());
  EXPECT_EQ(f.request(0, request::SetSlotMigrating{.slot = kSlot, .to = id}), "-ERR I don't know about node " + text);
  EXPECT_EQ(f.request(0, request::SetSlotNode{.slot = kSlot, .node = id}), "-ERR Unknown node " + text);
  EXPECT_EQ(f.request(0, request::Replicate{.primary = id}), "-ERR Unknown node " + text);
}

TEST(Ownership, ASlotGivenBackToItsOwnerMovesNoMore) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  ASSERT_EQ(f.request(0, request::SetSlotMigrating{.slot = kSlot, .to = f.id(1)}), "OK");
  f.step(0, DatasetStatus{.non_empty = just(kSlot)});
  ASSERT_EQ(f.request(0, request::SetSlotNode{.slot = kSlot, .node = f.id(0)}), "OK");
  EXPECT_EQ(f.view(0).slots->migrating.size(), 1u) << "it holds keys";
  f.step(0, DatasetStatus{});
  ASSERT_EQ(f.request(0, request::SetSlotNode{.slot = kSlot, .node = f.id(0)}), "OK");
  EXPECT_TRUE(f.view(0).slots->migrating.empty());
}

}  // namespace
}  // namespace guccho::cluster

// A snapshot in the middle of random commands delivers exactly the data of its cut, each key once.
#include <gtest/gtest.h>

#include <algorithm>

#include "node/store/hash_value.h"
#include "node/store/keyspace.h"
#include "tests/unit/store/model.h"

namespace guccho::store {
namespace {

struct Collector : SnapshotSink {
  Model got;
  void entry(Slot slot, const Entry& entry) override {
    EXPECT_EQ(slot, key_slot(entry.key()));
    EXPECT_TRUE(got.emplace(entry.key(), model_of(entry)).second) << "delivered twice: " << entry.key();
  }
};

SlotSet all_slots() {
  SlotSet slots;
  for (uint16_t s = 0; s < kSlotCount; ++s) slots.insert(Slot(s));
  return slots;
}

struct SnapshotUnderWrites : testing::TestWithParam<uint64_t> {};

TEST_P(SnapshotUnderWrites, DeliversTheCut) {
  ModelDriver driver(GetParam());
  Rng rng(GetParam() * 977);
  driver.run(8000);
  for (int round = 0; round < 12; ++round) {
    const Model cut = driver.model;
    Collector sink;
    driver.keyspace.begin_snapshot(all_slots(), sink);
    // The walk meets 50 times as many empty slots as full ones: small steps, so that writes come between keys.
    while (driver.keyspace.snapshot_step(1 + rng.below(3000))) driver.run(static_cast<int>(rng.below(120)));
    EXPECT_FALSE(driver.keyspace.snapshot_active());
    ASSERT_EQ(sink.got, cut) << "round " << round;
    driver.check();
    if (HasFatalFailure()) return;
  }
  driver.keyspace.flush_all();
  while (driver.keyspace.free_step(1000)) {
  }
  EXPECT_EQ(driver.keyspace.used_bytes(), 0u);
}

TEST_P(SnapshotUnderWrites, OfSomeSlotsOnly) {
  ModelDriver driver(GetParam());
  driver.run(5000);
  SlotSet slots;
  for (const auto& [key, value] : driver.model) {
    if (key_slot(key).value % 2 == 0) slots.insert(key_slot(key));
  }
  Model cut;
  std::ranges::copy_if(driver.model, std::inserter(cut, cut.end()),
                       [&](const auto& item) { return slots.contains(key_slot(item.first)); });
  Collector sink;
  driver.keyspace.begin_snapshot(slots, sink);
  while (driver.keyspace.snapshot_step(500)) driver.run(50);
  EXPECT_EQ(sink.got, cut);
}

TEST_P(SnapshotUnderWrites, AbortedLeavesNothingBehind) {
  ModelDriver driver(GetParam());
  driver.run(5000);
  Collector sink;
  driver.keyspace.begin_snapshot(all_slots(), sink);
  for (int i = 0; i < 10; ++i) {
    driver.keyspace.snapshot_step(300);
    driver.run(50);
  }
  driver.keyspace.abort_snapshot();
  const size_t delivered = sink.got.size();
  driver.run(500);
  EXPECT_EQ(sink.got.size(), delivered);
  driver.check();
  driver.keyspace.flush_all();
  while (driver.keyspace.free_step(1000)) {
  }
  EXPECT_EQ(driver.keyspace.used_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SnapshotUnderWrites, testing::Range<uint64_t>(1, 6));

TEST(SnapshotTest, FlushAllUnderASnapshotStillDeliversTheCut) {
  ModelDriver driver(3);
  driver.run(5000);
  const Model cut = driver.model;
  Collector sink;
  driver.keyspace.begin_snapshot(all_slots(), sink);
  driver.keyspace.snapshot_step(2000);
  driver.run(20);
  driver.keyspace.flush_all();
  driver.model.clear();
  driver.run(2000);
  while (driver.keyspace.snapshot_step(2000)) {
  }
  EXPECT_EQ(sink.got, cut);
  driver.check();
}

TEST(SnapshotTest, ADeletedBigHashIsHandedOverNotSerialisedAtOnce) {
  Keyspace keyspace(0, 1);
  const KeyRef key(Slot(7), "big");
  HashValue hash(keyspace, key, nullptr);
  for (int i = 0; i < 5000; ++i) hash.set(std::to_string(i), "v");
  const ModelValue before = model_of(*hash.entry());
  Collector sink;
  SlotSet slots;
  slots.insert(Slot(7));
  struct AnySlot : SnapshotSink {
    Model got;
    void entry(Slot, const Entry& entry) override { got.emplace(entry.key(), model_of(entry)); }
  } any;
  keyspace.begin_snapshot(slots, any);
  EXPECT_TRUE(keyspace.erase(key));
  EXPECT_EQ(keyspace.slot_bytes(Slot(7)), 0u);
  EXPECT_TRUE(any.got.empty());
  keyspace.set_string(key, "new");
  while (keyspace.snapshot_step(1)) {
  }
  ASSERT_EQ(any.got.size(), 1u);
  EXPECT_EQ(any.got.at("big"), before);
  keyspace.flush_all();
  while (keyspace.free_step(100)) {
  }
  EXPECT_EQ(keyspace.used_bytes(), 0u);
}

}  // namespace
}  // namespace guccho::store

// A snapshot in the middle of random commands delivers exactly the data of its cut, each key once.
#include <gtest/gtest.h>

#include <algorithm>

#include "node/store/hash_table.h"
#include "node/store/hash_value.h"
#include "node/store/keyspace.h"
#include "tests/unit/store/model.h"

namespace guccho::store {
namespace {

struct Collector : SnapshotSink {
  Model got;
  size_t parts = 0;  // elements that came in parts
  std::vector<std::string> ended;
  bool any_slot = false;

  void entry(Slot slot, const Entry& entry) override {
    EXPECT_TRUE(any_slot || slot == key_slot(entry.key())) << entry.key();
    add(std::string(entry.key()), model_of(entry));
  }
  void begin_value(uint64_t id, const Entry& entry) override {
    EXPECT_TRUE(values_.emplace(id, Value{std::string(entry.key()), hash_size(entry), {}}).second);
  }
  void elements(uint64_t id, Type type, std::span<void* const> items) override {
    ASSERT_EQ(type, Type::kHash);
    for (const void* item : items) {
      const auto& pair = *static_cast<const FieldPair*>(item);
      const ModelField value(std::string(pair.value()), pair.expiry());
      EXPECT_TRUE(values_.at(id).fields.emplace(pair.field(), value).second) << "twice: " << pair.field();
      ++parts;
    }
  }
  void list_block(uint64_t, const ListBlock&) override { ADD_FAILURE() << "there is no list"; }
  void stream_block(uint64_t, const StreamId&, std::string_view) override { ADD_FAILURE() << "there is no stream"; }
  void end_value(uint64_t id) override {
    auto value = values_.extract(id);
    EXPECT_EQ(value.mapped().fields.size(), value.mapped().count);
    ended.push_back(value.mapped().key);
    add(value.mapped().key, {.value = std::move(value.mapped().fields), .expiry = std::nullopt});
  }
  bool whole() const { return values_.empty(); }

 private:
  struct Value {
    std::string key;
    size_t count;
    ModelHash fields;
  };
  void add(const std::string& key, ModelValue value) {
    EXPECT_TRUE(got.emplace(key, std::move(value)).second) << "delivered twice: " << key;
  }
  std::map<uint64_t, Value> values_;
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

// A step is of about as many bytes as it is asked for, from a table that was flushed as from any other.
TEST(SnapshotTest, StepsThroughAFlushedSlotAreNotLarger) {
  for (const bool flushed : {false, true}) {
    Keyspace keyspace(0, 1);
    const auto name = [](int i) { return "{slot}" + std::to_string(i); };
    const Slot slot = key_slot(name(0));
    for (int i = 0; i < 1000; ++i) keyspace.set_string({slot, name(i)}, std::string(10'000, 'v'));
    Collector sink;
    keyspace.begin_snapshot(all_slots(), sink);
    if (flushed) keyspace.flush_all();
    bool more = true;
    while (more) {
      const size_t before = sink.got.size();
      more = keyspace.snapshot_step(50'000);
      ASSERT_LE(sink.got.size() - before, 10u);
    }
    EXPECT_EQ(sink.got.size(), 1000u);
  }
}

// So that who sends them must keep parts of one at most, but for what is written to.
TEST(SnapshotTest, BigValuesEndInTheOrderInWhichTheyBegan) {
  Keyspace keyspace(0, 1);
  Collector sink;
  sink.any_slot = true;
  const std::vector<std::string> names = {"a", "b", "c", "d", "e"};
  const auto hash = [&](const std::string& name) {
    const KeyRef key(Slot(7), name);
    return HashValue(keyspace, key, keyspace.find(key));
  };
  for (const std::string& name : names) {
    for (int i = 0; i < 2000; ++i) hash(name).set(std::to_string(i), "v");
  }
  SlotSet slots;
  slots.insert(Slot(7));
  keyspace.begin_snapshot(slots, sink);
  const std::vector<std::string> began = {names[3], names[1], names[4]};
  for (const std::string& name : began) {
    hash(name).set("new", "v");
    keyspace.snapshot_step(1000);
  }
  while (keyspace.snapshot_step(1000)) {
  }
  ASSERT_EQ(sink.ended.size(), 5u);
  sink.ended.resize(3);
  EXPECT_EQ(sink.ended, began);
}

TEST(SnapshotTest, ADeletedBigHashIsHandedOverNotSerialisedAtOnce) {
  Keyspace keyspace(0, 1);
  const KeyRef key(Slot(7), "big");
  HashValue hash(keyspace, key, nullptr);
  for (int i = 0; i < 5000; ++i) hash.set(std::to_string(i), "v");
  const ModelValue before = model_of(*hash.entry());
  SlotSet slots;
  slots.insert(Slot(7));
  Collector any;
  any.any_slot = true;
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

// A hash of 5000 fields, written to while a snapshot walks through it.
struct BigHashUnderWrites : testing::TestWithParam<uint64_t> {
  static constexpr int kFields = 5000;

  BigHashUnderWrites() {
    sink.any_slot = true;
    for (int i = 0; i < kFields; ++i) set(std::to_string(i), "old");
    // Some hashes have fields that expire at the cut, and none later, or the other way round.
    for (int i = 0; GetParam() % 2 == 0 && i < kFields; i += 3) expire_at(std::to_string(i), 1 + i);
    keyspace.set_string({Slot(7), "small"}, "s");
    cut = {{"big", {.value = fields, .expiry = std::nullopt}}, {"small", {.value = "s", .expiry = std::nullopt}}};
    SlotSet slots;
    slots.insert(Slot(7));
    keyspace.begin_snapshot(slots, sink);
  }
  HashValue hash() { return {keyspace, key, keyspace.find(key)}; }
  void set(const std::string& field, const std::string& value) {
    hash().set(field, value);
    fields[field] = value;
  }
  void expire_at(const std::string& field, int64_t when) {
    if (!hash().contains(field)) return;
    hash().set_expiry(field, UnixMillis(Millis(when)));
    fields[field].expiry = when;
  }
  void persist(const std::string& field) {
    if (!hash().contains(field)) return;
    hash().persist(field);
    fields[field].expiry = 0;
  }
  void write(int times) {
    for (int i = 0; i < times; ++i) {
      const std::string field = std::to_string(rng.below(2 * kFields));
      switch (rng.below(6)) {
        case 0:
        case 1:
          hash().erase(field);
          fields.erase(field);
          break;
        case 2:
          expire_at(field, static_cast<int64_t>(1 + rng.below(kFields)));
          break;
        case 3:
          persist(field);
          break;
        default:
          set(field, "new");
      }
    }
    if (times > 1 && rng.below(20) == 0) expire(static_cast<int64_t>(rng.below(50)));
  }
  void expire(int64_t now) {
    hash().expire(UnixMillis(Millis(now)), 200, [&](std::span<const std::string_view> names) {
      for (const std::string_view name : names) {
        const auto found = fields.find(std::string(name));
        ASSERT_TRUE(found != fields.end());
        EXPECT_LT(found->second.expiry, now);
        fields.erase(found);
      }
    });
  }
  void finish() {
    while (keyspace.snapshot_step(1 + rng.below(2000))) write(5);
  }
  void expect_nothing_left() {
    keyspace.flush_all();
    while (keyspace.free_step(1000)) {
    }
    EXPECT_EQ(keyspace.used_bytes(), 0u);
  }

  Keyspace keyspace{0, 1};
  const KeyRef key{Slot(7), "big"};
  Rng rng{GetParam()};
  ModelHash fields;
  Model cut;
  Collector sink;
};

TEST_P(BigHashUnderWrites, DeliversTheCutAndNoMoreThanWasTouchedAtOnce) {
  set("17", "new");
  EXPECT_EQ(sink.parts, 1u);  // and not 5000
  EXPECT_TRUE(sink.got.empty());
  set("17", "newer");
  set("added", "new");
  EXPECT_EQ(sink.parts, 1u);
  expire_at("18", 7);
  persist("18");
  EXPECT_EQ(sink.parts, 2u);
  for (int i = 0; i < 9; ++i) set(std::to_string(rng.below(2 * kFields)), "new");
  EXPECT_LE(sink.parts, 11u);
  finish();
  EXPECT_EQ(sink.got, cut);
  EXPECT_EQ(model_of(*keyspace.find(key)), (ModelValue{.value = fields, .expiry = std::nullopt}));
  expect_nothing_left();
}

TEST_P(BigHashUnderWrites, DeletedInTheMiddle) {
  keyspace.snapshot_step(1000);
  write(20);
  EXPECT_TRUE(keyspace.erase(key));
  fields.clear();
  write(2000);
  EXPECT_TRUE(keyspace.erase(key));
  finish();
  EXPECT_EQ(sink.got, cut);
  expect_nothing_left();
}

TEST_P(BigHashUnderWrites, ReplacedByAStringAndRenamed) {
  write(1);
  keyspace.rename(key, {Slot(7), "other"});
  keyspace.set_string(key, "string");
  HashValue moved(keyspace, {Slot(7), "other"}, keyspace.find({Slot(7), "other"}));
  for (int i = 0; i < 50; ++i) moved.set(std::to_string(i), "newest");
  while (keyspace.snapshot_step(500)) {
  }
  EXPECT_EQ(sink.got, cut);
  expect_nothing_left();
}

TEST_P(BigHashUnderWrites, FlushedInTheMiddleTwice) {
  write(3);
  keyspace.flush_slot(Slot(7));
  fields.clear();
  write(3000);
  while (keyspace.snapshot_step(1) && sink.parts < 100) {
  }
  keyspace.flush_slot(Slot(7));
  fields.clear();
  finish();
  EXPECT_EQ(sink.got, cut);
  expect_nothing_left();
}

TEST_P(BigHashUnderWrites, AbortedInTheMiddle) {
  write(3);
  keyspace.snapshot_step(500);
  keyspace.erase(key);
  keyspace.abort_snapshot();
  EXPECT_FALSE(sink.whole());
  fields.clear();
  write(100);
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Seeds, BigHashUnderWrites, testing::Range<uint64_t>(1, 6));

}  // namespace
}  // namespace guccho::store

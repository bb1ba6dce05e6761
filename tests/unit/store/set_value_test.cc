// Sets against std::set: random edits under small limits, the forms and their steps, intsets byte for byte.
#include "node/store/set_value.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "node/base/random.h"
#include "node/store/intset.h"
#include "node/store/listpack.h"
#include "node/store/set_table.h"
#include "node/store/snapshot.h"

namespace guccho::store {
namespace {

using Model = std::set<std::string>;

KeyRef key_ref(std::string_view key) {
  return {key_slot(key), key};
}

std::string_view encoding(const SetValue& set) {
  return encoding_name(set.entry()->encoding());
}

Model members(const SetView& view) {
  Model out;
  view.for_each([&](std::string_view member) { EXPECT_TRUE(out.emplace(member).second) << member; });
  return out;
}

Model scanned(const SetView& view, size_t count) {
  Model out;
  uint64_t cursor = 0;
  do {
    cursor = view.scan(cursor, count, [&](std::string_view member) { out.emplace(member); });
  } while (cursor != 0);
  return out;
}

TEST(SetValueTest, RandomEditsAgainstASet) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    Keyspace keyspace(0, 1);
    keyspace.packed_limits().set_max_intset_entries = 40;
    keyspace.packed_limits().set_max_listpack_entries = 30;
    keyspace.packed_limits().set_max_listpack_value = 20;
    const KeyRef key = key_ref("set");
    Entry* entry = nullptr;
    Model model;
    Rng rng(seed);
    const uint64_t range = 20 + 200 * (seed % 3);
    for (int step = 0; step < 4000; ++step) {
      SetValue set(keyspace, key, entry);
      // Some keys see integers only for a while.
      const bool integers = step % 400 < 200;
      std::string member = std::to_string(static_cast<int64_t>(rng.below(range) << (rng.below(3) * 14)) - 5);
      if (!integers && rng.below(2)) member = std::string(rng.below(rng.below(10) ? 6 : 400), 'm') + member;
      if (rng.below(5) < 3) {
        ASSERT_EQ(set.add(member), model.insert(member).second);
      } else {
        ASSERT_EQ(set.erase(member), model.erase(member) == 1);
      }
      entry = set.entry();
      if (model.empty() || step % 400 == 399) {
        if (entry != nullptr) keyspace.erase(key);
        entry = nullptr;
        model.clear();
      }
      const SetView view(entry);
      ASSERT_EQ(view.size(), model.size());
      ASSERT_EQ(view.contains(member), model.contains(member));
      if (keyspace.pending_frees() == 0) {
        ASSERT_EQ(keyspace.used_bytes(), keyspace.slot_bytes(key.slot));
      }
      if (step % 50 != 0) continue;
      ASSERT_EQ(members(view), model);
      ASSERT_EQ(scanned(view, 1 + rng.below(20)), model);
      view.random(rng, [&](std::string_view m) { ASSERT_TRUE(model.contains(std::string(m))); });
      size_t visits = 0;
      view.for_each_while([&](std::string_view) { return ++visits < 3; });
      ASSERT_EQ(visits, std::min<size_t>(3, model.size()));
    }
    keyspace.erase(key);
    while (keyspace.free_step(5)) {
    }
    EXPECT_LE(keyspace.used_bytes(), 64u);
  }
}

TEST(SetValueTest, StepsBetweenTheForms) {
  Keyspace keyspace(0, 1);
  PackedLimits& limits = keyspace.packed_limits();
  limits.set_max_intset_entries = 4;
  limits.set_max_listpack_entries = 3;
  limits.set_max_listpack_value = 5;
  struct Case {
    const char* name;
    std::vector<std::string> members;
    size_t expected;  // how many were announced; 0: none
    const char* encoding;
  };
  const Case cases[] = {
      {"integers", {"1", "2", "3", "4"}, 0, "intset"},
      {"too many integers", {"1", "2", "3", "4", "5"}, 0, "hashtable"},
      {"not canonical", {"01"}, 0, "listpack"},
      {"strings", {"a", "b", "c"}, 0, "listpack"},
      {"too many strings", {"a", "b", "c", "d"}, 0, "hashtable"},
      {"a long string", {"abcdef"}, 0, "hashtable"},
      {"a long string later", {"a", "abcdef"}, 0, "hashtable"},
      {"integers, then a string", {"1", "2", "a"}, 0, "listpack"},
      {"integers, then a long string", {"1", "abcdef"}, 0, "hashtable"},
      {"long integers, then a string", {"100000", "a"}, 0, "hashtable"},
      {"as many integers as a packed set takes, then a string", {"1", "2", "3", "a"}, 0, "hashtable"},
      {"more announced than integers fit", {"1"}, 5, "hashtable"},
      {"more strings announced than fit", {"a"}, 4, "hashtable"},
      {"as many integers announced as fit", {"1"}, 4, "intset"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    SetValue set(keyspace, key_ref(test.name), nullptr);
    if (test.expected > 0) set.expect(test.members[0], test.expected);
    for (const auto& member : test.members) EXPECT_TRUE(set.add(member));
    EXPECT_EQ(encoding(set), test.encoding);
    EXPECT_EQ(members(set.view()), Model(test.members.begin(), test.members.end()));
    // None leads back.
    while (set.size() > 1)
      set.view().for_each_while([&](std::string_view m) {
        set.erase(std::string(m));
        return false;
      });
    EXPECT_EQ(encoding(set), test.encoding);
  }
}

TEST(SetValueTest, CopiesAndIsFreedInSteps) {
  Keyspace keyspace(0, 1);
  SetValue set(keyspace, key_ref("{a}1"), nullptr);
  for (int i = 0; i < 20000; ++i) set.add("member " + std::to_string(i));
  set.add(std::string(300, 'w'));
  const Entry* made = keyspace.copy(key_ref("{a}1"), key_ref("{a}2"));
  EXPECT_EQ(members(SetView(made)), members(SetView(keyspace.find(key_ref("{a}1")))));
  EXPECT_TRUE(SetView(made).contains(std::string(300, 'w')));
  keyspace.erase(key_ref("{a}1"));
  keyspace.erase(key_ref("{a}2"));
  int steps = 0;
  while (keyspace.free_step(100)) ++steps;
  EXPECT_GT(steps, 100);
  EXPECT_LE(keyspace.used_bytes(), 64u);
}

// What a snapshot delivers of one big set, in parts.
struct PartsSink : SnapshotSink {
  Model members;
  int begun = 0;
  int ended = 0;
  void entry(Slot, const Entry&) override { ADD_FAILURE() << "a big set comes in parts"; }
  void begin_value(uint64_t, const Entry& entry) override {
    ++begun;
    EXPECT_EQ(SetView(&entry).size(), 5000u);
  }
  void elements(uint64_t, Type type, std::span<void* const> items) override {
    EXPECT_EQ(type, Type::kSet);
    for (const void* item : items) EXPECT_TRUE(members.emplace(SetTable::text(item)).second);
  }
  void list_block(uint64_t, const ListBlock&) override { ADD_FAILURE() << "there is no list"; }
  void stream_block(uint64_t, const StreamId&, std::string_view) override { ADD_FAILURE() << "there is no stream"; }
  void end_value(uint64_t) override { ++ended; }
};

TEST(SetValueTest, SnapshotsTakeBigSetsInParts) {
  Keyspace keyspace(0, 1);
  const KeyRef key = key_ref("set");
  SetValue set(keyspace, key, nullptr);
  Model cut;
  for (int i = 0; i < 5000; ++i) {
    const std::string member = "member " + std::to_string(i);
    set.add(member);
    cut.insert(member);
  }
  PartsSink sink;
  SlotSet slots;
  slots.insert(key.slot);
  keyspace.begin_snapshot(slots, sink);
  Rng rng(8);
  bool more = true;
  for (int round = 0; more; ++round) {
    more = keyspace.snapshot_step(2000);
    for (int i = 0; i < 30; ++i) {
      const std::string member = "member " + std::to_string(rng.below(10000));
      rng.below(2) ? set.add(member) : set.erase(member);
    }
  }
  EXPECT_EQ(sink.members, cut);
  EXPECT_EQ(sink.begun, 1);
  EXPECT_EQ(sink.ended, 1);
}

TEST(SetValueTest, RandomMembersComeUpEvenly) {
  Keyspace keyspace(0, 1);
  for (const char* prefix : {"", "m"}) {
    const std::string key = std::string("k") + prefix;
    SetValue set(keyspace, key_ref(key), nullptr);
    for (int i = 0; i < 10; ++i) set.add(prefix + std::to_string(i));
    std::map<std::string, int> seen;
    Rng rng(3);
    for (int i = 0; i < 10000; ++i) set.view().random(rng, [&](std::string_view m) { ++seen[std::string(m)]; });
    EXPECT_EQ(seen.size(), 10u);
    for (const auto& [member, times] : seen) EXPECT_NEAR(times, 1000, 200) << member;
  }
}

// As redis-server 7.0 lays them out (DUMP).
TEST(IntsetTest, LayoutIsThatOfRedis) {
  SlabAllocator alloc;
  IntsetBlock block = IntsetBlock::make(alloc);
  const auto bytes = [&] {
    return std::string(static_cast<const char*>(block.external().data), block.external().size);
  };
  EXPECT_TRUE(block.add(2));
  EXPECT_TRUE(block.add(-1));
  EXPECT_FALSE(block.add(2));
  EXPECT_EQ(bytes(), std::string("\x02\0\0\0\x02\0\0\0\xff\xff\x02\0", 12));
  EXPECT_TRUE(block.add(70000));
  EXPECT_EQ(bytes(), std::string("\x04\0\0\0\x03\0\0\0\xff\xff\xff\xff\x02\0\0\0\x70\x11\x01\0", 20));
  EXPECT_TRUE(block.add(INT64_MIN));
  EXPECT_EQ(block.view().at(0), INT64_MIN);
  EXPECT_EQ(block.view().at(3), 70000);
  EXPECT_TRUE(block.erase(INT64_MIN));
  EXPECT_TRUE(Intset::valid(bytes()));
  alloc.free(block.external().data, block.external().capacity);
  EXPECT_EQ(alloc.used(), 0u);
}

TEST(IntsetTest, DamagedBlocksAreRefused) {
  const auto valid = [](const char* bytes, size_t size) { return Intset::valid(std::string(bytes, size)); };
  EXPECT_TRUE(valid("\x02\0\0\0\x02\0\0\0\x01\0\x02\0", 12));
  EXPECT_TRUE(valid("\x02\0\0\0\0\0\0\0", 8));
  EXPECT_FALSE(valid("\x02\0\0\0\0\0\0", 7));
  EXPECT_FALSE(valid("\x03\0\0\0\x01\0\0\0\x01\0\0", 11));            // a width of 3
  EXPECT_FALSE(valid("\0\0\0\0\x05\0\0\0", 8));                       // a width of 0
  EXPECT_FALSE(valid("\x02\0\0\0\x02\0\0\0\x01\0", 10));              // too short
  EXPECT_FALSE(valid("\x02\0\0\0\x01\0\0\0\x01\0\x02\0", 12));        // too long
  EXPECT_FALSE(valid("\x02\0\0\0\x02\0\0\0\x02\0\x01\0", 12));        // not ascending
  EXPECT_FALSE(valid("\x02\0\0\0\x02\0\0\0\x01\0\x01\0", 12));        // one twice
  EXPECT_FALSE(valid("\x02\0\0\0\xff\xff\xff\xff\x01\0\x02\0", 12));  // a count that overflows
  EXPECT_FALSE(
      valid("\x08\0\0\0\0\0\0\x80"
            "\0\0\0\0\0\0\0\0",
            16));
}

TEST(SetValueTest, AdoptsBlocksWithinTheLimitsOnly) {
  Keyspace keyspace(0, 1);
  keyspace.packed_limits().set_max_intset_entries = 2;
  keyspace.packed_limits().set_max_listpack_entries = 2;
  keyspace.packed_limits().set_max_listpack_value = 4;
  SlabAllocator alloc;
  const auto intset_of = [&](std::vector<int64_t> values) {
    IntsetBlock block = IntsetBlock::make(alloc);
    for (const int64_t value : values) block.add(value);
    std::string out(static_cast<const char*>(block.external().data), block.external().size);
    alloc.free(block.external().data, block.external().capacity);
    return out;
  };
  const auto pack_of = [&](std::vector<std::string> texts) {
    ListpackBlock block = ListpackBlock::make(alloc);
    for (const auto& text : texts) block.append(text);
    std::string out(static_cast<const char*>(block.external().data), block.external().size);
    block.release();
    return out;
  };
  const auto name = [](const Entry* entry) { return encoding_name(entry->encoding()); };
  EXPECT_EQ(name(adopt_intset(keyspace, key_ref("1"), intset_of({1, 2}))), "intset");
  EXPECT_EQ(name(adopt_intset(keyspace, key_ref("2"), intset_of({1, 2, 3}))), "hashtable");
  EXPECT_EQ(name(adopt_packed_set(keyspace, key_ref("3"), pack_of({"a", "1"}))), "listpack");
  EXPECT_EQ(name(adopt_packed_set(keyspace, key_ref("4"), pack_of({"a", "b", "c"}))), "hashtable");
  EXPECT_EQ(name(adopt_packed_set(keyspace, key_ref("5"), pack_of({"abcde"}))), "hashtable");
  EXPECT_EQ(members(SetView(keyspace.find(key_ref("2")))), Model({"1", "2", "3"}));
  EXPECT_EQ(members(SetView(keyspace.find(key_ref("4")))), Model({"a", "b", "c"}));
}

}  // namespace
}  // namespace guccho::store

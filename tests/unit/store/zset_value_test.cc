// Sorted sets at a key: both forms give the same answers, at the cost in memory that is promised.
#include "node/store/zset_value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "node/base/random.h"
#include "node/store/zset_tree.h"

namespace guccho::store {
namespace {

using Model = std::map<std::string, double>;
using Order = std::set<std::pair<double, std::string>>;

Order order_of(const Model& model) {
  Order order;
  for (const auto& [member, score] : model) order.emplace(score, member);
  return order;
}

void expect_same(const ZsetView& zset, const Model& model) {
  const Order order = order_of(model);
  ASSERT_EQ(zset.size(), order.size());
  size_t rank = 0;
  ZsetCursor at = zset.at(0);
  for (const auto& [score, member] : order) {
    ASSERT_TRUE(at.valid());
    ASSERT_EQ(at.member(), member);
    ASSERT_EQ(at.score(), score);
    ASSERT_EQ(zset.score(member), score);
    ASSERT_EQ(zset.rank(member), rank);
    ASSERT_EQ(zset.at(rank).member(), member);
    at.next();
    ++rank;
  }
  ASSERT_FALSE(at.valid());
  ASSERT_FALSE(zset.at(rank).valid());
  if (rank == 0) return;
  at = zset.at(rank - 1);
  for (auto each = order.rbegin(); each != order.rend(); ++each, at.previous()) ASSERT_EQ(at.member(), each->second);
  ASSERT_FALSE(at.valid());
}

struct BothForms : testing::TestWithParam<size_t> {};

TEST_P(BothForms, AgreeWithAModel) {
  Keyspace keyspace(0, 1);
  keyspace.packed_limits().zset_max_listpack_entries = GetParam();
  keyspace.packed_limits().zset_max_listpack_value = 100;
  const KeyRef key(Slot(0), "z");
  Rng rng(GetParam());
  Model model;
  const auto random_score = [&]() -> double {
    switch (rng.below(6)) {
      case 0:
        return static_cast<double>(static_cast<int64_t>(rng.next()) >> rng.below(64));
      case 1:
        return static_cast<double>(rng.next()) * 1e-300;
      case 2:
        return rng.below(2) ? HUGE_VAL : -HUGE_VAL;
      default:
        return static_cast<double>(rng.below(40)) / 8 - 2;
    }
  };
  for (int i = 0; i < 6000; ++i) {
    ZsetValue zset(keyspace, key, keyspace.find(key));
    const std::string member = rng.below(3) ? std::to_string(rng.below(120)) : "m" + std::to_string(rng.below(60));
    const double score = random_score();
    const auto old = model.find(member);
    switch (rng.below(8)) {
      case 0:
      case 1:
        EXPECT_EQ(zset.erase(member), model.erase(member) == 1);
        break;
      case 2: {
        const bool increment = rng.below(2);
        const bool greater = rng.below(2);
        const ZsetValue::Condition condition{.xx = true, .gt = greater, .lt = !greater, .increment = increment};
        const auto added = zset.add(score, member, condition);
        if (old == model.end()) {
          EXPECT_EQ(added.outcome, ZsetValue::Outcome::kSkipped);
          break;
        }
        const double wanted = increment ? old->second + score : score;
        if (std::isnan(wanted)) {
          EXPECT_EQ(added.outcome, ZsetValue::Outcome::kNan);
        } else if (greater ? wanted > old->second : wanted < old->second) {
          EXPECT_EQ(added.outcome, ZsetValue::Outcome::kUpdated);
          EXPECT_EQ(added.score, wanted);
          old->second = wanted;
        } else {
          EXPECT_EQ(added.outcome, ZsetValue::Outcome::kSkipped);
        }
        break;
      }
      case 3: {
        const auto added = zset.add(score, member, {.nx = true});
        EXPECT_EQ(added.outcome, old == model.end() ? ZsetValue::Outcome::kAdded : ZsetValue::Outcome::kSkipped);
        if (old == model.end()) model[member] = score;
        break;
      }
      case 4: {
        if (rng.below(8) != 0 || model.empty()) break;
        const size_t first = rng.below(model.size());
        const size_t count = rng.below(std::min<size_t>(model.size() - first, 20) + 1);
        const Order order = order_of(model);
        auto each = std::next(order.begin(), static_cast<long>(first));
        for (size_t n = 0; n < count; ++n) model.erase((each++)->second);
        zset.erase_ranks(first, count);
        break;
      }
      default: {
        const auto added = zset.add(score, member);
        using enum ZsetValue::Outcome;
        EXPECT_EQ(added.outcome, old == model.end() ? kAdded : old->second == score ? kSame : kUpdated);
        // Equal scores keep the old one's sign of zero.
        if (old == model.end() || old->second != score) model[member] = score;
      }
    }
    const double bound = random_score();
    size_t below = 0;
    size_t to = 0;
    for (const auto& [m, s] : model) {
      below += s < bound;
      to += s <= bound;
    }
    ASSERT_EQ(zset.count_below(bound), below);
    ASSERT_EQ(zset.count_to(bound), to);
    if (i % 50 == 0) expect_same(zset, model);
    if (HasFatalFailure()) return;
    if (model.empty() && zset.entry()) keyspace.erase(key);
  }
  ASSERT_FALSE(model.empty());
  EXPECT_EQ(keyspace.find(key)->encoding(), GetParam() > 1000 ? Encoding::kListpack : Encoding::kSkiplist);
  // Copies are equal and independent.
  const KeyRef other(Slot(0), "copy");
  keyspace.copy(key, other);
  expect_same(ZsetView(keyspace.find(other)), model);
  keyspace.erase(key);
  while (keyspace.free_step(3)) {
  }
  expect_same(ZsetView(keyspace.find(other)), model);
  keyspace.erase(other);
  while (keyspace.free_step(3)) {
  }
  EXPECT_EQ(keyspace.used_bytes(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Limits, BothForms, testing::Values(0, 30, 100000));

TEST(ZsetValueTest, BecomesATreeBeyondItsLimits) {
  Keyspace keyspace(0, 1);
  const KeyRef key(Slot(0), "z");
  const auto encoding = [&] { return keyspace.find(key)->encoding(); };
  for (int i = 0; i < 128; ++i) ZsetValue(keyspace, key, keyspace.find(key)).add(i, std::to_string(i));
  EXPECT_EQ(encoding(), Encoding::kListpack);
  ZsetValue(keyspace, key, keyspace.find(key)).add(7.5, "5");  // no new member
  EXPECT_EQ(encoding(), Encoding::kListpack);
  ZsetValue(keyspace, key, keyspace.find(key)).add(1, "one more");
  EXPECT_EQ(encoding(), Encoding::kSkiplist);
  keyspace.erase(key);
  ZsetValue(keyspace, key, nullptr).add(1, std::string(64, 'x'));
  EXPECT_EQ(encoding(), Encoding::kListpack);
  ZsetValue(keyspace, key, keyspace.find(key)).add(1, std::string(65, 'x'));
  EXPECT_EQ(encoding(), Encoding::kSkiplist);
  keyspace.erase(key);
  ZsetValue(keyspace, key, nullptr).add(1, std::string(65, 'x'));
  EXPECT_EQ(encoding(), Encoding::kSkiplist);
}

// What a packed set looks like: the bytes of Redis' own (RDB type 17).
TEST(ZsetValueTest, PackedBytes) {
  Keyspace keyspace(0, 1);
  const KeyRef key(Slot(0), "z");
  const auto add = [&](double score, std::string_view member) {
    ZsetValue(keyspace, key, keyspace.find(key)).add(score, member);
  };
  add(3.3, "c");
  add(1, "7");
  add(-1e300, "a");
  add(0.0, "z");
  add(-0.0, "n");
  const std::string_view bytes = *ZsetView(keyspace.find(key)).packed_bytes();
  const Listpack pack(bytes);
  std::string text;
  for (size_t at = pack.first(); at != Listpack::kEnd; at = pack.next(at)) {
    IntText scratch;
    const ListpackElement element = pack.get(at);
    text += (element.integer ? "int " : "") + std::string(element.text(scratch)) + ",";
  }
  EXPECT_EQ(text, "a,-1.0000000000000001e+300,n,int 0,z,int 0,int 7,int 1,c,3.2999999999999998,");
  EXPECT_TRUE(Listpack::valid(bytes, true));
  EXPECT_TRUE(valid_packed_zset(bytes));
}

TEST(ZsetValueTest, DamagedPackedSetsAreRefused) {
  const struct {
    std::vector<std::string> elements;
    bool valid;
  } cases[] = {
      {{"a", "1", "b", "2"}, true},
      {{"a", "1", "b", "1"}, true},
      {{"a", "-inf", "b", "inf"}, true},
      {{"a", "2", "b", "1"}, false},
      {{"b", "1", "a", "1"}, false},
      {{"a", "1", "a", "2"}, false},
      {{"a", "1", "a", "1"}, false},
      {{"a", "nan"}, false},
      {{"a", "x"}, false},
      {{"a", "1 "}, false},
      {{"a", ""}, false},
      {{"a", "1e999"}, false},
      {{"a", "1", "b", "2", "c"}, false},
      {{}, true},
  };
  for (const auto& c : cases) {
    SlabAllocator alloc;
    ListpackBlock block = ListpackBlock::make(alloc);
    for (const std::string& element : c.elements) block.append(element);
    const External external = block.external();
    EXPECT_EQ(valid_packed_zset({static_cast<const char*>(external.data), external.size}), c.valid);
    block.release();
  }
}

TEST(ZsetValueTest, ScanVisitsEveryMember) {
  Keyspace keyspace(0, 1);
  const KeyRef key(Slot(0), "z");
  for (int i = 0; i < 3000; ++i) ZsetValue(keyspace, key, keyspace.find(key)).add(i, std::to_string(i));
  std::set<std::string> seen;
  uint64_t cursor = 0;
  int calls = 0;
  do {
    cursor = ZsetValue(keyspace, key, keyspace.find(key)).scan(cursor, 10, [&](const ScoredMember& each) {
      EXPECT_EQ(std::to_string(static_cast<int>(each.score)), each.member);
      seen.emplace(each.member);
    });
    ++calls;
  } while (cursor != 0);
  EXPECT_EQ(seen.size(), 3000u);
  EXPECT_GT(calls, 100);
}

// A snapshot in the middle of changes delivers each sorted set as it was when it began.
TEST(ZsetValueTest, SnapshotsAreOfTheirMoment) {
  struct Collector : SnapshotSink {
    std::map<std::string, std::map<std::string, double>> got;
    void entry(Slot, const Entry& entry) override {
      std::map<std::string, double> members;
      for (ZsetCursor at = ZsetView(&entry).at(0); at.valid(); at.next()) members.emplace(at.member(), at.score());
      EXPECT_TRUE(got.emplace(entry.key(), std::move(members)).second) << "delivered twice";
    }
    void begin_value(uint64_t id, const Entry& entry) override {
      names.emplace(id, entry.key());
      sizes.emplace(id, ZsetView(&entry).size());
    }
    void elements(uint64_t id, Type type, std::span<void* const> items) override {
      ASSERT_EQ(type, Type::kZset);
      for (const void* each : items) {
        const auto& item = *static_cast<const ScoredItem*>(each);
        EXPECT_TRUE(got[names.at(id)].emplace(item.member(), item.score()).second) << "delivered twice";
        ++parts;
      }
    }
    void list_block(uint64_t, const ListBlock&) override { ADD_FAILURE() << "there is no list"; }
    void stream_block(uint64_t, const StreamId&, std::string_view) override { ADD_FAILURE() << "there is no stream"; }
    void end_value(uint64_t id) override { EXPECT_EQ(got[names.at(id)].size(), sizes.at(id)); }
    std::map<uint64_t, std::string> names;
    std::map<uint64_t, size_t> sizes;
    size_t parts = 0;  // members that came in parts
  };
  Keyspace keyspace(0, 1);
  keyspace.packed_limits().zset_max_listpack_entries = 20;
  Rng rng(8);
  std::map<std::string, std::map<std::string, double>> model;
  const auto change = [&] {
    const std::string name = std::to_string(rng.below(40));
    const KeyRef key(key_slot(name), name);
    auto& members = model[name];
    ZsetValue zset(keyspace, key, keyspace.find(key));
    // Some grow so large that they come in parts.
    const std::string member = std::to_string(rng.below(name == "7" || name == "8" ? 4000 : 60));
    switch (rng.below(5)) {
      case 0:
        EXPECT_EQ(zset.erase(member), members.erase(member) == 1);
        break;
      case 1:
        if (rng.below(10) == 0 && !members.empty()) {
          members.erase(std::string(zset.at(0).member()));
          zset.erase_ranks(0, 1);
        }
        break;
      default:
        zset.add(static_cast<double>(rng.below(100)), member);
        members[member] = *zset.score(member);
    }
    if (members.empty() || (members.size() < 100 && rng.below(200) == 0)) {
      keyspace.erase(key);
      model.erase(name);
    }
  };
  SlotSet slots;
  for (uint16_t s = 0; s < kSlotCount; ++s) slots.insert(Slot(s));
  for (const char* name : {"7", "8"}) {
    const KeyRef key(key_slot(name), name);
    for (int i = 0; i < 2500; ++i) ZsetValue(keyspace, key, keyspace.find(key)).add(i, std::to_string(i));
    for (int i = 0; i < 2500; ++i) model[name][std::to_string(i)] = i;
  }
  size_t parts = 0;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 500; ++i) change();
    const auto cut = model;
    Collector sink;
    keyspace.begin_snapshot(slots, sink);
    while (keyspace.snapshot_step(500)) {
      if (rng.below(20) == 0) change();
      keyspace.free_step(5);
    }
    ASSERT_EQ(sink.got, cut);
    parts += sink.parts;
    while (keyspace.defragment_step(50, 1000)) {
    }
  }
  EXPECT_GT(parts, 5000u);
}

// Wherever a budget ends: also just behind the last member, with empty segments of the table behind it.
TEST(ZsetValueTest, FreedInStepsOfAnySize) {
  for (size_t budget = 1; budget < 400; budget = budget < 60 ? budget + 1 : budget * 2) {
    SlabAllocator alloc;
    ZsetTree* zset = make_zset_tree(alloc);
    for (int i = 0; i < 1000; ++i) {
      const std::string member = std::to_string(i);
      zset->add(i, member, hash_bytes(member), alloc);
    }
    for (int i = 0; i < 1000; ++i) {
      const std::string member = std::to_string(i);
      if (hash_bytes(member) >> 63 == 1) zset->remove(zset->find(member), alloc);
    }
    EXPECT_GT(zset->elements(), 300u);
    for (size_t left = budget; zset->drain(left, alloc); left = budget) {
    }
    ASSERT_EQ(alloc.used(), 0u) << budget;
  }
}

// The target of the design: 36 bytes a member above member and score, in sets of 200 members of 12 bytes.
TEST(ZsetValueTest, MemoryOfAMember) {
  Keyspace keyspace(0, 1);
  Rng rng(11);
  constexpr size_t kSets = 100;
  constexpr size_t kMembers = 200;
  for (size_t s = 0; s < kSets; ++s) {
    const std::string name = "zset" + std::to_string(s);
    const KeyRef key(Slot(0), name);
    while (ZsetView(keyspace.find(key)).size() < kMembers) {
      std::string member(12, ' ');
      for (char& c : member) c = static_cast<char>('a' + rng.below(26));
      ZsetValue(keyspace, key, keyspace.find(key)).add(static_cast<double>(rng.next()), member);
    }
  }
  const double each = static_cast<double>(keyspace.used_bytes()) / (kSets * kMembers) - 20;
  RecordProperty("bytes_a_member", std::to_string(each));
  std::printf("%.1f bytes a member above member and score\n", each);
  if (SlabAllocator::default_backing() == SlabAllocator::Backing::kPages) {
    EXPECT_LE(each, 36);
  }
}

}  // namespace
}  // namespace guccho::store

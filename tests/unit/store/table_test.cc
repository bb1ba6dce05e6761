// The hash table against std::unordered_map: finding, growth and shrinking, scans through changes, hash floods.
#include "node/store/table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "node/store/key.h"

namespace guccho::store {
namespace {

// An item whose hash the test chooses.
struct alignas(8) Item {
  uint64_t hash;
  char name[24];
};
struct ItemTraits {
  static std::string_view key(const Item& item) { return {reinterpret_cast<const char*>(&item), sizeof(Item)}; }
  static uint64_t hash(std::string_view key) {
    uint64_t h;
    std::memcpy(&h, key.data(), 8);
    return h;
  }
};

struct TableTest : testing::Test {
  SlabAllocator alloc;
  Table<Item, ItemTraits> table;
  std::unordered_map<std::string, Item*> model;

  static std::string name_of(int n) { return "item" + std::to_string(n); }
  static Item make(int n, uint64_t hash) {
    Item item{hash, {}};
    std::strncpy(item.name, name_of(n).c_str(), sizeof(item.name) - 1);
    return item;
  }
  void insert(int n, uint64_t hash) {
    auto* item = static_cast<Item*>(alloc.allocate(sizeof(Item)));
    *item = make(n, hash);
    table.insert(hash, item, alloc);
    model[name_of(n)] = item;
  }
  Item* find(int n, uint64_t hash) {
    const Item probe = make(n, hash);
    return table.find(ItemTraits::key(probe), hash);
  }
  void erase(int n, uint64_t hash) {
    Item* item = model[name_of(n)];
    table.remove(hash, item, alloc);
    alloc.free(item, sizeof(Item));
    model.erase(name_of(n));
  }
  void check() {
    ASSERT_EQ(table.size(), model.size());
    size_t seen = 0;
    table.for_each([&](void* p) {
      ++seen;
      ASSERT_EQ(model.at(static_cast<Item*>(p)->name), p);
    });
    ASSERT_EQ(seen, model.size());
  }
  void TearDown() override {
    uint32_t resume = 0;
    const auto free_item = [&](void* item) {
      alloc.free(item, sizeof(Item));
      return size_t{1};
    };
    for (size_t budget = 100; table.drain(resume, budget, alloc, free_item); budget = 100) {
    }
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.structure_bytes(), 0u);
    EXPECT_EQ(alloc.used(), 0u);
  }
};

uint64_t hash_of(int n) {
  return hash_bytes(TableTest::name_of(n));
}

// How many buckets prefetch_items() has to be shown before it finds what it looks for.
TEST_F(TableTest, ItemsAreFetchedFromWhereTheyAre) {
  EXPECT_FALSE(table.prefetch_items(hash_bytes("nothing is there"), 0));
  constexpr int kItems = 3000;
  for (int n = 0; n < kItems; ++n) insert(n, hash_bytes(name_of(n)));
  int displaced = 0;
  int far = 0;
  for (int n = 0; n < kItems; ++n) {
    size_t places = 0;
    while (table.prefetch_items(hash_bytes(name_of(n)), places)) ASSERT_LT(++places, 20u);
    displaced += places > 0;
    far += places > 1;
  }
  EXPECT_GT(displaced, kItems / 20);
  EXPECT_LT(displaced, kItems / 4);
  EXPECT_LT(far, displaced / 2);
  EXPECT_FALSE(table.prefetch_items(hash_bytes(name_of(0)), 1000));
}

TEST_F(TableTest, RandomChangesAgainstAMap) {
  Rng rng(7);
  // Grows to thousands, shrinks to nearly nothing, three times over.
  for (int phase = 0; phase < 6; ++phase) {
    const uint64_t insert_percent = phase % 2 == 0 ? 70 : 30;
    for (int step = 0; step < 30000; ++step) {
      const int n = static_cast<int>(rng.below(12000));
      Item* found = find(n, hash_of(n));
      ASSERT_EQ(found != nullptr, model.contains(name_of(n)));
      if (rng.below(100) < insert_percent) {
        if (!found) insert(n, hash_of(n));
      } else if (found) {
        erase(n, hash_of(n));
      }
    }
    check();
  }
  while (!model.empty()) {
    const int n = std::stoi(model.begin()->first.substr(4));
    erase(n, hash_of(n));
  }
  EXPECT_EQ(table.structure_bytes(), 0u) << "an empty table keeps no buckets and no directory";
}

TEST_F(TableTest, StructureStaysNearEightBytesAnItem) {
  size_t worst = 0;
  for (int n = 0; n < 200000; ++n) {
    insert(n, hash_of(n));
    if (n > 10000) worst = std::max(worst, table.structure_bytes() * 100 / table.size());
  }
  EXPECT_LE(worst, 1000u) << "hundredths of a byte";
}

TEST_F(TableTest, ScanSeesEveryItemThatStays) {
  Rng rng(3);
  for (int round = 0; round < 20; ++round) {
    // 0-1999 stay throughout; the others come and go between the steps of the scan.
    for (int n = 0; n < 2000; ++n) {
      if (!model.contains(name_of(n))) insert(n, hash_of(n));
    }
    std::unordered_set<std::string> seen;
    uint64_t position = 0;
    std::vector<void*> out;
    for (;;) {
      out.clear();
      const auto next = table.scan(position, 1 + rng.below(40), out);
      for (void* p : out) {
        const auto* item = static_cast<Item*>(p);
        ASSERT_GE(TableCore::position_of(item->hash), position) << "also when segments were merged since";
        seen.insert(item->name);
      }
      if (!next) break;
      ASSERT_GT(*next, position);
      position = *next;
      const bool growing = round % 2 == 0;
      for (int i = 0; i < 300; ++i) {
        const int n = 2000 + static_cast<int>(rng.below(20000));
        const bool there = model.contains(name_of(n));
        if (there && !growing) erase(n, hash_of(n));
        if (!there && growing) insert(n, hash_of(n));
      }
    }
    for (int n = 0; n < 2000; ++n) ASSERT_TRUE(seen.contains(name_of(n))) << n;
  }
}

// Hashes so dense that neighbours share a fragment once their segments have merged: a position may then lie inside one.
TEST_F(TableTest, ScanNeverGoesBackAfterMerges) {
  constexpr int kItems = 4096;
  const auto dense = [](int n) { return uint64_t(n) << 52; };
  for (int round = 0; round < 50; ++round) {
    for (int n = 0; n < kItems; ++n) insert(n, dense(n));
    Rng rng(static_cast<uint64_t>(round));
    std::vector<void*> out;
    const int stop = static_cast<int>(rng.below(kItems));
    const auto position = table.scan(0, static_cast<size_t>(stop), out);
    ASSERT_TRUE(position.has_value());
    for (int n = 0; n < kItems; ++n) {
      if (std::abs(n - stop) > 20) erase(n, dense(n));
    }
    out.clear();
    table.scan(*position, kItems, out);
    for (void* p : out) {
      ASSERT_GE(TableCore::position_of(static_cast<Item*>(p)->hash), *position);
    }
    for (int n = 0; n < kItems; ++n) {
      if (std::abs(n - stop) <= 20) erase(n, dense(n));
    }
  }
}

TEST_F(TableTest, ScanWithoutChangesSeesEachOnceInHashOrder) {
  for (int n = 0; n < 5000; ++n) insert(n, hash_of(n));
  std::vector<void*> out;
  std::optional<uint64_t> position = 0;
  size_t steps = 0;
  while (position) {
    const size_t before = out.size();
    position = table.scan(*position, 10, out);
    if (position) {
      EXPECT_GE(out.size() - before, 10u);
    }
    EXPECT_LE(out.size() - before, 16u) << "only items of one fragment may exceed the count";
    ++steps;
  }
  EXPECT_EQ(out.size(), 5000u);
  std::unordered_set<void*> distinct(out.begin(), out.end());
  EXPECT_EQ(distinct.size(), 5000u);
  EXPECT_GT(steps, 300u);
}

TEST_F(TableTest, EqualHashesCostTimeNotMemory) {
  for (int n = 0; n < 3000; ++n) insert(n, 0x123456789abcdef0);
  EXPECT_LT(table.structure_bytes(), 3000u * 16);
  for (int n = 0; n < 3000; ++n) ASSERT_NE(find(n, 0x123456789abcdef0), nullptr);
  EXPECT_EQ(find(3000, 0x123456789abcdef0), nullptr);
  for (int n = 0; n < 3000; n += 2) erase(n, 0x123456789abcdef0);
  check();
  std::vector<void*> out;
  EXPECT_FALSE(table.scan(0, 2000, out).has_value());
  EXPECT_EQ(out.size(), 1500u);
}

TEST_F(TableTest, SharedTopBitsDoNotBlowUpTheDirectory) {
  for (int n = 0; n < 2000; ++n) insert(n, (0xabcdeULL << 44) | (hash_of(n) >> 20));
  EXPECT_LT(table.structure_bytes(), 2000u * 32);
  for (int n = 0; n < 2000; ++n) ASSERT_NE(find(n, (0xabcdeULL << 44) | (hash_of(n) >> 20)), nullptr);
}

TEST_F(TableTest, RandomReachesAllItemsAboutEvenly) {
  for (int n = 0; n < 700; ++n) insert(n, hash_of(n));
  Rng rng(5);
  std::unordered_map<void*, int> hits;
  for (int i = 0; i < 70000; ++i) ++hits[table.random(rng)];
  EXPECT_EQ(hits.size(), 700u);
  for (const auto& [item, count] : hits) {
    EXPECT_GT(count, 25);
    EXPECT_LT(count, 300);
  }
}

TEST_F(TableTest, DueSegmentsAreFoundByTheirBound) {
  for (int n = 0; n < 3000; ++n) insert(n, hash_of(n));
  EXPECT_EQ(table.least_bound(), TableCore::kNoBound);
  EXPECT_FALSE(table.find_due(0, TableCore::kNoBound).has_value());
  table.lower_bound(hash_of(17), 500);
  table.lower_bound(hash_of(17), 800);
  EXPECT_EQ(table.least_bound(), 500);
  EXPECT_FALSE(table.find_due(0, 500).has_value());
  const auto due = table.find_due(0, 501);
  ASSERT_TRUE(due.has_value());
  EXPECT_NE(std::find(due->items.begin(), due->items.end(), find(17, hash_of(17))), due->items.end());
  // Splitting and merging keep it a lower bound.
  for (int n = 3000; n < 20000; ++n) insert(n, hash_of(n));
  EXPECT_EQ(table.least_bound(), 500);
  for (int n = 100; n < 20000; ++n) erase(n, hash_of(n));
  EXPECT_EQ(table.least_bound(), 500);
  table.set_bound(table.find_due(0, 501)->position, TableCore::kNoBound);
}

TEST_F(TableTest, MovedTablesStayWhole) {
  for (int n : {1, 2}) insert(n, hash_of(n));
  Table<Item, ItemTraits> moved = std::move(table);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(find(1, hash_of(1)), nullptr);
  table = std::move(moved);
  check();
}

}  // namespace
}  // namespace guccho::store

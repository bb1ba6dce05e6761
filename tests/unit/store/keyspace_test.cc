// The keyspace against std::map: random commands on strings and hashes, with expiry, rename, copy, flush; counters and
// accounting checked throughout.
#include "node/store/keyspace.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "node/store/hash_value.h"
#include "node/store/list_value.h"
#include "node/store/set_value.h"
#include "node/store/stream_value.h"
#include "node/store/string_value.h"
#include "node/store/zset_value.h"
#include "tests/unit/store/model.h"

namespace guccho::store {
namespace {

UnixMillis at(int64_t millis) {
  return UnixMillis(Millis(millis));
}

TEST(EntryTest, SixteenPlusSixteenTakeFortyBytes) {
  EXPECT_EQ(SlabAllocator::footprint(Entry::allocation_size(16, 16, false)), 40u);
  EXPECT_EQ(SlabAllocator::footprint(Entry::allocation_size(16, 16, true)), 48u);
}

TEST(KeyspaceTest, OwnsItsShareOfTheSlots) {
  Keyspace second(1, 3);
  EXPECT_TRUE(second.owns(Slot(1)));
  EXPECT_FALSE(second.owns(Slot(2)));
  const KeyRef key(Slot(16381), "k");  // 16381 mod 3 == 1
  second.set_string(key, "v");
  EXPECT_NE(second.find(key), nullptr);
  EXPECT_EQ(second.slot_keys(Slot(16381)), 1u);
}

struct OneKeyspace : testing::Test {
  Keyspace keyspace{0, 1};
  KeyRef key(std::string_view name) { return KeyRef(key_slot(name), name); }
  std::string text(std::string_view name) {
    IntText scratch;
    return std::string(string_bytes(*keyspace.find(key(name)), scratch));
  }
};

TEST_F(OneKeyspace, EncodingsAreThoseOfRedis) {
  const struct {
    std::string value;
    std::string_view encoding;
  } cases[] = {
      {"", "embstr"},
      {"0", "int"},
      {"-1", "int"},
      {"9223372036854775807", "int"},
      {"-9223372036854775808", "int"},
      {"9223372036854775808", "embstr"},
      {"01", "embstr"},
      {"+1", "embstr"},
      {"-0", "embstr"},
      {"1 ", "embstr"},
      {"-", "embstr"},
      {std::string(44, 'a'), "embstr"},
      {std::string(45, 'a'), "raw"},
      {std::string(300, 'a'), "raw"},
      {std::string(100000, 'a'), "raw"},
  };
  for (const auto& c : cases) {
    Entry* entry = keyspace.set_string(key("k"), c.value);
    EXPECT_EQ(encoding_name(entry->encoding()), c.encoding) << c.value;
    EXPECT_EQ(text("k"), c.value);
    EXPECT_EQ(string_size(*entry), c.value.size());
  }
}

TEST_F(OneKeyspace, IntegersOfEveryWidth) {
  StringValue value(keyspace, key("n"), nullptr);
  for (int bit = 0; bit < 63; ++bit) {
    for (const int64_t delta : {-1, 0, 1}) {
      for (const int64_t sign : {-1, 1}) {
        const int64_t number = sign * ((int64_t{1} << bit) + delta);
        value.assign(number);
        ASSERT_EQ(string_integer(*value.entry()), number);
      }
    }
  }
  for (const int64_t number : {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    value.assign(number);
    ASSERT_EQ(string_integer(*value.entry()), number);
  }
}

TEST_F(OneKeyspace, SetFromItsOwnOldValue) {
  for (const size_t size : {size_t{5}, size_t{200}, size_t{5000}}) {
    const std::string value(size, 'x');
    keyspace.set_string(key("k"), "head" + value);
    IntText scratch;
    keyspace.set_string(key("k"), string_bytes(*keyspace.find(key("k")), scratch).substr(4), Ttl::at(at(5)));
    EXPECT_EQ(text("k"), value);
  }
}

TEST_F(OneKeyspace, TtlKindsOfSet) {
  keyspace.set_string(key("k"), "v", Ttl::at(at(1000)));
  EXPECT_EQ(keyspace.find(key("k"))->expiry(), at(1000));
  keyspace.set_string(key("k"), "w", Ttl::keep());
  EXPECT_EQ(keyspace.find(key("k"))->expiry(), at(1000));
  EXPECT_EQ(keyspace.keys_with_expiry(), 1u);
  keyspace.set_string(key("k"), "x");
  EXPECT_EQ(keyspace.find(key("k"))->expiry(), std::nullopt);
  EXPECT_EQ(keyspace.keys_with_expiry(), 0u);
}

TEST_F(OneKeyspace, AKeyLivesThroughItsLastMillisecond) {
  keyspace.set_string(key("k"), "v", Ttl::at(at(1000)));
  EXPECT_NE(keyspace.find_live(key("k"), at(1000)), nullptr);
  EXPECT_EQ(keyspace.find_live(key("k"), at(1001)), nullptr);
  EXPECT_NE(keyspace.find(key("k")), nullptr) << "nothing is deleted by looking";
}

TEST_F(OneKeyspace, StringsGrowInPlace) {
  std::string model;
  StringValue value(keyspace, key("k"), nullptr);
  Rng rng(2);
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(rng.below(40), static_cast<char>('a' + rng.below(26)));
    if (rng.below(4) == 0) {
      const size_t offset = rng.below(model.size() + 20);
      EXPECT_EQ(value.set_range(offset, piece),
                piece.empty() ? model.size() : std::max(model.size(), offset + piece.size()));
      if (!piece.empty()) {
        if (model.size() < offset + piece.size()) model.resize(offset + piece.size());
        model.replace(offset, piece.size(), piece);
      }
    } else {
      model += piece;
      EXPECT_EQ(value.append(piece), model.size());
    }
    ASSERT_EQ(text("k"), model);
  }
  const std::span<char> bytes = value.writable(model.size() + 100);
  ASSERT_EQ(bytes.size(), model.size() + 100);
  bytes.back() = 'z';
  model.resize(model.size() + 100);
  model.back() = 'z';
  EXPECT_EQ(text("k"), model);
  // Amortised growth keeps at most as much slack as the string is long.
  EXPECT_LT(keyspace.used_bytes(), 2 * model.size() + 1000);
}

TEST_F(OneKeyspace, AppendToAnInteger) {
  keyspace.set_string(key("k"), "12");
  StringValue value(keyspace, key("k"), keyspace.find(key("k")));
  EXPECT_EQ(value.append("3x"), 4u);
  EXPECT_EQ(text("k"), "123x");
  EXPECT_EQ(encoding_name(value.entry()->encoding()), "raw");
}

TEST_F(OneKeyspace, HashTurnsIntoATableAtItsLimits) {
  keyspace.packed_limits() = {.hash_max_listpack_entries = 4, .hash_max_listpack_value = 10};
  HashValue hash(keyspace, key("h"), nullptr);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(hash.set("f" + std::to_string(i), "1"));
  EXPECT_EQ(encoding_name(hash.entry()->encoding()), "listpack");
  EXPECT_TRUE(hash.set("f4", "1"));
  EXPECT_EQ(encoding_name(hash.entry()->encoding()), "hashtable");
  HashValue other(keyspace, key("o"), nullptr);
  other.set("f", std::string(10, 'v'));
  EXPECT_EQ(encoding_name(other.entry()->encoding()), "listpack");
  other.set("f", std::string(11, 'v'));
  EXPECT_EQ(encoding_name(other.entry()->encoding()), "hashtable");
  EXPECT_EQ(other.size(), 1u);
}

TEST_F(OneKeyspace, LongKeysAndFields) {
  const std::string name(100000, 'k');
  keyspace.set_string(key(name), "v", Ttl::at(at(7)));
  EXPECT_EQ(text(name), "v");
  keyspace.rename(key(name), KeyRef(key_slot(name), "short"));
  EXPECT_EQ(keyspace.find(key(name)), nullptr);
  Entry* moved = keyspace.find(KeyRef(key_slot(name), "short"));
  ASSERT_NE(moved, nullptr);
  EXPECT_EQ(moved->expiry(), at(7));
  HashValue hash(keyspace, key("h"), nullptr);
  const std::string field(1000, 'f');
  for (const size_t size : {0u, 10u, 255u, 256u, 100000u, 3u}) {
    hash.set(field, std::string(size, 'v'));
    IntText scratch;
    EXPECT_EQ(hash.get(field, scratch), std::string(size, 'v'));
  }
}

TEST_F(OneKeyspace, ScanCursorRoundTrips) {
  for (const uint64_t position : {uint64_t{0}, uint64_t{1} << 37, (uint64_t{1} << 48) - 1}) {
    const ScanCursor cursor{Slot(16383), position};
    EXPECT_LT(cursor.encode(), uint64_t{1} << 63);
    const ScanCursor back = ScanCursor::decode(cursor.encode());
    EXPECT_EQ(back.slot, cursor.slot);
    EXPECT_EQ(back.position, position);
  }
}

TEST_F(OneKeyspace, ExpireCycleErasesExactlyTheDueKeys) {
  // One big slot and many small ones; expiries spread over 1000 ms, some keys without.
  std::map<std::string, int64_t> expiries;
  for (int i = 0; i < 20000; ++i) {
    const std::string name = (i % 2 ? "{big}" : "") + std::to_string(i);
    if (i % 3 == 0) {
      keyspace.set_string(key(name), "v");
    } else {
      expiries[name] = 1 + i % 1000;
      keyspace.set_string(key(name), "v", Ttl::at(at(1 + i % 1000)));
    }
  }
  for (const int64_t now : {0, 1, 500, 501, 2000}) {
    std::set<std::string> expected, got;
    for (const auto& [name, when] : expiries) {
      if (now > when) expected.insert(name);
    }
    for (const auto& name : expected) expiries.erase(name);
    size_t rounds = 0;
    Keyspace::ExpireProgress progress;
    do {
      progress = keyspace.expire_cycle(at(now), 500, [&](Slot slot, const Entry& entry) {
        EXPECT_EQ(slot, key_slot(entry.key()));
        EXPECT_TRUE(got.insert(std::string(entry.key())).second);
      });
      EXPECT_LE(progress.examined, 700u) << "the budget holds, but for the last segment";
      ++rounds;
    } while (progress.more);
    EXPECT_EQ(got, expected) << now;
    EXPECT_EQ(keyspace.keys_with_expiry(), expiries.size());
    EXPECT_EQ(keyspace.expire_cycle(at(now), 500, nullptr).examined, 0u) << "nothing due, nothing read";
  }
}

TEST_F(OneKeyspace, EvictionPicksByPolicy) {
  keyspace.set_access_clock(at(1'000'000'000));
  for (int i = 0; i < 1000; ++i) keyspace.set_string(key("old" + std::to_string(i)), "v");
  keyspace.set_access_clock(at(1'000'100'000));
  for (int i = 0; i < 1000; ++i) keyspace.set_string(key("new" + std::to_string(i)), "v");
  EXPECT_EQ(keyspace.idle_seconds(*keyspace.find(key("old5"))), 100);
  int old = 0;
  for (int i = 0; i < 200; ++i) {
    const auto candidate = keyspace.evict_candidate(EvictionPolicy::kAllkeysLru, 5);
    ASSERT_TRUE(candidate.has_value());
    EXPECT_EQ(candidate->slot, key_slot(candidate->key));
    old += candidate->key.starts_with("old");
  }
  EXPECT_GT(old, 180) << "5 samples miss the old half once in 32 times";
  EXPECT_FALSE(keyspace.evict_candidate(EvictionPolicy::kVolatileLru, 5).has_value());
  // One volatile key among 2000 is found.
  keyspace.set_string(key("new7"), "v", Ttl::at(at(1'000'200'000)));
  EXPECT_EQ(keyspace.evict_candidate(EvictionPolicy::kVolatileTtl, 5)->key, "new7");
  keyspace.set_string(key("new8"), "v", Ttl::at(at(1'000'190'000)));
  int sooner = 0;
  for (int i = 0; i < 100; ++i) {
    sooner += keyspace.evict_candidate(EvictionPolicy::kVolatileTtl, 5)->key == "new8";
  }
  EXPECT_GT(sooner, 20);
}

TEST_F(OneKeyspace, LfuCountsAndDecays) {
  keyspace.set_access_policy({.lfu = true});
  keyspace.set_access_clock(at(0));
  keyspace.set_string(key("k"), "v");
  EXPECT_EQ(keyspace.frequency(*keyspace.find(key("k"))), 5);
  for (int i = 0; i < 10000; ++i) keyspace.find_live(key("k"), at(0));
  const int hot = keyspace.frequency(*keyspace.find(key("k")));
  EXPECT_GT(hot, 30);
  EXPECT_LT(hot, 100);
  keyspace.set_access_clock(at(10 * 60'000));
  EXPECT_EQ(keyspace.frequency(*keyspace.find(key("k"))), hot - 10);
  keyspace.set_frequency(*keyspace.find(key("k")), 77);
  EXPECT_EQ(keyspace.frequency(*keyspace.find(key("k"))), 77);
}

TEST(DefragmentEffort, GrowsBetweenTheThresholds) {
  constexpr size_t kMB = size_t{1} << 20;
  const DefragmentPolicy policy{
      .ignore_bytes = 10 * kMB, .threshold_lower = 10, .threshold_upper = 110, .cycle_min = 5, .cycle_max = 25};
  const auto effort = [&](size_t used, size_t held) { return defragment_effort(policy, used * kMB, held * kMB); };
  EXPECT_EQ(effort(50, 59), 0u) << "fewer bytes than are ignored";
  EXPECT_EQ(effort(1000, 1099), 0u) << "below the lower threshold";
  EXPECT_EQ(effort(1000, 1100), 5u);
  EXPECT_EQ(effort(1000, 1600), 15u);
  EXPECT_EQ(effort(1000, 2100), 25u);
  EXPECT_EQ(effort(1000, 9000), 25u);
  EXPECT_EQ(effort(0, 20), 25u);
  EXPECT_EQ(effort(100, 90), 0u) << "held is read later than used";
  // Values that contradict each other are allowed, as in Redis.
  EXPECT_EQ(defragment_effort({.threshold_lower = 50, .threshold_upper = 20}, 100 * kMB, 140 * kMB), 0u);
  EXPECT_EQ(defragment_effort({.threshold_lower = 50, .threshold_upper = 20}, 100 * kMB, 150 * kMB), 25u);
  EXPECT_EQ(defragment_effort({.cycle_min = 30, .cycle_max = 10}, 100 * kMB, 120 * kMB), 30u);
  EXPECT_EQ(defragment_effort({.enabled = false}, 100 * kMB, 1000 * kMB), 0u);
}

bool fragmented(const Keyspace& keyspace) {
  return defragment_effort({}, keyspace.used_bytes(), keyspace.held_bytes()) != 0;
}

TEST_F(OneKeyspace, DefragmentationGivesSparsePagesBack) {
  if (SlabAllocator::default_backing() == SlabAllocator::Backing::kMalloc) GTEST_SKIP() << "no pages under ASan";
  EXPECT_FALSE(fragmented(keyspace));
  Rng rng(6);
  std::map<std::string, ModelValue> model;
  for (int i = 0; i < 300000; ++i) keyspace.set_string(key("k" + std::to_string(i)), "a value of some size");
  for (int i = 0; i < 300; ++i) {
    const std::string name = "h" + std::to_string(i);
    HashValue hash(keyspace, key(name), nullptr);
    for (int f = 0; f < (i % 2 ? 20 : 500); ++f) hash.set("f" + std::to_string(f), "v");
  }
  for (int i = 0; i < 300000; ++i) {
    if (rng.below(4) != 0) keyspace.erase(key("k" + std::to_string(i)));
  }
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    keyspace.for_each_in_slot(Slot(s), [&](const Entry& entry) { model.emplace(entry.key(), model_of(entry)); });
  }
  ASSERT_TRUE(fragmented(keyspace));
  const size_t used = keyspace.used_bytes();
  int steps = 0;
  while (keyspace.defragment_step(1000, 1000)) ++steps;
  EXPECT_GT(steps, 50);
  EXPECT_FALSE(fragmented(keyspace));
  EXPECT_EQ(keyspace.used_bytes(), used);
  EXPECT_EQ(keyspace.keys(), model.size());
  for (const auto& [name, value] : model) {
    const Entry* entry = keyspace.find(key(name));
    ASSERT_NE(entry, nullptr) << name;
    ASSERT_EQ(model_of(*entry), value) << name;
  }
}

TEST_F(OneKeyspace, RandomEntryCoversAllSlots) {
  for (int i = 0; i < 2000; ++i) keyspace.set_string(key("k" + std::to_string(i)), "v");
  std::set<std::string> seen;
  for (int i = 0; i < 30000; ++i) seen.insert(std::string(keyspace.random_entry()->key()));
  EXPECT_GT(seen.size(), 1990u);
}

// What a step may free is counted in bytes, too: giving memory back to the system takes its time.
TEST_F(OneKeyspace, AStepFreesNotMoreThanItMay) {
  constexpr size_t kStep = 100;
  const auto value = [](int i) { return std::to_string(i) + std::string(40'000, 'v'); };
  for (int i = 0; i < 50; ++i) {
    ListValue(keyspace, key("list"), keyspace.find(key("list"))).push(ListEnd::kTail, value(i));
    HashValue(keyspace, key("hash"), keyspace.find(key("hash"))).set(std::to_string(i), value(i));
    SetValue(keyspace, key("set"), keyspace.find(key("set"))).add(value(i));
    ZsetValue(keyspace, key("zset"), keyspace.find(key("zset"))).add(1, value(i));
    const std::string text = value(i);
    const std::string_view texts[] = {"f", text};
    StreamValue stream(keyspace, key("stream"), keyspace.find(key("stream")));
    if (!stream) stream.create();
    stream.change([&](Stream& s, SlabAllocator& a) {
      s.append({static_cast<uint64_t>(i) + 1, 0}, texts, keyspace.packed_limits(), a);
    });
    keyspace.set_string(key("{slot}" + std::to_string(i)), value(i));
  }
  for (const char* name : {"list", "hash", "set", "zset", "stream"}) keyspace.erase(key(name));
  EXPECT_EQ(keyspace.pending_frees(), 5u);
  keyspace.flush_all();
  size_t before = keyspace.used_bytes();
  int steps = 0;
  for (bool more = true; more; ++steps) {
    more = keyspace.free_step(kStep);
    EXPECT_LE(before - keyspace.used_bytes(), kStep * 4096 + 50'000);
    before = keyspace.used_bytes();
  }
  EXPECT_GT(steps, 20);
  EXPECT_EQ(keyspace.used_bytes(), 0u);
  EXPECT_EQ(keyspace.pending_frees(), 0u);
}

// A step of compaction looks at as many objects as it may, and not at as many keys with all that they have.
TEST_F(OneKeyspace, AStepOfCompactionCountsThePartsOfValues) {
  constexpr int kKeys = 300;
  for (int k = 0; k < kKeys; ++k) {
    const std::string name = "{slot}" + std::to_string(k);
    for (int i = 0; i < 200; ++i) {
      HashValue(keyspace, key(name), keyspace.find(key(name))).set(std::to_string(i), std::string(10, 'v'));
    }
  }
  const auto looked_at = [&] { return keyspace.defragmented().hits + keyspace.defragmented().misses; };
  uint64_t before = 0;
  int steps = 0;
  while (keyspace.defragment_step(500, 1000)) {
    EXPECT_LE(looked_at() - before, 500u + 202u);
    before = looked_at();
    ++steps;
  }
  EXPECT_GE(steps, kKeys * 200 / 1000);
  EXPECT_EQ(keyspace.defragmented().key_hits + keyspace.defragmented().key_misses, uint64_t{kKeys});
}

// ---- random commands against the model ----

struct RandomCommands : testing::TestWithParam<uint64_t> {};

TEST_P(RandomCommands, KeyspaceEqualsModel) {
  ModelDriver driver(GetParam());
  for (int round = 0; round < 20; ++round) {
    driver.run(1500);
    driver.check();
    if (HasFatalFailure()) return;
  }
  driver.keyspace.flush_all();
  while (driver.keyspace.free_step(1000)) {
  }
  EXPECT_EQ(driver.keyspace.used_bytes(), 0u) << "everything goes back";
  EXPECT_EQ(driver.keyspace.pending_frees(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCommands, testing::Range<uint64_t>(1, 6));

}  // namespace
}  // namespace guccho::store

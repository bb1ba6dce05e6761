// Fields that expire: forms of the hash, what readers see, removal in steps. Random sequences are in model.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "node/store/hash_table.h"
#include "node/store/hash_value.h"
#include "node/store/keyspace.h"

namespace guccho::store {
namespace {

UnixMillis at(int64_t millis) {
  return UnixMillis(Millis(millis));
}

struct HashExpiry : testing::Test {
  Keyspace keyspace{0, 1};
  const KeyRef key{Slot(7), "h"};

  HashValue hash() { return {keyspace, key, keyspace.find(key)}; }
  std::string_view encoding() { return encoding_name(keyspace.find(key)->encoding()); }
  // Fields in the order of the hash, with their expiries where they have one.
  std::string text() {
    std::string out;
    for_each_timed_field(*keyspace.find(key), [&](std::string_view field, std::string_view, int64_t expiry) {
      out += std::string(field) + (expiry != 0 ? "@" + std::to_string(expiry) : "") + " ";
    });
    return out;
  }
  // A table of `fields` fields "f0"..., of which field i expires at 1 + i % period.
  void make_table(int fields, int period) {
    HashValue big = hash();
    for (int i = 0; i < fields; ++i) big.set("f" + std::to_string(i), "v", Ttl::at(at(1 + i % period)));
  }
};

TEST_F(HashExpiry, PackedFieldsLieInTheOrderOfTheirExpiries) {
  hash().set("a", "1");
  hash().set("b", "2");
  hash().set("c", "3");
  EXPECT_EQ(encoding(), "listpack");
  EXPECT_EQ(keyspace.timed_hashes(), 0u);
  hash().set_expiry("b", at(50));
  EXPECT_EQ(encoding(), "listpackex");
  EXPECT_EQ(text(), "b@50 a c ");
  hash().set_expiry("c", at(40));
  hash().set("d", "4", Ttl::at(at(50)));
  EXPECT_EQ(text(), "c@40 b@50 d@50 a ");
  EXPECT_EQ(keyspace.timed_hashes(), 1u);
  EXPECT_EQ(keyspace.slot_timed_hashes(Slot(7)), 1u);
  hash().set("c", "new");
  EXPECT_EQ(text(), "b@50 d@50 a c ");
  hash().set("b", "kept", Ttl::keep());
  hash().persist("d");
  EXPECT_EQ(text(), "b@50 a c d ");
  hash().set_expiry("b", at(60));
  EXPECT_EQ(hash().expiry("b"), 60);
  EXPECT_EQ(hash().expiry("a"), HashValue::kNoExpiry);
  EXPECT_FALSE(hash().expiry("nosuch").has_value());
  IntText scratch;
  EXPECT_EQ(hash().get("b", scratch), "kept");
  // The last expiry went: the form stays, as in Redis, and is not counted.
  EXPECT_TRUE(hash().erase("b"));
  EXPECT_EQ(encoding(), "listpackex");
  EXPECT_EQ(keyspace.timed_hashes(), 0u);
  EXPECT_EQ(hash().size(), 3u);
}

TEST_F(HashExpiry, ATableKeepsExpiriesThroughConversionAndGrowth) {
  hash().set("timed", "1", Ttl::at(at(99)));
  hash().set("plain", "2");
  hash().set("long", std::string(100, 'v'));
  EXPECT_EQ(encoding(), "hashtable");
  EXPECT_EQ(hash().expiry("timed"), 99);
  EXPECT_EQ(keyspace.timed_hashes(), 1u);
  for (int i = 0; i < 3000; ++i) hash().set("f" + std::to_string(i), "v");
  EXPECT_EQ(hash().expiry("timed"), 99);
  EXPECT_EQ(field_expiry_bound(*keyspace.find(key)), 99);
  hash().set("timed", std::string(300, 'w'), Ttl::keep());
  EXPECT_EQ(hash().expiry("timed"), 99);
  hash().set("timed", "short");
  EXPECT_EQ(hash().expiry("timed"), HashValue::kNoExpiry);
  EXPECT_EQ(keyspace.timed_hashes(), 0u);
  hash().set_expiry("timed", at(INT64_MAX));
  EXPECT_EQ(hash().expiry("timed"), HashValue::kMaxExpiry) << "what the formats can hold";
  hash().set_expiry("timed", at(-5));
  EXPECT_EQ(hash().expiry("timed"), 1) << "zero stands for none";
}

TEST_F(HashExpiry, FieldsOfEveryLengthAreFoundTimedOrNot) {
  for (const size_t size : {0, 1, 252, 253, 254, 255, 256, 70000}) {
    const std::string field(size, 'f');
    hash().set(field, std::string(300, 'v'), Ttl::at(at(5)));
    EXPECT_EQ(hash().expiry(field), 5) << size;
    hash().set(field, "small");
    EXPECT_EQ(hash().expiry(field), HashValue::kNoExpiry) << size;
    IntText scratch;
    EXPECT_EQ(hash().get(field, scratch), "small") << size;
    hash().set_expiry(field, at(6));
    EXPECT_EQ(hash().get(field, scratch), "small") << size;
    EXPECT_TRUE(hash().erase(field)) << size;
  }
}

TEST_F(HashExpiry, ExpiredFieldsAreHiddenFromReaders) {
  for (const int fields : {4, 2000}) {
    keyspace.erase(key);
    for (int i = 0; i < fields; ++i) {
      hash().set(std::to_string(i), "v", i % 4 == 0 ? Ttl::clear() : Ttl::at(at(100 * (i % 4))));
    }
    const size_t quarter = static_cast<size_t>(fields) / 4;
    HashValue seen = hash();
    for (const auto& [now, visible] : std::map<int64_t, size_t>{{100, 4}, {101, 3}, {201, 2}, {301, 1}}) {
      seen.hide_expired(at(now));
      EXPECT_EQ(seen.size(), 4 * quarter);
      EXPECT_EQ(seen.visible_size(), visible * quarter) << now;
      std::set<std::string> walked, scanned;
      seen.for_each([&](std::string_view field, std::string_view) { walked.emplace(field); });
      uint64_t cursor = 0;
      do {
        cursor = seen.scan(cursor, 10, [&](std::string_view field, std::string_view) { scanned.emplace(field); });
      } while (cursor != 0);
      EXPECT_EQ(walked.size(), visible * quarter);
      EXPECT_EQ(scanned, walked);
      for (const char* field : {"0", "1", "2", "3"}) {
        EXPECT_EQ(seen.contains(field), walked.contains(field)) << field << " at " << now;
        EXPECT_EQ(seen.hides(field), !walked.contains(field));
        EXPECT_EQ(seen.expiry(field).has_value(), walked.contains(field));
      }
      EXPECT_FALSE(seen.hides("nosuch"));
      Rng rng(1);
      std::set<std::string> random;
      for (int i = 0; i < 200; ++i) {
        seen.random(rng, [&](std::string_view field, std::string_view) { random.emplace(field); });
      }
      for (const std::string& field : random) EXPECT_TRUE(walked.contains(field)) << field;
      EXPECT_GE(random.size(), std::min<size_t>(visible * quarter, 20));
    }
  }
}

TEST_F(HashExpiry, RemovalGoesInStepsAndTellsEachFieldOnce) {
  make_table(20000, 1000);
  for (const int64_t now : {1, 2, 500, 501, 5000}) {
    std::set<std::string> told;
    size_t steps = 0;
    while (field_expiry_bound(*keyspace.find(key)) < now) {
      const size_t read = hash().expire(at(now), 500, [&](std::span<const std::string_view> names) {
        for (const std::string_view name : names) EXPECT_TRUE(told.emplace(name).second);
      });
      EXPECT_LE(read, 700u) << "the budget holds, but for the last segment";
      ++steps;
      if (!hash().timed()) break;
    }
    const size_t left = static_cast<size_t>(std::clamp<int64_t>(1001 - now, 0, 1000)) * 20;
    EXPECT_EQ(hash().size(), left) << now;
    if (now == 5000) {
      EXPECT_GE(steps, 10u);
    }
  }
  EXPECT_EQ(keyspace.timed_hashes(), 0u);
  EXPECT_TRUE(keyspace.erase(key));
}

TEST_F(HashExpiry, TheCycleReadsInProportionToWhatIsDue) {
  // Ten fields of a hash of 200000 are due: at most their segments are read.
  {
    HashValue big = hash();
    for (int i = 0; i < 200000; ++i) big.set("f" + std::to_string(i), "v", Ttl::at(at(1'000'000)));
    for (int i = 0; i < 10; ++i) big.set_expiry("f" + std::to_string(i * 1000), at(10));
  }
  size_t told = 0;
  const auto on_fields = [&](Slot slot, std::string_view name, std::span<const std::string_view> names, bool last) {
    EXPECT_EQ(slot, Slot(7));
    EXPECT_EQ(name, "h");
    EXPECT_FALSE(last);
    told += names.size();
  };
  const auto progress = keyspace.expire_cycle(at(11), 100000, nullptr, on_fields);
  EXPECT_EQ(told, 10u);
  EXPECT_EQ(progress.expired_fields, 10u);
  EXPECT_LE(progress.examined, 10 * 130u);
  EXPECT_FALSE(progress.more);
  EXPECT_EQ(keyspace.expire_cycle(at(11), 100000, nullptr, on_fields).examined, 0u) << "nothing due, nothing read";
}

TEST_F(HashExpiry, TheCycleErasesEmptiedHashesWithinItsBudget) {
  make_table(5000, 10);
  const KeyRef other(Slot(7), "other");
  HashValue(keyspace, other, nullptr).set("f", "v", Ttl::at(at(3)));
  std::vector<std::string> emptied;
  size_t rounds = 0;
  Keyspace::ExpireProgress progress;
  do {
    progress = keyspace.expire_cycle(at(100), 500, nullptr,
                                     [&](Slot, std::string_view name, std::span<const std::string_view>, bool last) {
                                       if (last) emptied.emplace_back(name);
                                     });
    EXPECT_LE(progress.examined, 900u);
    ++rounds;
  } while (progress.more);
  EXPECT_GE(rounds, 5u);
  std::ranges::sort(emptied);
  EXPECT_EQ(emptied, (std::vector<std::string>{"h", "other"}));
  EXPECT_EQ(keyspace.keys(), 0u);
  EXPECT_EQ(keyspace.timed_hashes(), 0u);
  while (keyspace.free_step(1000)) {
  }
  EXPECT_EQ(keyspace.used_bytes(), 0u);
}

TEST_F(HashExpiry, CopiesAndRenamedHashesExpireToo) {
  make_table(300, 10);
  hash().set("stays", "v");
  keyspace.copy(key, {Slot(7), "copy"});
  keyspace.rename(key, {Slot(7), "renamed"});
  HashValue(keyspace, {Slot(7), "small"}, nullptr).set("f", "v", Ttl::at(at(1)));
  keyspace.copy({Slot(7), "small"}, {Slot(7), "small copy"});
  EXPECT_EQ(keyspace.timed_hashes(), 4u);
  keyspace.expire_cycle(at(100), 100000, nullptr);
  EXPECT_EQ(keyspace.timed_hashes(), 0u);
  EXPECT_EQ(keyspace.keys(), 2u);
  for (const char* name : {"copy", "renamed"}) {
    EXPECT_EQ(HashValue(keyspace, {Slot(7), name}, keyspace.find({Slot(7), name})).size(), 1u) << name;
  }
}

TEST_F(HashExpiry, AHashWithoutExpiriesTakesWhatItTook) {
  // field and value, a length of a byte each.
  EXPECT_EQ(FieldPair::allocation_size(10, 20, false), 32u);
  EXPECT_EQ(FieldPair::allocation_size(10, 20, true), 45u);
  for (int i = 0; i < 1000; ++i) hash().set("f" + std::to_string(i), "v");
  const size_t before = keyspace.memory_usage(*keyspace.find(key));
  hash().set_expiry("f7", at(5));
  EXPECT_GT(keyspace.memory_usage(*keyspace.find(key)), before);
  hash().persist("f7");
  EXPECT_EQ(keyspace.memory_usage(*keyspace.find(key)), before);
}

}  // namespace
}  // namespace guccho::store

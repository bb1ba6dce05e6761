// HyperLogLog against a plain array of registers, and against damaged bytes. That the bytes are Redis' is shown by the
// differential test.
#include "node/store/hyperloglog.h"

#include <gtest/gtest.h>

#include <cmath>

#include "node/base/random.h"

namespace guccho::store {
namespace {

constexpr size_t kMaxSparse = 3000;

HyperLogLog::Registers registers_of(std::string_view bytes) {
  HyperLogLog::Registers registers{};
  EXPECT_TRUE(HyperLogLog::merge(registers, bytes));
  return registers;
}

void raise_if_lower(std::string& bytes, HyperLogLog::Effect effect, size_t max_sparse = kMaxSparse) {
  const auto old = HyperLogLog::get(bytes, effect.index);
  ASSERT_TRUE(old);
  if (*old < effect.value) {
    ASSERT_TRUE(HyperLogLog::raise(bytes, effect, max_sparse));
  }
}

TEST(HyperLogLog, AFreshOneIsSparseAndCountsNothing) {
  const std::string bytes = HyperLogLog::empty();
  EXPECT_EQ(bytes.size(), 18u);
  EXPECT_TRUE(HyperLogLog::valid(bytes));
  EXPECT_FALSE(HyperLogLog::dense(bytes));
  EXPECT_EQ(HyperLogLog::cached_count(bytes), 0u);
  EXPECT_EQ(HyperLogLog::count(bytes), 0u);
  EXPECT_EQ(HyperLogLog::decode(bytes), "Z:16384");
}

// Random registers and values, the model an array; sparse with and without a limit, and dense.
TEST(HyperLogLog, KeepsWhatAnArrayKeeps) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Rng rng(seed);
    HyperLogLog::Registers model{};
    std::string limited = HyperLogLog::empty();
    std::string sparse = HyperLogLog::empty();
    std::string dense = HyperLogLog::empty();
    ASSERT_TRUE(HyperLogLog::make_dense(dense));
    const uint64_t span = seed % 3 == 0 ? 40 : HyperLogLog::kRegisters;  // crowded or spread
    const uint8_t most = seed % 5 == 0 ? 51 : 32;
    for (int i = 0; i < 600; ++i) {
      const uint64_t at = rng.below(4) == 0 ? HyperLogLog::kRegisters - 1 - rng.below(span) : rng.below(span);
      const HyperLogLog::Effect effect{static_cast<uint16_t>(at), static_cast<uint8_t>(1 + rng.below(most))};
      for (std::string* bytes : {&limited, &dense}) raise_if_lower(*bytes, effect, 300);
      raise_if_lower(sparse, effect, 1 << 20);
      model[at] = std::max(model[at], effect.value);
      ASSERT_EQ(HyperLogLog::get(sparse, effect.index), model[at]);
    }
    for (const std::string* bytes : {&limited, &sparse, &dense}) {
      EXPECT_TRUE(HyperLogLog::valid(*bytes));
      EXPECT_EQ(registers_of(*bytes), model) << seed;
      EXPECT_EQ(HyperLogLog::count(*bytes), HyperLogLog::count(model)) << seed;
    }
    EXPECT_EQ(HyperLogLog::dense(sparse), most > 32 && HyperLogLog::dense(sparse));
  }
}

TEST(HyperLogLog, EstimatesWithinFourStandardErrors) {
  std::string bytes = HyperLogLog::empty();
  uint64_t next = 1;
  for (uint64_t i = 1; i <= 200'000; ++i) {
    raise_if_lower(bytes, HyperLogLog::effect_of(std::to_string(i)));
    if (i != next) continue;
    next = next * 3 + 1;
    const double error = std::abs(static_cast<double>(*HyperLogLog::count(bytes)) / static_cast<double>(i) - 1);
    EXPECT_LT(error, i < 10 ? 0.01 : 4 * 1.04 / 128) << i;
  }
  EXPECT_TRUE(HyperLogLog::dense(bytes));
}

TEST(HyperLogLog, BecomesDenseBeyondTheLimitAndForGreatValues) {
  std::string bytes = HyperLogLog::empty();
  ASSERT_TRUE(HyperLogLog::raise(bytes, {100, 5}, 21));
  EXPECT_EQ(bytes.size(), 21u);
  EXPECT_EQ(HyperLogLog::decode(bytes), "Z:100 v:5,1 Z:16283");
  std::string great = bytes;
  ASSERT_TRUE(HyperLogLog::raise(bytes, {200, 5}, 21));
  EXPECT_TRUE(HyperLogLog::dense(bytes));
  EXPECT_EQ(HyperLogLog::get(bytes, 100), 5);
  EXPECT_EQ(HyperLogLog::get(bytes, 200), 5);
  ASSERT_TRUE(HyperLogLog::raise(great, {100, 33}, kMaxSparse));
  EXPECT_TRUE(HyperLogLog::dense(great));
  EXPECT_EQ(HyperLogLog::get(great, 100), 33);
}

TEST(HyperLogLog, JoinsNeighbours) {
  std::string bytes = HyperLogLog::empty();
  for (uint16_t i = 10; i < 16; ++i) ASSERT_TRUE(HyperLogLog::raise(bytes, {i, 7}, kMaxSparse));
  EXPECT_EQ(HyperLogLog::decode(bytes), "z:10 v:7,4 v:7,2 Z:16368");
}

TEST(HyperLogLog, CachedCount) {
  std::string bytes = HyperLogLog::empty();
  HyperLogLog::set_cached_count(bytes, 0x0123456789abcdef);
  EXPECT_EQ(HyperLogLog::cached_count(bytes), 0x0123456789abcdefu);
  HyperLogLog::invalidate(bytes);
  EXPECT_EQ(HyperLogLog::cached_count(bytes), std::nullopt);
}

TEST(HyperLogLog, ValidIsAboutTheHeader) {
  std::string dense = HyperLogLog::empty();
  ASSERT_TRUE(HyperLogLog::make_dense(dense));
  EXPECT_TRUE(HyperLogLog::valid(dense));
  EXPECT_FALSE(HyperLogLog::valid(dense.substr(1)));
  EXPECT_FALSE(HyperLogLog::valid(dense + "x"));
  EXPECT_FALSE(HyperLogLog::valid("HYLL"));
  std::string other = HyperLogLog::empty();
  other[4] = 2;
  EXPECT_FALSE(HyperLogLog::valid(other));
}

// Any bytes behind a sparse header: nothing is read or written out of bounds, and a result covers all registers.
TEST(HyperLogLog, DamagedRunsAreRefused) {
  Rng rng(7);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = HyperLogLog::empty().substr(0, HyperLogLog::kHeader);
    const size_t runs = rng.below(12);
    for (size_t r = 0; r < runs; ++r) bytes.push_back(static_cast<char>(rng.next()));
    const auto index = static_cast<uint16_t>(rng.below(HyperLogLog::kRegisters));
    const auto value = HyperLogLog::get(bytes, index);
    std::string changed = bytes;
    if (value && *value < 32) (void)HyperLogLog::raise(changed, {index, 32}, rng.below(2) == 0 ? 16 : kMaxSparse);
    HyperLogLog::Registers registers{};
    const bool whole = HyperLogLog::merge(registers, bytes);
    EXPECT_EQ(whole, HyperLogLog::count(bytes).has_value());
    std::string dense = bytes;
    EXPECT_EQ(HyperLogLog::make_dense(dense), whole);
    (void)HyperLogLog::decode(bytes);
    refused += whole ? 0 : 1;
  }
  EXPECT_GT(refused, 10'000);
}

}  // namespace
}  // namespace guccho::store

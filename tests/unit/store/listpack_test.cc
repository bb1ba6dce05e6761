// Listpacks: every encoding, edits against a vector, and rejection of damaged blocks.
#include "node/store/listpack.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "node/base/random.h"

namespace guccho::store {
namespace {

std::string bytes_of(const ListpackBlock& block) {
  return {static_cast<const char*>(block.external().data), block.external().size};
}

std::vector<std::string> read(std::string_view block) {
  std::vector<std::string> out;
  const Listpack pack(block);
  IntText scratch;
  for (size_t at = pack.first(); at != Listpack::kEnd; at = pack.next(at)) {
    out.emplace_back(pack.get(at).text(scratch));
  }
  return out;
}

// As redis-server 7.0 lays out the hash {a: 1} (DUMP).
TEST(ListpackTest, LayoutIsThatOfRedis) {
  SlabAllocator alloc;
  ListpackBlock block = ListpackBlock::make(alloc);
  block.append("a");
  block.append("1");
  EXPECT_EQ(bytes_of(block), std::string("\x0c\0\0\0\x02\0\x81"
                                         "a\x02\x01\x01\xff",
                                         12));
  block.release();
}

TEST(ListpackTest, EveryEncodingRoundTrips) {
  SlabAllocator alloc;
  std::vector<std::string> texts = {"",
                                    "x",
                                    "-0",
                                    "007",
                                    "127",
                                    "128",
                                    "-1",
                                    "4095",
                                    "4096",
                                    "-4096",
                                    "-4097",
                                    "32767",
                                    "32768",
                                    "-32769",
                                    "8388607",
                                    "8388608",
                                    "-8388609",
                                    "2147483647",
                                    "2147483648",
                                    "-2147483649",
                                    "9223372036854775807",
                                    "-9223372036854775808",
                                    "9223372036854775808"};
  for (const size_t size : {63u, 64u, 127u, 4095u, 4096u, 20000u, 70000u, 2100000u}) {
    texts.push_back(std::string(size, 's'));
  }
  ListpackBlock block = ListpackBlock::make(alloc);
  for (const auto& text : texts) block.append(text);
  EXPECT_TRUE(Listpack::valid(bytes_of(block)));
  EXPECT_EQ(read(bytes_of(block)), texts);
  block.release();
  EXPECT_EQ(alloc.used(), 0u);
}

TEST(ListpackTest, RandomEditsAgainstAVector) {
  SlabAllocator alloc;
  ListpackBlock block = ListpackBlock::make(alloc);
  std::vector<std::string> model;
  Rng rng(11);
  for (int step = 0; step < 5000; ++step) {
    const std::string text = rng.below(2) ? std::to_string(static_cast<int64_t>(rng.next()) >> rng.below(64))
                                          : std::string(rng.below(rng.below(20) ? 30 : 600), 'q');
    const size_t index = model.empty() ? 0 : rng.below(model.size());
    size_t at = block.view().first();
    for (size_t i = 0; i < index; ++i) at = block.view().next(at);
    const uint64_t edit = rng.below(12);
    if (edit >= 10 && !model.empty()) {
      block.insert(at, text);
      model.insert(model.begin() + static_cast<ptrdiff_t>(index), text);
    } else if (edit < 5 || model.empty()) {
      block.append(text);
      model.push_back(text);
    } else if (edit < 7) {
      block.replace(at, text);
      model[index] = text;
    } else {
      const size_t n = 1 + rng.below(std::min<size_t>(3, model.size() - index));
      block.erase(at, n);
      model.erase(model.begin() + static_cast<ptrdiff_t>(index), model.begin() + static_cast<ptrdiff_t>(index + n));
    }
    ASSERT_EQ(block.view().count(), model.size());
    if (step % 50 == 0) {
      ASSERT_EQ(read(bytes_of(block)), model);
      ASSERT_TRUE(Listpack::valid(bytes_of(block)));
      std::vector<std::string> backwards;
      IntText scratch;
      for (size_t p = block.view().previous(Listpack::kEnd); p != Listpack::kEnd; p = block.view().previous(p)) {
        backwards.emplace(backwards.begin(), block.view().get(p).text(scratch));
      }
      ASSERT_EQ(backwards, model);
    }
  }
  block.release();
  EXPECT_EQ(alloc.used(), 0u);
}

TEST(ListpackTest, FindsEverySecondByText) {
  SlabAllocator alloc;
  ListpackBlock block = ListpackBlock::make(alloc);
  for (const char* text : {"f", "v", "10", "20", "v", "f"}) block.append(text);
  const Listpack pack = block.view();
  IntText scratch;
  const auto value = [&](std::string_view field) -> std::string {
    const size_t at = pack.find_every_second(pack.first(), field);
    return at == Listpack::kEnd ? "none" : std::string(pack.get(pack.next(at)).text(scratch));
  };
  EXPECT_EQ(value("f"), "v");
  EXPECT_EQ(value("10"), "20");
  EXPECT_EQ(value("v"), "f");
  EXPECT_EQ(value("20"), "none");
  EXPECT_EQ(value("010"), "none");
  block.release();
}

// Whatever a damaged block says, valid() must return, and what it accepts must be readable.
TEST(ListpackTest, DamagedBlocksAreRefusedOrReadable) {
  SlabAllocator alloc;
  ListpackBlock block = ListpackBlock::make(alloc);
  for (const char* text : {"field", "value", "12", "-70000", "99999999999", "0"}) block.append(text);
  block.append(std::string(200, 'x'));
  block.append(std::string(5000, 'y'));
  const std::string whole = bytes_of(block);
  block.release();
  ASSERT_TRUE(Listpack::valid(whole, true));
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(Listpack::valid(whole.substr(0, size)));
  Rng rng(5);
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = whole;
    for (uint64_t n = 1 + rng.below(3); n > 0; --n) {
      damaged[rng.below(rng.below(2) ? 60 : damaged.size())] = static_cast<char>(rng.next());
    }
    if (Listpack::valid(damaged)) read(damaged);
  }
}

// Whatever the directives allow: the bytes of a block are counted in 32 bits.
TEST(ListpackTest, HasRoomUpToAGibibyte) {
  SlabAllocator alloc;
  ListpackBlock block = ListpackBlock::make(alloc);
  EXPECT_TRUE(block.view().has_room(Listpack::kMaxSize - Listpack::kEmptySize));
  EXPECT_FALSE(block.view().has_room(Listpack::kMaxSize));
  EXPECT_FALSE(block.view().has_room(size_t{1} << 32));
  block.release();
}

}  // namespace
}  // namespace guccho::store

// The slab allocator: contents survive, classes and accounting are exact, empty pages change class and go back.
#include "node/store/slab.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <vector>

#include "node/base/random.h"

namespace guccho::store {
namespace {

// The page logic itself, also under AddressSanitizer.
struct SlabTest : testing::Test {
  SlabAllocator alloc{SlabAllocator::Backing::kPages};
};

TEST_F(SlabTest, StepsOfEightBytes) {
  EXPECT_EQ(SlabAllocator::footprint(1), 8u);
  EXPECT_EQ(SlabAllocator::footprint(8), 8u);
  EXPECT_EQ(SlabAllocator::footprint(38), 40u);
  EXPECT_EQ(SlabAllocator::footprint(41), 48u);
  EXPECT_EQ(SlabAllocator::footprint(1024), 1024u);
}

TEST_F(SlabTest, MultiplesOf64AreAligned) {
  for (size_t size = 64; size <= 4096; size += 64) {
    void* object = alloc.allocate(size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(object) % 64, 0u) << size;
    alloc.free(object, size);
  }
}

TEST_F(SlabTest, RandomLifetimesKeepContentsApart) {
  Rng rng(1);
  struct Block {
    char* data;
    size_t size;
    char fill;
  };
  std::vector<Block> live;
  size_t expected = 0;
  for (int step = 0; step < 200000; ++step) {
    if (live.empty() || rng.below(100) < 52) {
      const size_t size = 1 + rng.below(rng.below(50) == 0 ? 5000 : 300);
      auto* data = static_cast<char*>(alloc.allocate(size));
      const char fill = static_cast<char>(rng.next());
      std::memset(data, fill, size);
      live.push_back({data, size, fill});
      expected += SlabAllocator::footprint(size);
    } else {
      const size_t i = rng.below(live.size());
      const Block block = live[i];
      ASSERT_EQ(block.data[0], block.fill);
      ASSERT_EQ(block.data[block.size / 2], block.fill);
      ASSERT_EQ(block.data[block.size - 1], block.fill);
      alloc.free(block.data, block.size);
      expected -= SlabAllocator::footprint(block.size);
      live[i] = live.back();
      live.pop_back();
    }
    ASSERT_EQ(alloc.used(), expected);
  }
  for (const Block& block : live) alloc.free(block.data, block.size);
  EXPECT_EQ(alloc.used(), 0u);
  EXPECT_LE(alloc.held(), SlabAllocator::kMaxResidentFree * SlabAllocator::kPageSize);
}

TEST_F(SlabTest, EmptyPagesServeAnotherClass) {
  std::vector<void*> objects;
  for (int i = 0; i < 100000; ++i) objects.push_back(alloc.allocate(40));
  const size_t held = alloc.held();
  for (void* object : objects) alloc.free(object, 40);
  objects.clear();
  for (int i = 0; i < 100000 * 40 / 48; ++i) objects.push_back(alloc.allocate(48));
  EXPECT_LE(alloc.held(), held + held / 20);
  for (void* object : objects) alloc.free(object, 48);
}

TEST_F(SlabTest, MovingOutOfSparsePagesGivesThemBack) {
  Rng rng(4);
  std::vector<void*> objects;
  for (int i = 0; i < 200000; ++i) objects.push_back(alloc.allocate(40));
  std::vector<void*> left;
  for (void* object : objects) {
    if (rng.below(4) == 0) {
      left.push_back(object);
    } else {
      alloc.free(object, 40);
    }
  }
  EXPECT_GT(alloc.held(), 3 * alloc.used()) << "a quarter of each page lives";
  for (void*& object : left) {
    if (!alloc.sparse(object, 40)) continue;
    void* moved = alloc.allocate(40);
    alloc.free(object, 40);
    object = moved;
  }
  EXPECT_LT(alloc.held(), alloc.used() * 3 / 2 + SlabAllocator::kMaxResidentFree * SlabAllocator::kPageSize);
  for (void* object : left) alloc.free(object, 40);
  EXPECT_EQ(alloc.used(), 0u);
}

TEST_F(SlabTest, TellsOfPartsThatAreFullUnlessSomethingOfThemWentBack) {
  constexpr size_t kPage = SlabAllocator::kPageSize;
  std::vector<void*> objects;
  const auto fill_pages = [&](size_t pages) {
    for (size_t i = 0; i < pages * (kPage / 1024); ++i) objects.push_back(alloc.allocate(1024));
  };
  fill_pages(kHugePage / kPage - 2);  // one page is the chunk's own
  EXPECT_FALSE(alloc.has_filled_parts());
  fill_pages(1);
  ASSERT_TRUE(alloc.has_filled_parts());
  const std::vector<void*> parts = alloc.take_filled_parts();
  ASSERT_EQ(parts.size(), 1u);
  const auto start = static_cast<char*>(parts[0]);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(start) % kHugePage, 0u);
  EXPECT_GE(objects[0], start + kPage);
  EXPECT_LT(objects.back(), start + kHugePage);
  EXPECT_FALSE(alloc.has_filled_parts());

  fill_pages(kHugePage / kPage);
  EXPECT_TRUE(alloc.has_filled_parts());
  for (void* object : objects) alloc.free(object, 1024);
  EXPECT_FALSE(alloc.has_filled_parts()) << "pages beyond those kept for reuse went back";
}

TEST_F(SlabTest, ReallocateKeepsTheContents) {
  char* data = static_cast<char*>(alloc.allocate(3));
  std::memcpy(data, "abc", 3);
  size_t size = 3;
  for (size_t next : {8u, 9u, 1000u, 1024u, 1025u, 100000u, 2000u, 17u, 3u}) {
    data = static_cast<char*>(alloc.reallocate(data, size, next));
    size = next;
    ASSERT_EQ(std::memcmp(data, "abc", 3), 0);
    ASSERT_EQ(alloc.used(), SlabAllocator::footprint(next));
  }
  alloc.free(data, size);
  EXPECT_EQ(alloc.used(), 0u);
}

}  // namespace
}  // namespace guccho::store

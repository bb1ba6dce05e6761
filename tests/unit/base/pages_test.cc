// Huge pages: made of memory in use, without a change of its contents, and not of memory that was given back.
#include "node/base/pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace guccho {
namespace {

constexpr size_t kSmallPage = 4096;

// How many of the bytes are resident.
size_t resident(void* memory, size_t size) {
  std::vector<unsigned char> pages(size / kSmallPage);
  EXPECT_EQ(mincore(memory, size, pages.data()), 0);
  return kSmallPage * static_cast<size_t>(std::ranges::count_if(pages, [](unsigned char p) { return (p & 1) != 0; }));
}

// Of this process.
size_t huge_bytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  constexpr std::string_view kField = "AnonHugePages:";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kField)) return std::stoull(line.substr(kField.size())) * 1024;
  }
  ADD_FAILURE() << "smaps_rollup does not tell";
  return 0;
}

struct PagesTest : testing::Test {
  static constexpr size_t kSize = 2 * kHugePage;
  char* memory = static_cast<char*>(map_aligned(kSize));

  ~PagesTest() override { unmap(memory, kSize); }
  char* part(size_t i) { return memory + i * kHugePage; }
  void fill() {
    for (size_t i = 0; i < kSize; ++i) memory[i] = static_cast<char>(i * 2654435761U >> 13);
  }
  size_t wrong(size_t from, size_t to) {
    size_t n = 0;
    for (size_t i = from; i < to; ++i) n += memory[i] != static_cast<char>(i * 2654435761U >> 13);
    return n;
  }
};

TEST_F(PagesTest, IsAlignedAndResidentOnlyWhereTouched) {
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % kSize, 0u);
  memory[0] = 1;
  EXPECT_EQ(resident(memory, kSize), kSmallPage);
}

TEST_F(PagesTest, AHugePageKeepsWhatIsInIt) {
  fill();
  const size_t before = huge_bytes();
  // The system may have none to spare, and says so.
  const size_t made = size_t{make_huge_page(part(0))} + size_t{make_huge_page(part(1))};
  EXPECT_EQ(huge_bytes(), before + made * kHugePage);
  EXPECT_EQ(wrong(0, kSize), 0u);
  EXPECT_EQ(resident(memory, kSize), kSize);
}

TEST_F(PagesTest, WhatWasGivenBackStaysAway) {
  fill();
  make_huge_page(part(0));
  release_pages(part(0) + (64 << 10), 16 << 10);
  EXPECT_FALSE(make_huge_page(part(0)));
  EXPECT_EQ(resident(memory, kSize), kSize - (16 << 10));
  EXPECT_EQ(memory[64 << 10], 0);
  EXPECT_EQ(wrong(0, 64 << 10), 0u);
  EXPECT_EQ(wrong(80 << 10, kSize), 0u);
}

}  // namespace
}  // namespace guccho

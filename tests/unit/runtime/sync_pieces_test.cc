// The pieces of a full sync: records of all workers, one value at a time in parts, and how much may wait.
#include "node/runtime/sync_pieces.h"

#include <gtest/gtest.h>

#include <string>

namespace guccho::runtime {
namespace {

using State = SyncPieces::State;

struct SyncPiecesTest : testing::Test {
  SyncPieces pieces{{.pause = 100, .abort = 1000}};
  SyncPiecesTest() { pieces.begin(2); }

  std::string take(bool last = false) {
    const auto taken = pieces.take();
    if (!taken) return "given up";
    EXPECT_EQ(taken->last, last);
    std::string out;
    for (const std::string& piece : taken->pieces) out += piece;
    return out;
  }
  static rdb::Chunks of(size_t bytes) { return {std::string(bytes, 'x')}; }
};

TEST_F(SyncPiecesTest, ComeInTheOrderInWhichTheyWereAdded) {
  pieces.add({"one ", "two "});
  pieces.add({"three"});
  EXPECT_EQ(pieces.bytes(), 13u);
  EXPECT_EQ(take(), "one two three");
  EXPECT_EQ(pieces.bytes(), 0u);
  pieces.finished();
  pieces.add({"the end"});
  pieces.finished();
  EXPECT_EQ(take(true), "the end");
}

TEST_F(SyncPiecesTest, NothingComesBetweenThePartsOfAValue) {
  EXPECT_TRUE(pieces.open(1));
  EXPECT_FALSE(pieces.open(0));
  pieces.add_part({"[first "}, false);
  pieces.add({"another record "});
  EXPECT_EQ(take(), "[first ");
  EXPECT_TRUE(pieces.open(1));
  pieces.add_part({"second "}, false);
  pieces.add({"and one more"});
  EXPECT_FALSE(pieces.open(0));
  EXPECT_EQ(take(), "second ");
  pieces.add_part({"third] "}, true);
  EXPECT_EQ(take(), "third] another record and one more");
  EXPECT_TRUE(pieces.open(0));
}

TEST_F(SyncPiecesTest, AValueLargerThanAllLimitsPasses) {
  EXPECT_TRUE(pieces.open(0));
  size_t taken = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(pieces.state(0), State::kGo);
    pieces.add_part(of(150), i == 99);
    EXPECT_EQ(pieces.state(0), State::kWait);
    EXPECT_EQ(pieces.state(1), State::kWait);
    taken += take().size();
  }
  EXPECT_EQ(taken, 15'000u);
  // So does one that cannot be taken apart.
  pieces.add(of(5000));
  EXPECT_EQ(pieces.state(0), State::kWait);
  EXPECT_EQ(take().size(), 5000u);
  EXPECT_EQ(pieces.state(0), State::kGo);
}

// Or it would wait for ever for its own last part.
TEST_F(SyncPiecesTest, WhatWaitsBehindAValueHoldsUpTheOtherWorkersOnly) {
  EXPECT_TRUE(pieces.open(0));
  pieces.add(of(101));
  EXPECT_EQ(pieces.state(0), State::kGo);
  EXPECT_EQ(pieces.state(1), State::kWait);
  pieces.add_part(of(10), true);
  EXPECT_EQ(take().size(), 111u);
  EXPECT_EQ(pieces.state(1), State::kGo);
}

TEST_F(SyncPiecesTest, IsGivenUpWhenWritesPushOutTooMuch) {
  EXPECT_TRUE(pieces.open(0));
  for (int i = 0; i < 7; ++i) pieces.add(of(100));
  for (int i = 0; i < 4; ++i) pieces.add_part(of(100), false);
  EXPECT_NE(pieces.state(0), State::kOver);
  pieces.add(of(1));
  EXPECT_EQ(pieces.state(0), State::kOver);
  EXPECT_EQ(take(), "given up");
}

TEST_F(SyncPiecesTest, EndsForAllWhenNobodyWantsIt) {
  EXPECT_EQ(pieces.state(1), State::kGo);
  pieces.cancel();
  EXPECT_EQ(pieces.state(0), State::kOver);
  EXPECT_EQ(pieces.state(1), State::kOver);
}

}  // namespace
}  // namespace guccho::runtime

// What a replica knows of a worker's part of the stream: several batches at one position are told apart.
#include "node/runtime/apply_progress.h"

#include <gtest/gtest.h>

namespace guccho::runtime {
namespace {

TEST(ApplyProgress, NothingUnderWayIsAllApplied) {
  const ApplyProgress p(7);
  EXPECT_TRUE(p.all_applied(7));
  EXPECT_EQ(p.applied_until(7), std::nullopt);
  EXPECT_EQ(p.bytes(), 0u);
}

TEST(ApplyProgress, ABatchAtThePositionOfTheLastOneIsStillUnderWay) {
  ApplyProgress p(0);
  p.handed_over(100, 10);  // what was read reaches from 100 to 200
  EXPECT_TRUE(p.all_applied(1));
  // The next piece holds a command for all workers behind one of this worker: that goes ahead, and the position is what
  // it was.
  p.applied(1);
  p.handed_over(200, 10);
  EXPECT_FALSE(p.all_applied(1));
  EXPECT_EQ(p.applied_until(1), 200);
  // And once more in the same piece.
  p.handed_over(200, 10);
  EXPECT_FALSE(p.all_applied(2)) << "one of the two";
  EXPECT_EQ(p.applied_until(2), 200);
  EXPECT_TRUE(p.all_applied(3));
}

TEST(ApplyProgress, AppliedUntilTheFirstBatchUnderWay) {
  ApplyProgress p(3);
  p.handed_over(100, 5);
  p.handed_over(300, 6);
  p.handed_over(900, 7);
  EXPECT_EQ(p.applied_until(3), 100);
  EXPECT_EQ(p.applied_until(4), 300);
  EXPECT_EQ(p.applied_until(5), 900);
  EXPECT_EQ(p.applied_until(6), std::nullopt);
}

TEST(ApplyProgress, CountsTheBytesUnderWay) {
  ApplyProgress p(3);
  p.handed_over(100, 5);
  p.handed_over(300, 6);
  EXPECT_EQ(p.bytes(), 11u);
  p.applied(4);
  EXPECT_EQ(p.bytes(), 6u);
  EXPECT_EQ(p.applied_until(4), 300) << "what is known does not change with the books";
  p.applied(5);
  EXPECT_EQ(p.bytes(), 0u);
}

}  // namespace
}  // namespace guccho::runtime

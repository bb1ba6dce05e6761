// The queue, the event filter and the pacer, with a time that is passed in.
#include <gtest/gtest.h>

#include "operator/engine/events.h"
#include "operator/engine/pacer.h"
#include "operator/engine/work_queue.h"

namespace guccho::ops {
namespace {

const ObjectKey kA{"n", "a"};
const ObjectKey kB{"n", "b"};
Instant at(int64_t millis) {
  return Instant(Millis(millis));
}

TEST(WorkQueue, OneObjectIsInOneWorker) {
  WorkQueue queue;
  queue.add(kA, at(0));
  queue.add(kA, at(0));
  EXPECT_EQ(queue.take(at(0)), kA);
  EXPECT_EQ(queue.take(at(0)), std::nullopt);
  queue.add(kA, at(1));  // changed while in work: once more, afterwards
  EXPECT_EQ(queue.take(at(1)), std::nullopt);
  queue.done(kA, std::nullopt, at(2));
  EXPECT_EQ(queue.take(at(2)), kA);
  queue.done(kA, std::nullopt, at(3));
  EXPECT_EQ(queue.take(at(999999)), std::nullopt);
  EXPECT_EQ(queue.next_time(), std::nullopt);
}

TEST(WorkQueue, TheLongestDueComesFirst) {
  WorkQueue queue;
  queue.add(kA, at(10));
  queue.add(kB, at(5));
  EXPECT_EQ(queue.next_time(), at(5));
  EXPECT_EQ(queue.take(at(4)), std::nullopt);
  EXPECT_EQ(queue.take(at(20)), kB);
  EXPECT_EQ(queue.take(at(20)), kA);
}

TEST(WorkQueue, AgainAfterTheWaitOrAChange) {
  WorkQueue queue;
  queue.add(kA, at(0));
  queue.take(at(0));
  queue.done(kA, at(5000), at(0));
  EXPECT_EQ(queue.take(at(4999)), std::nullopt);
  queue.add(kA, at(100));
  EXPECT_EQ(queue.take(at(100)), kA);
}

TEST(WorkQueue, FailuresWaitLongerEachTimeAndASuccessForgetsThem) {
  WorkQueue queue;
  Instant now = at(0);
  queue.add(kA, now);
  for (const int64_t wait : {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000}) {
    ASSERT_EQ(queue.take(now), kA);
    queue.failed(kA, now);
    EXPECT_EQ(queue.next_time(), now + Millis(wait));
    now = *queue.next_time();
  }
  queue.take(now);
  queue.failed(kA, now);
  queue.add(kA, now);  // a change shortens a long wait, not to nothing
  EXPECT_EQ(queue.next_time(), now + Millis(1000));
  now = *queue.next_time();
  queue.take(now);
  queue.done(kA, now, now);
  queue.take(now);
  queue.failed(kA, now);
  EXPECT_EQ(queue.next_time(), now + Millis(200));
}

TEST(WorkQueue, AChangeDuringARoundThatFailsIsNotForgotten) {
  WorkQueue queue;
  Instant now = at(0);
  queue.add(kA, now);
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(queue.take(now), kA);
    queue.failed(kA, now);
    now = *queue.next_time();
  }
  ASSERT_EQ(queue.take(now), kA);
  queue.add(kA, now);
  queue.failed(kA, now);
  EXPECT_EQ(queue.next_time(), now + WorkQueue::kChangedAfterFailure);
  now = *queue.next_time();
  ASSERT_EQ(queue.take(now), kA);
  queue.failed(kA, now);
  EXPECT_EQ(queue.next_time(), now + WorkQueue::kLongestBackoff) << "once";
}

TEST(EventFilter, SaysEachThingOnceInAWhile) {
  EventFilter filter;
  const Event event{Event::Severity::kNormal, "Meet", "introduce 0-1 to 0-0", {}};
  Event other = event;
  other.message = "introduce 0-2 to 0-0";
  EXPECT_TRUE(filter.admit(event, at(0)));
  EXPECT_TRUE(filter.admit(other, at(0)));
  EXPECT_FALSE(filter.admit(event, at(599'999)));
  EXPECT_TRUE(filter.admit(event, at(600'000)));
}

TEST(EventFilter, ForgetsTheOldestAtItsLimit) {
  EventFilter filter;
  for (size_t i = 0; i <= EventFilter::kRemembered; ++i) {
    EXPECT_TRUE(filter.admit({Event::Severity::kNormal, "r", std::to_string(i), {}}, at(static_cast<int64_t>(i))));
  }
  EXPECT_FALSE(filter.admit({Event::Severity::kNormal, "r", "1", {}}, at(300)));
  EXPECT_TRUE(filter.admit({Event::Severity::kNormal, "r", "0", {}}, at(300)));
}

TEST(Pacer, AnAcceptedFailoverIsNotSentAgainAtOnce) {
  Pacer pacer;
  const Step failover = Failover{{{0, 1}, {}}, FailoverMode::kGraceful, {}};
  const Step forget = Forget{{{0, 1}, {}}, {}};
  EXPECT_TRUE(pacer.may_send(failover, at(0)));
  pacer.accepted(failover, at(0));
  pacer.accepted(forget, at(0));
  EXPECT_FALSE(pacer.may_send(failover, at(4999)));
  EXPECT_TRUE(pacer.may_send(failover, at(5000)));
  EXPECT_TRUE(pacer.may_send(forget, at(0)));
  EXPECT_TRUE(pacer.may_send(Failover{{{0, 2}, {}}, FailoverMode::kGraceful, {}}, at(0)));
}

}  // namespace
}  // namespace guccho::ops

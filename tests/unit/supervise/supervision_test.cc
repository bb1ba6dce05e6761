// The supervisor's decisions: restart delays, orderly ends, restarts by incarnation.
#include "node/supervise/supervision.h"

#include <gtest/gtest.h>

namespace guccho::supervise {
namespace {

constexpr Instant kStart{Micros(5'000'000)};
const ProcessIdentity kFirst{"boot", 10, 1};
const ProcessIdentity kSecond{"boot", 11, 2};

Desired want_run() {
  Desired desired;
  desired.arguments = {"node.conf"};
  return desired;
}

Supervision running(Instant at = kStart) {
  Supervision s;
  s.want(want_run());
  s.started(at, kFirst);
  return s;
}

TEST(RestartDelay, DoublesUpToItsLimit) {
  const std::vector<std::pair<uint32_t, int>> cases = {{0, 0},     {1, 1000},  {2, 2000},  {3, 4000},
                                                       {5, 16000}, {6, 30000}, {7, 30000}, {4000000000u, 30000}};
  for (const auto& [failures, expected] : cases) EXPECT_EQ(restart_delay(failures), Millis(expected)) << failures;
}

TEST(Supervision, StartsAtOnceAndThenWaits) {
  Supervision s;
  s.want(want_run());
  EXPECT_EQ(s.next(kStart), Step(Start{}));
  s.started(kStart, kFirst);
  EXPECT_EQ(s.next(kStart), Step(Wait{}));
}

TEST(Supervision, AnUnwantedEndIsRestartedAfterADelayThatGrows) {
  Supervision s = running();
  Instant now = kStart;
  for (const int seconds : {1, 2, 4}) {
    now += Millis(10);
    s.ended(now);
    EXPECT_EQ(s.next(now), Step(Wait{now + Millis(1000 * seconds)}));
    now += Millis(1000 * seconds);
    EXPECT_EQ(s.next(now), Step(Start{}));
    s.started(now, kSecond);
  }
  now += kHealthyRun;
  s.ended(now);
  EXPECT_EQ(s.next(now), Step(Wait{now + kFirstDelay})) << "a healthy run forgives the failures before it";
}

TEST(Supervision, FailedStartsAreDelayedToo) {
  Supervision s;
  s.want(want_run());
  s.start_failed(kStart);
  EXPECT_EQ(s.next(kStart), Step(Wait{kStart + kFirstDelay}));
}

TEST(Supervision, StopTerminatesThenKillsThenFinishes) {
  Supervision s = running();
  Desired stop = want_run();
  stop.goal = Desired::Goal::kStop;
  stop.grace = Millis(500);
  s.want(stop);
  EXPECT_EQ(s.next(kStart), Step(Terminate{}));
  s.terminated(kStart);
  EXPECT_EQ(s.next(kStart), Step(Wait{kStart + Millis(500)}));
  EXPECT_EQ(s.next(kStart + Millis(500)), Step(Kill{}));
  s.killed();
  EXPECT_EQ(s.next(kStart + Millis(501)), Step(Wait{}));
  s.ended(kStart + Millis(600));
  EXPECT_EQ(s.next(kStart + Millis(600)), Step(Finish{}));
}

TEST(Supervision, StopWhileWaitingForARestartFinishesAtOnce) {
  Supervision s = running();
  s.ended(kStart + Millis(10));
  s.end_asked();
  EXPECT_EQ(s.next(kStart + Millis(10)), Step(Finish{}));
}

TEST(Supervision, RestartMeansOneIncarnation) {
  Supervision s = running();
  Desired restart = want_run();
  restart.restart = kSecond.str();
  s.want(restart);
  EXPECT_EQ(s.next(kStart), Step(Wait{})) << "means another process";
  restart.restart = kFirst.str();
  s.want(restart);
  EXPECT_EQ(s.next(kStart), Step(Terminate{}));
  s.terminated(kStart);
  s.ended(kStart + Millis(50));
  EXPECT_EQ(s.next(kStart + Millis(50)), Step(Start{})) << "a wanted end is no failure";
  s.started(kStart + Millis(50), kSecond);
  EXPECT_EQ(s.next(kStart + Millis(50)), Step(Wait{})) << "the wish is fulfilled";
}

TEST(Supervision, AWithdrawnStopEndsInARestart) {
  Supervision s = running();
  Desired stop = want_run();
  stop.goal = Desired::Goal::kStop;
  s.want(stop);
  s.terminated(kStart);
  s.want(want_run());
  EXPECT_EQ(s.next(kStart), Step(Wait{kStart + want_run().grace}));
  s.ended(kStart + Millis(20));
  EXPECT_EQ(s.next(kStart + Millis(20)), Step(Start{}));
}

}  // namespace
}  // namespace guccho::supervise

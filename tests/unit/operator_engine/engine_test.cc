// The threads: the engine takes what the watch names, round after round, and stops when told.
#include "operator/engine/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/operator_engine/driver.h"

namespace guccho::ops {
namespace {

// One worker, so that the fake world is used by one thread at a time; the world's time passes in the observer.
TEST(Engine, BringsAClusterUpAndStops) {
  FakeWorld world(3);
  world.put_resource(cluster_of(3, 1));
  const SystemClock clock;
  std::stop_source stop;
  int rounds = 0;
  bool ready = false;
  Engine* self = nullptr;
  Engine engine(Parts{world, world, world, world, clock}, EngineOptions{},
                [&](const ObjectKey& key, const Outcome& outcome) {
                  ready = outcome.plan && outcome.plan->status.phase == Phase::kReady;
                  if (ready || ++rounds == 1000) return void(stop.request_stop());
                  for (int i = 0; i < 20; ++i) world.step();  // enough for the steps that are paced
                  self->wake(key);
                });
  self = &engine;
  engine.run(1, stop.get_token());
  EXPECT_TRUE(ready);
  EXPECT_EQ(world.resource().status.phase, Phase::kReady) << "the last status is written at the stop";
}

TEST(Engine, AStopEndsAnIdleWait) {
  FakeWorld world;
  const SystemClock clock;
  std::stop_source stop;
  Engine engine(Parts{world, world, world, world, clock}, EngineOptions{});
  std::jthread stopper([&] { stop.request_stop(); });
  engine.run(2, stop.get_token());
}

}  // namespace
}  // namespace guccho::ops

// A node's own clocks: they start anywhere, run a little fast or slow, and the wall clock may jump.
#pragma once

#include <cstdint>

#include "node/base/random.h"
#include "node/base/time.h"

namespace guccho::sim {

class NodeClock {
 public:
  NodeClock() = default;
  // A machine somewhere in its first eleven days of uptime, off by at most `max_ppm` parts in a million, its wall
  // clock wrong by at most `max_wall_error` in either direction.
  NodeClock(Rng& rng, int max_ppm, Millis max_wall_error)
      : offset_(Micros(static_cast<int64_t>(rng.below(1'000'000'000'000ULL)))),
        ppm_(static_cast<int64_t>(rng.below(2 * static_cast<uint64_t>(max_ppm) + 1)) - max_ppm),
        wall_error_(Millis(static_cast<int64_t>(rng.below(2 * static_cast<uint64_t>(max_wall_error.count()) + 1)) -
                           max_wall_error.count())) {}

  Instant monotonic(Instant world) const {
    const int64_t us = world.time_since_epoch().count();
    return Instant(offset_ + Micros(us + us / 1'000'000 * ppm_ + us % 1'000'000 * ppm_ / 1'000'000));
  }
  // The world begins at an arbitrary date in 2027.
  UnixMillis unix_time(Instant world) const {
    return UnixMillis(Millis(1'800'000'000'000 + world.time_since_epoch().count() / 1000) + wall_error_);
  }
  // The world's time at which this node's clock will read `own`, rounded up.
  Instant world_time(Instant own) const {
    const int64_t us = (own - Instant(offset_)).count();
    // 1 / (1 + d) is 1 - d up to d^2, below 1e-6 for the skews used here; 2 us more make it "not before".
    return Instant(Micros(us - us / 1'000'000 * ppm_ - us % 1'000'000 * ppm_ / 1'000'000 + us / 1'000'000 + 2));
  }
  void jump_wall(Millis by) { wall_error_ += by; }

 private:
  Micros offset_{};
  int64_t ppm_ = 0;
  Millis wall_error_{};
};

}  // namespace guccho::sim

// Time types. The core never reads a clock: it is given an Instant (a monotonic clock) or a UnixMillis (wall clock),
// so that a simulator can pass whatever time it likes.
#pragma once

#include <chrono>
#include <cstdint>

namespace guccho {

using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;

// The time lines have no now(): only runtime/clock.h makes values of them.
struct MonotonicTimeline {
  using rep = int64_t;
  using period = std::micro;
  using duration = Micros;
  using time_point = std::chrono::time_point<MonotonicTimeline, Micros>;
  static constexpr bool is_steady = true;
};
struct UnixTimeline {
  using rep = int64_t;
  using period = std::milli;
  using duration = Millis;
  using time_point = std::chrono::time_point<UnixTimeline, Millis>;
  static constexpr bool is_steady = false;
};

// A reading of a clock that never goes back; its zero is arbitrary. Microseconds.
using Instant = MonotonicTimeline::time_point;
// Milliseconds since 1970-01-01 UTC, the time base of EXPIRE, TIME and the cluster bus.
using UnixMillis = UnixTimeline::time_point;

}  // namespace guccho

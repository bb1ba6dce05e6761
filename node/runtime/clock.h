// The only place where clocks are read.
#pragma once

#include "node/base/time.h"

namespace guccho::runtime {

// CLOCK_BOOTTIME: monotonic and counting time suspended, so that a node that slept knows how long.
Instant monotonic_now();
// CLOCK_REALTIME in milliseconds.
UnixMillis wall_now();
// CLOCK_MONOTONIC in nanoseconds, for measuring durations only.
uint64_t nanos_now();

}  // namespace guccho::runtime

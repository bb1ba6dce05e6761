// The only place where clocks are read.
#pragma once

#include "node/base/time.h"

namespace guccho::runtime {

// CLOCK_BOOTTIME: monotonic and counting time suspended, so that a node that slept knows how long.
Instant monotonic_now();
// CLOCK_REALTIME in milliseconds.
UnixMillis wall_now();
// ... and in microseconds since 1970.
Micros wall_micros();
// CLOCK_MONOTONIC in nanoseconds, for measuring durations only.
uint64_t nanos_now();
// CLOCK_THREAD_CPUTIME_ID in nanoseconds: what the calling thread has run so far. A system call (0.3 to 0.8 us), so not
// for every turn of a loop.
uint64_t thread_cpu_nanos();

}  // namespace guccho::runtime

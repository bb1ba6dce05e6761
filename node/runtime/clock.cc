// Clock readings.
#include "node/runtime/clock.h"

#include <ctime>

namespace guccho::runtime {
namespace {

timespec read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return t;
}

}  // namespace

Instant monotonic_now() {
  const timespec t = read_clock(CLOCK_BOOTTIME);
  return Instant(Micros(int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000));
}

UnixMillis wall_now() {
  const timespec t = read_clock(CLOCK_REALTIME);
  return UnixMillis(Millis(int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000));
}

Micros wall_micros() {
  const timespec t = read_clock(CLOCK_REALTIME);
  return Micros(int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000);
}

uint64_t nanos_now() {
  const timespec t = read_clock(CLOCK_MONOTONIC);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

uint64_t thread_cpu_nanos() {
  const timespec t = read_clock(CLOCK_THREAD_CPUTIME_ID);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

}  // namespace guccho::runtime

// The system's clocks.
#include "operator/engine/clock.h"

namespace guccho::ops {

Instant SystemClock::now() const {
  return Instant(std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch()));
}

UnixMillis SystemClock::wall() const {
  return UnixMillis(std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()));
}

}  // namespace guccho::ops

// Where the engine reads the time: a real clock in the programs, one that stands still in tests.
#pragma once

#include "node/base/time.h"

namespace guccho::ops {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual UnixMillis wall() const = 0;
};

// The system's clocks.
class SystemClock : public Clock {
 public:
  Instant now() const override;
  UnixMillis wall() const override;
};

}  // namespace guccho::ops

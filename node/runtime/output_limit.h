// The rule of client-output-buffer-limit for one connection: over `hard`, or over `soft` for longer than `soft_for`.
// It must be asked while nothing is written, too, or a connection that is left alone stays over the soft limit for
// ever.
#pragma once

#include <cstdint>
#include <optional>

#include "node/config/config.h"

namespace guccho::runtime {

// `Time`: UnixMillis or Instant.
template <class Time>
class OutputLimit {
 public:
  // Whether a connection with so many unsent bytes is to be closed at `now`.
  bool exceeded(const config::BufferLimit& limit, uint64_t unsent, Time now) {
    if (limit.hard != 0 && unsent > limit.hard) return true;
    if (limit.soft == 0 || unsent <= limit.soft) {
      since_.reset();
      return false;
    }
    if (!since_) since_ = now;
    return now - *since_ > limit.soft_for;
  }

 private:
  std::optional<Time> since_;  // over the soft limit
};

}  // namespace guccho::runtime

// Events without repetition: the same words about the same object are said again only after a while.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "node/base/time.h"
#include "operator/backend/backend.h"

namespace guccho::ops {

// One for each object.
class EventFilter {
 public:
  static constexpr Millis kSilence = std::chrono::minutes(10);
  static constexpr size_t kRemembered = 256;  // the oldest is dropped at the limit, and may then be repeated

  // True if it is news.
  bool admit(const Event& event, Instant now);

 private:
  std::map<std::pair<std::string, std::string>, Instant> said_;  // reason and message
};

}  // namespace guccho::ops

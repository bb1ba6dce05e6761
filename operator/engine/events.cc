// The event filter.
#include "operator/engine/events.h"

#include <algorithm>

namespace guccho::ops {

bool EventFilter::admit(const Event& event, Instant now) {
  std::erase_if(said_, [&](const auto& entry) { return now - entry.second >= kSilence; });
  const auto [it, fresh] = said_.try_emplace({event.reason, event.message}, now);
  if (fresh && said_.size() > kRemembered) {
    const auto oldest = std::ranges::min_element(said_, {}, [](const auto& entry) { return entry.second; });
    said_.erase(oldest);
  }
  return fresh;
}

}  // namespace guccho::ops

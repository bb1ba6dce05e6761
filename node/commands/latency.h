// LATENCY: the slow moments of the last minutes by kind of event, where latency-monitor-threshold asks for them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/time.h"

namespace guccho::commands {

struct LatencySample {
  int64_t second = 0;  // since 1970
  uint32_t millis = 0;
};

struct LatencyEvent {
  std::deque<LatencySample> samples;  // the oldest first, at most one a second
  uint32_t greatest = 0;              // since the event was reset
};

class LatencyMonitor {
 public:
  static constexpr size_t kSamples = 160;

  void note(std::string_view event, UnixMillis now, uint32_t millis);
  // By name of the event.
  const std::map<std::string, LatencyEvent, std::less<>>& events() const { return events_; }
  // Forgets these events, or all when none is named; how many there were.
  size_t reset(std::span<const std::string_view> names);

 private:
  std::map<std::string, LatencyEvent, std::less<>> events_;
};

// LATENCY HISTOGRAM of one command: upper bounds in microseconds and how many calls took at most so long.
struct CommandLatency {
  uint64_t calls = 0;
  std::vector<std::pair<uint64_t, uint64_t>> buckets;
};

}  // namespace guccho::commands

// "instantaneous_*" of INFO: the average rate over the last 16 samples, one each 100 ms, as in Redis.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "node/base/time.h"

namespace guccho::metrics {

class Rate {
 public:
  // `total`: a counter's value. The first call only sets the start; a total below the last one (CONFIG RESETSTAT) as
  // well.
  void sample(Instant now, uint64_t total);
  double per_second() const;

 private:
  static constexpr size_t kSamples = 16;
  std::array<double, kSamples> samples_{};
  size_t next_ = 0;
  std::optional<Instant> last_time_;
  uint64_t last_total_ = 0;
};

}  // namespace guccho::metrics

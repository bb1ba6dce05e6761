// The average of the last samples of a rate.
#include "node/metrics/rate.h"

#include <numeric>

namespace guccho::metrics {

void Rate::sample(Instant now, uint64_t total) {
  if (last_time_ && now > *last_time_ && total >= last_total_) {
    const double seconds = std::chrono::duration<double>(now - *last_time_).count();
    samples_[next_] = static_cast<double>(total - last_total_) / seconds;
    next_ = (next_ + 1) % kSamples;
  }
  last_time_ = now;
  last_total_ = total;
}

double Rate::per_second() const {
  return std::accumulate(samples_.begin(), samples_.end(), 0.0) / kSamples;
}

}  // namespace guccho::metrics

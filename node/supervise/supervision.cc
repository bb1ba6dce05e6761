// The decisions of a supervisor.
#include "node/supervise/supervision.h"

#include <algorithm>

namespace guccho::supervise {

Millis restart_delay(uint32_t failures) {
  if (failures == 0) return Millis(0);
  // 1 s doubled 5 times is past the limit, so that larger shifts need not be computed.
  return std::min(kLongestDelay, kFirstDelay * (1 << std::min(failures - 1, 5u)));
}

void Supervision::started(Instant now, const ProcessIdentity& process) {
  up_ = Up{process.str(), now};
  terminated_at_.reset();
  killed_ = false;
}

void Supervision::ended(Instant now) {
  const bool wanted = terminated_at_.has_value();
  if (wanted || now - up_->since >= kHealthyRun) failures_ = 0;
  up_.reset();
  terminated_at_.reset();
  killed_ = false;
  if (wanted) {
    not_before_ = now;
  } else {
    failed(now);
  }
}

void Supervision::start_failed(Instant now) {
  failed(now);
}

void Supervision::failed(Instant now) {
  ++failures_;
  not_before_ = now + restart_delay(failures_);
}

bool Supervision::shall_end() const {
  return ending_ || desired_.goal == Desired::Goal::kStop || (up_ && desired_.restart == up_->incarnation);
}

Step Supervision::next(Instant now) const {
  if (!up_) {
    if (shall_end()) return Finish{};
    if (now < not_before_) return Wait{not_before_};
    return Start{};
  }
  // Once told to end it is awaited, also when the wish was withdrawn meanwhile: it will end, and is then started again.
  if (!terminated_at_) return shall_end() ? Step(Terminate{}) : Step(Wait{});
  const Instant deadline = *terminated_at_ + desired_.grace;
  if (killed_) return Wait{};
  if (now < deadline) return Wait{deadline};
  return Kill{};
}

}  // namespace guccho::supervise

// What a supervisor does next: start, signal, end or wait. Pure: it is told what happened and when, and decides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "node/base/time.h"
#include "node/supervise/records.h"

namespace guccho::supervise {

// The first restart after an unwanted end waits too: a replica has then taken over, and the node comes back as its
// follower instead of competing with it. Doubled with each further end, up to the limit.
inline constexpr Millis kFirstDelay{1000};
inline constexpr Millis kLongestDelay{30000};
// A run of this length forgives the failures before it.
inline constexpr Millis kHealthyRun{10000};

// Before the start that follows `failures` unwanted ends in a row. 0 for none.
Millis restart_delay(uint32_t failures);

struct Start {
  friend bool operator==(const Start&, const Start&) = default;
};
struct Terminate {  // SIGTERM
  friend bool operator==(const Terminate&, const Terminate&) = default;
};
struct Kill {  // SIGKILL
  friend bool operator==(const Kill&, const Kill&) = default;
};
struct Finish {
  friend bool operator==(const Finish&, const Finish&) = default;
};
struct Wait {
  std::optional<Instant> until;  // nothing: until something happens
  friend bool operator==(const Wait&, const Wait&) = default;
};
using Step = std::variant<Start, Terminate, Kill, Finish, Wait>;

class Supervision {
 public:
  // What happened.
  void want(const Desired& desired) { desired_ = desired; }
  void end_asked() { ending_ = true; }  // the supervisor itself got SIGTERM
  void started(Instant now, const ProcessIdentity& process);
  void terminated(Instant now) { terminated_at_ = now; }  // SIGTERM was sent
  void killed() { killed_ = true; }                       // SIGKILL was sent
  void ended(Instant now);
  void start_failed(Instant now);

  // What to do. O(1); the same until something happens or its time comes.
  Step next(Instant now) const;

  const Desired& desired() const { return desired_; }
  bool up() const { return up_.has_value(); }
  bool stopping() const { return up() && terminated_at_; }
  uint32_t failures() const { return failures_; }
  Instant not_before() const { return not_before_; }

 private:
  struct Up {
    std::string incarnation;
    Instant since;
  };
  bool shall_end() const;
  void failed(Instant now);

  Desired desired_;
  bool ending_ = false;
  std::optional<Up> up_;
  std::optional<Instant> terminated_at_;
  bool killed_ = false;
  uint32_t failures_ = 0;
  Instant not_before_{};
};

}  // namespace guccho::supervise

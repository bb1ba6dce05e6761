// The answer to an act on the world or on a node, and the limits of a call. An answer says that the act was taken,
// never that its effect happened: effects are believed only from the next observation.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>

#include "node/base/time.h"

namespace guccho::ops {

struct Answer {
  enum class Kind {
    kAccepted,    // taken, or already so
    kConflict,    // meant another incarnation, node or state than the present one: observe again
    kRefused,     // will not be done; the reason says why
    kFenced,      // the fencing term is old: another operator leads, stop acting
    kUnanswered,  // no answer in time: it may have happened or not
  };
  Kind kind = Kind::kAccepted;
  std::string reason;  // empty when accepted

  static Answer accepted() { return {}; }
  static Answer conflict(std::string why) { return {Kind::kConflict, std::move(why)}; }
  static Answer refused(std::string why) { return {Kind::kRefused, std::move(why)}; }
  static Answer fenced(std::string why) { return {Kind::kFenced, std::move(why)}; }
  static Answer unanswered(std::string why) { return {Kind::kUnanswered, std::move(why)}; }
  bool ok() const { return kind == Kind::kAccepted; }
  friend bool operator==(const Answer&, const Answer&) = default;
};

// Every call ends at its timeout, or soon after a stop is requested, whichever is first.
struct CallContext {
  Millis timeout{2000};
  std::stop_token stop;
};

// Grows with each change of the leading operator; nodes refuse terms smaller than one they saw.
struct FencingTerm {
  uint64_t value = 0;
  friend auto operator<=>(const FencingTerm&, const FencingTerm&) = default;
};

}  // namespace guccho::ops

// Steps that need time to show: one that was accepted and is planned again unchanged is not sent again at once, since a
// second failover order, for example, would start the first one over.
#pragma once

#include <map>
#include <string>

#include "node/base/time.h"
#include "operator/plan/step.h"

namespace guccho::ops {

// One for each object. Remembers only accepted steps of the last `patience` of their kind.
class Pacer {
 public:
  bool may_send(const Step& step, Instant now) const;
  void accepted(const Step& step, Instant now);
  // How long an accepted step is given to show its effect.
  static Millis patience(const Step& step);

 private:
  std::map<std::string, Instant> until_;  // by describe()
};

}  // namespace guccho::ops

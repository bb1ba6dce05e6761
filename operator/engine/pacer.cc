// The pacer.
#include "operator/engine/pacer.h"

namespace guccho::ops {

Millis Pacer::patience(const Step& step) {
  // A manual failover is given up by its nodes after 5 s (the Redis Cluster constant); a handshake takes a gossip round
  // or two; everything else shows in the next observation.
  if (std::holds_alternative<Failover>(step)) return Millis(5000);
  if (std::holds_alternative<Meet>(step)) return Millis(1500);
  if (std::holds_alternative<EnsureShard>(step) || std::holds_alternative<RemoveHighest>(step)) return Millis(1000);
  return Millis(0);
}

bool Pacer::may_send(const Step& step, Instant now) const {
  const auto it = until_.find(describe(step));
  return it == until_.end() || it->second <= now;
}

void Pacer::accepted(const Step& step, Instant now) {
  std::erase_if(until_, [&](const auto& entry) { return entry.second <= now; });
  const Millis wait = patience(step);
  if (wait > Millis(0)) until_[describe(step)] = now + wait;
}

}  // namespace guccho::ops

// Is the cluster served, as seen from this node? Coverage, majority, and the waits after a start or a partition.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// After a start as a primary, the cluster has this long to tell it that it was replaced (Redis' number). One that was
// elected since knows better: a majority has just agreed to it.
constexpr Millis kWritableDelay{2000};
// After a partition: T, within these bounds (Redis' numbers).
constexpr Millis kMinRejoin{500};
constexpr Millis kMaxRejoin{5000};

constexpr uint16_t kUnreachable = bus::kFlagFail | bus::kFlagPfail;

struct Reach {
  size_t voters = 0;
  size_t reachable = 0;
};

// Whose reach decides: the voters who could elect somebody in our place. Where nobody can be elected by vote, nobody
// can have replaced us, and the count does not matter.
Reach count_reach(Core& c) {
  Reach r;
  if (votes_by_list(c)) {
    if (is_small_list(c)) return {.voters = 1, .reachable = 1};
    for (const NodeId& id : c.own.electorate.list.voters) {
      const Node* n = c.find(id);
      ++r.voters;
      r.reachable += n != nullptr && !n->has(kUnreachable) ? 1 : 0;
    }
    return r;
  }
  for (const Node* n : c.order) {
    if (!n->is_primary() || !n->owns_slots()) continue;
    ++r.voters;
    r.reachable += !n->has(kUnreachable) ? 1 : 0;
  }
  return r;
}

void count_slots(Core& c) {
  c.size = 0;
  c.slots_pfail = 0;
  c.slots_fail = 0;
  for (const Node* n : c.order) {
    if (!n->owns_slots()) continue;
    if (n->is_primary()) ++c.size;
    if (n->failed()) c.slots_fail = static_cast<uint16_t>(c.slots_fail + n->slot_count);
    if (n->pfail()) c.slots_pfail = static_cast<uint16_t>(c.slots_pfail + n->slot_count);
  }
}

DownReason judge(Core& c) {
  if (!c.loaded) return DownReason::kLoading;
  if (c.awaiting.active) return DownReason::kAwaitingTakeover;
  if (c.config.require_full_coverage && (c.assigned < kSlotCount || c.slots_fail > 0)) return DownReason::kUncovered;
  const Reach reach = count_reach(c);
  // Without slot owners at all there is nothing to serve, as in Redis.
  if (reach.reachable < reach.voters / 2 + 1) {
    c.minority_since = c.now;
    return DownReason::kMinority;
  }
  return DownReason::kNone;
}

// A primary that was away waits before it serves: the others may have replaced it and their news is on its way.
bool must_wait(Core& c) {
  if (!c.self->is_primary() || c.state_ok) return false;
  if (const Instant until = *c.started + kWritableDelay; c.started_as_primary && c.now < until) {
    c.wake_at(until);
    return true;
  }
  if (!c.minority_since) return false;
  const Instant until = *c.minority_since + std::clamp(c.config.node_timeout, kMinRejoin, kMaxRejoin);
  if (c.now < until) {
    c.wake_at(until);
    return true;
  }
  return false;
}

}  // namespace

void update_state(Core& c) {
  count_slots(c);
  DownReason reason = judge(c);
  if (reason == DownReason::kNone && must_wait(c)) reason = DownReason::kRejoining;
  if (reason != c.down_reason) {
    c.down_reason = reason;
    c.changed(Urgency::kNow);
  }
  const bool ok = reason == DownReason::kNone;
  if (ok == c.state_ok) return;
  c.state_ok = ok;
  c.changed(Urgency::kNow);
  c.notice(fmt::format("Cluster state changed: {}", ok ? "ok" : "fail"));
}

}  // namespace guccho::cluster

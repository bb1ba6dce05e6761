// Is the cluster served, as seen from this node? Coverage, majority, and the waits after a start or a partition.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/electorate.h"
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

// Whose reach decides: the voters who could elect somebody in our place. Where nobody can be elected by vote, nobody
// can have replaced us, and the count does not matter.
void count_reach(Core& c) {
  c.voters = c.reachable_voters = c.steady_voters = 0;
  if (is_small_list(c)) {
    c.voters = c.reachable_voters = 1;
    return;
  }
  if (votes_by_list(c)) {
    for (const NodeId& id : c.own.electorate.list.voters) {
      const Node* n = c.find(id);
      ++c.voters;
      if (n == nullptr || n->has(kUnreachable)) continue;
      ++c.reachable_voters;
      c.steady_voters += is_steady_voter(c, *n) ? 1 : 0;
    }
    return;
  }
  for (const Node* n : c.order) {
    if (!n->is_primary() || !n->owns_slots()) continue;
    ++c.voters;
    c.reachable_voters += !n->has(kUnreachable) ? 1 : 0;
  }
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
  // Without slot owners at all there is nothing to serve, as in Redis. Looked at first: the wait after a partition is
  // due whatever else was wrong meanwhile.
  const bool minority = !meets_every_majority(c, c.voters, c.reachable_voters, c.steady_voters);
  if (minority) c.minority_since = c.now;
  if (!c.loaded) return DownReason::kLoading;
  if (c.awaiting.active) return DownReason::kAwaitingTakeover;
  if (c.config.require_full_coverage && (c.assigned < kSlotCount || c.slots_fail > 0)) return DownReason::kUncovered;
  return minority ? DownReason::kMinority : DownReason::kNone;
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

void count_cluster(Core& c) {
  if (!c.recount) return;
  c.recount = false;
  c.counted_at = c.now;
  count_slots(c);
  count_reach(c);
}

void update_state(Core& c) {
  if (c.publish == Urgency::kNow || !c.counted_at || c.now - *c.counted_at >= c.pace()) count_cluster(c);
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

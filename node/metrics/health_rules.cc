// The rules of the three probes.
#include <fmt/core.h>

#include "node/metrics/health.h"

namespace guccho::metrics {
namespace {

HealthAnswer ready(const HealthFacts& facts) {
  if (!facts.loaded) return {false, "loading"};
  if (facts.stopping) return {false, "stopping"};
  if (!facts.in_cluster) return {false, "not in a cluster yet"};
  if (facts.awaiting_data) return {false, "came back without its data, waits for a replica to take over"};
  if (facts.is_replica && !facts.synced) return {false, "replica is not synced with its primary"};
  return {true, "ok"};
}

}  // namespace

HealthAnswer answer(Probe probe, const HealthFacts& facts) {
  const bool stuck = facts.slowest_turn_age > kStuckAfter;
  if (probe == Probe::kStartup) return facts.loaded ? HealthAnswer{true, "ok"} : HealthAnswer{false, "loading"};
  // Loading takes as long as it takes: a node that is killed for it would begin again.
  if (stuck) return {false, fmt::format("a worker has not turned for {} ms", facts.slowest_turn_age.count())};
  return probe == Probe::kLive ? HealthAnswer{true, "ok"} : ready(facts);
}

}  // namespace guccho::metrics

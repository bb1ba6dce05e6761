// Replica migration: a primary that lost its last working replica is given one of a primary that has several.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// Time for the failed replica to come back, or for a failover to settle (Redis' number).
constexpr Millis kMigrationDelay{5000};

size_t working_replicas(const Node& primary) {
  return static_cast<size_t>(std::count_if(primary.replicas.begin(), primary.replicas.end(),
                                           [](const Node* r) { return !r->has(bus::kFlagFail | bus::kFlagPfail); }));
}

bool is_orphan(const Node& n) {
  return n.is_primary() && !n.has(bus::kFlagFail | bus::kFlagPfail) && n.owns_slots() && n.has(bus::kFlagMigrateTo) &&
         working_replicas(n) == 0;
}

}  // namespace

void track_orphans(Core& c) {
  for (Node* n : c.order) {
    if (!is_orphan(*n)) {
      n->orphaned_since.reset();
    } else if (!n->orphaned_since) {
      n->orphaned_since = c.now;
    }
  }
}

void migrate_to_orphan(Core& c) {
  Node* mine = c.self->primary;
  if (!c.config.allow_replica_migration || !c.state_ok || mine == nullptr || c.manual.until || mine->failed()) return;
  if (working_replicas(*mine) <= static_cast<size_t>(c.config.migration_barrier)) return;
  Node* target = nullptr;
  size_t most = 0;
  for (Node* n : c.order) {
    if (!n->is_primary()) continue;
    most = std::max(most, working_replicas(*n));
    if (target == nullptr && n->orphaned_since && c.now - *n->orphaned_since > kMigrationDelay) target = n;
  }
  // Only from the primaries with the most replicas, and of those replicas only the one with the smallest name moves.
  if (target == nullptr || most < 2) return;
  const Node* mover = nullptr;
  for (const Node* n : c.order) {
    if (!n->is_primary() || working_replicas(*n) != most) continue;
    for (const Node* r : n->replicas) {
      if (!r->has(bus::kFlagFail | bus::kFlagPfail) && (mover == nullptr || r->id < mover->id)) mover = r;
    }
  }
  if (mover != c.self) return;
  c.notice(fmt::format("Migrating to orphaned master {}", target->id.view()));
  follow(c, *target, "it has no working replica");
}

}  // namespace guccho::cluster

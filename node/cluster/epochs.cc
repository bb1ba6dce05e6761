// Epochs: the cluster's logical clock, and each primary's version of its claim on slots.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

void observe_epochs(Core& c, Node& sender, const bus::Header& h) {
  if (h.current_epoch > c.current_epoch) {
    c.current_epoch = h.current_epoch;
    // Nothing depends on it until we vote or ask for votes, and that saves it.
    c.save_later = true;
    c.changed(Urgency::kTick);
  }
  if (h.config_epoch > sender.config_epoch) {
    sender.config_epoch = h.config_epoch;
    c.learned();
  }
}

// Two primaries with one config epoch could both claim a slot and nobody could tell who is right. The one with the
// smaller name takes a new epoch; all see the same pair, so exactly one moves.
void resolve_collision(Core& c, Node& sender, ConfigEpoch epoch) {
  if (!sender.is_primary() || !c.self->is_primary() || epoch != c.self->config_epoch) return;
  if (sender.id <= c.self->id) return;
  c.current_epoch = CurrentEpoch(c.current_epoch.value + 1);
  c.self->config_epoch = ConfigEpoch(c.current_epoch.value);
  c.must_save();
  c.log(LogLevel::kVerbose, fmt::format("configEpoch collision with node {}: ours is {} now", sender.id.view(),
                                        c.self->config_epoch.value));
}

bool bump_epoch_without_consensus(Core& c) {
  uint64_t greatest = c.current_epoch.value;
  for (const Node* n : c.order) greatest = std::max(greatest, n->config_epoch.value);
  const uint64_t mine = c.self->config_epoch.value;
  if (mine != 0 && mine == greatest) return false;
  c.current_epoch = CurrentEpoch(greatest + 1);
  c.self->config_epoch = ConfigEpoch(c.current_epoch.value);
  c.must_save();
  c.notice(fmt::format("New configEpoch set to {}", c.self->config_epoch.value));
  return true;
}

}  // namespace guccho::cluster

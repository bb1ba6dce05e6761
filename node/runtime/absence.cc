// A worker that did not run for a while (see node/cluster/absence.cc): it notices by its own clock, before it takes a command
// and again before a reply leaves, since it may have stood still in between. Other threads of the process stood still too,
// but each looks for itself: the first that runs again must not answer before the control thread has had its turn.
#include <algorithm>

#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {
namespace {

// Shorter stand-stills are no reason for anybody to suspect us.
constexpr Millis kLeastAbsence(100);

}  // namespace

// `expected`: the latest moment at which this worker would have come here by itself.
void Worker::notice_absence(Instant expected) {
  const auto late = std::chrono::duration_cast<Millis>(monotonic_now() - expected);
  // Others suspect after T of silence; half of it is far from that and far above what a busy loop takes.
  if (late <= std::max(config_->cluster_node_timeout / 2, kLeastAbsence)) return;
  if (!routes_->is_primary || routes_->served.empty() || node_.stopping()) return;
  node_.was_absent(late);
}

// Replies that were made stay with their connections.
void Worker::withhold_replies() {
  fenced_ = true;
  if (!withheld_routes_) withheld_routes_ = routes_;
  for (Connection* c : flush_list_) {
    c->in_flush_list = false;
    withheld_.push_back(c->id);
  }
  flush_list_.clear();
}

// The node knows again what is its own. Where that changed, the replies may tell of writes that are lost: their
// connections end without them, which tells a client the truth, namely that it cannot know.
void Worker::end_absence() {
  fenced_ = false;
  refresh_routes();
  const bool lost = withheld_routes_ && withheld_routes_->served != routes_->served;
  withheld_routes_.reset();
  for (const uint64_t id : std::exchange(withheld_, {})) {
    Connection* c = find_connection(id);
    if (c == nullptr) continue;
    if (lost && c->wants_flush()) {
      c->close_soon();
    } else {
      schedule_flush(*c);
    }
  }
  release_paused();
}

}  // namespace guccho::runtime

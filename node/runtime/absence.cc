// Noticing that this process did not run for a while (see node/cluster/absence.cc). What others take for dead is a
// silent control thread, so that one says until when it sleeps, and all threads look whether it is overdue: itself when
// it wakes, before it takes a message; a worker before it takes a command, and again before a reply leaves, since it
// may be the first to run again, and may have stood still in between. No reading of a clock is the first of its kind:
// whatever happens between two of them, a later one shows it.
#include <algorithm>

#include "node/base/log.h"
#include "node/runtime/clock.h"
#include "node/runtime/control.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {
namespace {

// Shorter stand-stills are no reason for anybody to suspect us.
constexpr Millis kLeastAbsence(100);

}  // namespace

void Node::control_sleeps_until(Instant latest) {
  control_due_.store(latest.time_since_epoch().count(), std::memory_order_release);
}

void Node::notice_absence() {
  const Instant now = monotonic_now();
  const int64_t due = control_due_.load(std::memory_order_acquire);
  const auto late = std::chrono::duration_cast<Millis>(now - Instant(Instant::duration(due)));
  // Others suspect after T of silence; half of it is far from that and far above what a busy loop takes.
  if (late <= kLeastAbsence || late <= config()->cluster_node_timeout / 2) return;
  if (stopping() || !routes().first->is_primary) return;
  // Many may see the same one; whoever is not the first finds the node fenced.
  if (absence_.exchange(due, std::memory_order_acq_rel) == due) return;
  log::warning(
      "This process did not run for {} ms. Clients wait until a majority confirms that its slots are still its own.",
      late.count());
  control_->post(cluster::WasAbsent{.number = static_cast<uint64_t>(due), .duration = late});
}

void Node::presence_confirmed(uint64_t number) {
  confirmed_absence_.store(static_cast<int64_t>(number), std::memory_order_release);
  for (auto& w : workers_) w->wake();
}

void Node::set_loss_pending(bool pending) {
  if (loss_pending_.exchange(pending, std::memory_order_acq_rel) == pending) return;
  for (auto& w : workers_) w->wake();
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

// Whether this worker serves by its routes what the node's newest say.
bool Worker::has_current_role() const {
  const std::shared_ptr<const RouteTable> newest = node_.routes().first;
  return newest->is_primary == routes_->is_primary && newest->served == routes_->served;
}

// The node knows again what is its own. Where it is less than before, the replies may tell of writes that are lost:
// their connections end without them, which tells a client the truth, namely that it cannot know.
void Worker::end_absence() {
  fenced_ = false;
  refresh_routes();
  SlotSet gone = withheld_routes_ ? withheld_routes_->served : SlotSet();
  const bool lost = !(gone -= routes_->served).empty();
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
  if (lost) {
    // What other workers still have to answer may have been executed before they knew.
    for (const auto& [id, c] : connections_) {
      if (c->has_outstanding()) c->close_soon();
    }
  }
  release_paused();
}

}  // namespace guccho::runtime

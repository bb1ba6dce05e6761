// The orderly end of the process, by SIGTERM, SHUTDOWN or the admin service: the primary role is handed over, or at
// least the replicas get what they lack; then the threads end. Until then it may be aborted.
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "node/base/log.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {
namespace {

// For replicas, after a hand-over that took all of shutdown-timeout.
constexpr Millis kLeastWait(1000);

}  // namespace

void Node::request_stop() {
  stop_asked_.store(true);
  stop_event_.notify();
}

void Node::begin_shutdown(bool with_hand_over, bool wait) {
  if (!with_hand_over) stop_without_hand_over_.store(true);
  if (!wait) stop_now_.store(true);
  request_stop();
}

void Node::shutdown(const commands::ShutdownOptions& options, commands::Deferred reply_to) {
  {
    const std::lock_guard lock(shutdowns_mutex_);
    shutdowns_.push_back(reply_to);
  }
  // With a script in the way that does not end, the primary role cannot be handed over.
  begin_shutdown(!options.now && !options.force && !busy_scripts_.any(), !options.now);
}

bool Node::abort_shutdown() {
  if (!abortable_.exchange(false)) return false;
  stop_asked_.store(false);
  return true;
}

void Node::run() {
  for (;;) {
    while (!stop_asked_.load()) {
      pollfd wait{.fd = stop_event_.fd(), .events = POLLIN, .revents = 0};
      if (poll(&wait, 1, -1) > 0) stop_event_.on_events(POLLIN);
    }
    log::notice("User requested shutdown...");
    abortable_.store(true);
    stop_asked_.store(false);
    prepare_to_stop();
    if (abortable_.exchange(false)) break;
    log::notice("Shutdown was aborted (SHUTDOWN ABORT)");
    writes_end_.store(false);
    stop_without_hand_over_.store(false);
    stop_now_.store(false);
    refuse_shutdowns();
  }
  stop_threads();
  log::notice("Guccho is now ready to exit, bye bye...");
}

void Node::refuse_shutdowns() {
  std::vector<commands::Deferred> waiting;
  {
    const std::lock_guard lock(shutdowns_mutex_);
    waiting.swap(shutdowns_);
  }
  for (const commands::Deferred& d : waiting) complete(d, "-ERR Errors trying to SHUTDOWN. Check logs.\r\n");
}

void Node::prepare_to_stop() {
  const auto is_primary = [this] { return view_.load()->self().is_primary(); };
  const Instant begin = monotonic_now();
  if (may_wait() && is_primary() && !stop_without_hand_over_.load() && replication_->good_replicas() > 0) {
    const Result<std::string> outcome = hand_over_role([this] { return may_wait(); });
    log::notice("Hand-over before stopping: {}", outcome ? *outcome : outcome.error().text);
  }
  if (!may_wait() || !is_primary() || replication_->replica_count() == 0) return;
  const Millis timeout = config()->shutdown_timeout;
  wait_for_lagging_replicas(std::max(begin + timeout, monotonic_now() + std::min(timeout, kLeastWait)));
}

// No client is told any more that its write was done, so that what the replicas lack does not grow.
void Node::wait_for_lagging_replicas(Instant deadline) {
  writes_end_.store(true);
  pass_all_workers(deadline);
  const int64_t end = log_.head();
  replication_->ask_for_acknowledgements();
  log::notice("Waiting for replicas before shutting down.");
  std::vector<std::string> lagging;
  do {
    usleep(2000);  // the replication thread takes acknowledgements as they come; there is nothing to be woken by
    // A replica that waits for its data set gets none while a script keeps a worker from making it.
    auto now = replication_->lagging(end, busy_scripts_.any());
    if (!now) continue;
    lagging = std::move(*now);
    if (lagging.empty()) return;
  } while (may_wait() && monotonic_now() < deadline);
  for (const std::string& replica : lagging) log::warning("Stopping without replica {}", replica);
}

// Returns when each worker has ended the turn that it is in and begun another one, or at the deadline: what it took
// before is in the log.
void Node::pass_all_workers(Instant deadline) {
  constexpr int kTurns = 2;
  for (int turn = 0; turn < kTurns; ++turn) {
    const auto passed = std::make_shared<std::atomic<size_t>>(0);
    for (auto& w : workers_) w->post([passed] { passed->fetch_add(1); });
    while (passed->load() < workers_.size() && may_wait() && monotonic_now() < deadline) usleep(500);
  }
}

}  // namespace guccho::runtime

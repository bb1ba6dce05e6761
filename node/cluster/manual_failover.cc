// Manual failover: the primary stops writes, its replica catches up to the last byte, and is elected with FORCEACK.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// Offsets of two primaries cannot be compared: one that was just attached here has the offset of its former one's
// stream (or of its own, as a primary) until its sync has ended. As in Redis, more than the primary has is not it
// either.
bool has_all_of_primary(const Core& c, ReplOffset offset) {
  return c.replication.link_up && c.self->primary != nullptr && c.own.held.source == c.self->primary->id &&
         c.replication.offset == offset;
}

void start(Core& c) {
  end_manual_failover(c);
  c.manual.until = c.now + c.config.manual_failover_timeout;
  c.wake_at(*c.manual.until);
}

}  // namespace

// As the primary. Writes are held back for twice the time, so that a winner's announcement finds none accepted.
void on_manual_start(Core& c, Node& sender) {
  if (!c.self->is_primary() || sender.primary != c.self || c.awaiting.active) return;
  start(c);
  c.manual.replica = sender.id;
  c.emit(PauseWrites{.until = c.now + c.config.manual_failover_timeout * 2});
  c.changed(Urgency::kNow);
  c.log(LogLevel::kWarning, fmt::format("Manual failover requested by replica {}.", sender.id.view()));
}

// As the replica: the primary's offset is final, but for PINGs in its stream, which it tells of too.
void on_paused_primary(Core& c, ReplOffset offset) {
  if (!c.manual.until || c.manual.may_start) return;
  if (c.manual.primary_offset) {
    c.manual.primary_offset = std::max(*c.manual.primary_offset, offset);
    return;
  }
  c.manual.primary_offset = offset;
  c.notice(fmt::format("Received replication offset for paused master manual failover: {}", offset.value));
}

void manual_failover_tick(Core& c) {
  ManualFailover& m = c.manual;
  if (!m.until) return;
  if (c.now >= *m.until) {
    c.log(LogLevel::kWarning, "Manual failover timed out.");
    end_manual_failover(c);
    return;
  }
  c.wake_at(*m.until);
  if (c.self->is_primary()) {
    // The replica waits for our final offset: tell it as soon as it is known, and again until it acts.
    Node* replica = c.find(m.replica);
    if (m.writes_stopped && replica != nullptr) send_ping(c, *replica);
    return;
  }
  if (!m.may_start && m.primary_offset && has_all_of_primary(c, *m.primary_offset)) {
    m.may_start = true;
    c.notice("All master replication stream processed, manual failover can start.");
  }
}

void end_manual_failover(Core& c) {
  if (!c.manual.until) return;
  const bool primary_side = !c.manual.replica.is_null();
  c.manual = ManualFailover();
  if (primary_side) c.emit(ResumeWrites{});
  c.changed(Urgency::kNow);
}

Result<std::string> request_failover(Core& c, request::Failover::Mode mode) {
  using Mode = request::Failover::Mode;
  Node* primary = c.self->primary;
  if (c.self->is_primary() && mode == Mode::kTakeover && found_list_again(c)) return "OK";
  if (c.self->is_primary()) return fail("ERR You should send CLUSTER FAILOVER to a replica");
  if (primary == nullptr) return fail("ERR I'm a replica but my master is unknown to me");
  if (mode == Mode::kDefault && (primary->failed() || !primary->link_open)) {
    return fail("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE");
  }
  if (!c.loaded) return fail("LOADING Redis is loading the dataset in memory");
  cancel_election(c);
  start(c);
  switch (mode) {
    case Mode::kTakeover:
      c.log(LogLevel::kWarning, "Taking over the master (user request).");
      bump_epoch_without_consensus(c);
      take_over(c, "Manual failover (takeover): I'm the new master.");
      break;
    case Mode::kForce:
      c.log(LogLevel::kWarning, "Forced failover user request accepted.");
      c.manual.may_start = true;
      break;
    case Mode::kDefault:
      c.log(LogLevel::kWarning, "Manual failover user request accepted.");
      send_to(c, *primary,
              {.header = make_header(c, bus::MessageType::kManualFailoverStart, primary), .body = bus::EmptyBody{}});
      break;
  }
  return "OK";
}

}  // namespace guccho::cluster

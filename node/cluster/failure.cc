// Failure detection: what we suspect (PFAIL), what a majority of the voters suspects (FAIL), and how both end.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// Reports and refusals count for 2 T.
constexpr int kReportValidity = 2;
// A primary that still owns slots 2 T after it failed was not replaced: when it answers again it is taken back.
constexpr int kFailUndo = 2;
// A new suspicion is pushed to the replicas of the suspect, who can act on it, and to at most this many other voters.
constexpr size_t kPushTargets = 16;

// The news cannot wait for the next heartbeat: every voter that suspects tells the suspect's replicas and other voters.
void push_suspicion(Core& c, Node& suspect) {
  for (Node* r : suspect.replicas) {
    if (r != c.self && !r->has(bus::kFlagPfail | bus::kFlagFail)) send_ping(c, *r);
  }
  size_t pushed = 0;
  for (Node* n : c.order) {
    if (n == c.self || n == &suspect || n->primary == &suspect || n->has(bus::kFlagPfail | bus::kFlagFail)) continue;
    if (!is_voter(c, *n)) continue;
    send_ping(c, *n);
    if (++pushed == kPushTargets) break;
  }
}

void suspect(Core& c, Node& node, const std::string& why) {
  if (node.pfail_now() || node.failed()) return;
  c.set_pfail(node, true);
  c.changed(Urgency::kTick);
  c.log(LogLevel::kDebug, fmt::format("*** NODE {} possibly failing: {}", node.id.view(), why));
  c.count("guccho_cluster_suspicions_total");
  push_suspicion(c, node);
  mark_failed_if_agreed(c, node);
}

void drop_old_reports(Core& c, Node& about) {
  std::erase_if(about.reports,
                [&c](const FailureReport& r) { return c.now - r.at > c.config.node_timeout * kReportValidity; });
}

}  // namespace

void on_evidence_of_death(Core& c, Node& node, const char* evidence) {
  // Only between Guccho nodes, and only of a process that we know has run: a peer that was never up since we started
  // may simply start later than we did.
  if (!node.is_guccho || !node.answered_here || node.in_handshake()) return;
  suspect(c, node, evidence);
}

void detect_failure(Core& c, Node& n) {
  if (n.in_handshake() || n.has(bus::kFlagNoAddr) || !n.ping_sent) return;
  const Micros silence = c.now - std::max(*n.ping_sent, n.heard);
  if (silence > c.config.node_timeout) suspect(c, n, "no answer within the node timeout");
}

void add_failure_report(Core& c, Node& about, const NodeId& reporter) {
  for (FailureReport& r : about.reports) {
    if (r.reporter == reporter) {
      r.at = c.now;
      return;
    }
  }
  about.reports.push_back({.reporter = reporter, .at = c.now});
  c.log(LogLevel::kVerbose,
        fmt::format("Node {} reported node {} as not reachable.", reporter.view(), about.id.view()));
}

void remove_failure_report(Core& c, Node& about, const NodeId& reporter) {
  const auto n = std::erase_if(about.reports, [&](const FailureReport& r) { return r.reporter == reporter; });
  if (n > 0) {
    c.log(LogLevel::kVerbose,
          fmt::format("Node {} reported node {} is back online.", reporter.view(), about.id.view()));
  }
}

size_t count_failure_reports(Core& c, Node& about) {
  drop_old_reports(c, about);
  return static_cast<size_t>(std::count_if(about.reports.begin(), about.reports.end(), [&c](const FailureReport& r) {
    const Node* reporter = c.find(r.reporter);
    return reporter != nullptr && is_voter(c, *reporter);
  }));
}

void mark_failed_if_agreed(Core& c, Node& node) {
  if (!node.pfail_now() || node.failed()) return;  // nobody's word alone: we must not reach it ourselves
  const size_t agreeing = count_failure_reports(c, node) + (is_voter(c, *c.self) ? 1 : 0);
  if (agreeing < quorum(c)) return;
  c.set_pfail(node, false);
  node.set(bus::kFlagFail);
  node.fail_time = c.now;
  c.save_later = true;
  c.changed(Urgency::kNow);
  c.notice(fmt::format("Marking node {} as failing (quorum reached).", node.id.view()));
  // Told to everybody, also by a replica: whoever reaches this node must agree from now on.
  broadcast(c, bus::MessageType::kFail, bus::FailBody{.failed = node.id});
}

void on_fail_message(Core& c, Node& sender, const NodeId& about) {
  Node* n = c.find(about);
  if (n == nullptr || n == c.self || n->failed()) return;
  c.notice(fmt::format("FAIL message received from {} about {}", sender.id.view(), about.view()));
  c.set_pfail(*n, false);
  n->set(bus::kFlagFail);
  n->fail_time = c.now;
  c.save_later = true;
  c.changed(Urgency::kNow);
}

void on_reachable(Core& c, Node& node) {
  if (node.pfail()) {
    c.set_pfail(node, false);
    c.changed(Urgency::kTick);
    return;
  }
  if (!node.failed()) return;
  if (node.is_replica() || !node.owns_slots()) {
    c.notice(fmt::format("Clear FAIL state for node {}: {} is reachable again.", node.id.view(),
                         node.is_replica() ? "replica" : "master without slots"));
  } else if (!node.fail_time || c.now - *node.fail_time > c.config.node_timeout * kFailUndo) {
    c.notice(
        fmt::format("Clear FAIL state for node {}: is reachable again and nobody is serving its slots after some "
                    "time.",
                    node.id.view()));
  } else {
    return;
  }
  node.clear(bus::kFlagFail);
  node.fail_time.reset();
  c.save_later = true;
  c.changed(Urgency::kNow);
}

}  // namespace guccho::cluster

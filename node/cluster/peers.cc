// What a tick does for each peer: its link, its heartbeat, its failure. A tick comes ten times a second and nearly
// always finds nothing due, so each node has an instant before which nothing of it can be: in a cluster of a thousand a
// tick reads one short array.
#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// The first instant after `t + d`: rules ask for more than a duration.
Instant past(Instant t, Micros d) {
  return t + d + Micros(1);
}

// No rule below can act on the node earlier, unless something happens to it: then it is touched. Too early does no
// harm.
Instant next_look(const Core& c, const Node& n) {
  const Micros timeout = c.config.node_timeout;
  const Micros half = c.config.node_timeout / 2;
  Instant at = Instant::max();
  const auto by = [&at](Instant t) { at = std::min(at, t); };
  if (n.in_handshake()) by(past(n.known_since, handshake_timeout(c)));
  if (n.link.value == 0) {
    // Without an address it waits to be found.
    if (n.bus_port != 0 && !n.ip.empty() && !n.has(bus::kFlagNoAddr)) by(n.connect_after);
  } else if (!n.link_open) {
    by(past(n.link_since, timeout));
  } else if (n.ping_sent) {
    // stuck() is true half a timeout after both, or a whole one after the PING; not before the link is as old.
    by(past(std::max(n.link_since + timeout, std::min(*n.ping_sent + timeout, std::max(*n.ping_sent, n.heard) + half)),
            Micros(0)));
    by(past(n.last_ping, half));
  } else {
    by(n.pong_received ? past(*n.pong_received, half) : c.now);
    if (n.met_at && !n.pinged_us) by(std::max(*n.met_at, n.met_again) + handshake_timeout(c));
  }
  if (n.ping_sent && !n.pfail_now() && !n.has(bus::kFlagFail | bus::kFlagHandshake | bus::kFlagNoAddr)) {
    by(past(std::max(*n.ping_sent, n.heard), timeout));
  }
  return at;
}

}  // namespace

void peers_tick(Core& c) {
  ping_at_random(c);
  std::vector<Node*> expired;
  // No rule below adds or removes a node.
  for (size_t i = 0; i < c.watches.size(); ++i) {
    if (c.watches[i].at > c.now) continue;
    Node& n = *c.watches[i].node;
    if (&n == c.self) {
      c.watches[i].at = Instant::max();
      continue;
    }
    if (handshake_expired(c, n)) {
      expired.push_back(&n);
      continue;
    }
    maintain_link(c, n);
    detect_failure(c, n);
    repeat_meet(c, n);
    ping_if_due(c, n);
    c.watches[i].at = next_look(c, n);
  }
  for (Node* n : expired) c.remove_node(*n);
}

}  // namespace guccho::cluster

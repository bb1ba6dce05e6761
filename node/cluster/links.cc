// Connections to peers: one outbound link to each, opened when missing, replaced when stuck.
#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// Between attempts to connect to a peer that does not answer. Redis tries at each of its ten cron calls a second.
constexpr Millis kReconnectPause{100};

Node* node_of(Core& c, LinkId link) {
  const auto it = c.outbound.find(link.value);
  if (it == c.outbound.end()) return nullptr;
  Node* n = c.find(it->second);
  return n != nullptr && n->link == link ? n : nullptr;
}

void drop(Core& c, Node& n) {
  c.outbound.erase(n.link.value);
  n.link = LinkId();
  n.link_open = false;
  c.touch(n);
  c.changed(Urgency::kRefresh);
}

// A peer whose link is up but silent for T/2 after a PING may be behind a broken connection: try a new one before the
// time is up. An attempt that nobody answers is given up after T.
bool stuck(const Core& c, const Node& n) {
  if (n.link.value == 0 || c.now - n.link_since <= c.config.node_timeout) return false;
  if (!n.link_open) return true;
  if (!n.ping_sent) return false;
  const Millis half = c.config.node_timeout / 2;
  const Micros unanswered = c.now - *n.ping_sent;
  // It may talk to us on its own link all the while.
  return unanswered > c.config.node_timeout || (unanswered > half && c.now - n.heard > half);
}

}  // namespace

void open_link(Core& c, Node& node) {
  if (node.link.value != 0 || node.bus_port == 0 || node.ip.empty() || node.has(bus::kFlagNoAddr)) return;
  node.link = LinkId(c.next_link++);
  node.link_open = false;
  node.link_since = c.now;
  c.touch(node);
  c.outbound[node.link.value] = node.id;
  c.act(OpenLink{.link = node.link, .ip = node.ip, .bus_port = node.bus_port});
}

void on_event(Core& c, const LinkEstablished& e) {
  Node* n = node_of(c, e.link);
  if (n == nullptr) {
    c.act(CloseLink{.link = e.link});
    return;
  }
  n->link_open = true;
  n->link_since = c.now;
  on_new_link(*n);
  c.touch(*n);
  c.changed(Urgency::kRefresh);
  // The clock of failure detection runs from the first unanswered attempt, not from this one.
  const auto pending = n->ping_sent;
  send_heartbeat(c, n->link, n->has(bus::kFlagMeet) ? bus::MessageType::kMeet : bus::MessageType::kPing, n);
  n->ping_sent = pending ? pending : c.now;
  // kFlagMeet stays until the PONG: a MEET that is lost with its link is sent again on the next one. A PING in its
  // place would be answered too, but by a stranger, and only we would know the other.
}

void on_event(Core& c, const LinkFailed& e) {
  Node* n = node_of(c, e.link);
  if (n == nullptr) return;
  drop(c, *n);
  n->connect_after = c.now + kReconnectPause;
  if (!n->ping_sent) n->ping_sent = c.now;
  if (e.refused) on_evidence_of_death(c, *n, "its port refuses connections");
}

void on_event(Core& c, const LinkLost& e) {
  Node* n = node_of(c, e.link);
  if (n == nullptr) return;
  drop(c, *n);
  if (!n->ping_sent) n->ping_sent = c.now;
  // Ask at once whether the process still listens; a refusal is evidence of its death.
  if (e.reset) open_link(c, *n);
}

void maintain_link(Core& c, Node& n) {
  if (stuck(c, n)) c.close_link(n);
  if (n.link.value == 0 && c.now >= n.connect_after) open_link(c, n);
}

}  // namespace guccho::cluster

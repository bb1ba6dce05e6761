// How nodes meet (MEET and the handshake after it), and how addresses are learnt and corrected.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

bool all_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// Addresses as inet_pton() takes them, which is what redis-server asks: four numbers up to 255 without leading zeros
// ...
bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const std::string_view number = text.substr(0, text.find('.'));
    uint8_t value = 0;
    const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (number.empty() || ec != std::errc() || end != number.data() + number.size()) return false;
    if (number.size() > 1 && number.front() == '0') return false;
    text.remove_prefix(number.size());
    if (text.empty()) return part == 3;
    text.remove_prefix(1);
  }
  return false;
}

// ... or eight groups of up to four hexadecimal digits, "::" once for a run of zero groups, the last two perhaps as
// IPv4.
bool is_ipv6(std::string_view text) {
  size_t groups = 0;
  bool gap = text.starts_with("::");
  if (gap) text.remove_prefix(2);
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    text.remove_prefix(group.size());
    if (group.find('.') != std::string_view::npos) {
      if (!text.empty() || !is_ipv4(group)) return false;
      groups += 2;
      break;
    }
    if (group.empty() || group.size() > 4 || !all_hex(group)) return false;
    ++groups;
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.empty()) return false;
    if (text.front() != ':') continue;
    if (gap) return false;
    gap = true;
    text.remove_prefix(1);
  }
  return gap ? groups < 8 : groups == 8;
}

bool handshake_in_progress(const Core& c, const std::string& ip, uint16_t bus_port) {
  return std::any_of(c.order.begin(), c.order.end(),
                     [&](const Node* n) { return n->in_handshake() && n->ip == ip && n->bus_port == bus_port; });
}

Node* add_handshake_node(Core& c, const std::string& ip, uint16_t port, uint16_t other, uint16_t bus_port, bool meet) {
  // Its name is not known yet: a random one until its PONG tells.
  Node* n = c.add_node(c.rng.node_id(), static_cast<uint16_t>(bus::kFlagHandshake | (meet ? bus::kFlagMeet : 0)));
  n->ip = ip;
  n->port = port;
  n->other_port = other;
  n->bus_port = bus_port;
  open_link(c, *n);
  return n;
}

const std::string& announced_ip(const MessageReceived& e) {
  return e.message->header.ip.empty() ? e.remote_ip : e.message->header.ip;
}

}  // namespace

Millis handshake_timeout(const Core& c) {
  return std::max(c.config.node_timeout, Millis{1000});
}

Status start_handshake(Core& c, const std::string& ip, uint16_t port, uint16_t bus_port) {
  if ((!is_ipv4(ip) && !is_ipv6(ip)) || port == 0 || bus_port == 0) {
    return fail(fmt::format("ERR Invalid node address specified: {}:{}", ip, port));
  }
  if (handshake_in_progress(c, ip, bus_port)) return {};
  add_handshake_node(c, ip, port, 0, bus_port, true);
  c.changed(Urgency::kNow);
  return {};
}

void learn_own_address(Core& c, const MessageReceived& e) {
  if (!c.config.announce.ip.empty() || e.local_ip.empty() || e.local_ip == c.self->ip) return;
  const bool meet = e.message->header.type == bus::MessageType::kMeet;
  if (!meet && !c.self->ip.empty()) return;
  c.self->ip = e.local_ip;
  c.save_later = true;
  c.changed(Urgency::kTick);
  c.notice("IP address for this node updated to " + c.self->ip);
}

void on_meet(Core& c, const MessageReceived& e) {
  const bus::Header& h = e.message->header;
  if (c.find(h.sender) != nullptr) return;
  const std::string& ip = announced_ip(e);
  if (handshake_in_progress(c, ip, h.bus_port) || h.bus_port == 0) return;
  add_handshake_node(c, ip, h.port, h.plain_port, h.bus_port, false);
}

bool on_handshake_pong(Core& c, Node& node, const MessageReceived& e) {
  const bus::Header& h = e.message->header;
  Node* known = c.find(h.sender);
  if (known == c.self) {  // somebody asked us to meet ourselves
    c.remove_node(node);
    return true;
  }
  if (known != nullptr) {
    c.log(LogLevel::kVerbose,
          fmt::format("Handshake: we already know node {}, updating the address if needed.", h.sender.view()));
    update_address(c, *known, e);
    c.remove_node(node);
    return true;
  }
  c.rename_node(node, h.sender);
  node.clear(bus::kFlagHandshake | bus::kFlagMeet);
  node.set(static_cast<uint16_t>(h.flags & (bus::kFlagPrimary | bus::kFlagReplica)));
  if (!node.is_primary() && !node.is_replica()) node.set(bus::kFlagPrimary);
  node.met_at = c.now;
  c.touch(node);
  c.banned.erase(h.sender);
  c.save_later = true;
  c.changed(Urgency::kTick);
  c.log(LogLevel::kDebug, fmt::format("Handshake with node {} completed.", h.sender.view()));
  return false;
}

void update_address(Core& c, Node& sender, const MessageReceived& e) {
  const bus::Header& h = e.message->header;
  // Our own link leads to the address that we know already.
  if (e.link == sender.link || h.bus_port == 0) return;
  const std::string& ip = announced_ip(e);
  if (ip.empty()) return;
  if (ip == sender.ip && h.port == sender.port && h.plain_port == sender.other_port && h.bus_port == sender.bus_port) {
    return;
  }
  sender.ip = ip;
  sender.port = h.port;
  sender.other_port = h.plain_port;
  sender.bus_port = h.bus_port;
  sender.clear(bus::kFlagNoAddr);
  c.close_link(sender);
  sender.connect_after = c.now;
  open_link(c, sender);
  c.save_later = true;
  c.changed(Urgency::kNow);
  c.log(LogLevel::kNotice,
        fmt::format("Address updated for node {}, now {}:{}", sender.id.view(), sender.ip, sender.port));
  if (c.self->is_replica() && c.self->primary == &sender) {
    c.emit(SetReplicaOf{.primary = sender.id, .reason = "the primary's address changed"});
  }
}

bool handshake_expired(const Core& c, const Node& n) {
  return n.in_handshake() && c.now - n.known_since > handshake_timeout(c);
}

void apply_announce(Core& c) {
  const Announce& a = c.config.announce;
  Node& self = *c.self;
  if (!a.ip.empty()) self.ip = a.ip;
  self.port = c.config.tls_cluster ? a.tls_port : a.tcp_port;
  self.other_port = c.config.tls_cluster ? a.tcp_port : a.tls_port;
  self.bus_port = a.bus_port;
  self.hostname = a.hostname;
  self.client = {.ipv4 = a.client_ipv4, .ipv6 = a.client_ipv6, .port = a.client_port, .tls_port = a.client_tls_port};
  if (c.config.replica_no_failover) {
    self.set(bus::kFlagNoFailover);
  } else {
    self.clear(bus::kFlagNoFailover);
  }
  self.is_guccho = true;
  c.save_later = true;
  c.changed(Urgency::kNow);
}

}  // namespace guccho::cluster

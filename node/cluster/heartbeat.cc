// Heartbeats on their way out: what a message says about us, whom it gossips about, and when one is sent.
#include <algorithm>

#include "node/cluster/electorate.h"
#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

using bus::MessageType;

// Redis' numbers: the oldest of 5 random peers each second, about N/10 but at least 3 gossip entries a message.
constexpr int kRandomPeers = 5;
constexpr Millis kRandomPingPeriod{1000};
constexpr size_t kMinGossip = 3;
constexpr size_t kGossipShare = 10;

uint32_t to_seconds(const Core& c, const std::optional<Instant>& t) {
  if (!t) return 0;
  return static_cast<uint32_t>(c.to_wall(*t).time_since_epoch().count() / 1000);
}

bus::Gossip gossip_about(const Core& c, const Node& n) {
  const uint16_t hidden = n.suspicion_old ? bus::kFlagPfail : 0;
  return {.id = n.id,
          .ping_sent_s = to_seconds(c, n.ping_sent),
          .pong_received_s = to_seconds(c, n.pong_received),
          .ip = n.ip,
          .port = n.port,
          .bus_port = n.bus_port,
          .flags = static_cast<uint16_t>(n.flags & ~hidden),
          .plain_port = n.other_port};
}

bool worth_gossip(const Core& c, const Node& n) {
  if (&n == c.self || n.has(bus::kFlagHandshake | bus::kFlagNoAddr)) return false;
  return n.link.value != 0 || n.owns_slots();
}

// Random known nodes, and all those that we suspect, so that agreement on a failure is reached soon.
std::vector<bus::Gossip> choose_gossip(Core& c, const Node* to) {
  std::vector<bus::Gossip> out;
  const size_t known = c.order.size();
  const size_t others = known > 2 ? known - 2 : 0;
  const size_t wanted = std::min(others, std::max(kMinGossip, known / kGossipShare));
  std::vector<const Node*> chosen;
  chosen.reserve(wanted + c.suspects);
  ++c.gossip_round;
  for (size_t tries = 0; tries < wanted * 3 && chosen.size() < wanted; ++tries) {
    Node* n = c.order[c.rng.below(known)];
    if (n == to || n->pfail() || !worth_gossip(c, *n) || n->gossip_round == c.gossip_round) continue;
    n->gossip_round = c.gossip_round;
    chosen.push_back(n);
  }
  for (size_t i = 0; c.suspects > 0 && i < known; ++i) {
    const Node* n = c.order[i];
    if (n->pfail() && n != c.self && !n->has(bus::kFlagHandshake | bus::kFlagNoAddr)) chosen.push_back(n);
  }
  out.reserve(chosen.size());
  for (const Node* n : chosen) out.push_back(gossip_about(c, *n));
  return out;
}

bus::ClientAddress own_client_address(const Announce& a) {
  return {.ipv4 = a.client_ipv4, .ipv6 = a.client_ipv6, .port = a.client_port, .tls_port = a.client_tls_port};
}

// A receiver gets only the extensions that it understands: redis-server 7.0 logs a warning for each other.
bus::Extensions extensions_for(Core& c, const Node* to) {
  bus::Extensions x;
  if (to == nullptr) return x;
  if ((to->takes_extensions || to->is_guccho) && !c.config.announce.hostname.empty()) {
    x.hostname = c.config.announce.hostname;
  }
  if (to->takes_shard_id || to->is_guccho) {
    if (!c.shard_made_up) x.shard_id = c.self->shard_id;
    for (const auto& [id, until] : c.banned) {
      if (until <= c.now || id == to->id) continue;
      const auto left = std::chrono::ceil<std::chrono::seconds>(until - c.now);
      x.forgotten.push_back({.id = id, .ttl_s = static_cast<uint64_t>(left.count())});
    }
  }
  if (!to->is_guccho) return x;
  // Before loading ended we cannot say what we hold.
  if (c.loaded) x.generation = own_generation_info(c);
  if (const auto client = own_client_address(c.config.announce); client != bus::ClientAddress()) {
    x.client_address = client;
  }
  if (c.own.electorate.list.version != 0) x.voters = c.own.electorate.list;
  return x;
}

}  // namespace

bus::Header make_header(Core& c, MessageType type, const Node* to) {
  Node& primary = c.shard_primary();
  bus::Header h{.type = type,
                .sender = c.self->id,
                .current_epoch = c.current_epoch,
                .config_epoch = primary.config_epoch,
                .offset = c.replication.offset,
                .slots = claimed_slots_of(c, primary),
                .ip = c.config.announce.ip,
                .port = c.self->port,
                .plain_port = c.self->other_port,
                .bus_port = c.self->bus_port,
                .flags = static_cast<uint16_t>(
                    c.self->flags & (bus::kFlagMyself | bus::kFlagPrimary | bus::kFlagReplica | bus::kFlagNoFailover)),
                .cluster_ok = c.state_ok,
                .own = bus::OwnHeader()};
  if (c.self->is_replica() && c.self->primary != nullptr) h.primary = c.self->primary->id;
  if (to != nullptr && to->is_guccho) {
    h.own->electorate_tag = electorate_tag(c.own.electorate.list);
    h.own->list_accepted = c.own.electorate.accepted.version != 0;
    h.own->by_list = votes_by_list(c);
    h.own->meant = true;
  }
  if (c.self->is_primary() && c.manual.until && c.manual.writes_stopped) h.message_flags |= bus::kMessagePaused;
  return h;
}

void send_message(Core& c, LinkId link, bus::Message message) {
  const auto type = static_cast<size_t>(message.header.type);
  if (type < c.stats.sent.size()) ++c.stats.sent[type];
  c.emit(SendMessage{.link = link, .message = std::make_shared<const bus::Message>(std::move(message))});
}

void send_to(Core& c, Node& node, bus::Message message) {
  if (node.link_open) send_message(c, node.link, std::move(message));
}

void send_heartbeat(Core& c, LinkId link, MessageType type, Node* to) {
  bus::Message m{.header = make_header(c, type, to)};
  m.header.message_flags |= bus::kMessageExtensions;  // we can take extensions, whether or not this one carries any
  m.body = bus::PingBody{.gossip = choose_gossip(c, to), .extensions = extensions_for(c, to)};
  send_message(c, link, std::move(m));
  if (to == nullptr || link != to->link || type == MessageType::kPong) return;
  ++to->pings_sent;
  if (type != MessageType::kPing) return;
  to->last_ping = c.now;
  if (to->ping_sent) return;
  to->ping_sent = c.now;
  c.touch(*to);
}

void send_ping(Core& c, Node& node) {
  if (node.link_open) send_heartbeat(c, node.link, MessageType::kPing, &node);
}

void broadcast(Core& c, MessageType type, const bus::Body& body) {
  for (Node* n : c.order) {
    if (n == c.self || n->in_handshake() || !n->link_open) continue;
    send_message(c, n->link, bus::Message{.header = make_header(c, type, n), .body = body});
  }
}

void broadcast_pong(Core& c) {
  for (Node* n : c.order) {
    if (n == c.self || n->in_handshake() || !n->link_open) continue;
    send_heartbeat(c, n->link, MessageType::kPong, n);
  }
}

// A node that completed its handshake with us but has not sent us a PING since may have given up its own side: then it
// answers us as a stranger, for ever. Until it shows that it knows us, it is asked again to meet us.
void repeat_meet(Core& c, Node& n) {
  if (!n.met_at || n.pinged_us || !n.link_open || n.ping_sent) return;
  if (c.now - std::max(*n.met_at, n.met_again) < handshake_timeout(c)) return;
  n.met_again = c.now;
  send_heartbeat(c, n.link, MessageType::kMeet, &n);
}

void ping_if_due(Core& c, Node& n) {
  if (n.in_handshake() || !n.link_open) return;
  const Millis half = c.config.node_timeout / 2;
  // An unanswered PING is repeated: its answer may have been lost with an earlier connection.
  const bool due = n.ping_sent ? c.now - n.last_ping > half : !n.pong_received || c.now - *n.pong_received > half;
  if (due) send_ping(c, n);
}

void ping_at_random(Core& c) {
  if (c.last_random_ping && c.now - *c.last_random_ping < kRandomPingPeriod) return;
  c.last_random_ping = c.now;
  Node* oldest = nullptr;
  for (int i = 0; i < kRandomPeers; ++i) {
    Node* n = c.order[c.rng.below(c.order.size())];
    if (n == c.self || n->in_handshake() || !n->link_open || n->ping_sent) continue;
    if (oldest == nullptr || n->pong_received < oldest->pong_received) oldest = n;
  }
  if (oldest != nullptr) send_ping(c, *oldest);
}

}  // namespace guccho::cluster

// Gossip on its way in: what a known node says about others, and the extensions of its heartbeat.
#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

constexpr uint16_t kUnreachable = bus::kFlagFail | bus::kFlagPfail;
// Gossip about the future is believed this far ahead of our clock (Redis' number).
constexpr Millis kClockSlack{500};

// Another node heard from it later than we did: no need for us to ask as well.
void learn_pong_time(Core& c, Node& node, const bus::Gossip& g) {
  if ((g.flags & kUnreachable) != 0 || node.ping_sent || !node.reports.empty()) return;
  const UnixMillis when{std::chrono::seconds(g.pong_received_s)};
  if (when > c.wall + kClockSlack) return;
  const Instant at = c.now - std::min(c.wall - when, Millis{std::chrono::hours(24)});
  if (!node.pong_received || at > *node.pong_received) node.pong_received = std::min(at, c.now);
}

// We cannot reach it, somebody can, at another address.
void learn_address(Core& c, Node& node, const bus::Gossip& g) {
  if (!node.has(kUnreachable) || (g.flags & (bus::kFlagNoAddr | kUnreachable)) != 0) return;
  if (g.ip.empty() || g.bus_port == 0) return;
  if (node.ip == g.ip && node.port == g.port && node.bus_port == g.bus_port) return;
  c.close_link(node);
  node.ip = g.ip;
  node.port = g.port;
  node.other_port = g.plain_port;
  node.bus_port = g.bus_port;
  node.clear(bus::kFlagNoAddr);
  node.connect_after = c.now;
  open_link(c, node);
  c.save_later = true;
  c.changed(Urgency::kTick);
}

void on_known(Core& c, Node& sender, Node& node, const bus::Gossip& g) {
  // Only what voters say about others counts: reports are added up to a majority of voters.
  if (is_voter(c, sender)) {
    if ((g.flags & kUnreachable) != 0) {
      add_failure_report(c, node, sender.id);
      mark_failed_if_agreed(c, node);
    } else {
      remove_failure_report(c, node, sender.id);
    }
  }
  learn_pong_time(c, node, g);
  learn_address(c, node, g);
}

// A node of our cluster that we had not heard of. Its name is known, so no handshake is needed: a stranger at its
// address would answer with another name.
void on_unknown(Core& c, const bus::Gossip& g) {
  if ((g.flags & (bus::kFlagNoAddr | bus::kFlagHandshake)) != 0 || g.ip.empty() || g.bus_port == 0) return;
  if (c.is_banned(g.id)) return;
  const uint16_t role = static_cast<uint16_t>(g.flags & (bus::kFlagPrimary | bus::kFlagReplica));
  Node* n = c.add_node(g.id, role == 0 ? static_cast<uint16_t>(bus::kFlagPrimary) : role);
  n->ip = g.ip;
  n->port = g.port;
  n->other_port = g.plain_port;
  n->bus_port = g.bus_port;
  c.save_later = true;
  open_link(c, *n);
}

}  // namespace

void on_gossip(Core& c, Node* sender, const bus::PingBody& body) {
  for (const bus::Gossip& g : body.gossip) {
    Node* node = c.find(g.id);
    if (node == c.self) continue;
    if (node == nullptr) {
      on_unknown(c, g);
    } else if (sender != nullptr && node != sender && !node->in_handshake()) {
      on_known(c, *sender, *node, g);
    }
  }
}

void on_extensions(Core& c, Node& sender, const bus::Extensions& x) {
  if (const std::string hostname = x.hostname.value_or(""); hostname != sender.hostname) {
    sender.hostname = hostname;
    c.save_later = true;
    c.changed(Urgency::kTick);
  }
  if (x.shard_id) {
    sender.takes_shard_id = true;
    sender.shard_id = *x.shard_id;
    // A primary may have taken another one (its own file was lost): a replica is of its primary's shard. Until that
    // primary has heard a replica it does not say which one it took: data that an earlier primary of the shard left
    // must still be known for what it is (generation.cc).
    const bool back = c.shard_made_up && sender.primary == c.self;
    if (back) c.shard_made_up = false;
    if ((&sender == c.self->primary || back) && c.self->shard_id != sender.shard_id) {
      c.self->shard_id = c.own.shard_id = sender.shard_id;
      c.save_own = true;
    }
  }
  if (const auto client = x.client_address.value_or(bus::ClientAddress()); client != sender.client) {
    sender.client = client;
    c.changed(Urgency::kTick);
  }
  if (x.generation) {
    if (sender.generation != *x.generation) c.changed(Urgency::kTick);
    sender.generation = *x.generation;
    sender.generation_heard = true;
    on_generation(c, sender);
  }
  if (x.voters) on_voter_list(c, sender, *x.voters);
  // What somebody else was told to forget. Never our own primary or ourselves.
  for (const bus::ForgottenNode& f : x.forgotten) {
    Node* n = c.find(f.id);
    if (n == nullptr || n == c.self || n == &sender || n == c.self->primary) continue;
    const auto ttl = std::min(std::chrono::seconds(f.ttl_s), kForgetBan);
    // Met again since it was forgotten: an administrator's newer wish.
    if (n->met_at && *n->met_at >= c.now - (kForgetBan - ttl) - std::chrono::seconds(1)) continue;
    if (is_vote_needed(c, *n)) continue;  // the next heartbeat tells it again
    c.banned[f.id] = c.now + ttl;
    c.remove_node(*n);
    report_lost_voters(c);
    c.must_save();
  }
}

}  // namespace guccho::cluster

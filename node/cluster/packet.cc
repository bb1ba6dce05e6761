// Messages on their way in: who sent it, what its header says, and which rule its body goes to.
#include <fmt/core.h>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

using bus::MessageType;

bool is_heartbeat(MessageType t) {
  return t == MessageType::kPing || t == MessageType::kPong || t == MessageType::kMeet;
}

// The node that our outbound link leads to; null for an inbound link.
Node* link_node(Core& c, LinkId link) {
  const auto it = c.outbound.find(link.value);
  return it == c.outbound.end() ? nullptr : c.find(it->second);
}

// What every message of a known node says about it.
void learn_from_header(Core& c, Node& sender, const bus::Header& h) {
  sender.heard = c.now;
  if ((h.message_flags & bus::kMessageExtensions) != 0) sender.takes_extensions = true;
  if (sender.is_guccho != h.own.has_value()) {
    sender.is_guccho = h.own.has_value();
    c.changed(Urgency::kTick);
  }
  // After its restart a node may not know yet that we would understand it: what it said before holds.
  const bus::OwnHeader own = h.own.value_or(bus::OwnHeader());
  if (sender.own != own && (own.meant || !h.own)) {
    sender.own = own;
    c.changed(Urgency::kTick);  // whether its reach counts (state.cc)
  }
  observe_epochs(c, sender, h);
  if (sender.offset != h.offset) {
    sender.offset = h.offset;
    c.changed(Urgency::kRefresh);
  }
  if (((sender.flags ^ h.flags) & bus::kFlagNoFailover) != 0) {
    sender.flags ^= bus::kFlagNoFailover;
    c.changed(Urgency::kTick);
  }
  if (&sender == c.self->primary && (h.message_flags & bus::kMessagePaused) != 0) on_paused_primary(c, h.offset);
}

// Said by a replica before it was elected, which others told us of already: nobody has a config epoch above the current
// one that it knows. After an absence, messages of different links are read in any order, and this one would take the
// winner's slots away again.
bool is_from_before_its_election(const Node& sender, const bus::Header& h) {
  return h.primary && sender.is_primary() && h.current_epoch.value < sender.config_epoch.value;
}

void measure_round_trip(Core& c, const Node& n) {
  if (!n.ping_sent || *n.ping_sent != n.last_ping) return;  // of a repeated PING we cannot tell which was answered
  const Micros sample = c.now - *n.ping_sent;
  c.round_trip = c.round_trip.count() == 0 ? sample : (c.round_trip * 7 + sample) / 8;
}

void on_pong(Core& c, Node& n) {
  measure_round_trip(c, n);
  n.pong_received = c.now;
  n.ping_sent.reset();
  n.answered_here = true;
  if (n.met_at && !n.pinged_us) c.touch(n);
  c.changed(Urgency::kRefresh);
  on_reachable(c, n);
}

// Another node answers at the address we knew for this one. Without an address it is found again by gossip.
void on_stranger_at_address(Core& c, Node& n, const NodeId& stranger) {
  c.log(LogLevel::kDebug,
        fmt::format("PONG contains mismatching sender ID. About node {} having ID {}", n.id.view(), stranger.view()));
  n.set(bus::kFlagNoAddr);
  n.ip.clear();
  n.port = 0;
  n.other_port = 0;
  n.bus_port = 0;
  c.close_link(n);
  c.save_later = true;
  c.changed(Urgency::kTick);
}

// Returns false when the message must not be looked at any further.
bool on_link_answer(Core& c, const MessageReceived& e) {
  const bus::Header& h = e.message->header;
  Node* n = link_node(c, e.link);
  if (n == nullptr) return true;
  if (n->in_handshake()) {
    if (h.type != MessageType::kPong && h.type != MessageType::kMeet && h.type != MessageType::kPing) return false;
    if (on_handshake_pong(c, *n, e)) return false;
  } else if (n->id != h.sender) {
    on_stranger_at_address(c, *n, h.sender);
    return false;
  }
  return true;
}

void on_heartbeat(Core& c, const MessageReceived& e) {
  const bus::Message& m = *e.message;
  const bus::Header& h = m.header;
  const auto& body = std::get<bus::PingBody>(m.body);
  if (h.type != MessageType::kPong) {
    learn_own_address(c, e);
    if (h.type == MessageType::kMeet) on_meet(c, e);
  }
  if (!on_link_answer(c, e)) return;
  Node* sender = c.find(h.sender);
  if (sender != nullptr && (sender->in_handshake() || sender == c.self)) sender = nullptr;
  if (sender != nullptr) {
    const bool outdated = is_from_before_its_election(*sender, h);
    learn_from_header(c, *sender, h);
    if (h.type == MessageType::kPing) {
      // An earlier PING may be of its side of the handshake, which it may still give up.
      if (sender->met_at && c.now - *sender->met_at >= handshake_timeout(c)) sender->pinged_us = true;
      update_address(c, *sender, e);
    }
    if (h.type == MessageType::kPong && e.link == sender->link) {
      on_pong_of_link(*sender, h);
      on_pong(c, *sender);
    }
    if (!outdated) {
      on_role_claim(c, *sender, h);
      on_slot_claims(c, *sender, h);
      resolve_collision(c, *sender, h.config_epoch);
    }
    on_extensions(c, *sender, body.extensions);
  }
  // A MEET is trusted even from a stranger: an administrator's order made it. After the extensions, so that what the
  // sender was told to forget is not learnt back from it.
  if (sender = c.find(h.sender); sender != nullptr && (sender->in_handshake() || sender == c.self)) sender = nullptr;
  if (sender != nullptr || h.type == MessageType::kMeet) on_gossip(c, sender, body);
  // Answered last, so that the answer says what we have just learnt.
  if (h.type != MessageType::kPong) send_heartbeat(c, e.link, MessageType::kPong, sender);
}

void on_publish(Core& c, const bus::Message& m) {
  const auto& body = std::get<bus::PublishBody>(m.body);
  c.act(DeliverPublish{
      .sharded = m.header.type == MessageType::kPublishShard, .channel = body.channel, .message = body.message});
}

}  // namespace

void on_event(Core& c, const MessageReceived& e) {
  const bus::Header& h = e.message->header;
  const auto type = static_cast<size_t>(h.type);
  if (type < c.stats.received.size()) ++c.stats.received[type];
  c.changed(Urgency::kRefresh);
  if (is_heartbeat(h.type)) {
    on_heartbeat(c, e);
    return;
  }
  Node* sender = c.find(h.sender);
  if (sender == nullptr || sender == c.self || sender->in_handshake()) {
    c.count("guccho_cluster_bus_unknown_sender_total");
    return;
  }
  learn_from_header(c, *sender, h);
  switch (h.type) {
    case MessageType::kFail:
      on_fail_message(c, *sender, std::get<bus::FailBody>(e.message->body).failed);
      break;
    case MessageType::kFailoverAuthRequest:
      on_auth_request(c, *sender, h);
      break;
    case MessageType::kFailoverAuthAck:
      on_auth_ack(c, *sender, h);
      break;
    case MessageType::kManualFailoverStart:
      on_manual_start(c, *sender);
      break;
    case MessageType::kUpdate:
      on_update(c, std::get<bus::UpdateBody>(e.message->body));
      break;
    case MessageType::kPublish:
    case MessageType::kPublishShard:
      on_publish(c, *e.message);
      break;
    case MessageType::kElectorate:
      on_electorate_message(c, *sender, std::get<bus::ElectorateBody>(e.message->body));
      break;
    case MessageType::kModule:  // no modules here
    case MessageType::kPing:
    case MessageType::kPong:
    case MessageType::kMeet:
      break;
  }
}

}  // namespace guccho::cluster

// The decision tree of a cluster node for a command with keys.
#include "node/routing/routing.h"

namespace guccho::routing {

using cluster::kNoNode;
using cluster::NodeIndex;
using cluster::NodeView;
using cluster::View;

namespace {

// Nothing may be read here, whatever the settings: the data is not there (yet).
bool holds_no_valid_data(const View& view) {
  return view.down_reason == cluster::DownReason::kLoading ||
         view.down_reason == cluster::DownReason::kAwaitingTakeover;
}

std::optional<Down> down(const View& view, const Query& query) {
  if (view.cluster_ok) return std::nullopt;
  // Messages need no data.
  if (query.shard_channel) {
    return view.allow_pubsubshard_when_down ? std::nullopt : std::optional(Down{DownReason::kState});
  }
  if (holds_no_valid_data(view) || !view.allow_reads_when_down) return Down{DownReason::kState};
  if (query.writes) return Down{DownReason::kReadOnly};
  return std::nullopt;
}

// Our slot is leaving. Keys that are still here are served here; the others are looked for at the new home.
std::optional<Decision> route_migrating(const View& view, const Query& query) {
  const NodeId* to = view.slots->migrating_to(*query.slot);
  if (to == nullptr || query.keys_missing == 0) return std::nullopt;
  const NodeIndex there = view.index_of(*to);
  if (there == kNoNode) return std::nullopt;  // nobody to ask: the slot is as if it did not move
  if (query.keys_present > 0) return TryAgain{};
  return Ask{.slot = *query.slot, .node = there};
}

// A slot is arriving. A client that was sent here (ASKING) is served, unless a command with several keys would see only
// some of them.
std::optional<Decision> route_importing(const View& view, const Query& query) {
  if (!query.asking || view.slots->importing_from(*query.slot) == nullptr) return std::nullopt;
  if (query.multiple_keys && query.keys_missing > 0) return TryAgain{};
  return Serve{};
}

// READONLY connections read at a replica of the owner; shard channels are served there in any case.
bool replica_may_serve(const View& view, const Query& query, NodeIndex owner) {
  const NodeView& self = view.self();
  if (!self.is_replica() || self.primary != owner) return false;
  if (query.shard_channel) return true;
  return query.readonly_connection && !query.writes;
}

std::string redirect(const View& view, const char* kind, Slot slot, NodeIndex node, Client client) {
  const Endpoint e = endpoint_of(view, view.nodes[node], client);
  return std::string(kind) + ' ' + std::to_string(slot.value) + ' ' + e.host + ':' + std::to_string(e.port);
}

}  // namespace

bool must_look_up_keys(const View& view, const Query& query) {
  if (!query.slot || query.shard_channel || query.migrate_command) return false;
  if (view.slots->migrating.empty() && view.slots->importing.empty()) return false;
  return view.owns(*query.slot) ? view.slots->migrating_to(*query.slot) != nullptr
                                : view.slots->importing_from(*query.slot) != nullptr;
}

Decision route(const View& view, const Query& query) {
  if (!query.slot) return query.crosses_slots ? Decision(CrossSlot{}) : Serve{};
  const Slot slot = *query.slot;
  const NodeIndex owner = view.slots->owner[slot.value];
  // As Redis looks at one key after the other: that nobody serves the first one's slot comes before the second one's.
  if (owner == kNoNode) return Down{DownReason::kUnbound};
  if (query.crosses_slots) return CrossSlot{};
  if (const auto d = down(view, query)) return *d;
  if (query.migrate_command &&
      (view.slots->migrating_to(slot) != nullptr || view.slots->importing_from(slot) != nullptr)) {
    return Serve{};
  }
  if (owner == 0) {
    if (!query.shard_channel) {
      if (const auto d = route_migrating(view, query)) return *d;
    }
    return Serve{};
  }
  if (const auto d = route_importing(view, query)) return *d;
  if (replica_may_serve(view, query, owner)) return Serve{};
  return Moved{.slot = slot, .node = owner};
}

Endpoint endpoint_of(const View& view, const NodeView& node, Client client) {
  Endpoint e;
  const uint16_t announced = client.tls ? node.client.tls_port : node.client.port;
  const uint16_t own = client.tls ? node.tls_port : node.tcp_port;
  // A node without a port of the client's kind is told with the one that it has, as Redis does.
  e.port = announced != 0 ? announced : own != 0 ? own : node.tcp_port != 0 ? node.tcp_port : node.tls_port;
  switch (view.preferred_endpoint) {
    case cluster::EndpointType::kHostname:
      e.host = node.hostname.empty() ? "?" : node.hostname;
      break;
    case cluster::EndpointType::kUnknownEndpoint:
      break;
    case cluster::EndpointType::kIp: {
      const std::string& client_ip = client.ipv6 ? node.client.ipv6 : node.client.ipv4;
      e.host = client_ip.empty() ? node.ip : client_ip;
      break;
    }
  }
  return e;
}

std::string error_text(const View& view, const Decision& decision, Client client) {
  struct Text {
    const View& view;
    Client client;
    std::string operator()(const Serve&) const { return "ERR internal: not a redirection"; }
    std::string operator()(const Moved& m) const { return redirect(view, "MOVED", m.slot, m.node, client); }
    std::string operator()(const Ask& a) const { return redirect(view, "ASK", a.slot, a.node, client); }
    std::string operator()(const TryAgain&) const { return "TRYAGAIN Multiple keys request during rehashing of slot"; }
    std::string operator()(const CrossSlot&) const { return "CROSSSLOT Keys in request don't hash to the same slot"; }
    std::string operator()(const Down& d) const {
      switch (d.reason) {
        case DownReason::kUnbound:
          return "CLUSTERDOWN Hash slot not served";
        case DownReason::kReadOnly:
          return "CLUSTERDOWN The cluster is down and only accepts read commands";
        case DownReason::kState:
          break;
      }
      return "CLUSTERDOWN The cluster is down";
    }
  };
  return std::visit(Text{.view = view, .client = client}, decision);
}

}  // namespace guccho::routing

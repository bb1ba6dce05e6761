// CLUSTER: how the cluster looks from here, as NODES, SLOTS, SHARDS, LINKS, REPLICAS and INFO print it.
#include <algorithm>

#include "node/cluster/view.h"
#include "node/commands/cluster_request.h"
#include "node/commands/handlers.h"
#include "node/commands/host.h"
#include "node/routing/routing.h"

namespace guccho::commands {
namespace {

using cluster::EndpointType;
using cluster::kNoNode;
using cluster::NodeIndex;
using cluster::NodeView;
using cluster::View;

// NODES shows one port a node: the TLS one to clients that came over TLS, where the cluster itself uses it.
bool shows_tls_port(Context& c, const View& view) {
  return view.tls_cluster && c.session->tls;
}

routing::Client client_of(Context& c) {
  // "[::1]:4711" or "::1:4711" against "127.0.0.1:4711".
  const std::string_view local = c.session->local_address;
  return {.tls = c.session->tls, .ipv6 = std::count(local.begin(), local.end(), ':') > 1};
}

std::vector<NodeIndex> replicas_of(const View& view, NodeIndex primary) {
  std::vector<NodeIndex> out;
  for (size_t i = 0; i < view.nodes.size(); ++i) {
    const NodeView& node = view.nodes[i];
    if (node.is_replica() && node.primary == primary) out.push_back(static_cast<NodeIndex>(i));
  }
  return out;
}

void reply_field(resp::ReplyWriter& reply, std::string_view name, std::string_view value) {
  reply.bulk(name);
  reply.bulk(value);
}

void reply_field(resp::ReplyWriter& reply, std::string_view name, int64_t value) {
  reply.bulk(name);
  reply.integer(value);
}

void reply_endpoint(Context& c, const View& view, const routing::Endpoint& endpoint) {
  view.preferred_endpoint == EndpointType::kUnknownEndpoint ? c.reply.null() : c.reply.bulk(endpoint.host);
}

// The address that is not the preferred one, for clients that can use another.
void reply_other_names(Context& c, const View& view, const NodeView& node) {
  const bool with_ip = view.preferred_endpoint != EndpointType::kIp;
  const bool with_hostname = view.preferred_endpoint != EndpointType::kHostname && !node.hostname.empty();
  c.reply.map(static_cast<size_t>(with_ip) + with_hostname);
  if (with_ip) reply_field(c.reply, "ip", node.ip);
  if (with_hostname) reply_field(c.reply, "hostname", node.hostname);
}

// A node in CLUSTER SLOTS.
void reply_slots_node(Context& c, const View& view, const NodeView& node) {
  const routing::Endpoint endpoint = routing::endpoint_of(view, node, client_of(c));
  c.reply.array(4);
  reply_endpoint(c, view, endpoint);
  c.reply.integer(endpoint.port);
  c.reply.bulk(node.id.view());
  reply_other_names(c, view, node);
}

// Replicas that have failed, or have no data yet, are not named to clients.
bool is_available(const NodeView& replica) {
  return !replica.has(bus::kFlagFail) && replica.offset.value != 0;
}

int64_t offset_of(Context& c, const View& view, NodeIndex node) {
  if (node != 0) return view.nodes[node].offset.value;
  const ReplicationStatus status = c.host.replication_status();
  return status.is_primary ? status.offset.value : status.read_offset.value;
}

// A node in CLUSTER SHARDS.
void reply_shards_node(Context& c, const View& view, NodeIndex index) {
  const NodeView& node = view.nodes[index];
  const int64_t offset = offset_of(c, view, index);
  const size_t mark = c.reply.begin_deferred();
  size_t fields = 6;
  reply_field(c.reply, "id", node.id.view());
  if (node.tcp_port != 0) {
    reply_field(c.reply, "port", node.tcp_port);
    ++fields;
  }
  if (node.tls_port != 0) {
    reply_field(c.reply, "tls-port", node.tls_port);
    ++fields;
  }
  reply_field(c.reply, "ip", node.ip);
  c.reply.bulk("endpoint");
  reply_endpoint(c, view, routing::endpoint_of(view, node, client_of(c)));
  if (!node.hostname.empty()) {
    reply_field(c.reply, "hostname", node.hostname);
    ++fields;
  }
  reply_field(c.reply, "role", node.is_replica() ? "replica" : "master");
  reply_field(c.reply, "replication-offset", offset);
  reply_field(c.reply, "health",
              node.has(bus::kFlagFail)           ? "fail"
              : node.is_replica() && offset == 0 ? "loading"
                                                 : "online");
  c.reply.end_map(mark, fields);
}

void reply_replicas(Context& c) {
  const auto view = c.host.view();
  const auto id = read_node_id(c, c.arg(2));
  if (!id) return;
  const NodeIndex primary = view->index_of(*id);
  if (primary == kNoNode) return unknown_node(c, c.arg(2));
  if (view->nodes[primary].is_replica()) return c.reply.error("ERR The specified node is not a master");
  const std::vector<NodeIndex> replicas = replicas_of(*view, primary);
  c.reply.array(replicas.size());
  for (const NodeIndex replica : replicas) c.reply.bulk(print_node(*view, replica, shows_tls_port(c, *view)));
}

}  // namespace

namespace handlers {

void cluster_myid(Context& c) {
  c.reply.bulk(c.host.my_id().view());
}

void cluster_myshardid(Context& c) {
  c.reply.bulk(c.host.view()->self().shard_id.view());
}

void cluster_nodes(Context& c) {
  const auto view = c.host.view();
  c.reply.verbatim("txt", print_nodes(*view, shows_tls_port(c, *view)));
}

void cluster_info(Context& c) {
  std::string text;
  for (const auto& [name, value] : print_info(*c.host.view())) text += name + ":" + value + "\r\n";
  c.reply.verbatim("txt", text);
}

void cluster_replicas(Context& c) {
  reply_replicas(c);
}
void cluster_slaves(Context& c) {
  reply_replicas(c);
}

// One element for each run of slots with one owner.
void cluster_slots(Context& c) {
  const auto view = c.host.view();
  const size_t mark = c.reply.begin_deferred();
  size_t ranges = 0;
  const auto& owner = view->slots->owner;
  for (uint32_t first = 0, next = 0; first < kSlotCount; first = next) {
    while (next < kSlotCount && owner[next] == owner[first]) ++next;
    if (owner[first] == kNoNode) continue;
    std::vector<NodeIndex> replicas = replicas_of(*view, owner[first]);
    std::erase_if(replicas, [&](NodeIndex r) { return !is_available(view->nodes[r]); });
    c.reply.array(3 + replicas.size());
    c.reply.integer(first);
    c.reply.integer(next - 1);
    reply_slots_node(c, *view, view->nodes[owner[first]]);
    for (const NodeIndex r : replicas) reply_slots_node(c, *view, view->nodes[r]);
    ++ranges;
  }
  c.reply.end_array(mark, ranges);
}

// One element for each primary, with or without slots, and its replicas.
void cluster_shards(Context& c) {
  const auto view = c.host.view();
  const size_t mark = c.reply.begin_deferred();
  size_t shards = 0;
  for (size_t i = 0; i < view->nodes.size(); ++i) {
    if (!view->nodes[i].is_primary()) continue;
    const auto primary = static_cast<NodeIndex>(i);
    const std::vector<SlotRange> ranges = view->slots_of(primary);
    const std::vector<NodeIndex> replicas = replicas_of(*view, primary);
    c.reply.map(2);
    c.reply.bulk("slots");
    c.reply.array(ranges.size() * 2);
    for (const SlotRange& range : ranges) {
      c.reply.integer(range.first.value);
      c.reply.integer(range.last.value);
    }
    c.reply.bulk("nodes");
    c.reply.array(1 + replicas.size());
    reply_shards_node(c, *view, primary);
    for (const NodeIndex r : replicas) reply_shards_node(c, *view, r);
    ++shards;
  }
  c.reply.end_array(mark, shards);
}

void cluster_links(Context& c) {
  const std::vector<ClusterLink> links = c.host.cluster_links();
  c.reply.array(links.size());
  for (const ClusterLink& link : links) {
    c.reply.map(6);
    reply_field(c.reply, "direction", link.inbound ? "from" : "to");
    reply_field(c.reply, "node", link.node.view());
    reply_field(c.reply, "create-time", link.created.time_since_epoch().count());
    reply_field(c.reply, "events", link.writing ? "rw" : "r");
    reply_field(c.reply, "send-buffer-allocated", static_cast<int64_t>(link.send_buffer_allocated));
    reply_field(c.reply, "send-buffer-used", static_cast<int64_t>(link.send_buffer_used));
  }
}

}  // namespace handlers
}  // namespace guccho::commands

// Core -> View, and Core -> what goes to disk.
#include <string_view>

#include "node/cluster/print.h"
#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

NodeView node_view(Core& c, const Node& n) {
  NodeView v{.id = n.id,
             .ip = n.ip,
             .tcp_port = c.tcp_port(n),
             .tls_port = c.tls_port(n),
             .bus_port = n.bus_port,
             .hostname = n.hostname,
             .client = n.client,
             .flags = n.flags,
             .config_epoch = n.config_epoch,
             .link_up = &n == c.self || n.link_open,
             .offset = &n == c.self ? c.replication.offset : n.offset,
             .shard_id = n.shard_id,
             .is_guccho = n.is_guccho,
             .generation = &n == c.self ? own_generation_info(c) : n.generation,
             .slot_count = n.slot_count};
  if (n.primary != nullptr) {
    v.primary = n.primary->view_index;
    v.primary_id = n.primary->id;
  }
  if (n.ping_sent) v.ping_sent = c.to_wall(*n.ping_sent);
  if (n.pong_received) v.pong_received = c.to_wall(*n.pong_received);
  return v;
}

// Ourselves first, the others ascending by name.
std::vector<Node*> view_order(const Core& c) {
  std::vector<Node*> out{c.self};
  for (Node* n : c.order) {
    if (n != c.self) out.push_back(n);
  }
  for (size_t i = 0; i < out.size(); ++i) out[i]->view_index = static_cast<NodeIndex>(i);
  return out;
}

// Of the old table only what changed is looked at, while the nodes are at the same places.
std::shared_ptr<const SlotTable> slot_table(const Core& c) {
  const auto index_of = [&c](uint16_t s) { return c.owner[s] != nullptr ? c.owner[s]->view_index : kNoNode; };
  std::shared_ptr<SlotTable> table;
  if (c.view == nullptr || c.order_changed) {
    table = std::make_shared<SlotTable>();
    for (uint16_t s = 0; s < kSlotCount; ++s) table->owner[s] = index_of(s);
  } else {
    table = std::make_shared<SlotTable>(*c.view->slots);
    c.changed_slots.for_each([&](Slot s) { table->owner[s.value] = index_of(s.value); });
    table->migrating.clear();
    table->importing.clear();
  }
  for (const auto& [slot, peer] : c.migrating) table->migrating.push_back({.slot = Slot(slot), .peer = peer});
  for (const auto& [slot, peer] : c.importing) table->importing.push_back({.slot = Slot(slot), .peer = peer});
  table->assigned = c.assigned;
  return table;
}

std::string_view slot_text_of(Core& c, Node& n) {
  if (n.slot_text_stale) {
    const auto slots = c.slots_of(n);
    n.slot_text = slots != nullptr ? print_ranges(slots->ranges()) : std::string();
    n.slot_text_stale = false;
  }
  return n.slot_text;
}

}  // namespace

void publish_view(Core& c) {
  View v;
  const std::vector<Node*> order = view_order(c);
  v.slots = c.topology_changed || c.view == nullptr ? slot_table(c) : c.view->slots;
  v.nodes.reserve(order.size());
  for (const Node* n : order) v.nodes.push_back(node_view(c, *n));
  v.current_epoch = c.current_epoch;
  v.last_vote_epoch = c.last_vote_epoch;
  v.cluster_ok = c.state_ok;
  v.down_reason = c.down_reason;
  v.size = c.size;
  v.slots_pfail = c.slots_pfail;
  v.slots_fail = c.slots_fail;
  v.electorate = {.primaries = !votes_by_list(c),
                  .voters = c.own.electorate.list,
                  .no_automatic_failover = no_automatic_failover(c)};
  v.held = c.own.held;
  v.writes_paused = c.self->is_primary() && c.manual.until.has_value();
  v.stats = c.stats;
  v.version = c.view == nullptr ? 1 : c.view->version + 1;
  v.allow_reads_when_down = c.config.allow_reads_when_down;
  v.allow_pubsubshard_when_down = c.config.allow_pubsubshard_when_down;
  v.require_full_coverage = c.config.require_full_coverage;
  v.tls_cluster = c.config.tls_cluster;
  v.preferred_endpoint = c.config.preferred_endpoint;
  v.made_at = c.wall;
  c.topology_changed = c.order_changed = false;
  c.changed_slots.clear();
  c.view = std::make_shared<const View>(std::move(v));
  c.view_at = c.now;
}

std::string nodes_conf_text(Core& c) {
  std::string out;
  out.reserve(160 * c.order.size() + 64);
  for (Node* n : c.order) {
    if (n->in_handshake()) continue;
    print_nodes_conf_line(out, {.id = n->id,
                                .ip = n->ip,
                                .port = n->port,
                                .bus_port = n->bus_port,
                                .hostname = n->hostname,
                                .flags = n->flags,
                                .primary = n->primary != nullptr ? n->primary->id : NodeId(),
                                .config_epoch = n->config_epoch,
                                .slots = slot_text_of(c, *n)});
    if (n == c.self) {
      for (const auto& [slot, peer] : c.migrating) print_moving(out, Slot(slot), "->-", peer);
      for (const auto& [slot, peer] : c.importing) print_moving(out, Slot(slot), "-<-", peer);
    }
    out += '\n';
  }
  print_nodes_conf_vars(out, c.current_epoch, c.last_vote_epoch);
  return out;
}

}  // namespace guccho::cluster

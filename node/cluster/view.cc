// View: look-ups, and its prints for CLUSTER NODES and CLUSTER INFO.
#include "node/cluster/view.h"

#include <fmt/core.h>

#include <algorithm>

#include "node/bus/codec.h"
#include "node/cluster/print.h"

namespace guccho::cluster {

namespace {

const NodeId* peer_of(const std::vector<SlotTable::Moving>& moving, Slot s) {
  const auto it = std::lower_bound(moving.begin(), moving.end(), s,
                                   [](const SlotTable::Moving& m, Slot slot) { return m.slot < slot; });
  return it != moving.end() && it->slot == s ? &it->peer : nullptr;
}

uint16_t shown_port(const NodeView& n, bool tls) {
  const uint16_t wanted = tls ? n.tls_port : n.tcp_port;
  if (wanted != 0) return wanted;
  return tls ? n.tcp_port : n.tls_port;
}

uint64_t shown_epoch(const View& view, const NodeView& n) {
  return (n.primary != kNoNode ? view.nodes[n.primary] : n).config_epoch.value;
}

std::string print_line(const View& view, NodeIndex index, bool tls, const std::vector<SlotRange>& slots) {
  const NodeView& n = view.nodes[index];
  std::string out = fmt::format("{} {}:{}@{}", n.id.view(), n.ip, shown_port(n, tls), n.bus_port);
  if (!n.hostname.empty()) out += "," + n.hostname;
  out += fmt::format(" {} {} {} {} {} {}", print_flags(n.flags), n.primary_id.is_null() ? "-" : n.primary_id.view(),
                     n.ping_sent.time_since_epoch().count(), n.pong_received.time_since_epoch().count(),
                     shown_epoch(view, n), n.link_up ? "connected" : "disconnected");
  out += print_ranges(slots);
  if (index != 0) return out;
  for (const auto& m : view.slots->migrating) out += fmt::format(" [{}->-{}]", m.slot.value, m.peer.view());
  for (const auto& m : view.slots->importing) out += fmt::format(" [{}-<-{}]", m.slot.value, m.peer.view());
  return out;
}

}  // namespace

const NodeId* SlotTable::migrating_to(Slot s) const {
  return peer_of(migrating, s);
}
const NodeId* SlotTable::importing_from(Slot s) const {
  return peer_of(importing, s);
}

NodeIndex View::index_of(const NodeId& id) const {
  if (!nodes.empty() && nodes.front().id == id) return 0;
  const auto first = nodes.begin() + (nodes.empty() ? 0 : 1);
  const auto it =
      std::lower_bound(first, nodes.end(), id, [](const NodeView& n, const NodeId& wanted) { return n.id < wanted; });
  return it != nodes.end() && it->id == id ? static_cast<NodeIndex>(it - nodes.begin()) : kNoNode;
}

const NodeView* View::find(const NodeId& id) const {
  const NodeIndex i = index_of(id);
  return i == kNoNode ? nullptr : &nodes[i];
}

std::vector<SlotRange> View::slots_of(NodeIndex node) const {
  std::vector<SlotRange> out;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (slots->owner[s] != node) continue;
    if (!out.empty() && out.back().last.value + 1 == s) {
      out.back().last = Slot(s);
    } else {
      out.push_back({Slot(s), Slot(s)});
    }
  }
  return out;
}

std::string print_flags(uint16_t flags) {
  static constexpr std::pair<uint16_t, const char*> kNames[] = {
      {bus::kFlagMyself, "myself"}, {bus::kFlagPrimary, "master"},
      {bus::kFlagReplica, "slave"}, {bus::kFlagPfail, "fail?"},
      {bus::kFlagFail, "fail"},     {bus::kFlagHandshake, "handshake"},
      {bus::kFlagNoAddr, "noaddr"}, {bus::kFlagNoFailover, "nofailover"}};
  std::string out;
  for (const auto& [flag, text] : kNames) {
    if ((flags & flag) == 0) continue;
    if (!out.empty()) out += ',';
    out += text;
  }
  return out.empty() ? "noflags" : out;
}

std::string print_ranges(const std::vector<SlotRange>& ranges) {
  std::string out;
  for (const SlotRange& r : ranges) {
    out += ' ' + std::to_string(r.first.value);
    if (r.first != r.last) out += '-' + std::to_string(r.last.value);
  }
  return out;
}

std::vector<std::string> print_node_lines(const View& view, bool tls) {
  std::vector<std::vector<SlotRange>> slots(view.nodes.size());
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    const NodeIndex i = view.slots->owner[s];
    if (i == kNoNode) continue;
    if (!slots[i].empty() && slots[i].back().last.value + 1 == s) {
      slots[i].back().last = Slot(s);
    } else {
      slots[i].push_back({Slot(s), Slot(s)});
    }
  }
  std::vector<std::string> out;
  out.reserve(view.nodes.size());
  for (size_t i = 0; i < view.nodes.size(); ++i) {
    out.push_back(print_line(view, static_cast<NodeIndex>(i), tls, slots[i]));
  }
  return out;
}

std::string print_nodes(const View& view, bool tls) {
  std::string out;
  for (const std::string& line : print_node_lines(view, tls)) {
    out += line;
    out += '\n';
  }
  return out;
}

std::string print_node(const View& view, NodeIndex node, bool tls) {
  return print_line(view, node, tls, view.slots_of(node));
}

std::vector<std::pair<std::string, std::string>> print_info(const View& view) {
  const uint16_t assigned = view.slots->assigned;
  std::vector<std::pair<std::string, std::string>> out{
      {"cluster_state", view.cluster_ok ? "ok" : "fail"},
      {"cluster_slots_assigned", std::to_string(assigned)},
      {"cluster_slots_ok", std::to_string(assigned - view.slots_pfail - view.slots_fail)},
      {"cluster_slots_pfail", std::to_string(view.slots_pfail)},
      {"cluster_slots_fail", std::to_string(view.slots_fail)},
      {"cluster_known_nodes", std::to_string(view.nodes.size())},
      {"cluster_size", std::to_string(view.size)},
      {"cluster_current_epoch", std::to_string(view.current_epoch.value)},
      {"cluster_my_epoch", std::to_string(shown_epoch(view, view.self()))}};
  const auto messages = [&out](const auto& counts, const std::string& direction) {
    uint64_t total = 0;
    for (size_t t = 0; t < counts.size(); ++t) {
      total += counts[t];
      if (counts[t] == 0) continue;
      out.emplace_back(
          fmt::format("cluster_stats_messages_{}_{}", bus::name(static_cast<bus::MessageType>(t)), direction),
          std::to_string(counts[t]));
    }
    out.emplace_back("cluster_stats_messages_" + direction, std::to_string(total));
  };
  messages(view.stats.sent, "sent");
  messages(view.stats.received, "received");
  out.emplace_back("total_cluster_links_buffer_limit_exceeded", "0");
  return out;
}

}  // namespace guccho::cluster

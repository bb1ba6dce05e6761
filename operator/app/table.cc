// Rows, columns and summaries.
#include "operator/app/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace guccho::ops::app {
namespace {

const NodeSummary* remembered_at(const RedisClusterStatus& memory, InstanceId place) {
  const auto found = std::ranges::find(memory.nodes, place, &NodeSummary::instance);
  return found == memory.nodes.end() ? nullptr : &*found;
}

// "0-0" where that node lives, or the beginning of its id.
std::string name_of_node(const Observed& observed, const RedisClusterStatus& memory, const NodeId& id) {
  for (const auto& [place, status] : observed.nodes) {
    if (status.id == id) return place.str();
  }
  const auto old = std::ranges::find(memory.nodes, id, &NodeSummary::id);
  return old == memory.nodes.end() ? id.str().substr(0, 8) : old->instance.str();
}

std::string slots_text(const std::vector<SlotRange>& ranges) {
  std::string out;
  for (const SlotRange& range : ranges) {
    if (!out.empty()) out += ' ';
    out += range.first == range.last ? fmt::format("{}", range.first.value)
                                     : fmt::format("{}-{}", range.first.value, range.last.value);
  }
  return out;
}

std::string state_text(const NodeStatus& status) {
  if (status.loading) return "loading";
  if (status.awaiting_data) return "without data, waits for a replica";
  if (status.draining) return "draining";
  if (status.role == Role::kReplica) {
    return status.link == ReplicationLink::kUp ? "following" : std::string(to_string(status.link));
  }
  if (status.slots.empty()) return "empty";
  return status.cluster_ok ? "serving" : "cluster down";
}

Row row_of(const Instance& instance, const Observed& observed, const RedisClusterStatus& memory) {
  Row row;
  row.place = instance.id;
  row.endpoints = instance.endpoints;
  row.incarnation = instance.incarnation;
  const auto found = observed.nodes.find(instance.id);
  if (found == observed.nodes.end()) {
    if (const NodeSummary* old = remembered_at(memory, instance.id)) row.id = old->id.str();
    row.state = std::holds_alternative<Running>(instance.life) ? "silent" : describe(instance.life);
    return row;
  }
  const NodeStatus& status = found->second;
  row.id = status.id.str();
  row.role = status.role == Role::kPrimary ? "primary" : "replica of " + name_of_node(observed, memory, status.primary);
  row.slots = slots_text(status.slots);
  row.keys = status.keys;
  row.in_sync = status.in_sync ? "yes" : "no";
  row.state = state_text(status);
  return row;
}

constexpr std::array<const char*, 8> kHeadings = {"NODE", "ID", "ROLE", "SLOTS", "KEYS", "IN SYNC", "ADDRESS", "STATE"};
using Cells = std::array<std::string, kHeadings.size()>;

std::string address_text(const Endpoints& endpoints) {
  if (endpoints.port == 0) return "";
  return endpoints.router_port == 0
             ? fmt::format("{}:{}", endpoints.host, endpoints.port)
             : fmt::format("{}:{}, router {}", endpoints.host, endpoints.port, endpoints.router_port);
}

Cells cells_of(const Row& row) {
  return {
      row.place.str(), row.id.substr(0, 8),         row.role, row.slots, row.keys ? fmt::format("{}", *row.keys) : "",
      row.in_sync,     address_text(row.endpoints), row.state};
}

}  // namespace

std::vector<Row> rows_of(const Observed& observed, const RedisClusterStatus& memory) {
  std::vector<Row> rows;
  for (const Instance& instance : observed.world.instances) rows.push_back(row_of(instance, observed, memory));
  return rows;
}

std::string table_text(const std::vector<Row>& rows) {
  std::vector<Cells> lines(1);
  std::ranges::copy(kHeadings, lines[0].begin());
  for (const Row& row : rows) lines.push_back(cells_of(row));
  std::array<size_t, kHeadings.size()> widths{};
  for (const Cells& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out;
  for (const Cells& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) text += fmt::format("{:<{}}  ", line[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

std::vector<std::string> summary_lines(const RedisCluster& cluster) {
  const RedisClusterStatus& status = cluster.status;
  std::vector<std::string> out = {fmt::format(
      "{}: {}, {} of {} primaries, {} of {} replicas, {} of {} instances ready", cluster.key.name,
      to_string(status.phase), status.primaries, cluster.spec.primaries, status.replicas,
      cluster.spec.primaries * cluster.spec.replicas_per_primary, status.ready_instances, cluster.spec.total())};
  // What should be True is shown while it is not, and the rest while it is.
  constexpr std::array<std::string_view, 3> kWanted = {"Ready", "ClusterFormed", "SlotsAssigned"};
  for (const Condition& condition : status.conditions) {
    const bool wanted = std::ranges::find(kWanted, condition.type) != kWanted.end();
    // All instances of a local cluster run on one machine, as asked for.
    if (condition.type == "PlacementLimited" || wanted == (condition.status == ConditionStatus::kTrue)) continue;
    out.push_back(fmt::format("  {} {}: {}: {}", condition.type, to_string(condition.status), condition.reason,
                              condition.message));
  }
  return out;
}

std::vector<std::string> changes(const std::vector<Row>& before, const std::vector<Row>& after) {
  std::vector<std::string> out;
  for (const Row& row : after) {
    const auto old = std::ranges::find(before, row.place, &Row::place);
    if (old != before.end()) {
      Row comparable = *old;
      comparable.keys = row.keys;
      if (comparable == row) continue;
    }
    out.push_back(fmt::format("{} {} {} slots [{}] in sync {} {} {}", row.place.str(), row.id.substr(0, 8),
                              row.role.empty() ? "-" : row.role, row.slots, row.in_sync.empty() ? "-" : row.in_sync,
                              address_text(row.endpoints), row.state));
  }
  for (const Row& row : before) {
    if (std::ranges::find(after, row.place, &Row::place) == after.end()) out.push_back(row.place.str() + " removed");
  }
  return out;
}

}  // namespace guccho::ops::app

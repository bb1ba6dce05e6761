// The status for programs.
#include "operator/app/status_json.h"

#include <nlohmann/json.hpp>

#include "node/supervise/identity.h"

namespace guccho::ops::app {

using nlohmann::ordered_json;

namespace {

ordered_json or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json node_json(const Row& row) {
  const auto process = supervise::ProcessIdentity::parse(row.incarnation.value);
  return {{"node", row.place.str()},
          {"id", or_null(row.id)},
          {"role", or_null(row.role.substr(0, row.role.find(' ')))},
          {"slots", row.slots},
          {"keys", row.keys ? ordered_json(*row.keys) : ordered_json(nullptr)},
          {"inSync", row.in_sync.empty() ? ordered_json(nullptr) : ordered_json(row.in_sync == "yes")},
          {"state", row.state},
          {"host", row.endpoints.host},
          {"port", row.endpoints.port},
          {"busPort", row.endpoints.bus_port},
          {"routerPort", row.endpoints.router_port},
          {"incarnation", or_null(row.incarnation.value)},
          {"pid", process ? ordered_json(process->pid) : ordered_json(nullptr)}};
}

}  // namespace

std::string status_json(const RedisCluster& cluster, const std::vector<Row>& rows) {
  ordered_json conditions = ordered_json::object();
  for (const Condition& condition : cluster.status.conditions) {
    conditions[condition.type] = {
        {"status", to_string(condition.status)}, {"reason", condition.reason}, {"message", condition.message}};
  }
  ordered_json nodes = ordered_json::array();
  for (const Row& row : rows) nodes.push_back(node_json(row));
  const Condition* ready = cluster.status.condition("Ready");
  const ordered_json out = {{"name", cluster.key.name},
                            {"phase", to_string(cluster.status.phase)},
                            {"ready", ready && ready->status == ConditionStatus::kTrue},
                            {"generation", cluster.generation},
                            {"observedGeneration", cluster.status.observed_generation},
                            {"conditions", std::move(conditions)},
                            {"nodes", std::move(nodes)}};
  return out.dump(2);
}

}  // namespace guccho::ops::app

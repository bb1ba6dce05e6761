// `guccho status --json`.
#pragma once

#include <string>
#include <vector>

#include "operator/app/table.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops::app {

// {"name", "phase", "ready", "generation", "observedGeneration", "conditions": {type: {status, reason, message}},
//  "nodes": [{"node", "id", "role", "slots", "keys", "inSync", "state", "host", "port", "busPort", "routerPort",
//  "incarnation", "pid"}]}; what is unknown is null.
std::string status_json(const RedisCluster& cluster, const std::vector<Row>& rows);

}  // namespace guccho::ops::app

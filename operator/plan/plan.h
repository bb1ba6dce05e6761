// The operator's heart: from what was observed and what is asked for to the next steps and the status. Pure: the same
// arguments give the same plan, whichever world runs the nodes, and nothing is remembered but the resource's own
// status.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "node/base/time.h"
#include "operator/model/instance.h"
#include "operator/model/node_status.h"
#include "operator/model/redis_cluster.h"
#include "operator/plan/step.h"

namespace guccho::ops {

struct Observed {
  World world;
  // The answers of the nodes that were asked. One that is missing is silence: unknown, nothing else.
  std::map<InstanceId, NodeStatus> nodes;
};

// Something that would be done but must not be now, with its name and its reason.
struct Hold {
  std::string name;     // CamelCase, e.g. "NodeSilent"
  std::string message;  // "0-1 does not answer: nothing is forgotten before every node answered"
  friend bool operator==(const Hold&, const Hold&) = default;
};

struct Plan {
  // Carried out in order. None depends on the effect of another, so that a refused one does not hold up the rest.
  std::vector<Step> steps;
  std::vector<Hold> holds;
  RedisClusterStatus status;
  std::map<InstanceId, Role> roles;  // of the nodes that answered
  Millis wait{};                     // when to look again if nothing wakes us
};

// The resource's own status is the memory of earlier rounds (which node lived where, was it formed). `now` is used only
// to date conditions. O(nodes^2), the size of all views.
Plan plan(const Observed& observed, const RedisCluster& desired, UnixMillis now);

}  // namespace guccho::ops

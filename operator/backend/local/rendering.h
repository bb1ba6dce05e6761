// What a place is started with next, from the spec and from what already runs.
#pragma once

#include <string>
#include <vector>

#include "node/base/result.h"
#include "operator/backend/local/place.h"
#include "operator/backend/local/state_dir.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops::local {

struct Rendering {
  std::string config;    // text of node.conf
  std::string revision;  // name of what that is
  LocalSpec local;       // where it may listen
};

// Nodes with a password and nodes without it, or with another one, do not replicate from each other, and one that is
// restarted alone would lose what it holds. So a change of the password waits: while any node of the cluster may run,
// all are started with the one that those have, under a revision that says so; the first that starts when none runs
// (`guccho down`, then `guccho up`) and all after it have the new one. Fails when the spec is not admissible.
Result<Rendering> render(const StateDir& state, const std::vector<PlaceFacts>& all, const RedisCluster& cluster,
                         InstanceId id, const std::string& revision);

// Whether a place may be started with the configuration that it had, when none can be rendered: an error unless its
// password is that of those that may run.
Status check_as_it_was(const StateDir& state, const std::vector<PlaceFacts>& all, InstanceId id);

}  // namespace guccho::ops::local

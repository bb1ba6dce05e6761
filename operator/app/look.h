// A look at a local cluster by someone who does not lead it.
#pragma once

#include "node/base/result.h"
#include "operator/backend/local/state_dir.h"
#include "operator/backend/node_admin.h"
#include "operator/plan/plan.h"

namespace guccho::ops::app {

// The places, and the answers of the nodes that answer within `timeout`. Changes nothing.
Result<Observed> look(const local::StateDir& state, NodeAdmin& nodes, Millis timeout);

UnixMillis wall_clock();

}  // namespace guccho::ops::app

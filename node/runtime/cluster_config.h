// The member core's settings as they follow from the node's configuration.
#pragma once

#include "node/cluster/config.h"
#include "node/config/config.h"

namespace guccho::runtime {

cluster::Config cluster_config_of(const config::Config& config);

}  // namespace guccho::runtime

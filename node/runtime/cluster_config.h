// The member core's settings as they follow from the node's configuration.
#pragma once

#include <cstdint>

#include "node/cluster/config.h"
#include "node/config/config.h"

namespace guccho::runtime {

// `bus_port` is where the bus listens; the configured port may have been changed since.
cluster::Config cluster_config_of(const config::Config& config, uint16_t bus_port);

}  // namespace guccho::runtime

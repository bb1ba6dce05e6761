// From the spec to what a node is started with: the part that all worlds share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "operator/model/redis_cluster.h"

namespace guccho::ops {

// redis.conf directives in a fixed order, apart from those of the node's place (addresses, ports, directories,
// certificates, password), which the world adds. spec.config comes last.
std::vector<std::pair<std::string, std::string>> node_directives(const RedisClusterSpec& spec);

}  // namespace guccho::ops

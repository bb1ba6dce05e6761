// From the spec to what a node is started with: the part that all worlds share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "operator/model/redis_cluster.h"

namespace guccho::ops {

using Directives = std::vector<std::pair<std::string, std::string>>;

// redis.conf directives in a fixed order, apart from those of the node's place (addresses, ports, directories,
// certificates, password). spec.config comes first and the world writes its own after all of these, so that what the
// operator decides wins: of two equal directives redis.conf takes the last.
Directives node_directives(const RedisClusterSpec& spec);

// io-threads and maxmemory from spec.resources.limits, for a world without containers (in a container the node reads
// its own limits). Those that spec.config sets are left out; nothing for limits that are not given. maxmemory is three
// quarters of the limit, as the node itself does it.
Directives limit_directives(const RedisClusterSpec& spec);

// Bytes, or thousandths of a unit: "1.5Gi" is 1610612736000 millis. The text has passed the schema.
int64_t quantity_millis(std::string_view quantity);

}  // namespace guccho::ops

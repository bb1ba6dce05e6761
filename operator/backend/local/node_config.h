// The configuration file of a local node.
#pragma once

#include <string>

#include "operator/backend/local/place.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops::local {

// The admin service's socket, below the data directory: where the node itself puts it by default.
inline constexpr std::string_view kAdminSocket = "admin/admin.sock";

// redis.conf text. Pure and byte-stable: equal arguments give equal text. `password` is that of the default user, empty
// for none.
std::string node_config(const RedisClusterSpec& spec, const Place& place, const std::string& data_directory,
                        const std::string& password);

}  // namespace guccho::ops::local

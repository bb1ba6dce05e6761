// The configuration file and the command line of a local node.
#pragma once

#include <string>
#include <vector>

#include "operator/backend/local/place.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops::local {

// The admin service's socket, below the data directory: where the node itself puts it by default.
inline constexpr std::string_view kAdminSocket = "admin/admin.sock";

// Pure and byte-stable: equal arguments give equal text.

// redis.conf text of all that belongs to the revision. `password` is that of the default user, empty for none.
std::string node_config(const RedisClusterSpec& spec, const std::string& data_directory, const std::string& password);

// The command line: the configuration file, and the addresses of the place, which may change without a new revision.
std::vector<std::string> node_arguments(const std::string& config_path, const Place& place);

}  // namespace guccho::ops::local

// Rendering of a local node's configuration.
#include "operator/backend/local/node_config.h"

#include <fmt/format.h>

#include "node/base/words.h"
#include "operator/model/render.h"

namespace guccho::ops::local {

std::string node_config(const RedisClusterSpec& spec, const std::string& data_directory, const std::string& password) {
  std::string out = "# Written by guccho and replaced with each change of the RedisCluster.\n";
  // Values of the spec are as redis.conf writes them, several words included.
  for (const auto& [name, value] : node_directives(spec)) {
    out += fmt::format("{} {}\n", name, value.empty() ? "\"\"" : value);
  }
  for (const auto& [name, value] : limit_directives(spec)) out += fmt::format("{} {}\n", name, value);
  const auto put = [&](std::string_view name, std::string_view value) {
    out += fmt::format("{} {}\n", name, quote_word(value));
  };
  put("dir", data_directory);
  put("admin-socket", kAdminSocket);
  put("logfile", "");  // the supervisor keeps the output
  if (!password.empty()) {
    put("requirepass", password);
    put("masterauth", password);
  }
  return out;
}

std::vector<std::string> node_arguments(const std::string& config_path, const Place& place) {
  return {config_path,
          "--bind",
          place.host,
          "--port",
          std::to_string(place.port),
          "--cluster-port",
          std::to_string(place.bus_port),
          "--router-port",
          std::to_string(place.router_port),
          "--cluster-announce-ip",
          place.host};
}

}  // namespace guccho::ops::local

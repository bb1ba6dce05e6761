// What follows from several fields of the configuration together.
#include "node/config/config.h"

namespace guccho::config {

uint16_t Config::bus_port() const {
  // The offset of the Redis Cluster specification; redis-cli --cluster assumes it where no bus port is announced.
  constexpr uint32_t kBusOffset = 10000;
  if (cluster_port != 0) return cluster_port;
  const uint32_t base = tls_cluster && tls_port != 0 ? tls_port : port;
  const uint32_t sum = base + kBusOffset;
  return base == 0 || sum > 65535 ? 0 : static_cast<uint16_t>(sum);
}

std::string Config::default_admin_socket() const {
  if (cluster_config_file == kDefaultClusterConfigFile) return std::string(kDefaultAdminSocket);
  return "admin/" + cluster_config_file + ".sock";
}

std::string Config::admin_term_file() const {
  return cluster_config_file == kDefaultClusterConfigFile ? "admin-term" : cluster_config_file + ".admin-term";
}

}  // namespace guccho::config

// From directives to cluster::Config.
#include "node/runtime/cluster_config.h"

namespace guccho::runtime {
namespace {

cluster::EndpointType endpoint_type(config::EndpointType type) {
  switch (type) {
    case config::EndpointType::kIp:
      return cluster::EndpointType::kIp;
    case config::EndpointType::kHostname:
      return cluster::EndpointType::kHostname;
    case config::EndpointType::kUnknown:
      return cluster::EndpointType::kUnknownEndpoint;
  }
  return cluster::EndpointType::kIp;
}

uint16_t or_else(uint16_t announced, uint16_t own) {
  return announced != 0 ? announced : own;
}

}  // namespace

cluster::Config cluster_config_of(const config::Config& c, uint16_t bus_port) {
  cluster::Config out;
  out.node_timeout = c.cluster_node_timeout;
  out.migration_barrier = static_cast<int>(c.cluster_migration_barrier);
  out.allow_replica_migration = c.cluster_allow_replica_migration;
  out.replica_validity_factor = static_cast<int>(c.cluster_replica_validity_factor);
  out.require_full_coverage = c.cluster_require_full_coverage;
  out.allow_reads_when_down = c.cluster_allow_reads_when_down;
  out.allow_pubsubshard_when_down = c.cluster_allow_pubsubshard_when_down;
  out.replica_no_failover = c.cluster_replica_no_failover;
  out.tls_cluster = c.tls_cluster;
  out.preferred_endpoint = endpoint_type(c.cluster_preferred_endpoint_type);
  out.announce.ip = c.cluster_announce_ip;
  out.announce.tcp_port = or_else(c.cluster_announce_port, c.port);
  out.announce.tls_port = or_else(c.cluster_announce_tls_port, c.tls_port);
  out.announce.bus_port = or_else(c.cluster_announce_bus_port, bus_port);
  out.announce.hostname = c.cluster_announce_hostname;
  out.announce.client_ipv4 = c.cluster_announce_client_ipv4;
  out.announce.client_ipv6 = c.cluster_announce_client_ipv6;
  out.announce.client_port = c.cluster_announce_client_port;
  out.announce.client_tls_port = c.cluster_announce_client_tls_port;
  return out;
}

}  // namespace guccho::runtime

// Settings of the member core. All may change while it runs (event ConfigChanged).
#pragma once

#include <cstdint>
#include <string>

#include "node/base/time.h"

namespace guccho::cluster {

// cluster-preferred-endpoint-type
enum class EndpointType { kIp, kHostname, kUnknownEndpoint };

// What this node says about how to reach it. Empty or 0: not announced, found out or left out.
struct Announce {
  std::string ip;         // cluster-announce-ip; empty: peers take it from the socket
  uint16_t tcp_port = 0;  // 0: no plaintext port
  uint16_t tls_port = 0;  // 0: no TLS port
  uint16_t bus_port = 0;
  std::string hostname;  // cluster-announce-hostname
  std::string
      client_ipv4;  // cluster-announce-client-ipv4 and the like: where clients reach us, kept apart from the bus
  std::string client_ipv6;
  uint16_t client_port = 0;
  uint16_t client_tls_port = 0;
  friend bool operator==(const Announce&, const Announce&) = default;
};

struct Config {
  // cluster-node-timeout, T. Redis' default is 15 s; 1 s here, because it bounds how long a silent host goes unnoticed
  // (a dead process is noticed at once by its refused connections). Each node pings each other every T/2: raise it in
  // clusters of more than about 100 nodes.
  Millis node_timeout{1000};
  int migration_barrier = 1;
  bool allow_replica_migration = true;
  int replica_validity_factor = 10;  // 0: a replica's data is never too old
  bool require_full_coverage = true;
  bool allow_reads_when_down = false;
  bool allow_pubsubshard_when_down = true;
  bool replica_no_failover = false;
  bool tls_cluster = false;  // the bus uses TLS: then the base port on the wire is the TLS port
  EndpointType preferred_endpoint = EndpointType::kIp;
  Announce announce;
  Millis manual_failover_timeout{5000};
  // How often a View is published when only times, offsets and counters changed. Other changes are published at once.
  Millis view_refresh{1000};
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace guccho::cluster

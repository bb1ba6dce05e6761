// The node's configuration as a value: one typed field for each directive that has an effect. Plain data, so that
// worker threads read it without locks: the runtime holds a std::shared_ptr<const Config> and swaps it in the exclusive
// section. Names, ranges and texts of the directives are in the table of node/config/directives.h; the defaults are
// here.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/time.h"

namespace guccho::config {

using Seconds = std::chrono::seconds;

enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };

enum class MaxmemoryPolicy : uint8_t {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kNoEviction,
};

enum class TlsAuthClients : uint8_t { kNo, kYes, kOptional };

// What CLUSTER SLOTS, CLUSTER SHARDS and redirections name as a node's address.
enum class EndpointType : uint8_t { kIp, kHostname, kUnknown };

// Who may use what a directive guards: nobody, everybody, or clients of this machine.
enum class AclPubsubDefault : uint8_t { kAllChannels, kResetChannels };
enum class Guard : uint8_t { kNo, kYes, kLocal };

// Limits of a client's output buffer in bytes; 0 means none. A client is closed above `hard`, or when it stays above
// `soft` for `soft_for`.
struct BufferLimit {
  uint64_t hard = 0;
  uint64_t soft = 0;
  Seconds soft_for{0};
  friend bool operator==(const BufferLimit&, const BufferLimit&) = default;
};

// maxmemory-clients: bytes, or a share of maxmemory in percent; both 0 means no limit.
struct MemoryOrPercent {
  uint64_t bytes = 0;
  uint8_t percent = 0;
  friend bool operator==(const MemoryOrPercent&, const MemoryOrPercent&) = default;
};

// Bits of notify_keyspace_events, with the values of Redis' own classes.
enum KeyspaceEvent : uint32_t {
  kNotifyKeyspace = 1u << 0,  // K
  kNotifyKeyevent = 1u << 1,  // E
  kNotifyGeneric = 1u << 2,   // g
  kNotifyString = 1u << 3,    // $
  kNotifyList = 1u << 4,      // l
  kNotifySet = 1u << 5,       // s
  kNotifyHash = 1u << 6,      // h
  kNotifyZset = 1u << 7,      // z
  kNotifyExpired = 1u << 8,   // x
  kNotifyEvicted = 1u << 9,   // e
  kNotifyStream = 1u << 10,   // t
  kNotifyKeyMiss = 1u << 11,  // m, not part of A
  kNotifyModule = 1u << 13,   // d
  kNotifyNew = 1u << 14,      // n, not part of A
  // A
  kNotifyAll = kNotifyGeneric | kNotifyString | kNotifyList | kNotifySet | kNotifyHash | kNotifyZset | kNotifyExpired |
               kNotifyEvicted | kNotifyStream | kNotifyModule,
};

// A `user` directive: who, and by which rules. What they mean is for node/acl to say.
struct UserLine {
  std::string where;  // "redis.conf:12"
  std::string name;
  std::vector<std::string> rules;

  friend bool operator==(const UserLine&, const UserLine&) = default;
};

// The replication log keeps twice that for replicas that are behind.
inline constexpr uint64_t kMaxReplBacklog = uint64_t{8} << 30;

inline constexpr std::string_view kDefaultClusterConfigFile = "nodes.conf";
inline constexpr std::string_view kDefaultAdminSocket = "admin/admin.sock";

// Ports: 0 means "do not listen". Memory and sizes are in bytes. Names of files are relative to `dir`, which the
// process enters at its start.
struct Config {
  // Network.
  std::vector<std::string> bind = {"*", "-::*"};  // a leading '-' means: no error when the address is not available
  std::string bind_source_addr;                   // source address of outgoing connections; empty: the system's choice
  uint16_t port = 6379;                           // RESP, cluster port
  uint16_t tls_port = 0;                          // RESP over TLS, cluster port
  uint16_t router_port = 0;                       // RESP for clients that know nothing of clusters
  bool router_tls = false;                        // the router port speaks TLS
  Millis router_max_wait{5000};                   // how long a forwarded command waits for a shard without a primary
  std::string unixsocket;                         // empty: none
  uint32_t unixsocketperm = 0;                    // file mode; 0: what the umask leaves
  uint32_t tcp_backlog = 511;                     // listen(2)
  Seconds tcp_keepalive{300};                     // 0: off
  Seconds timeout{0};                             // idle clients are closed after it; 0: never
  uint32_t maxclients = 10000;
  bool protected_mode = true;
  std::string requirepass;  // password of the default user; empty: none
  std::string aclfile;      // where users are kept; empty: in the configuration file
  std::vector<UserLine> users;
  uint64_t acllog_max_len = 128;
  AclPubsubDefault acl_pubsub_default = AclPubsubDefault::kResetChannels;
  uint32_t io_threads = 1;  // number of worker threads
  BufferLimit client_output_normal;
  BufferLimit client_output_replica{256u << 20, 64u << 20, Seconds(60)};
  BufferLimit client_output_pubsub{32u << 20, 8u << 20, Seconds(60)};
  uint64_t client_query_buffer_limit = 1u << 30;
  uint64_t proto_max_bulk_len = 512u << 20;
  MemoryOrPercent maxmemory_clients;
  uint64_t tracking_table_max_keys = 1'000'000;

  // TLS.
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_key_file_pass;
  std::string tls_client_cert_file;  // for outgoing connections; empty: tls_cert_file
  std::string tls_client_key_file;
  std::string tls_client_key_file_pass;
  std::string tls_ca_cert_file;
  std::string tls_ca_cert_dir;
  TlsAuthClients tls_auth_clients = TlsAuthClients::kYes;
  bool tls_replication = false;
  bool tls_cluster = false;
  std::string tls_protocols;  // "TLSv1.2 TLSv1.3"; empty: the library's choice, at least 1.2
  std::string tls_ciphers;
  std::string tls_ciphersuites;
  bool tls_prefer_server_ciphers = false;
  bool tls_session_caching = true;
  uint32_t tls_session_cache_size = 20480;
  Seconds tls_session_cache_timeout{300};

  // Process and files.
  std::string dir = ".";  // the data directory; relative to where the process was started, until it has entered it
  std::string logfile;    // empty: standard output
  LogLevel loglevel = LogLevel::kNotice;
  std::string pidfile;
  Seconds shutdown_timeout{10};  // how long a stopping primary waits for its replicas
  Guard enable_protected_configs = Guard::kNo;
  Guard enable_debug_command = Guard::kNo;

  // Cluster.
  std::string cluster_config_file{kDefaultClusterConfigFile};
  Millis cluster_node_timeout{1000};
  uint16_t cluster_port = 0;  // the bus; 0: port (or tls_port under tls_cluster) + 10000
  std::string cluster_announce_ip;
  std::string cluster_announce_hostname;
  std::string cluster_announce_human_nodename;
  uint16_t cluster_announce_port = 0;
  uint16_t cluster_announce_tls_port = 0;
  uint16_t cluster_announce_bus_port = 0;
  std::string cluster_announce_client_ipv4;  // what clients are told, where it differs from what nodes use
  std::string cluster_announce_client_ipv6;
  uint16_t cluster_announce_client_port = 0;
  uint16_t cluster_announce_client_tls_port = 0;
  EndpointType cluster_preferred_endpoint_type = EndpointType::kIp;
  uint32_t cluster_migration_barrier = 1;
  bool cluster_allow_replica_migration = true;
  uint32_t cluster_replica_validity_factor = 10;
  bool cluster_replica_no_failover = false;
  bool cluster_require_full_coverage = true;
  bool cluster_allow_reads_when_down = false;
  bool cluster_allow_pubsubshard_when_down = true;
  bool cluster_slot_stats_enabled = false;
  uint64_t cluster_link_sendbuf_limit = 0;  // 0: none

  // Replication.
  std::string masteruser;
  std::string masterauth;
  bool replica_serve_stale_data = true;
  bool replica_read_only = true;
  uint32_t replica_priority = 100;
  std::string replica_announce_ip;
  uint16_t replica_announce_port = 0;
  bool replica_announced = true;
  bool replica_ignore_maxmemory = true;
  uint64_t repl_backlog_size = 1u << 20;  // at most kMaxReplBacklog
  Seconds repl_backlog_ttl{3600};
  Seconds repl_timeout{60};
  Seconds repl_ping_replica_period{10};
  Seconds repl_diskless_sync_delay{5};
  uint32_t repl_diskless_sync_max_replicas = 0;
  bool repl_disable_tcp_nodelay = false;
  uint32_t min_replicas_to_write = 0;
  Seconds min_replicas_max_lag{10};

  // Memory.
  uint64_t maxmemory = 0;  // 0: no limit
  MaxmemoryPolicy maxmemory_policy = MaxmemoryPolicy::kNoEviction;
  uint32_t maxmemory_samples = 5;
  uint32_t maxmemory_eviction_tenacity = 10;
  uint32_t lfu_log_factor = 10;
  uint32_t lfu_decay_time = 1;  // minutes
  bool activedefrag = true;
  uint64_t active_defrag_ignore_bytes = uint64_t{4} << 20;
  uint32_t active_defrag_threshold_lower = 10;  // percent
  uint32_t active_defrag_threshold_upper = 100;
  uint32_t active_defrag_cycle_min = 1;  // percent of a worker's time
  uint32_t active_defrag_cycle_max = 25;
  uint64_t active_defrag_max_scan_fields = 1000;
  bool lazyfree_lazy_eviction = false;
  bool lazyfree_lazy_expire = false;
  bool lazyfree_lazy_server_del = false;
  bool lazyfree_lazy_user_del = false;
  bool lazyfree_lazy_user_flush = false;
  bool replica_lazy_flush = false;

  // Encodings. A list size from -1 to -5 means 4 to 64 KiB a node, as in Redis.
  uint64_t hash_max_listpack_entries = 512;
  uint64_t hash_max_listpack_value = 64;
  uint64_t zset_max_listpack_entries = 128;
  uint64_t zset_max_listpack_value = 64;
  uint64_t set_max_intset_entries = 512;
  uint64_t set_max_listpack_entries = 128;
  uint64_t set_max_listpack_value = 64;
  int32_t list_max_listpack_size = -2;
  uint32_t list_compress_depth = 0;
  uint64_t hll_sparse_max_bytes = 3000;
  uint64_t stream_node_max_bytes = 4096;
  uint64_t stream_node_max_entries = 100;

  // Work and observation.
  uint32_t hz = 10;  // 1 to 500
  uint32_t active_expire_effort = 1;
  int64_t slowlog_log_slower_than = 10000;  // microseconds; 0 logs all, negative none
  uint64_t slowlog_max_len = 128;
  Millis latency_monitor_threshold{0};  // 0: off
  bool latency_tracking = true;
  std::vector<double> latency_tracking_info_percentiles = {50, 99, 99.9};
  uint32_t notify_keyspace_events = 0;  // bits of KeyspaceEvent
  Millis busy_reply_threshold{5000};

  // Operation: the admin service, metrics and health. They bind to the addresses of `bind`.
  std::string admin_socket{kDefaultAdminSocket};  // empty: none
  uint16_t admin_port = 0;                        // mutual TLS only
  std::string admin_tls_cert_file;
  std::string admin_tls_key_file;
  std::string admin_tls_ca_cert_file;
  uint16_t metrics_port = 0;
  uint16_t health_port = 0;

  // Directives accepted for the sake of existing files although nothing here uses them: name -> value as printed, only
  // where it differs from the default of the table.
  std::map<std::string, std::string, std::less<>> ineffective;

  // Whether writes depend on how many good replicas there are; without a greatest lag every one is good enough.
  bool counts_good_replicas() const { return min_replicas_to_write != 0 && min_replicas_max_lag != Seconds(0); }

  // The bus port that follows from cluster_port, port and tls_port; 0 when the sum is no port.
  uint16_t bus_port() const;

  // As usual with Redis, nodes may share `dir` when their cluster-config-files differ. What else is a node's own in
  // there is then named after that file, unless it has its default name.
  std::string default_admin_socket() const;
  std::string admin_term_file() const;  // the fencing term that the node obeys

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace guccho::config

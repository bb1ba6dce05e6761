// The table itself, and its checks at compile time.
#include "node/config/directives.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "node/config/fields.h"

namespace guccho::config {
namespace {

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
constexpr int64_t kInt = std::numeric_limits<int32_t>::max();
constexpr int64_t kPort = 65535;
constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kDayMillis = 86'400'000;

// One row of each kind. Ranges are Redis' own, except that durations end where microseconds in 64 bits do.
template <auto Field>
constexpr Directive yes_no(std::string_view name, uint8_t flags, std::string_view help, std::string_view alias = "") {
  return {name, alias, Kind::kBool, flags, 0, 1, "", fields::read_bool<Field>, fields::print_bool<Field>, "", help};
}
template <auto Field>
constexpr Directive number(std::string_view name, uint8_t flags, int64_t min, int64_t max, std::string_view help,
                           std::string_view alias = "") {
  return {name, alias, Kind::kInteger, flags, min, max, "", fields::read_number<Field>, fields::print_number<Field>,
          "",   help};
}
template <auto Field>
constexpr Directive memory(std::string_view name, uint8_t flags, int64_t min, int64_t max, std::string_view help,
                           std::string_view alias = "") {
  return {name, alias, Kind::kMemory, flags, min, max, "", fields::read_number<Field>, fields::print_number<Field>,
          "",   help};
}
template <auto Field>
constexpr Directive one_of(std::string_view name, uint8_t flags, std::string_view choices, std::string_view help) {
  return {name, "", Kind::kEnum, flags, 0, 0, choices, fields::read_enum<Field>, fields::print_enum<Field>, "", help};
}
template <auto Field>
constexpr Directive text(std::string_view name, uint8_t flags, std::string_view help, std::string_view alias = "") {
  return {name, alias, Kind::kString, flags, 0, 0, "", fields::read_string<Field>, fields::print_string<Field>,
          "",   help};
}
template <auto Field>
constexpr Directive file_name(std::string_view name, uint8_t flags, std::string_view help) {
  return {name, "",  Kind::kString, flags, 0, 0, "", fields::read_file_name<Field>, fields::print_string<Field>,
          "",   help};
}

using Read = Status (*)(const Directive&, Arguments, Config&);
using Print = std::string (*)(const Directive&, const Config&);
constexpr Directive special(std::string_view name, Kind kind, uint8_t flags, Read read, Print print,
                            std::string_view help, int64_t min = 0, int64_t max = 0) {
  return {name, "", kind, flags, min, max, "", read, print, "", help};
}

// Accepted for the sake of existing files; `why` says why nothing here needs it.
constexpr Directive unused(std::string_view name, Kind kind, std::string_view default_text, std::string_view why,
                           std::string_view choices = "", uint8_t flags = kPlain) {
  const uint8_t all = kIneffective | flags;
  return {name,
          "",
          kind,
          all,
          std::numeric_limits<int64_t>::min(),
          kAny,
          choices,
          fields::read_ineffective,
          fields::print_ineffective,
          default_text,
          why};
}
// One value alone is possible; a file that says otherwise is read when the command line puts it right.
constexpr Directive only(std::string_view name, std::string_view value, std::string_view why, uint8_t flags) {
  const uint8_t all = kReplaceable | flags;
  return {name, "", Kind::kString, all, 0, 0, "", fields::read_only_value, fields::print_only_value, value, why};
}
// Any number may be written, and CONFIG GET says `value`, which is what there is.
constexpr Directive fixed_number(std::string_view name, std::string_view value, std::string_view why, uint8_t flags) {
  return {name, "", Kind::kInteger, flags, 1, kInt, "", fields::read_ineffective, fields::print_only_value, value, why};
}

constexpr std::string_view kNoFork = "nothing here forks";
constexpr std::string_view kNoAof = "there is no append-only file yet";
constexpr std::string_view kNoRdbFile = "there are no snapshots on disk yet";
constexpr std::string_view kOwnTables = "the tables have an allocator and a growth of their own";
constexpr std::string_view kNoPinning = "threads are not pinned to CPUs";

constexpr Directive kDirectives[] = {
    // Network.
    special("bind", Kind::kList, kManyArguments, fields::read_bind, fields::print_bind,
            "addresses to listen on; '*' all, '-' before one that may be missing"),
    text<&Config::bind_source_addr>("bind-source-addr", kPlain, "source address of connections to other nodes"),
    number<&Config::port>("port", kPlain, 0, kPort, "cluster port, plain TCP; 0: off"),
    number<&Config::tls_port>("tls-port", kPlain, 0, kPort, "cluster port over TLS; 0: off"),
    number<&Config::router_port>("router-port", kPlain, 0, kPort,
                                 "port for clients that know nothing of clusters; 0: off"),
    yes_no<&Config::router_tls>("router-tls", kImmutable, "the router port speaks TLS"),
    number<&Config::router_max_wait>("router-max-wait", kPlain, 0, 600'000,
                                     "milliseconds that a command on the router port waits for a shard's new primary"),
    text<&Config::unixsocket>("unixsocket", kImmutable, "path of a Unix socket to listen on, relative to dir"),
    special("unixsocketperm", Kind::kOctal, kImmutable, fields::read_file_mode, fields::print_file_mode,
            "file mode of the Unix socket; 0: as the umask says", 0, 0777),
    number<&Config::tcp_backlog>("tcp-backlog", kImmutable, 0, kInt, "length of the accept queue"),
    number<&Config::tcp_keepalive>("tcp-keepalive", kPlain, 0, kInt, "seconds between TCP keep-alives; 0: none"),
    number<&Config::timeout>("timeout", kPlain, 0, kInt, "seconds after which idle clients are closed; 0: never"),
    number<&Config::maxclients>("maxclients", kPlain, 1, std::numeric_limits<uint32_t>::max(),
                                "greatest number of client connections"),
    yes_no<&Config::protected_mode>("protected-mode", kPlain,
                                    "without a password for the default user, serve loopback addresses only, "
                                    "whatever bind says"),
    text<&Config::requirepass>("requirepass", kSensitive, "password of the default user"),
    text<&Config::aclfile>("aclfile", kImmutable, "file of users and their rules, relative to dir"),
    number<&Config::acllog_max_len>("acllog-max-len", kPlain, 0, kAny, "denials kept for ACL LOG"),
    one_of<&Config::acl_pubsub_default>("acl-pubsub-default", kPlain, "allchannels, resetchannels",
                                        "channels that new users may use"),
    number<&Config::io_threads>("io-threads", kImmutable, 1, 128,
                                "worker threads, each with its own slots; default: the CPU limit"),
    special("client-output-buffer-limit", Kind::kList, kManyArguments | kRepeatable, fields::read_buffer_limits,
            fields::print_buffer_limits, "class hard soft seconds, for normal, replica and pubsub"),
    memory<&Config::client_query_buffer_limit>("client-query-buffer-limit", kPlain, kMiB, kAny,
                                               "greatest size of a client's unread commands"),
    memory<&Config::proto_max_bulk_len>("proto-max-bulk-len", kPlain, kMiB, kMaxBulkLength,
                                        "greatest size of one argument and of a string, at most 4095mb"),
    special("maxmemory-clients", Kind::kMemoryOrPercent, kPlain, fields::read_memory_or_percent,
            fields::print_memory_or_percent, "memory of all clients' buffers, or percent of maxmemory; 0: no limit"),
    number<&Config::tracking_table_max_keys>("tracking-table-max-keys", kPlain, 0, kAny,
                                             "keys remembered for client-side caching"),

    // TLS.
    text<&Config::tls_cert_file>("tls-cert-file", kPlain,
                                 "certificate of this node (PEM); as all files, relative to dir"),
    text<&Config::tls_key_file>("tls-key-file", kPlain, "its private key (PEM)"),
    text<&Config::tls_key_file_pass>("tls-key-file-pass", kSensitive, "passphrase of the private key"),
    text<&Config::tls_client_cert_file>("tls-client-cert-file", kPlain,
                                        "certificate for connections to other nodes; default: tls-cert-file"),
    text<&Config::tls_client_key_file>("tls-client-key-file", kPlain, "its private key"),
    text<&Config::tls_client_key_file_pass>("tls-client-key-file-pass", kSensitive, "passphrase of that key"),
    text<&Config::tls_ca_cert_file>("tls-ca-cert-file", kPlain, "certificates of the trusted authorities (PEM)"),
    text<&Config::tls_ca_cert_dir>("tls-ca-cert-dir", kPlain, "directory of trusted certificates"),
    one_of<&Config::tls_auth_clients>("tls-auth-clients", kPlain, "no, yes, optional",
                                      "whether clients must show a certificate"),
    yes_no<&Config::tls_replication>("tls-replication", kPlain, "replicas connect to their primary over TLS"),
    yes_no<&Config::tls_cluster>("tls-cluster", kImmutable, "the cluster bus uses TLS"),
    special("tls-protocols", Kind::kString, kPlain, fields::read_tls_protocols,
            fields::print_string<&Config::tls_protocols>, "allowed versions, such as \"TLSv1.2 TLSv1.3\""),
    text<&Config::tls_ciphers>("tls-ciphers", kPlain, "allowed ciphers of TLS 1.2"),
    text<&Config::tls_ciphersuites>("tls-ciphersuites", kPlain, "allowed ciphers of TLS 1.3"),
    yes_no<&Config::tls_prefer_server_ciphers>("tls-prefer-server-ciphers", kPlain, "the server's order decides"),
    yes_no<&Config::tls_session_caching>("tls-session-caching", kPlain, "resumption of TLS sessions"),
    number<&Config::tls_session_cache_size>("tls-session-cache-size", kPlain, 0, kInt, "sessions kept"),
    number<&Config::tls_session_cache_timeout>("tls-session-cache-timeout", kPlain, 0, kInt,
                                               "seconds that a session is kept"),
    unused("tls-dh-params-file", Kind::kString, "", "elliptic curves are used"),

    // Process and files.
    special("dir", Kind::kString, kImmutable | kProtected, fields::read_dir, fields::print_string<&Config::dir>,
            "the data directory; the node enters it, and relative paths mean what is in it"),
    text<&Config::logfile>("logfile", kImmutable, "relative to dir; empty: standard output"),
    one_of<&Config::loglevel>("loglevel", kPlain, "debug, verbose, notice, warning, nothing", "what is logged"),
    text<&Config::pidfile>("pidfile", kImmutable, "file with the process id, relative to dir; empty: none"),
    number<&Config::shutdown_timeout>("shutdown-timeout", kPlain, 0, kInt,
                                      "seconds that a stopping primary waits for its replicas"),
    one_of<&Config::enable_protected_configs>("enable-protected-configs", kImmutable, "no, yes, local",
                                              "who may set protected directives"),
    one_of<&Config::enable_debug_command>("enable-debug-command", kImmutable, "no, yes, local", "who may use DEBUG"),
    only("daemonize", "no", "start it in the foreground, under a service manager or with '&'", kImmutable),
    fixed_number("databases", "1", "a cluster has one database, number 0, and CONFIG GET says so", kImmutable),
    only("syslog-enabled", "no", "write to standard output and let the service manager collect it", kImmutable),
    unused("syslog-ident", Kind::kString, "redis", "there is no logging to syslog", "", kImmutable),
    unused("syslog-facility", Kind::kString, "local0", "there is no logging to syslog", "", kImmutable),
    unused("supervised", Kind::kEnum, "no", "the service manager is not told about readiness; use the health port",
           "no, auto, systemd, upstart", kImmutable),
    unused("always-show-logo", Kind::kBool, "no", "there is no logo", "", kImmutable),
    unused("set-proc-title", Kind::kBool, "yes", "the process keeps its command line"),
    unused("proc-title-template", Kind::kString, "{title} {listen-addr} {server-mode}",
           "the process keeps its command line"),
    unused("crash-log-enabled", Kind::kBool, "yes", "the system's core dumps are used"),
    unused("crash-memcheck-enabled", Kind::kBool, "yes", "the system's core dumps are used"),
    unused("oom-score-adj", Kind::kEnum, "no", "the score is left to the service manager",
           "no, yes, relative, absolute"),
    unused("oom-score-adj-values", Kind::kList, "0 200 800", "the score is left to the service manager", "",
           kManyArguments),
    unused("disable-thp", Kind::kBool, "yes", kNoFork, "", kImmutable),
    unused("ignore-warnings", Kind::kString, "", "no system check needs it"),
    unused("io-threads-do-reads", Kind::kBool, "no", "workers always read", "", kImmutable),
    unused("server_cpulist", Kind::kString, "", kNoPinning, "", kImmutable),
    unused("bio_cpulist", Kind::kString, "", kNoPinning, "", kImmutable),
    unused("aof_rewrite_cpulist", Kind::kString, "", kNoPinning, "", kImmutable),
    unused("bgsave_cpulist", Kind::kString, "", kNoPinning, "", kImmutable),
    unused("socket-mark-id", Kind::kInteger, "0", "sockets are not marked", "", kImmutable),
    unused("shutdown-on-sigint", Kind::kString, "default", "SIGINT hands the primary role over and stops", "",
           kManyArguments),
    unused("shutdown-on-sigterm", Kind::kString, "default", "SIGTERM hands the primary role over and stops", "",
           kManyArguments),
    unused("enable-module-command", Kind::kEnum, "no", "there are no modules", "no, yes, local", kImmutable),
    unused("locale-collate", Kind::kString, "", "SORT compares by LC_COLLATE of the environment"),

    // Cluster.
    only("cluster-enabled", "yes", "a node is always a cluster node", kImmutable),
    file_name<&Config::cluster_config_file>("cluster-config-file", kImmutable,
                                            "what the node knows of the cluster; written by the node"),
    number<&Config::cluster_node_timeout>("cluster-node-timeout", kPlain, 100, kDayMillis,
                                          "milliseconds of silence after which a node is suspected"),
    number<&Config::cluster_port>("cluster-port", kImmutable, 0, kPort, "cluster bus; 0: the cluster port + 10000"),
    text<&Config::cluster_announce_ip>("cluster-announce-ip", kPlain, "address told to other nodes"),
    special("cluster-announce-hostname", Kind::kString, kPlain, fields::read_hostname,
            fields::print_string<&Config::cluster_announce_hostname>, "host name told to clients"),
    special("cluster-announce-human-nodename", Kind::kString, kIneffective, fields::read_human_nodename,
            fields::print_string<&Config::cluster_announce_human_nodename>, "other nodes are not told of it"),
    number<&Config::cluster_announce_port>("cluster-announce-port", kPlain, 0, kPort, "cluster port told to others"),
    number<&Config::cluster_announce_tls_port>("cluster-announce-tls-port", kPlain, 0, kPort,
                                               "TLS cluster port told to others"),
    number<&Config::cluster_announce_bus_port>("cluster-announce-bus-port", kPlain, 0, kPort,
                                               "bus port told to others"),
    text<&Config::cluster_announce_client_ipv4>("cluster-announce-client-ipv4", kPlain,
                                                "IPv4 address told to clients, when nodes use another"),
    text<&Config::cluster_announce_client_ipv6>("cluster-announce-client-ipv6", kPlain, "IPv6 address told to clients"),
    number<&Config::cluster_announce_client_port>("cluster-announce-client-port", kPlain, 0, kPort,
                                                  "cluster port told to clients"),
    number<&Config::cluster_announce_client_tls_port>("cluster-announce-client-tls-port", kPlain, 0, kPort,
                                                      "TLS cluster port told to clients"),
    one_of<&Config::cluster_preferred_endpoint_type>("cluster-preferred-endpoint-type", kPlain,
                                                     "ip, hostname, unknown-endpoint", "what redirections name"),
    number<&Config::cluster_migration_barrier>("cluster-migration-barrier", kPlain, 0, kInt,
                                               "replicas that a primary keeps before one moves to an orphaned primary"),
    yes_no<&Config::cluster_allow_replica_migration>("cluster-allow-replica-migration", kPlain,
                                                     "replicas move to primaries that have none"),
    number<&Config::cluster_replica_validity_factor>("cluster-replica-validity-factor", kPlain, 0, kInt,
                                                     "how old a replica's data may be to take over, in node timeouts",
                                                     "cluster-slave-validity-factor"),
    yes_no<&Config::cluster_replica_no_failover>(
        "cluster-replica-no-failover", kPlain, "this replica never takes over by itself", "cluster-slave-no-failover"),
    yes_no<&Config::cluster_require_full_coverage>("cluster-require-full-coverage", kPlain,
                                                   "refuse all queries while any slot has no owner"),
    yes_no<&Config::cluster_allow_reads_when_down>("cluster-allow-reads-when-down", kPlain,
                                                   "answer reads while the cluster is down"),
    yes_no<&Config::cluster_allow_pubsubshard_when_down>("cluster-allow-pubsubshard-when-down", kPlain,
                                                         "shard channels work while the cluster is down"),
    yes_no<&Config::cluster_slot_stats_enabled>("cluster-slot-stats-enabled", kPlain,
                                                "count CPU time and traffic by slot for CLUSTER SLOT-STATS"),
    memory<&Config::cluster_link_sendbuf_limit>("cluster-link-sendbuf-limit", kIneffective, 0, kAny,
                                                "bus connections have no limit of unsent bytes"),

    // Replication.
    text<&Config::masteruser>("masteruser", kSensitive, "user name that a replica shows to its primary"),
    text<&Config::masterauth>("masterauth", kSensitive, "password that a replica shows to its primary"),
    yes_no<&Config::replica_serve_stale_data>("replica-serve-stale-data", kPlain,
                                              "a replica without its primary answers", "slave-serve-stale-data"),
    yes_no<&Config::replica_read_only>("replica-read-only", kPlain,
                                       "shown in INFO; in a cluster no replica takes writes", "slave-read-only"),
    number<&Config::replica_priority>("replica-priority", kPlain, 0, kInt, "shown in INFO for Sentinel-like tools",
                                      "slave-priority"),
    text<&Config::replica_announce_ip>("replica-announce-ip", kPlain, "address that a replica tells its primary",
                                       "slave-announce-ip"),
    number<&Config::replica_announce_port>("replica-announce-port", kPlain, 0, kPort,
                                           "port that a replica tells its primary", "slave-announce-port"),
    yes_no<&Config::replica_announced>("replica-announced", kPlain, "shown in INFO for Sentinel-like tools"),
    yes_no<&Config::replica_ignore_maxmemory>("replica-ignore-maxmemory", kIneffective,
                                              "replicas never evict by themselves", "slave-ignore-maxmemory"),
    special("repl-backlog-size", Kind::kMemory, kPlain, fields::read_backlog_size,
            fields::print_number<&Config::repl_backlog_size>,
            "bytes of writes kept for replicas that reconnect, at most 8gb", 1, kAny),
    number<&Config::repl_backlog_ttl>("repl-backlog-ttl", kIneffective, 0, kInt,
                                      "the backlog is kept without replicas"),
    number<&Config::repl_timeout>("repl-timeout", kPlain, 1, kInt, "seconds of silence that end a replication link"),
    number<&Config::repl_ping_replica_period>("repl-ping-replica-period", kPlain, 1, kInt,
                                              "seconds between a primary's pings to replicas",
                                              "repl-ping-slave-period"),
    number<&Config::repl_diskless_sync_delay>("repl-diskless-sync-delay", kIneffective, 0, kInt,
                                              "a full sync starts at once"),
    number<&Config::repl_diskless_sync_max_replicas>("repl-diskless-sync-max-replicas", kIneffective, 0, kInt,
                                                     "a full sync starts at once"),
    yes_no<&Config::repl_disable_tcp_nodelay>("repl-disable-tcp-nodelay", kIneffective,
                                              "replication links send without delay"),
    number<&Config::min_replicas_to_write>("min-replicas-to-write", kPlain, 0, kInt,
                                           "writes are refused with fewer good replicas", "min-slaves-to-write"),
    number<&Config::min_replicas_max_lag>("min-replicas-max-lag", kPlain, 0, kInt,
                                          "seconds since its last answer that a good replica may have",
                                          "min-slaves-max-lag"),
    unused("repl-diskless-sync", Kind::kBool, "yes", "a full sync is always streamed"),
    unused("repl-diskless-load", Kind::kEnum, "disabled", "a full sync is always loaded as it arrives",
           "disabled, on-empty-db, swapdb"),
    unused("replica-ignore-disk-write-errors", Kind::kBool, "no", kNoAof),
    unused("propagation-error-behavior", Kind::kEnum, "ignore", "a replica that fails to apply a write syncs anew",
           "ignore, panic, panic-on-replicas"),
    unused("rdb-del-sync-files", Kind::kBool, "no", "a full sync leaves no files"),
    unused("sanitize-dump-payload", Kind::kEnum, "no", "what is received is always checked", "no, yes, clients"),

    // Memory.
    memory<&Config::maxmemory>("maxmemory", kPlain, 0, kAny,
                               "limit of memory; 0: none; default: three quarters of the container's limit"),
    one_of<&Config::maxmemory_policy>("maxmemory-policy", kPlain,
                                      "volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, "
                                      "allkeys-lfu, allkeys-random, noeviction",
                                      "what is evicted at the limit"),
    number<&Config::maxmemory_samples>("maxmemory-samples", kPlain, 1, kInt, "keys compared for one eviction"),
    number<&Config::maxmemory_eviction_tenacity>("maxmemory-eviction-tenacity", kPlain, 0, 100,
                                                 "how long one round of eviction may take; 100: to its end"),
    number<&Config::lfu_log_factor>("lfu-log-factor", kPlain, 0, kInt, "how slowly use counters grow"),
    number<&Config::lfu_decay_time>("lfu-decay-time", kPlain, 0, kInt, "minutes after which use counters shrink"),
    yes_no<&Config::lazyfree_lazy_eviction>("lazyfree-lazy-eviction", kPlain, "evicted values are freed later"),
    yes_no<&Config::lazyfree_lazy_expire>("lazyfree-lazy-expire", kPlain, "expired values are freed later"),
    yes_no<&Config::lazyfree_lazy_server_del>("lazyfree-lazy-server-del", kPlain, "replaced values are freed later"),
    yes_no<&Config::lazyfree_lazy_user_del>("lazyfree-lazy-user-del", kIneffective,
                                            "DEL frees large values later, as UNLINK does"),
    yes_no<&Config::lazyfree_lazy_user_flush>("lazyfree-lazy-user-flush", kPlain, "FLUSHALL frees like ASYNC"),
    yes_no<&Config::replica_lazy_flush>("replica-lazy-flush", kIneffective, "the old data is always freed later",
                                        "slave-lazy-flush"),
    yes_no<&Config::activedefrag>(
        "activedefrag", kPlain,
        "compaction of memory that deleted keys left in pieces; here the default, as it costs little"),
    number<&Config::active_defrag_cycle_max>("active-defrag-cycle-max", kPlain, 1, 99,
                                             "percent of the time for compaction, most"),
    number<&Config::active_defrag_cycle_min>("active-defrag-cycle-min", kPlain, 1, 99,
                                             "percent of the time for compaction, least"),
    memory<&Config::active_defrag_ignore_bytes>("active-defrag-ignore-bytes", kPlain, 1, kAny,
                                                "holes in memory that are left alone"),
    number<&Config::active_defrag_max_scan_fields>("active-defrag-max-scan-fields", kPlain, 1, kAny,
                                                   "elements of the largest value whose parts are moved"),
    number<&Config::active_defrag_threshold_lower>("active-defrag-threshold-lower", kPlain, 0, 1000,
                                                   "percent of holes at which compaction starts"),
    number<&Config::active_defrag_threshold_upper>("active-defrag-threshold-upper", kPlain, 0, 1000,
                                                   "percent of holes at which compaction works hardest"),
    unused("activerehashing", Kind::kBool, "yes", kOwnTables),
    unused("jemalloc-bg-thread", Kind::kBool, "yes", kOwnTables),

    // Encodings.
    number<&Config::hash_max_listpack_entries>("hash-max-listpack-entries", kPlain, 0, kAny, "fields of a packed hash",
                                               "hash-max-ziplist-entries"),
    memory<&Config::hash_max_listpack_value>("hash-max-listpack-value", kPlain, 0, kAny,
                                             "longest field or value of a packed hash", "hash-max-ziplist-value"),
    number<&Config::zset_max_listpack_entries>("zset-max-listpack-entries", kPlain, 0, kAny,
                                               "members of a packed sorted set", "zset-max-ziplist-entries"),
    memory<&Config::zset_max_listpack_value>("zset-max-listpack-value", kPlain, 0, kAny,
                                             "longest member of a packed sorted set", "zset-max-ziplist-value"),
    number<&Config::set_max_intset_entries>("set-max-intset-entries", kPlain, 0, kAny,
                                            "members of a packed set of integers"),
    number<&Config::set_max_listpack_entries>("set-max-listpack-entries", kPlain, 0, kAny, "members of a packed set"),
    memory<&Config::set_max_listpack_value>("set-max-listpack-value", kPlain, 0, kAny,
                                            "longest member of a packed set"),
    number<&Config::list_max_listpack_size>("list-max-listpack-size", kPlain, std::numeric_limits<int32_t>::min(), kInt,
                                            "elements of a list node, or -1 to -5 for 4 to 64 KiB",
                                            "list-max-ziplist-size"),
    number<&Config::list_compress_depth>("list-compress-depth", kIneffective, 0, kInt, "lists are not compressed"),
    memory<&Config::hll_sparse_max_bytes>("hll-sparse-max-bytes", kPlain, 0, kAny,
                                          "size at which a HyperLogLog becomes dense"),
    memory<&Config::stream_node_max_bytes>("stream-node-max-bytes", kPlain, 0, kAny, "size of a stream node"),
    number<&Config::stream_node_max_entries>("stream-node-max-entries", kPlain, 0, kAny, "entries of a stream node"),

    // Work and observation.
    special("hz", Kind::kInteger, kPlain, fields::read_hz, fields::print_number<&Config::hz>,
            "background rounds a second, kept within 1 to 500", 0, kInt),
    unused("dynamic-hz", Kind::kBool, "yes", "background work is paced by itself"),
    number<&Config::active_expire_effort>("active-expire-effort", kIneffective, 1, 10,
                                          "the cycle finds what is due, and takes up to a quarter of the time"),
    number<&Config::slowlog_log_slower_than>("slowlog-log-slower-than", kPlain, -1, kAny,
                                             "microseconds from which a command is logged as slow; -1: none"),
    number<&Config::slowlog_max_len>("slowlog-max-len", kPlain, 0, kAny, "slow commands kept"),
    number<&Config::latency_monitor_threshold>("latency-monitor-threshold", kPlain, 0, kInt,
                                               "milliseconds from which LATENCY records an event; 0: off"),
    yes_no<&Config::latency_tracking>("latency-tracking", kPlain, "latency percentiles for each command"),
    special("latency-tracking-info-percentiles", Kind::kList, kManyArguments, fields::read_percentiles,
            fields::print_percentiles, "percentiles shown by INFO latencystats"),
    special("notify-keyspace-events", Kind::kString, kPlain, fields::read_notify_events, fields::print_notify_events,
            "classes of keyspace events that are published"),
    number<&Config::busy_reply_threshold>("busy-reply-threshold", kPlain, 0, kInt,
                                          "milliseconds after which a script counts as busy", "lua-time-limit"),

    // Persistence: a later version's.
    special("save", Kind::kList, kManyArguments | kRepeatable | kReplaceable, fields::read_save, fields::print_save,
            "snapshots on disk; only \"\" is accepted, they are not available yet"),
    only("appendonly", "no", "the append-only file is not available yet", kPlain),
    unused("dbfilename", Kind::kString, "dump.rdb", kNoRdbFile, "", kProtected),
    unused("stop-writes-on-bgsave-error", Kind::kBool, "yes", kNoRdbFile),
    unused("rdbcompression", Kind::kBool, "yes", kNoRdbFile),
    unused("rdbchecksum", Kind::kBool, "yes", kNoRdbFile, "", kImmutable),
    unused("rdb-save-incremental-fsync", Kind::kBool, "yes", kNoRdbFile),
    unused("appendfilename", Kind::kString, "appendonly.aof", kNoAof, "", kImmutable),
    unused("appenddirname", Kind::kString, "appendonlydir", kNoAof, "", kImmutable),
    unused("appendfsync", Kind::kEnum, "everysec", kNoAof, "everysec, always, no"),
    unused("no-appendfsync-on-rewrite", Kind::kBool, "no", kNoAof),
    unused("auto-aof-rewrite-percentage", Kind::kInteger, "100", kNoAof),
    unused("auto-aof-rewrite-min-size", Kind::kMemory, "67108864", kNoAof),
    unused("aof-load-truncated", Kind::kBool, "yes", kNoAof),
    unused("aof-use-rdb-preamble", Kind::kBool, "yes", kNoAof),
    unused("aof-timestamp-enabled", Kind::kBool, "no", kNoAof),
    unused("aof-rewrite-incremental-fsync", Kind::kBool, "yes", kNoAof),
    unused("aof-disable-auto-gc", Kind::kBool, "no", kNoAof, "", kHidden),

    // Operation.
    text<&Config::admin_socket>("admin-socket", kImmutable,
                                "Unix socket of the admin service, relative to dir; \"\": none; default: named after a "
                                "cluster-config-file that is not nodes.conf"),
    number<&Config::admin_port>("admin-port", kImmutable, 0, kPort, "admin service over mutual TLS; 0: off"),
    text<&Config::admin_tls_cert_file>("admin-tls-cert-file", kImmutable, "certificate of the admin service (PEM)"),
    text<&Config::admin_tls_key_file>("admin-tls-key-file", kImmutable, "its private key (PEM)"),
    text<&Config::admin_tls_ca_cert_file>("admin-tls-ca-cert-file", kImmutable,
                                          "authority that signs the operator's certificate (PEM)"),
    number<&Config::metrics_port>("metrics-port", kImmutable, 0, kPort, "Prometheus endpoint; 0: off; usually 9121"),
    number<&Config::health_port>("health-port", kImmutable, 0, kPort, "health endpoint; 0: off; usually 9122"),
};

// Directives of Redis that are refused, with what to do instead.
struct Refused {
  std::string_view name;
  std::string_view why;
};
constexpr Refused kRefused[] = {
    {"loadmodule", "there are no modules"},
    {"rename-command", "commands cannot be renamed"},
    {"replicaof", "not allowed in cluster mode; use CLUSTER REPLICATE"},
    {"slaveof", "not allowed in cluster mode; use CLUSTER REPLICATE"},
    {"sentinel", "the cluster fails over by itself"},
};

// Redis 7 reads them from files of the versions before it.
constexpr std::string_view kObsolete[] = {"list-max-ziplist-entries", "list-max-ziplist-value",
                                          "lua-replicate-commands"};

constexpr bool well_formed() {
  for (const Directive& d : kDirectives) {
    if (d.name.empty() || d.help.empty() || d.min > d.max) return false;
    if ((d.kind == Kind::kEnum) != !d.choices.empty()) return false;
    int uses = 0;
    for (const Directive& other : kDirectives) {
      uses += other.name == d.name;
      uses += other.alias == d.name;
      if (!d.alias.empty()) uses += other.name == d.alias;
    }
    if (uses != 1) return false;
  }
  return true;
}
static_assert(well_formed(), "names are unique, ranges and helps are there");

// Levenshtein's distance: letters to insert, remove or replace.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::span<const Directive> directives() {
  return kDirectives;
}

const Directive* find_directive(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const Directive& d : kDirectives) {
    if (equal_ignoring_case(d.name, name) || equal_ignoring_case(d.alias, name)) return &d;
  }
  return nullptr;
}

bool is_obsolete(std::string_view name) {
  return std::ranges::any_of(kObsolete, [&](std::string_view o) { return equal_ignoring_case(o, name); });
}

std::string_view refusal(std::string_view name) {
  for (const Refused& r : kRefused) {
    if (equal_ignoring_case(r.name, name)) return r.why;
  }
  return {};
}

std::string_view nearest_directive(std::string_view name) {
  constexpr size_t kLongest = 64;  // the cost is quadratic, and no directive is longer
  if (name.size() > kLongest) return {};
  std::string_view best;
  // Two letters, so that two swapped ones count as near.
  size_t best_distance = std::max<size_t>(name.size() / 3, name.size() < 4 ? 1 : 2) + 1;
  for (const Directive& d : kDirectives) {
    const size_t distance = edit_distance(name, d.name);
    if (distance < best_distance) {
      best_distance = distance;
      best = d.name;
    }
  }
  return best;
}

}  // namespace guccho::config

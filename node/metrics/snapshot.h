// Everything that INFO, CLUSTER INFO and Prometheus print, as plain values at one moment. The workers' part is summed
// by add_worker(); the rest is filled by the runtime, which alone knows sockets, files, the system and the cluster
// view.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/metrics/counter.h"
#include "node/metrics/worker_stats.h"

namespace guccho::metrics {

struct ServerPart {
  std::string version;  // guccho's own
  std::string redis_version;
  std::string build_id;
  std::string os;
  std::string gcc_version;
  std::string run_id;
  std::string executable;
  std::string config_file;
  std::string supervised = "no";
  std::vector<std::string> listeners;  // "name=tcp,bind=*,port=6379", printed as listener0, listener1, ...
  uint64_t process_id = 0;
  uint64_t tcp_port = 0;
  uint64_t server_time_usec = 0;
  uint64_t uptime_seconds = 0;
  uint64_t hz = 10;
  uint64_t worker_threads = 1;
  uint64_t slowest_worker_turn_age_millis = 0;  // how long ago the least lively worker's loop turned
};

struct MemoryPart {
  uint64_t rss = 0;
  uint64_t allocator_allocated = 0;  // bytes handed out by the allocators, slabs included
  uint64_t allocator_active = 0;
  uint64_t allocator_resident = 0;
  uint64_t peak = 0;     // greatest used() seen
  uint64_t startup = 0;  // used() before the first client
  uint64_t total_system = 0;
  uint64_t maxmemory = 0;
  std::string maxmemory_policy = "noeviction";
  std::string allocator;
  uint64_t cluster_links = 0;
  uint64_t replication_backlog = 0;
};

struct PersistencePart {
  bool loading = false;
  uint64_t rdb_changes_since_last_save = 0;
  uint64_t rdb_last_save_time = 0;  // seconds since 1970
  uint64_t last_load_keys_loaded = 0;
  uint64_t last_load_keys_expired = 0;
};

struct ReplicaLine {
  std::string ip;
  uint64_t port = 0;
  std::string state;  // wait_bgsave, send_bulk, online
  int64_t offset = 0;
  int64_t lag_seconds = -1;  // since its last acknowledgement
};

struct ReplicationPart {
  bool is_replica = false;
  // Of a replica.
  std::string master_host;
  uint64_t master_port = 0;
  bool master_link_up = false;
  int64_t master_last_io_seconds = -1;
  bool sync_in_progress = false;
  int64_t replica_read_offset = 0;
  int64_t replica_offset = 0;
  uint64_t link_down_seconds = 0;
  uint64_t sync_total_bytes = 0;
  uint64_t sync_read_bytes = 0;
  uint64_t sync_last_io_seconds = 0;
  uint64_t priority = 100;
  bool read_only = true;
  bool announced = true;
  // Of both.
  std::vector<ReplicaLine> replicas;
  uint64_t min_replicas_to_write = 0;
  uint64_t good_replicas = 0;
  std::string failover_state = "no-failover";
  std::string replid;
  std::string replid2 = "0000000000000000000000000000000000000000";
  int64_t offset = 0;
  int64_t second_offset = -1;
  bool backlog_active = false;
  uint64_t backlog_size = 0;
  int64_t backlog_first_offset = 0;
  uint64_t backlog_length = 0;
  uint64_t full_syncs = 0;
  uint64_t partial_syncs_ok = 0;
  uint64_t partial_syncs_refused = 0;
  uint64_t waiters = 0;  // clients in WAIT or WAITAOF
};

struct CpuPart {  // microseconds
  uint64_t sys = 0;
  uint64_t user = 0;
  uint64_t sys_children = 0;
  uint64_t user_children = 0;
  uint64_t sys_main_thread = 0;
  uint64_t user_main_thread = 0;
};

struct BusMessages {
  std::string type;  // "ping", "pong", "fail", ... as CLUSTER INFO names them
  uint64_t sent = 0;
  uint64_t received = 0;
};

struct ClusterPart {
  bool state_ok = false;
  uint64_t slots_assigned = 0;
  uint64_t slots_ok = 0;
  uint64_t slots_pfail = 0;
  uint64_t slots_fail = 0;
  uint64_t known_nodes = 0;
  uint64_t size = 0;
  uint64_t current_epoch = 0;
  uint64_t my_epoch = 0;
  std::vector<BusMessages> messages;
  uint64_t links_buffer_limit_exceeded = 0;
  uint64_t links = 0;            // open bus connections
  uint64_t packets_dropped = 0;  // malformed or from strangers
  uint64_t failovers = 0;        // this node became primary by election, manual or takeover
  uint64_t electorate_size = 0;
  uint64_t data_generation = 0;
};

// Rates over the last 1.6 s; see rate.h.
struct RatesPart {
  uint64_t commands = 0;
  double input_kbps = 0;
  double output_kbps = 0;
  double repl_input_kbps = 0;
  double repl_output_kbps = 0;
  uint64_t loop_turns = 0;
};

struct CommandTotals {
  std::string name;  // "get", "config|set"
  uint64_t calls = 0;
  uint64_t nanos = 0;
  uint64_t rejected = 0;
  uint64_t failed = 0;
  HistogramTotals latency;
};

// Sums over workers; names as in WorkerStats.
struct WorkerTotals {
  uint64_t connections_received = 0, connections_rejected = 0;
  uint64_t net_input_bytes = 0, net_output_bytes = 0, repl_input_bytes = 0, repl_output_bytes = 0;
  uint64_t reads = 0, writes = 0, query_limit_disconnections = 0, output_limit_disconnections = 0;
  uint64_t protocol_errors = 0, tls_handshake_failures = 0;
  uint64_t commands_processed = 0, keyspace_hits = 0, keyspace_misses = 0;
  uint64_t expired_fields = 0;
  uint64_t expired_keys = 0, expire_cycle_nanos = 0, expire_time_cap_reached = 0, evicted_keys = 0, auth_failures = 0;
  uint64_t evicted_clients = 0;
  uint64_t defrag_hits = 0, defrag_misses = 0, defrag_key_hits = 0, defrag_key_misses = 0, defrag_nanos = 0;
  uint64_t defrag_effort = 0;
  uint64_t denied_commands = 0, denied_keys = 0, denied_channels = 0;
  uint64_t redirects_moved = 0, redirects_ask = 0;
  uint64_t errors = 0;
  std::map<std::string, uint64_t, std::less<>> errors_by_prefix;
  uint64_t handover_batches = 0, handover_commands = 0, handover_full = 0;
  uint64_t exclusive_sections = 0, exclusive_nanos = 0;
  HistogramTotals exclusive_latency;
  uint64_t router_commands = 0, router_waits = 0, router_timeouts = 0, router_uncertain = 0;
  uint64_t loop_turns = 0, loop_busy_nanos = 0, loop_command_nanos = 0;
  HistogramTotals loop_latency, loop_cpu;
  uint64_t loop_cpu_max_nanos = 0;
  uint64_t connected_clients = 0, blocked_clients = 0, replica_clients = 0, pubsub_clients = 0, watching_clients = 0;
  uint64_t blocking_keys = 0, blocking_keys_when_gone = 0;
  uint64_t watched_keys = 0, max_input_buffer = 0, max_output_buffer = 0;
  uint64_t client_buffer_bytes = 0, replica_buffer_bytes = 0;
  uint64_t keys = 0, keys_with_expiry = 0, timed_hashes = 0, average_ttl_millis = 0;
  uint64_t store_bytes = 0, store_payload_bytes = 0, lazyfree_pending = 0, lazyfreed_objects = 0;
};

struct PubsubPart {
  uint64_t channels = 0, patterns = 0, shard_channels = 0;
};

// Client-side caching.
struct TrackingPart {
  uint64_t clients = 0, keys = 0, items = 0, prefixes = 0;
};

struct Snapshot {
  ServerPart server;
  PubsubPart pubsub;
  TrackingPart tracking;
  uint64_t maxclients = 0;
  MemoryPart memory;
  PersistencePart persistence;
  ReplicationPart replication;
  CpuPart cpu;
  ClusterPart cluster;
  RatesPart rates;
  WorkerTotals workers;
  std::vector<CommandTotals> commands;  // by command index; those never called are not printed
  std::vector<double> latency_percentiles = {50, 99, 99.9};
  bool latency_tracking = true;

  // What counts as used memory: what the allocators handed out, or the parts we know when that is not measured.
  uint64_t used_memory() const;
};

// Adds one worker's numbers. `command_names` by command index; all workers are given the same ones.
void add_worker(Snapshot& snapshot, const WorkerStats& stats, const std::vector<std::string>& command_names);

}  // namespace guccho::metrics

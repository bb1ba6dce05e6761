// Registry rows about the process itself: server, clients, memory, persistence, CPU.
#include <algorithm>
#include <cmath>

#include "node/metrics/tables.h"

namespace guccho::metrics {
namespace {

using enum Section;

constexpr uint64_t kSecondsPerDay = 86400;

double ratio(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}
double seconds(uint64_t micros) {
  return static_cast<double>(micros) / 1e6;
}
int64_t difference(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a) - static_cast<int64_t>(b);
}

// All that is not keys and values.
uint64_t overhead(const Snapshot& s) {
  const WorkerTotals& w = s.workers;
  const uint64_t tables = w.store_bytes - std::min(w.store_bytes, w.store_payload_bytes);
  return s.memory.startup + tables + w.client_buffer_bytes + w.replica_buffer_bytes + s.memory.replication_backlog +
         s.memory.cluster_links;
}
uint64_t dataset(const Snapshot& s) {
  return s.used_memory() - std::min(s.used_memory(), overhead(s));
}
double dataset_percent(const Snapshot& s) {
  return 100 * ratio(dataset(s), s.used_memory() - std::min(s.used_memory(), s.memory.startup));
}
uint64_t peak(const Snapshot& s) {
  return std::max(s.memory.peak, s.used_memory());
}

Value listeners(const Snapshot& s) {
  Lines lines;
  for (const std::string& l : s.server.listeners) lines.emplace_back("listener" + std::to_string(lines.size()), l);
  return lines;
}

Value instance_info(const Snapshot& s) {
  return std::vector<Sample>{{{{"role", s.replication.is_replica ? "slave" : "master"},
                               {"redis_version", s.server.redis_version},
                               {"redis_build_id", s.server.build_id},
                               {"redis_mode", "cluster"},
                               {"os", s.server.os},
                               {"maxmemory_policy", s.memory.maxmemory_policy},
                               {"tcp_port", std::to_string(s.server.tcp_port)},
                               {"run_id", s.server.run_id},
                               {"process_id", std::to_string(s.server.process_id)},
                               {"master_replid", s.replication.replid}},
                              1}};
}

constexpr Metric kTable[] = {
    family("redis_up", Type::kGauge, "The node answers", GUCCHO_READ(uint64_t{1})),
    family("redis_instance_info", Type::kGauge, "What the node is, in labels", instance_info),
    family("redis_start_time_seconds", Type::kGauge, "Start of the process, seconds since 1970",
           GUCCHO_READ(s.server.server_time_usec / 1'000'000 - s.server.uptime_seconds)),
    family("redis_config_maxmemory", Type::kGauge, "The directive maxmemory", GUCCHO_READ(s.memory.maxmemory)),
    family("redis_config_maxclients", Type::kGauge, "The directive maxclients", GUCCHO_READ(s.maxclients)),

    info_only(kServer, "redis_version", GUCCHO_READ(s.server.redis_version)),
    info_only(kServer, "server_name", GUCCHO_READ("guccho")),
    info_only(kServer, "guccho_version", GUCCHO_READ(s.server.version)),
    info_only(kServer, "redis_git_sha1", GUCCHO_READ("00000000")),
    info_only(kServer, "redis_git_dirty", read_zero),
    info_only(kServer, "redis_build_id", GUCCHO_READ(s.server.build_id)),
    info_only(kServer, "redis_mode", GUCCHO_READ("cluster")),
    info_only(kServer, "os", GUCCHO_READ(s.server.os)),
    info_only(kServer, "arch_bits", GUCCHO_READ(uint64_t{64})),
    info_only(kServer, "monotonic_clock", GUCCHO_READ("POSIX clock_gettime")),
    info_only(kServer, "multiplexing_api", GUCCHO_READ("epoll")),
    info_only(kServer, "atomicvar_api", GUCCHO_READ("c11-builtin")),
    info_only(kServer, "gcc_version", GUCCHO_READ(s.server.gcc_version)),
    gauge(kServer, "process_id", "redis_process_id", "Process id", GUCCHO_READ(s.server.process_id)),
    info_only(kServer, "process_supervised", GUCCHO_READ(s.server.supervised)),
    info_only(kServer, "run_id", GUCCHO_READ(s.server.run_id)),
    info_only(kServer, "tcp_port", GUCCHO_READ(s.server.tcp_port)),
    info_only(kServer, "server_time_usec", GUCCHO_READ(s.server.server_time_usec)),
    gauge(kServer, "uptime_in_seconds", "redis_uptime_in_seconds", "Seconds since the start",
          GUCCHO_READ(s.server.uptime_seconds)),
    info_only(kServer, "uptime_in_days", GUCCHO_READ(s.server.uptime_seconds / kSecondsPerDay)),
    gauge(kServer, "hz", "redis_hz", "Background rounds a second", GUCCHO_READ(s.server.hz)),
    gauge(kServer, "configured_hz", "redis_configured_hz", "The directive hz", GUCCHO_READ(s.server.hz)),
    // The low 24 bits of the time in seconds, as Redis keeps it in objects.
    info_only(kServer, "lru_clock", GUCCHO_READ(s.server.server_time_usec / 1'000'000 & 0xffffff)),
    info_only(kServer, "executable", GUCCHO_READ(s.server.executable)),
    info_only(kServer, "config_file", GUCCHO_READ(s.server.config_file)),
    gauge(kServer, "io_threads_active", "redis_io_threads_active", "Whether more than one worker runs",
          GUCCHO_READ(uint64_t{s.server.worker_threads > 1})),
    info_only(kServer, "listener", listeners),

    gauge(kClients, "connected_clients", "redis_connected_clients", "Client connections, replicas not counted",
          GUCCHO_READ(s.workers.connected_clients)),
    gauge(kClients, "cluster_connections", "redis_cluster_connections", "Open connections of the cluster bus",
          GUCCHO_READ(s.cluster.links)),
    gauge(kClients, "maxclients", "redis_max_clients", "Greatest number of client connections",
          GUCCHO_READ(s.maxclients)),
    gauge(kClients, "client_recent_max_input_buffer", "redis_client_recent_max_input_buffer_bytes",
          "Greatest input buffer of a client lately", GUCCHO_READ(s.workers.max_input_buffer)),
    gauge(kClients, "client_recent_max_output_buffer", "redis_client_recent_max_output_buffer_bytes",
          "Greatest output buffer of a client lately", GUCCHO_READ(s.workers.max_output_buffer)),
    gauge(kClients, "blocked_clients", "redis_blocked_clients", "Clients that wait in a blocking command",
          GUCCHO_READ(s.workers.blocked_clients)),
    info_only(kClients, "tracking_clients", GUCCHO_READ(s.tracking.clients)),
    info_only(kClients, "pubsub_clients", GUCCHO_READ(s.workers.pubsub_clients)),
    info_only(kClients, "watching_clients", GUCCHO_READ(s.workers.watching_clients)),
    absent(kClients, "clients_in_timeout_table"),
    info_only(kClients, "total_watched_keys", GUCCHO_READ(s.workers.watched_keys)),
    info_only(kClients, "total_blocking_keys", GUCCHO_READ(s.workers.blocking_keys)),
    info_only(kClients, "total_blocking_keys_on_nokey", GUCCHO_READ(s.workers.blocking_keys_when_gone)),

    gauge(kMemory, "used_memory", "redis_memory_used_bytes", "Memory in use", GUCCHO_READ(s.used_memory())),
    info_only(kMemory, "used_memory_human", GUCCHO_READ(s.used_memory()), Format::kHuman),
    gauge(kMemory, "used_memory_rss", "redis_memory_used_rss_bytes", "Resident memory of the process",
          GUCCHO_READ(s.memory.rss)),
    info_only(kMemory, "used_memory_rss_human", GUCCHO_READ(s.memory.rss), Format::kHuman),
    gauge(kMemory, "used_memory_peak", "redis_memory_used_peak_bytes", "Greatest memory in use so far",
          GUCCHO_READ(peak(s))),
    info_only(kMemory, "used_memory_peak_human", GUCCHO_READ(peak(s)), Format::kHuman),
    info_only(kMemory, "used_memory_peak_perc", GUCCHO_READ(100 * ratio(s.used_memory(), peak(s))), Format::kPercent),
    gauge(kMemory, "used_memory_overhead", "redis_memory_used_overhead_bytes", "Memory that is not keys and values",
          GUCCHO_READ(overhead(s))),
    gauge(kMemory, "used_memory_startup", "redis_memory_used_startup_bytes", "Memory in use before the first client",
          GUCCHO_READ(s.memory.startup)),
    gauge(kMemory, "used_memory_dataset", "redis_memory_used_dataset_bytes", "Memory of keys and values",
          GUCCHO_READ(dataset(s))),
    info_only(kMemory, "used_memory_dataset_perc", GUCCHO_READ(dataset_percent(s)), Format::kPercent),
    gauge(kMemory, "allocator_allocated", "redis_allocator_allocated_bytes", "Bytes that the allocators handed out",
          GUCCHO_READ(s.memory.allocator_allocated)),
    gauge(kMemory, "allocator_active", "redis_allocator_active_bytes", "Bytes in pages in use",
          GUCCHO_READ(s.memory.allocator_active)),
    gauge(kMemory, "allocator_resident", "redis_allocator_resident_bytes", "Bytes held from the system",
          GUCCHO_READ(s.memory.allocator_resident)),
    gauge(kMemory, "total_system_memory", "redis_total_system_memory_bytes", "Memory of the machine",
          GUCCHO_READ(s.memory.total_system)),
    info_only(kMemory, "total_system_memory_human", GUCCHO_READ(s.memory.total_system), Format::kHuman),
    absent(kMemory, "used_memory_lua"),
    absent(kMemory, "used_memory_vm_eval"),
    info_only(kMemory, "used_memory_lua_human", read_zero, Format::kHuman),
    absent(kMemory, "used_memory_scripts_eval"),
    absent(kMemory, "number_of_cached_scripts"),
    absent(kMemory, "number_of_functions"),
    absent(kMemory, "number_of_libraries"),
    absent(kMemory, "used_memory_vm_functions"),
    absent(kMemory, "used_memory_vm_total"),
    info_only(kMemory, "used_memory_vm_total_human", read_zero, Format::kHuman),
    absent(kMemory, "used_memory_functions"),
    absent(kMemory, "used_memory_scripts"),
    info_only(kMemory, "used_memory_scripts_human", read_zero, Format::kHuman),
    gauge(kMemory, "maxmemory", "redis_memory_max_bytes", "The memory limit; 0: none", GUCCHO_READ(s.memory.maxmemory)),
    info_only(kMemory, "maxmemory_human", GUCCHO_READ(s.memory.maxmemory), Format::kHuman),
    info_only(kMemory, "maxmemory_policy", GUCCHO_READ(s.memory.maxmemory_policy)),
    gauge(kMemory, "allocator_frag_ratio", "redis_allocator_frag_ratio", "Active to allocated bytes",
          GUCCHO_READ(ratio(s.memory.allocator_active, s.memory.allocator_allocated))),
    gauge(kMemory, "allocator_frag_bytes", "redis_allocator_frag_bytes", "Active minus allocated bytes",
          GUCCHO_READ(difference(s.memory.allocator_active, s.memory.allocator_allocated))),
    gauge(kMemory, "allocator_rss_ratio", "redis_allocator_rss_ratio", "Resident to active bytes",
          GUCCHO_READ(ratio(s.memory.allocator_resident, s.memory.allocator_active))),
    gauge(kMemory, "allocator_rss_bytes", "redis_allocator_rss_bytes", "Resident minus active bytes",
          GUCCHO_READ(difference(s.memory.allocator_resident, s.memory.allocator_active))),
    info_only(kMemory, "rss_overhead_ratio", GUCCHO_READ(ratio(s.memory.rss, s.memory.allocator_resident))),
    info_only(kMemory, "rss_overhead_bytes", GUCCHO_READ(difference(s.memory.rss, s.memory.allocator_resident))),
    gauge(kMemory, "mem_fragmentation_ratio", "redis_mem_fragmentation_ratio", "Resident memory to memory in use",
          GUCCHO_READ(ratio(s.memory.rss, s.used_memory()))),
    gauge(kMemory, "mem_fragmentation_bytes", "redis_mem_fragmentation_bytes", "Resident memory minus memory in use",
          GUCCHO_READ(difference(s.memory.rss, s.used_memory()))),
    gauge(kMemory, "mem_not_counted_for_evict", "redis_mem_not_counted_for_eviction_bytes",
          "Buffers that maxmemory does not count", GUCCHO_READ(s.workers.replica_buffer_bytes)),
    info_only(kMemory, "mem_replication_backlog", GUCCHO_READ(s.memory.replication_backlog)),
    info_only(kMemory, "mem_total_replication_buffers",
              GUCCHO_READ(s.memory.replication_backlog + s.workers.replica_buffer_bytes)),
    gauge(kMemory, "mem_clients_slaves", "redis_mem_clients_slaves", "Buffers of replicas",
          GUCCHO_READ(s.workers.replica_buffer_bytes)),
    gauge(kMemory, "mem_clients_normal", "redis_mem_clients_normal", "Buffers of clients",
          GUCCHO_READ(s.workers.client_buffer_bytes)),
    info_only(kMemory, "mem_cluster_links", GUCCHO_READ(s.memory.cluster_links)),
    absent(kMemory, "mem_aof_buffer"),
    info_only(kMemory, "mem_allocator", GUCCHO_READ(s.memory.allocator)),
    gauge(kMemory, "active_defrag_running", "redis_active_defrag_running",
          "Percent of a worker's time that compaction takes now", GUCCHO_READ(s.workers.defrag_effort)),
    gauge(kMemory, "lazyfree_pending_objects", "redis_lazyfree_pending_objects", "Values still to be freed",
          GUCCHO_READ(s.workers.lazyfree_pending)),
    info_only(kMemory, "lazyfreed_objects", GUCCHO_READ(s.workers.lazyfreed_objects)),

    gauge(kPersistence, "loading", "redis_loading_dump_file", "Whether data is being loaded",
          GUCCHO_READ(uint64_t{s.persistence.loading})),
    absent(kPersistence, "async_loading"),
    absent(kPersistence, "current_cow_peak"),
    absent(kPersistence, "current_cow_size"),
    absent(kPersistence, "current_cow_size_age"),
    info_only(kPersistence, "current_fork_perc", GUCCHO_READ(0.0)),
    absent(kPersistence, "current_save_keys_processed"),
    absent(kPersistence, "current_save_keys_total"),
    gauge(kPersistence, "rdb_changes_since_last_save", "redis_rdb_changes_since_last_save",
          "Writes that no snapshot has", GUCCHO_READ(s.persistence.rdb_changes_since_last_save)),
    gauge(kPersistence, "rdb_bgsave_in_progress", "redis_rdb_bgsave_in_progress", "Whether a snapshot is being written",
          read_zero),
    gauge(kPersistence, "rdb_last_save_time", "redis_rdb_last_save_timestamp_seconds", "Last snapshot, or the start",
          GUCCHO_READ(s.persistence.rdb_last_save_time)),
    info_only(kPersistence, "rdb_last_bgsave_status", GUCCHO_READ("ok")),
    info_only(kPersistence, "rdb_last_bgsave_time_sec", GUCCHO_READ(int64_t{-1})),
    info_only(kPersistence, "rdb_current_bgsave_time_sec", GUCCHO_READ(int64_t{-1})),
    absent(kPersistence, "rdb_saves"),
    absent(kPersistence, "rdb_last_cow_size"),
    info_only(kPersistence, "rdb_last_load_keys_expired", GUCCHO_READ(s.persistence.last_load_keys_expired)),
    info_only(kPersistence, "rdb_last_load_keys_loaded", GUCCHO_READ(s.persistence.last_load_keys_loaded)),
    gauge(kPersistence, "aof_enabled", "redis_aof_enabled", "Whether there is an append-only file", read_zero),
    absent(kPersistence, "aof_rewrite_in_progress"),
    absent(kPersistence, "aof_rewrite_scheduled"),
    info_only(kPersistence, "aof_last_rewrite_time_sec", GUCCHO_READ(int64_t{-1})),
    info_only(kPersistence, "aof_current_rewrite_time_sec", GUCCHO_READ(int64_t{-1})),
    info_only(kPersistence, "aof_last_bgrewrite_status", GUCCHO_READ("ok")),
    absent(kPersistence, "aof_rewrites"),
    absent(kPersistence, "aof_rewrites_consecutive_failures"),
    info_only(kPersistence, "aof_last_write_status", GUCCHO_READ("ok")),
    absent(kPersistence, "aof_last_cow_size"),
    absent(kPersistence, "module_fork_in_progress"),
    absent(kPersistence, "module_fork_last_cow_size"),

    counter(kCpu, "used_cpu_sys", "redis_cpu_sys_seconds_total", "Time in the kernel", GUCCHO_READ(seconds(s.cpu.sys)),
            Format::kSix),
    counter(kCpu, "used_cpu_user", "redis_cpu_user_seconds_total", "Time in the process",
            GUCCHO_READ(seconds(s.cpu.user)), Format::kSix),
    counter(kCpu, "used_cpu_sys_children", "redis_cpu_sys_children_seconds_total", "The same of ended children",
            GUCCHO_READ(seconds(s.cpu.sys_children)), Format::kSix),
    counter(kCpu, "used_cpu_user_children", "redis_cpu_user_children_seconds_total", "The same of ended children",
            GUCCHO_READ(seconds(s.cpu.user_children)), Format::kSix),
    info_only(kCpu, "used_cpu_sys_main_thread", GUCCHO_READ(seconds(s.cpu.sys_main_thread)), Format::kSix),
    info_only(kCpu, "used_cpu_user_main_thread", GUCCHO_READ(seconds(s.cpu.user_main_thread)), Format::kSix),
};

}  // namespace

std::span<const Metric> process_table() {
  return kTable;
}

}  // namespace guccho::metrics

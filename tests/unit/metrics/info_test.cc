// INFO and CLUSTER INFO: the fields of redis-server 7.0.15 in its order, the formats, the choice of sections.
#include "node/metrics/info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace guccho::metrics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string info_of(const Snapshot& s, const std::vector<std::string_view>& sections) {
  return info(s, sections);
}

std::vector<std::string> headings(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# ")) out.push_back(line.substr(2, line.size() - 3));
  }
  return out;
}

struct SectionFields {
  std::string_view section, fields;
};

// As printed by redis-server 7.0.15, a primary in cluster mode without replicas.
constexpr SectionFields kOfRedis[] = {
    {"server",
     "redis_version redis_git_sha1 redis_git_dirty redis_build_id redis_mode os arch_bits monotonic_clock "
     "multiplexing_api atomicvar_api gcc_version process_id process_supervised run_id tcp_port server_time_usec "
     "uptime_in_seconds uptime_in_days hz configured_hz lru_clock executable config_file io_threads_active"},
    {"clients",
     "connected_clients cluster_connections maxclients client_recent_max_input_buffer client_recent_max_output_buffer "
     "blocked_clients tracking_clients clients_in_timeout_table"},
    {"memory",
     "used_memory used_memory_human used_memory_rss used_memory_rss_human used_memory_peak used_memory_peak_human "
     "used_memory_peak_perc used_memory_overhead used_memory_startup used_memory_dataset used_memory_dataset_perc "
     "allocator_allocated allocator_active allocator_resident total_system_memory total_system_memory_human "
     "used_memory_lua used_memory_vm_eval used_memory_lua_human used_memory_scripts_eval number_of_cached_scripts "
     "number_of_functions number_of_libraries used_memory_vm_functions used_memory_vm_total used_memory_vm_total_human "
     "used_memory_functions used_memory_scripts used_memory_scripts_human maxmemory maxmemory_human maxmemory_policy "
     "allocator_frag_ratio allocator_frag_bytes allocator_rss_ratio allocator_rss_bytes rss_overhead_ratio "
     "rss_overhead_bytes mem_fragmentation_ratio mem_fragmentation_bytes mem_not_counted_for_evict "
     "mem_replication_backlog mem_total_replication_buffers mem_clients_slaves mem_clients_normal mem_cluster_links "
     "mem_aof_buffer mem_allocator active_defrag_running lazyfree_pending_objects lazyfreed_objects"},
    {"persistence",
     "loading async_loading current_cow_peak current_cow_size current_cow_size_age current_fork_perc "
     "current_save_keys_processed current_save_keys_total rdb_changes_since_last_save rdb_bgsave_in_progress "
     "rdb_last_save_time rdb_last_bgsave_status rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec rdb_saves "
     "rdb_last_cow_size rdb_last_load_keys_expired rdb_last_load_keys_loaded aof_enabled aof_rewrite_in_progress "
     "aof_rewrite_scheduled aof_last_rewrite_time_sec aof_current_rewrite_time_sec aof_last_bgrewrite_status "
     "aof_rewrites aof_rewrites_consecutive_failures aof_last_write_status aof_last_cow_size module_fork_in_progress "
     "module_fork_last_cow_size"},
    {"stats",
     "total_connections_received total_commands_processed instantaneous_ops_per_sec total_net_input_bytes "
     "total_net_output_bytes total_net_repl_input_bytes total_net_repl_output_bytes instantaneous_input_kbps "
     "instantaneous_output_kbps instantaneous_input_repl_kbps instantaneous_output_repl_kbps rejected_connections "
     "sync_full sync_partial_ok sync_partial_err expired_keys expired_subkeys expired_stale_perc expired_time_cap_reached_count "
     "expire_cycle_cpu_milliseconds evicted_keys evicted_clients total_eviction_exceeded_time "
     "current_eviction_exceeded_time keyspace_hits keyspace_misses pubsub_channels pubsub_patterns "
     "pubsubshard_channels latest_fork_usec total_forks migrate_cached_sockets slave_expires_tracked_keys "
     "active_defrag_hits active_defrag_misses active_defrag_key_hits active_defrag_key_misses total_active_defrag_time "
     "current_active_defrag_time tracking_total_keys tracking_total_items tracking_total_prefixes "
     "unexpected_error_replies total_error_replies dump_payload_sanitizations total_reads_processed "
     "total_writes_processed io_threaded_reads_processed io_threaded_writes_processed reply_buffer_shrinks "
     "reply_buffer_expands"},
    {"replication",
     "role connected_slaves master_failover_state master_replid master_replid2 master_repl_offset second_repl_offset "
     "repl_backlog_active repl_backlog_size repl_backlog_first_byte_offset repl_backlog_histlen"},
    {"cpu",
     "used_cpu_sys used_cpu_user used_cpu_sys_children used_cpu_user_children used_cpu_sys_main_thread "
     "used_cpu_user_main_thread"},
    {"cluster", "cluster_enabled"},
};

TEST(Info, HasEveryFieldOfRedisInItsOrder) {
  for (const SectionFields& expected : kOfRedis) {
    const std::string text = info_of({}, {expected.section});
    size_t at = 0;
    std::istringstream fields{std::string(expected.fields)};
    for (std::string field; fields >> field;) {
      const size_t found = text.find("\r\n" + field + ":", at);
      ASSERT_NE(found, std::string::npos) << expected.section << " " << field;
      at = found;
    }
  }
}

TEST(Info, ChoiceOfSections) {
  const Snapshot s;
  EXPECT_THAT(headings(info_of(s, {})),
              ElementsAre("Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules",
                          "Errorstats", "Cluster", "Keyspace"));
  EXPECT_THAT(headings(info_of(s, {"EVERYTHING"})),
              ElementsAre("Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules",
                          "Commandstats", "Errorstats", "Latencystats", "Cluster", "Keyspace", "Guccho"));
  EXPECT_EQ(info_of(s, {"all"}), info_of(s, {"everything"}));
  EXPECT_EQ(info_of(s, {"default"}), info_of(s, {}));
  EXPECT_THAT(headings(info_of(s, {"keyspace", "CPU", "foo", "cpu"})), ElementsAre("CPU", "Keyspace"));
  EXPECT_EQ(info_of(s, {"foo"}), "");
  EXPECT_EQ(info_of(s, {"modules", "cluster"}), "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:1\r\n");
}

TEST(Info, Formats) {
  Snapshot s;
  s.memory.allocator_allocated = 1665032;
  s.memory.peak = 3330064;
  s.memory.maxmemory = 3ull << 30;
  s.cpu.sys = 6106;
  s.rates.input_kbps = 1.234;
  const std::string memory = info_of(s, {"memory"});
  EXPECT_THAT(memory, HasSubstr("\r\nused_memory:1665032\r\nused_memory_human:1.59M\r\n"));
  EXPECT_THAT(memory, HasSubstr("\r\nused_memory_peak_perc:50.00%\r\n"));
  EXPECT_THAT(memory, HasSubstr("\r\nmaxmemory_human:3.00G\r\n"));
  EXPECT_THAT(memory, HasSubstr("\r\nused_memory_scripts_human:0B\r\n"));
  EXPECT_THAT(info_of(s, {"cpu"}), HasSubstr("used_cpu_sys:0.006106\r\n"));
  EXPECT_THAT(info_of(s, {"stats"}), HasSubstr("instantaneous_input_kbps:1.23\r\n"));
}

TEST(Info, PrimaryWithReplicas) {
  Snapshot s;
  s.replication.replicas = {{.ip = "127.0.0.1", .port = 7001, .state = "online", .offset = 14, .lag_seconds = 1},
                            {.ip = "::1", .port = 7002, .state = "wait_bgsave", .offset = 0, .lag_seconds = 0}};
  EXPECT_THAT(
      info_of(s, {"replication"}),
      HasSubstr("role:master\r\nconnected_slaves:2\r\nslave0:ip=127.0.0.1,port=7001,state=online,offset=14,lag=1\r\n"
                "slave1:ip=::1,port=7002,state=wait_bgsave,offset=0,lag=0\r\nmaster_failover_state:no-failover\r\n"));
  s.replication.min_replicas_to_write = 1;
  s.replication.good_replicas = 1;
  EXPECT_THAT(info_of(s, {"replication"}), HasSubstr("connected_slaves:2\r\nmin_slaves_good_slaves:1\r\nslave0:"));
}

TEST(Info, Replica) {
  Snapshot s;
  s.replication.is_replica = true;
  s.replication.master_host = "127.0.0.1";
  s.replication.master_port = 7000;
  s.replication.master_link_up = true;
  s.replication.master_last_io_seconds = 3;
  EXPECT_THAT(info_of(s, {"replication"}),
              HasSubstr("role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:7000\r\nmaster_link_status:up\r\n"
                        "master_last_io_seconds_ago:3\r\nmaster_sync_in_progress:0\r\nslave_read_repl_offset:0\r\n"
                        "slave_repl_offset:0\r\nslave_priority:100\r\nslave_read_only:1\r\nreplica_announced:1\r\n"
                        "connected_slaves:0\r\n"));
  s.replication.master_link_up = false;
  s.replication.sync_in_progress = true;
  EXPECT_THAT(info_of(s, {"replication"}),
              HasSubstr("slave_repl_offset:0\r\nmaster_sync_total_bytes:0\r\nmaster_sync_read_bytes:0\r\n"
                        "master_sync_last_io_seconds_ago:0\r\nmaster_link_down_since_seconds:0\r\nslave_priority:100"));
}

TEST(Info, CommandsErrorsLatencies) {
  Snapshot s;
  WorkerStats w(2);
  w.commands[1].record(2000);
  w.commands[1].record(5000);
  w.commands[1].failed.add();
  w.errors.record("WRONGTYPE");
  add_worker(s, w, {"get", "config|get"});
  const std::string text = info_of(s, {"commandstats", "errorstats", "latencystats"});
  EXPECT_THAT(text,
              HasSubstr("cmdstat_config|get:calls=2,usec=7,usec_per_call=3.50,rejected_calls=0,failed_calls=1\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("cmdstat_get")));
  EXPECT_THAT(text, HasSubstr("errorstat_WRONGTYPE:count=1\r\n"));
  EXPECT_THAT(text, HasSubstr("latency_percentiles_usec_config|get:p50=2.047,p99=5.119,p99.9=5.119\r\n"));
  s.latency_tracking = false;
  EXPECT_THAT(info_of(s, {"latencystats"}), Not(HasSubstr("percentiles")));
}

TEST(Info, Keyspace) {
  Snapshot s;
  EXPECT_EQ(info_of(s, {"keyspace"}), "# Keyspace\r\n");
  s.workers.keys = 2;
  s.workers.keys_with_expiry = 1;
  s.workers.average_ttl_millis = 99;
  EXPECT_EQ(info_of(s, {"keyspace"}), "# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=99\r\n");
}

TEST(Info, ClusterInfo) {
  Snapshot s;
  s.cluster.state_ok = true;
  s.cluster.slots_assigned = s.cluster.slots_ok = 16384;
  s.cluster.known_nodes = 6;
  s.cluster.size = 3;
  s.cluster.current_epoch = 6;
  s.cluster.my_epoch = 2;
  s.cluster.messages = {{"ping", 10, 9}, {"pong", 9, 10}, {"fail", 0, 1}};
  EXPECT_EQ(cluster_info(s),
            "cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:16384\r\ncluster_slots_pfail:0\r\n"
            "cluster_slots_fail:0\r\ncluster_known_nodes:6\r\ncluster_size:3\r\ncluster_current_epoch:6\r\n"
            "cluster_my_epoch:2\r\ncluster_stats_messages_ping_sent:10\r\ncluster_stats_messages_pong_sent:9\r\n"
            "cluster_stats_messages_sent:19\r\ncluster_stats_messages_ping_received:9\r\n"
            "cluster_stats_messages_pong_received:10\r\ncluster_stats_messages_fail_received:1\r\n"
            "cluster_stats_messages_received:20\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n");
}

}  // namespace
}  // namespace guccho::metrics

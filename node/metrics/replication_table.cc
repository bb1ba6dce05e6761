// Registry rows about replication, the cluster and the keys.
#include <fmt/core.h>

#include "node/metrics/tables.h"

namespace guccho::metrics {
namespace {

using enum Section;

bool is_replica(const Snapshot& s) {
  return s.replication.is_replica;
}
bool is_syncing(const Snapshot& s) {
  return is_replica(s) && s.replication.sync_in_progress;
}
bool link_is_down(const Snapshot& s) {
  return is_replica(s) && !s.replication.master_link_up;
}
bool counts_good_replicas(const Snapshot& s) {
  return s.replication.min_replicas_to_write != 0;
}
bool has_keys(const Snapshot& s) {
  return s.workers.keys != 0;
}

Value replica_lines(const Snapshot& s) {
  Lines lines;
  for (const ReplicaLine& r : s.replication.replicas) {
    lines.emplace_back(
        fmt::format("slave{}", lines.size()),
        fmt::format("ip={},port={},state={},offset={},lag={}", r.ip, r.port, r.state, r.offset, r.lag_seconds));
  }
  return lines;
}

Value of_replicas(const Snapshot& s, double (*of)(const ReplicaLine&)) {
  std::vector<Sample> samples;
  for (const ReplicaLine& r : s.replication.replicas) {
    samples.push_back({{{"slave_ip", r.ip}, {"slave_port", std::to_string(r.port)}, {"slave_state", r.state}}, of(r)});
  }
  return samples;
}
Value replica_offsets(const Snapshot& s) {
  return of_replicas(s, [](const ReplicaLine& r) { return static_cast<double>(r.offset); });
}
Value replica_lags(const Snapshot& s) {
  return of_replicas(s, [](const ReplicaLine& r) { return static_cast<double>(r.lag_seconds); });
}

// A replica's measurements carry its primary's address.
Value of_master(const Snapshot& s, double value) {
  const ReplicationPart& r = s.replication;
  return std::vector<Sample>{{{{"master_host", r.master_host}, {"master_port", std::to_string(r.master_port)}}, value}};
}
Value slave_info(const Snapshot& s) {
  const ReplicationPart& r = s.replication;
  return std::vector<Sample>{{{{"master_host", r.master_host},
                               {"master_port", std::to_string(r.master_port)},
                               {"read_only", r.read_only ? "1" : "0"}},
                              1}};
}

uint64_t messages(const Snapshot& s, uint64_t BusMessages::*direction) {
  uint64_t sum = 0;
  for (const BusMessages& m : s.cluster.messages) sum += m.*direction;
  return sum;
}
Value message_lines(const Snapshot& s, std::string_view suffix, uint64_t BusMessages::*direction) {
  Lines lines;
  for (const BusMessages& m : s.cluster.messages) {
    if (m.*direction == 0) continue;
    lines.emplace_back(fmt::format("cluster_stats_messages_{}_{}", m.type, suffix), std::to_string(m.*direction));
  }
  return lines;
}

Value keyspace_lines(const Snapshot& s) {
  std::string line = fmt::format("keys={},expires={},avg_ttl={}", s.workers.keys, s.workers.keys_with_expiry,
                                 s.workers.average_ttl_millis);
  // Redis 7.4's field for hashes whose fields expire. Only where there are some: else the line is 7.2's.
  if (s.workers.timed_hashes != 0) line += fmt::format(",subexpiry={}", s.workers.timed_hashes);
  return Lines{{"db0", std::move(line)}};
}
Value of_db0(double value) {
  return std::vector<Sample>{{{{"db", "db0"}}, value}};
}

constexpr Metric kTable[] = {
    info_only(kReplication, "role", GUCCHO_READ(s.replication.is_replica ? "slave" : "master")),
    info_only(kReplication, "master_host", GUCCHO_READ(s.replication.master_host), Format::kPlain, is_replica),
    info_only(kReplication, "master_port", GUCCHO_READ(s.replication.master_port), Format::kPlain, is_replica),
    info_only(kReplication, "master_link_status", GUCCHO_READ(s.replication.master_link_up ? "up" : "down"),
              Format::kPlain, is_replica),
    info_only(kReplication, "master_last_io_seconds_ago", GUCCHO_READ(s.replication.master_last_io_seconds),
              Format::kPlain, is_replica),
    info_only(kReplication, "master_sync_in_progress", GUCCHO_READ(uint64_t{s.replication.sync_in_progress}),
              Format::kPlain, is_replica),
    info_only(kReplication, "slave_read_repl_offset", GUCCHO_READ(s.replication.replica_read_offset), Format::kPlain,
              is_replica),
    info_only(kReplication, "slave_repl_offset", GUCCHO_READ(s.replication.replica_offset), Format::kPlain, is_replica),
    info_only(kReplication, "master_sync_total_bytes", GUCCHO_READ(s.replication.sync_total_bytes), Format::kPlain,
              is_syncing),
    info_only(kReplication, "master_sync_read_bytes", GUCCHO_READ(s.replication.sync_read_bytes), Format::kPlain,
              is_syncing),
    info_only(kReplication, "master_sync_last_io_seconds_ago", GUCCHO_READ(s.replication.sync_last_io_seconds),
              Format::kPlain, is_syncing),
    info_only(kReplication, "master_link_down_since_seconds", GUCCHO_READ(s.replication.link_down_seconds),
              Format::kPlain, link_is_down),
    gauge(kReplication, "slave_priority", "redis_slave_priority", "The directive replica-priority",
          GUCCHO_READ(s.replication.priority), Format::kPlain, is_replica),
    info_only(kReplication, "slave_read_only", GUCCHO_READ(uint64_t{s.replication.read_only}), Format::kPlain,
              is_replica),
    info_only(kReplication, "replica_announced", GUCCHO_READ(uint64_t{s.replication.announced}), Format::kPlain,
              is_replica),
    gauge(kReplication, "connected_slaves", "redis_connected_slaves", "Replicas that are connected",
          GUCCHO_READ(uint64_t{s.replication.replicas.size()})),
    info_only(kReplication, "min_slaves_good_slaves", GUCCHO_READ(s.replication.good_replicas), Format::kPlain,
              counts_good_replicas),
    info_only(kReplication, "slave", replica_lines),
    info_only(kReplication, "master_failover_state", GUCCHO_READ(s.replication.failover_state)),
    info_only(kReplication, "master_replid", GUCCHO_READ(s.replication.replid)),
    info_only(kReplication, "master_replid2", GUCCHO_READ(s.replication.replid2)),
    gauge(kReplication, "master_repl_offset", "redis_master_repl_offset", "Position in the replication stream",
          GUCCHO_READ(s.replication.offset)),
    gauge(kReplication, "second_repl_offset", "redis_second_repl_offset",
          "Up to where the previous replication id is valid", GUCCHO_READ(s.replication.second_offset)),
    gauge(kReplication, "repl_backlog_active", "redis_repl_backlog_is_active", "Whether writes are kept for replicas",
          GUCCHO_READ(uint64_t{s.replication.backlog_active})),
    gauge(kReplication, "repl_backlog_size", "redis_replication_backlog_bytes", "Size of the backlog",
          GUCCHO_READ(s.replication.backlog_size)),
    gauge(kReplication, "repl_backlog_first_byte_offset", "redis_repl_backlog_first_byte_offset",
          "First position in the backlog", GUCCHO_READ(s.replication.backlog_first_offset)),
    gauge(kReplication, "repl_backlog_histlen", "redis_repl_backlog_history_bytes", "Bytes in the backlog",
          GUCCHO_READ(s.replication.backlog_length)),
    family("redis_connected_slave_offset_bytes", Type::kGauge, "Position that the replica acknowledged",
           replica_offsets),
    family("redis_connected_slave_lag_seconds", Type::kGauge, "Time since the replica's last acknowledgement",
           replica_lags),
    family("redis_master_link_up", Type::kGauge, "Whether the link to the primary is up",
           GUCCHO_READ(of_master(s, s.replication.master_link_up)), is_replica),
    family("redis_master_last_io_seconds_ago", Type::kGauge, "Time since the primary was heard",
           GUCCHO_READ(of_master(s, static_cast<double>(s.replication.master_last_io_seconds))), is_replica),
    family("redis_master_sync_in_progress", Type::kGauge, "Whether a full sync is being received",
           GUCCHO_READ(of_master(s, s.replication.sync_in_progress)), is_replica),
    family("redis_slave_repl_offset", Type::kGauge, "Position that this replica applied",
           GUCCHO_READ(of_master(s, static_cast<double>(s.replication.replica_offset))), is_replica),
    family("redis_slave_info", Type::kGauge, "What the replica is, in labels", slave_info, is_replica),

    gauge(kCluster, "cluster_enabled", "redis_cluster_enabled", "Always 1", GUCCHO_READ(uint64_t{1})),

    info_only(kKeyspace, "db0", keyspace_lines, Format::kPlain, has_keys),
    family("redis_db_keys", Type::kGauge, "Keys", GUCCHO_READ(of_db0(static_cast<double>(s.workers.keys)))),
    family("redis_db_keys_expiring", Type::kGauge, "Keys with a time to live",
           GUCCHO_READ(of_db0(static_cast<double>(s.workers.keys_with_expiry)))),
    family("redis_db_avg_ttl_seconds", Type::kGauge, "Average time to live of those",
           GUCCHO_READ(of_db0(static_cast<double>(s.workers.average_ttl_millis) / 1000))),

    info_only(kClusterInfo, "cluster_state", GUCCHO_READ(s.cluster.state_ok ? "ok" : "fail")),
    family("redis_cluster_state", Type::kGauge, "1: the cluster serves, in this node's view",
           GUCCHO_READ(uint64_t{s.cluster.state_ok})),
    gauge(kClusterInfo, "cluster_slots_assigned", "redis_cluster_slots_assigned", "Slots with an owner",
          GUCCHO_READ(s.cluster.slots_assigned)),
    gauge(kClusterInfo, "cluster_slots_ok", "redis_cluster_slots_ok", "Slots whose owner is well",
          GUCCHO_READ(s.cluster.slots_ok)),
    gauge(kClusterInfo, "cluster_slots_pfail", "redis_cluster_slots_pfail", "Slots whose owner is suspected",
          GUCCHO_READ(s.cluster.slots_pfail)),
    gauge(kClusterInfo, "cluster_slots_fail", "redis_cluster_slots_fail", "Slots whose owner failed",
          GUCCHO_READ(s.cluster.slots_fail)),
    gauge(kClusterInfo, "cluster_known_nodes", "redis_cluster_known_nodes", "Nodes in this node's table",
          GUCCHO_READ(s.cluster.known_nodes)),
    gauge(kClusterInfo, "cluster_size", "redis_cluster_size", "Primaries that own slots", GUCCHO_READ(s.cluster.size)),
    gauge(kClusterInfo, "cluster_current_epoch", "redis_cluster_current_epoch", "Current epoch of the cluster",
          GUCCHO_READ(s.cluster.current_epoch)),
    gauge(kClusterInfo, "cluster_my_epoch", "redis_cluster_my_epoch", "Config epoch of this node's shard",
          GUCCHO_READ(s.cluster.my_epoch)),
    info_only(kClusterInfo, "sent", GUCCHO_READ(message_lines(s, "sent", &BusMessages::sent))),
    counter(kClusterInfo, "cluster_stats_messages_sent", "redis_cluster_messages_sent_total", "Bus messages sent",
            GUCCHO_READ(messages(s, &BusMessages::sent))),
    info_only(kClusterInfo, "received", GUCCHO_READ(message_lines(s, "received", &BusMessages::received))),
    counter(kClusterInfo, "cluster_stats_messages_received", "redis_cluster_messages_received_total",
            "Bus messages received", GUCCHO_READ(messages(s, &BusMessages::received))),
    info_only(kClusterInfo, "total_cluster_links_buffer_limit_exceeded",
              GUCCHO_READ(s.cluster.links_buffer_limit_exceeded)),
};

}  // namespace

std::span<const Metric> replication_table() {
  return kTable;
}

}  // namespace guccho::metrics

// Registry rows about what was done: totals, commands, errors, latencies.
#include <fmt/core.h>

#include "node/metrics/tables.h"

namespace guccho::metrics {
namespace {

using enum Section;

double seconds(uint64_t nanos) {
  return static_cast<double>(nanos) / 1e9;
}
double micros(uint64_t nanos) {
  return static_cast<double>(nanos) / 1e3;
}

bool was_used(const CommandTotals& c) {
  return c.calls != 0 || c.rejected != 0 || c.failed != 0;
}

Value command_lines(const Snapshot& s) {
  Lines lines;
  for (const CommandTotals& c : s.commands) {
    if (!was_used(c)) continue;
    const double each = c.calls == 0 ? 0 : micros(c.nanos) / static_cast<double>(c.calls);
    lines.emplace_back("cmdstat_" + c.name,
                       fmt::format("calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}", c.calls,
                                   c.nanos / 1000, each, c.rejected, c.failed));
  }
  return lines;
}

Value error_lines(const Snapshot& s) {
  Lines lines;
  for (const auto& [prefix, count] : s.workers.errors_by_prefix) {
    lines.emplace_back("errorstat_" + prefix, fmt::format("count={}", count));
  }
  return lines;
}

Value latency_lines(const Snapshot& s) {
  Lines lines;
  for (const CommandTotals& c : s.commands) {
    if (c.latency.count == 0) continue;
    std::string text;
    for (double p : s.latency_percentiles) {
      text += fmt::format("{}p{:g}={:.3f}", text.empty() ? "" : ",", p, micros(c.latency.percentile(p)));
    }
    lines.emplace_back("latency_percentiles_usec_" + c.name, text);
  }
  return lines;
}

// One sample for each command that was used.
Value by_command(const Snapshot& s, double (*of)(const CommandTotals&)) {
  std::vector<Sample> samples;
  for (const CommandTotals& c : s.commands) {
    if (was_used(c)) samples.push_back({{{"cmd", c.name}}, of(c)});
  }
  return samples;
}
#define GUCCHO_BY_COMMAND(expression)                                                             \
  [](const Snapshot& s) -> Value {                                                                \
    return by_command(s, [](const CommandTotals& c) { return static_cast<double>(expression); }); \
  }

Value errors_by_prefix(const Snapshot& s) {
  std::vector<Sample> samples;
  for (const auto& [prefix, count] : s.workers.errors_by_prefix) {
    samples.push_back({{{"err", prefix}}, static_cast<double>(count)});
  }
  return samples;
}

Value latency_summaries(const Snapshot& s) {
  std::vector<Distribution> out;
  for (const CommandTotals& c : s.commands) {
    if (c.latency.count == 0) continue;
    Distribution d{.labels = {{"cmd", c.name}}, .count = c.calls, .sum = micros(c.nanos), .points = {}};
    for (double p : s.latency_percentiles) d.points.emplace_back(p / 100, micros(c.latency.percentile(p)));
    out.push_back(std::move(d));
  }
  return out;
}

bool tracks_latency(const Snapshot& s) {
  return s.latency_tracking;
}

constexpr Metric kTable[] = {
    counter(kStats, "total_connections_received", "redis_connections_received_total", "Connections accepted",
            GUCCHO_READ(s.workers.connections_received)),
    counter(kStats, "total_commands_processed", "redis_commands_processed_total", "Commands executed",
            GUCCHO_READ(s.workers.commands_processed)),
    gauge(kStats, "instantaneous_ops_per_sec", "redis_instantaneous_ops_per_sec", "Commands a second lately",
          GUCCHO_READ(s.rates.commands)),
    counter(kStats, "total_net_input_bytes", "redis_net_input_bytes_total", "Bytes read from clients",
            GUCCHO_READ(s.workers.net_input_bytes)),
    counter(kStats, "total_net_output_bytes", "redis_net_output_bytes_total", "Bytes written to clients",
            GUCCHO_READ(s.workers.net_output_bytes)),
    counter(kStats, "total_net_repl_input_bytes", "redis_net_repl_input_bytes_total", "Bytes of replication read",
            GUCCHO_READ(s.workers.repl_input_bytes)),
    counter(kStats, "total_net_repl_output_bytes", "redis_net_repl_output_bytes_total", "Bytes of replication written",
            GUCCHO_READ(s.workers.repl_output_bytes)),
    gauge(kStats, "instantaneous_input_kbps", "redis_instantaneous_input_kbps", "KiB a second read lately",
          GUCCHO_READ(s.rates.input_kbps)),
    gauge(kStats, "instantaneous_output_kbps", "redis_instantaneous_output_kbps", "KiB a second written lately",
          GUCCHO_READ(s.rates.output_kbps)),
    info_only(kStats, "instantaneous_input_repl_kbps", GUCCHO_READ(s.rates.repl_input_kbps)),
    info_only(kStats, "instantaneous_output_repl_kbps", GUCCHO_READ(s.rates.repl_output_kbps)),
    counter(kStats, "rejected_connections", "redis_rejected_connections_total", "Connections refused",
            GUCCHO_READ(s.workers.connections_rejected)),
    gauge(kStats, "sync_full", "redis_replica_resyncs_full", "Full syncs given to replicas",
          GUCCHO_READ(s.replication.full_syncs)),
    gauge(kStats, "sync_partial_ok", "redis_replica_partial_resync_accepted", "Partial syncs given to replicas",
          GUCCHO_READ(s.replication.partial_syncs_ok)),
    gauge(kStats, "sync_partial_err", "redis_replica_partial_resync_denied", "Partial syncs refused to replicas",
          GUCCHO_READ(s.replication.partial_syncs_refused)),
    counter(kStats, "expired_keys", "redis_expired_keys_total", "Keys whose time to live ended",
            GUCCHO_READ(s.workers.expired_keys)),
    counter(kStats, "expired_subkeys", "redis_expired_subkeys_total", "Fields of hashes whose time to live ended",
            GUCCHO_READ(s.workers.expired_fields)),
    info_only(kStats, "expired_stale_perc", GUCCHO_READ(0.0)),
    counter(kStats, "expired_time_cap_reached_count", "redis_expired_time_cap_reached_total",
            "Times that active expiry ran out of its time", GUCCHO_READ(s.workers.expire_time_cap_reached)),
    info_only(kStats, "expire_cycle_cpu_milliseconds", GUCCHO_READ(s.workers.expire_cycle_nanos / 1'000'000)),
    counter(kStats, "evicted_keys", "redis_evicted_keys_total", "Keys removed for memory",
            GUCCHO_READ(s.workers.evicted_keys)),
    counter(kStats, "evicted_clients", "redis_evicted_clients_total", "Clients closed for maxmemory-clients",
            GUCCHO_READ(s.workers.evicted_clients)),
    absent(kStats, "total_eviction_exceeded_time"),
    absent(kStats, "current_eviction_exceeded_time"),
    counter(kStats, "keyspace_hits", "redis_keyspace_hits_total", "Lookups that found a key",
            GUCCHO_READ(s.workers.keyspace_hits)),
    counter(kStats, "keyspace_misses", "redis_keyspace_misses_total", "Lookups that found none",
            GUCCHO_READ(s.workers.keyspace_misses)),
    gauge(kStats, "pubsub_channels", "redis_pubsub_channels", "Channels that have subscribers",
          GUCCHO_READ(s.pubsub.channels)),
    gauge(kStats, "pubsub_patterns", "redis_pubsub_patterns", "Patterns that have subscribers",
          GUCCHO_READ(s.pubsub.patterns)),
    gauge(kStats, "pubsubshard_channels", "redis_pubsubshard_channels", "Shard channels that have subscribers",
          GUCCHO_READ(s.pubsub.shard_channels)),
    absent(kStats, "latest_fork_usec"),
    absent(kStats, "total_forks"),
    absent(kStats, "migrate_cached_sockets"),
    absent(kStats, "slave_expires_tracked_keys"),
    counter(kStats, "active_defrag_hits", "redis_defrag_hits", "Objects that compaction moved",
            GUCCHO_READ(s.workers.defrag_hits)),
    counter(kStats, "active_defrag_misses", "redis_defrag_misses", "Objects that compaction left where they were",
            GUCCHO_READ(s.workers.defrag_misses)),
    counter(kStats, "active_defrag_key_hits", "redis_defrag_key_hits", "Keys of which compaction moved something",
            GUCCHO_READ(s.workers.defrag_key_hits)),
    counter(kStats, "active_defrag_key_misses", "redis_defrag_key_misses", "Keys of which compaction moved nothing",
            GUCCHO_READ(s.workers.defrag_key_misses)),
    info_only(kStats, "total_active_defrag_time", GUCCHO_READ(s.workers.defrag_nanos / 1'000'000)),
    absent(kStats, "current_active_defrag_time"),
    info_only(kStats, "tracking_total_keys", GUCCHO_READ(s.tracking.keys)),
    info_only(kStats, "tracking_total_items", GUCCHO_READ(s.tracking.items)),
    info_only(kStats, "tracking_total_prefixes", GUCCHO_READ(s.tracking.prefixes)),
    absent(kStats, "unexpected_error_replies"),
    counter(kStats, "total_error_replies", "redis_total_error_replies", "Error replies", GUCCHO_READ(s.workers.errors)),
    absent(kStats, "dump_payload_sanitizations"),
    counter(kStats, "total_reads_processed", "redis_total_reads_processed", "Reads from client connections",
            GUCCHO_READ(s.workers.reads)),
    counter(kStats, "total_writes_processed", "redis_total_writes_processed", "Writes to client connections",
            GUCCHO_READ(s.workers.writes)),
    absent(kStats, "io_threaded_reads_processed"),
    absent(kStats, "io_threaded_writes_processed"),
    absent(kStats, "reply_buffer_shrinks"),
    absent(kStats, "reply_buffer_expands"),
    info_only(kStats, "eventloop_cycles", GUCCHO_READ(s.workers.loop_turns)),
    info_only(kStats, "eventloop_duration_sum", GUCCHO_READ(s.workers.loop_busy_nanos / 1000)),
    info_only(kStats, "eventloop_duration_cmd_sum", GUCCHO_READ(s.workers.loop_command_nanos / 1000)),
    info_only(kStats, "instantaneous_eventloop_cycles_per_sec", GUCCHO_READ(s.rates.loop_turns)),
    info_only(kStats, "instantaneous_eventloop_duration_usec",
              GUCCHO_READ(s.workers.loop_turns == 0 ? 0 : s.workers.loop_busy_nanos / s.workers.loop_turns / 1000)),
    info_only(kStats, "acl_access_denied_auth", GUCCHO_READ(s.workers.auth_failures)),
    info_only(kStats, "acl_access_denied_cmd", GUCCHO_READ(s.workers.denied_commands)),
    info_only(kStats, "acl_access_denied_key", GUCCHO_READ(s.workers.denied_keys)),
    info_only(kStats, "acl_access_denied_channel", GUCCHO_READ(s.workers.denied_channels)),

    info_only(kCommandstats, "cmdstat", command_lines),
    info_only(kErrorstats, "errorstat", error_lines),
    info_only(kLatencystats, "latency_percentiles_usec", latency_lines, Format::kPlain, tracks_latency),

    family("redis_commands_total", Type::kCounter, "Calls of each command", GUCCHO_BY_COMMAND(c.calls)),
    family("redis_commands_duration_seconds_total", Type::kCounter, "Time spent in each command",
           GUCCHO_BY_COMMAND(seconds(c.nanos))),
    family("redis_commands_rejected_calls_total", Type::kCounter, "Calls refused before execution",
           GUCCHO_BY_COMMAND(c.rejected)),
    family("redis_commands_failed_calls_total", Type::kCounter, "Calls that ended in an error",
           GUCCHO_BY_COMMAND(c.failed)),
    family("redis_errors_total", Type::kCounter, "Error replies by their first word", errors_by_prefix),
    family("redis_latency_percentiles_usec", Type::kSummary, "Latency of each command in microseconds",
           latency_summaries, tracks_latency),
};

}  // namespace

std::span<const Metric> stats_table() {
  return kTable;
}

}  // namespace guccho::metrics

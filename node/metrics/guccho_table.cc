// Registry rows about what Redis does not have: workers, hand-overs, the exclusive section, the router port, refusals.
#include "node/metrics/tables.h"

namespace guccho::metrics {
namespace {

using enum Section;

double seconds(uint64_t nanos) {
  return static_cast<double>(nanos) / 1e9;
}

// Bounds from 16 us to 1 s, a power of four apart: fine enough to see a slow turn, few enough to keep for years.
Value as_histogram(const HistogramTotals& h) {
  Distribution d{.labels = {}, .count = h.count, .sum = seconds(h.sum_nanos), .points = {}};
  for (uint64_t nanos = 1u << 14; nanos <= 1u << 30; nanos <<= 2) {
    d.points.emplace_back(seconds(nanos), static_cast<double>(h.count_below(nanos)));
  }
  return std::vector<Distribution>{d};
}

constexpr Metric kTable[] = {
    gauge(kGuccho, "worker_threads", "guccho_worker_threads", "Worker threads", GUCCHO_READ(s.server.worker_threads)),
    info_only(kGuccho, "slowest_worker_turn_age_ms", GUCCHO_READ(s.server.slowest_worker_turn_age_millis)),
    family("guccho_worker_turn_age_seconds", Type::kGauge, "How long ago the least lively worker's loop turned",
           GUCCHO_READ(static_cast<double>(s.server.slowest_worker_turn_age_millis) / 1e3)),
    counter(kGuccho, "handover_batches", "guccho_handover_batches_total", "Batches handed to another worker",
            GUCCHO_READ(s.workers.handover_batches)),
    counter(kGuccho, "handover_commands", "guccho_handover_commands_total", "Commands handed to another worker",
            GUCCHO_READ(s.workers.handover_commands)),
    counter(kGuccho, "handover_queue_full", "guccho_handover_queue_full_total",
            "Times that a connection waited for room in a hand-over queue", GUCCHO_READ(s.workers.handover_full)),
    counter(kGuccho, "exclusive_sections", "guccho_exclusive_sections_total", "Times that all workers were parked",
            GUCCHO_READ(s.workers.exclusive_sections)),
    counter(kGuccho, "exclusive_seconds", "guccho_exclusive_seconds_total", "Time for which workers were parked",
            GUCCHO_READ(seconds(s.workers.exclusive_nanos)), Format::kSix),
    counter(kGuccho, "redirects_moved", "guccho_redirects_moved_total", "Commands answered with MOVED",
            GUCCHO_READ(s.workers.redirects_moved)),
    counter(kGuccho, "redirects_ask", "guccho_redirects_ask_total", "Commands answered with ASK",
            GUCCHO_READ(s.workers.redirects_ask)),
    counter(kGuccho, "router_commands", "guccho_router_commands_total", "Commands taken on the router port",
            GUCCHO_READ(s.workers.router_commands)),
    counter(kGuccho, "router_waits", "guccho_router_waits_total", "Of these, those that waited for a primary",
            GUCCHO_READ(s.workers.router_waits)),
    counter(kGuccho, "router_timeouts", "guccho_router_timeouts_total", "Of these, those that waited in vain",
            GUCCHO_READ(s.workers.router_timeouts)),
    counter(kGuccho, "router_uncertain", "guccho_router_uncertain_total",
            "Writes whose outcome was lost with their primary", GUCCHO_READ(s.workers.router_uncertain)),
    counter(kGuccho, "protocol_errors", "guccho_protocol_errors_total", "Connections closed for malformed input",
            GUCCHO_READ(s.workers.protocol_errors)),
    counter(kGuccho, "tls_handshake_failures", "guccho_tls_handshake_failures_total", "TLS handshakes that failed",
            GUCCHO_READ(s.workers.tls_handshake_failures)),
    counter(kGuccho, "query_buffer_limit_disconnections", "guccho_query_buffer_limit_disconnections_total",
            "Clients closed at client-query-buffer-limit", GUCCHO_READ(s.workers.query_limit_disconnections)),
    counter(kGuccho, "output_buffer_limit_disconnections", "guccho_output_buffer_limit_disconnections_total",
            "Clients closed at client-output-buffer-limit", GUCCHO_READ(s.workers.output_limit_disconnections)),
    counter(kGuccho, "bus_packets_dropped", "guccho_bus_packets_dropped_total",
            "Bus packets that were malformed or came from strangers", GUCCHO_READ(s.cluster.packets_dropped)),
    counter(kGuccho, "failovers", "guccho_failovers_total", "Times that this node took a primary's role",
            GUCCHO_READ(s.cluster.failovers)),
    gauge(kGuccho, "replica_waiters", "guccho_replica_waiters", "Clients whose WAIT or WAITAOF waits for replicas",
          GUCCHO_READ(s.replication.waiters)),
    gauge(kGuccho, "electorate_size", "guccho_electorate_size", "Nodes that vote in a failover",
          GUCCHO_READ(s.cluster.electorate_size)),
    gauge(kGuccho, "data_generation", "guccho_data_generation", "Which data this node holds; 0: none was ever held",
          GUCCHO_READ(s.cluster.data_generation)),
    gauge(kGuccho, "store_bytes", "guccho_store_bytes", "Memory of tables and entries",
          GUCCHO_READ(s.workers.store_bytes)),
    gauge(kGuccho, "store_payload_bytes", "guccho_store_payload_bytes", "Of it, key and value bytes",
          GUCCHO_READ(s.workers.store_payload_bytes)),
    family("guccho_loop_turn_seconds", Type::kHistogram, "Length of a worker's loop turn",
           GUCCHO_READ(as_histogram(s.workers.loop_latency))),
    info_only(kGuccho, "loop_turn_p9999_usec", GUCCHO_READ(s.workers.loop_latency.percentile(99.99) / 1000)),
    // Empty unless latency-monitor-threshold is above 0 (see WorkerStats::loop_cpu).
    family("guccho_loop_turn_cpu_seconds", Type::kHistogram,
           "CPU time of a worker's loop turn, while latency-monitor-threshold is above 0",
           GUCCHO_READ(as_histogram(s.workers.loop_cpu))),
    info_only(kGuccho, "loop_turns_with_cpu", GUCCHO_READ(s.workers.loop_cpu.count)),
    info_only(kGuccho, "loop_turn_cpu_p9999_usec", GUCCHO_READ(s.workers.loop_cpu.percentile(99.99) / 1000)),
    info_only(kGuccho, "loop_turn_cpu_max_usec", GUCCHO_READ(s.workers.loop_cpu_max_nanos / 1000)),
    family("guccho_exclusive_section_seconds", Type::kHistogram, "Length of an exclusive section",
           GUCCHO_READ(as_histogram(s.workers.exclusive_latency))),
};

}  // namespace

std::span<const Metric> guccho_table() {
  return kTable;
}

}  // namespace guccho::metrics

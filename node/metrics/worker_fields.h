// Which counter of a worker goes into which total, and whether CONFIG RESETSTAT clears it: one table for summing and
// resetting. Not for use outside this folder.
#pragma once

#include <array>

#include "node/metrics/snapshot.h"
#include "node/metrics/worker_stats.h"

namespace guccho::metrics {

enum class Combine : uint8_t {
  kSum,       // a counter: summed, cleared by CONFIG RESETSTAT
  kSumLevel,  // a level: summed, never cleared
  kMaxLevel,  // a level: the greatest of the workers
};

struct WorkerField {
  Counter WorkerStats::*from;
  uint64_t WorkerTotals::*to;
  Combine combine = Combine::kSum;
};

#define GUCCHO_FIELD(name, ...)                                        \
  WorkerField {                                                        \
    &WorkerStats::name, &WorkerTotals::name __VA_OPT__(, ) __VA_ARGS__ \
  }

inline constexpr auto kWorkerFields = std::to_array<WorkerField>({
    GUCCHO_FIELD(connections_received),
    GUCCHO_FIELD(connections_rejected),
    GUCCHO_FIELD(net_input_bytes),
    GUCCHO_FIELD(net_output_bytes),
    GUCCHO_FIELD(repl_input_bytes),
    GUCCHO_FIELD(repl_output_bytes),
    GUCCHO_FIELD(reads),
    GUCCHO_FIELD(writes),
    GUCCHO_FIELD(query_limit_disconnections),
    GUCCHO_FIELD(output_limit_disconnections),
    GUCCHO_FIELD(protocol_errors),
    GUCCHO_FIELD(tls_handshake_failures),
    GUCCHO_FIELD(commands_processed),
    GUCCHO_FIELD(keyspace_hits),
    GUCCHO_FIELD(keyspace_misses),
    GUCCHO_FIELD(expired_keys),
    GUCCHO_FIELD(expired_fields),
    GUCCHO_FIELD(expire_cycle_nanos),
    GUCCHO_FIELD(expire_time_cap_reached),
    GUCCHO_FIELD(evicted_keys),
    GUCCHO_FIELD(evicted_clients),
    GUCCHO_FIELD(defrag_hits),
    GUCCHO_FIELD(defrag_misses),
    GUCCHO_FIELD(defrag_key_hits),
    GUCCHO_FIELD(defrag_key_misses),
    GUCCHO_FIELD(defrag_nanos),
    GUCCHO_FIELD(auth_failures),
    GUCCHO_FIELD(denied_commands),
    GUCCHO_FIELD(denied_keys),
    GUCCHO_FIELD(denied_channels),
    GUCCHO_FIELD(redirects_moved),
    GUCCHO_FIELD(redirects_ask),
    GUCCHO_FIELD(handover_batches),
    GUCCHO_FIELD(handover_commands),
    GUCCHO_FIELD(handover_full),
    GUCCHO_FIELD(exclusive_sections),
    GUCCHO_FIELD(exclusive_nanos),
    GUCCHO_FIELD(router_commands),
    GUCCHO_FIELD(router_waits),
    GUCCHO_FIELD(router_timeouts),
    GUCCHO_FIELD(router_uncertain),
    GUCCHO_FIELD(loop_turns),
    GUCCHO_FIELD(loop_busy_nanos),
    GUCCHO_FIELD(loop_command_nanos),
    GUCCHO_FIELD(lazyfreed_objects),
    GUCCHO_FIELD(connected_clients, Combine::kSumLevel),
    GUCCHO_FIELD(blocked_clients, Combine::kSumLevel),
    GUCCHO_FIELD(blocking_keys, Combine::kSumLevel),
    GUCCHO_FIELD(blocking_keys_when_gone, Combine::kSumLevel),
    GUCCHO_FIELD(replica_clients, Combine::kSumLevel),
    GUCCHO_FIELD(pubsub_clients, Combine::kSumLevel),
    GUCCHO_FIELD(watching_clients, Combine::kSumLevel),
    GUCCHO_FIELD(watched_keys, Combine::kSumLevel),
    GUCCHO_FIELD(client_buffer_bytes, Combine::kSumLevel),
    GUCCHO_FIELD(replica_buffer_bytes, Combine::kSumLevel),
    GUCCHO_FIELD(keys, Combine::kSumLevel),
    GUCCHO_FIELD(keys_with_expiry, Combine::kSumLevel),
    GUCCHO_FIELD(timed_hashes, Combine::kSumLevel),
    GUCCHO_FIELD(store_bytes, Combine::kSumLevel),
    GUCCHO_FIELD(store_payload_bytes, Combine::kSumLevel),
    GUCCHO_FIELD(lazyfree_pending, Combine::kSumLevel),
    GUCCHO_FIELD(defrag_effort, Combine::kMaxLevel),
    GUCCHO_FIELD(max_input_buffer, Combine::kMaxLevel),
    GUCCHO_FIELD(max_output_buffer, Combine::kMaxLevel),
});

#undef GUCCHO_FIELD

}  // namespace guccho::metrics

// What one worker thread measures on its hot path: relaxed atomics that only this worker writes, kept apart from other
// workers' cache lines, so that counting needs no lock and no locked instruction. Readers sum over workers
// (snapshot.h).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "node/metrics/counter.h"
#include "node/metrics/slot_usage.h"

namespace guccho::metrics {

inline constexpr size_t kCacheLine = 64;

// One command (or subcommand), as in INFO commandstats and latencystats.
struct CommandStats {
  Counter calls;
  Counter nanos;
  Counter rejected;  // refused before execution: arity, permission, OOM, MOVED, ...
  Counter failed;    // executed, answered with an error
  // Made at the first call; null before.
  std::atomic<Histogram*> latency{nullptr};

  CommandStats() = default;
  CommandStats(const CommandStats&) = delete;
  CommandStats& operator=(const CommandStats&) = delete;
  ~CommandStats() { delete latency.load(std::memory_order_relaxed); }

  void record(uint64_t took_nanos) {
    calls.add();
    nanos.add(took_nanos);
    Histogram* h = latency.load(std::memory_order_relaxed);
    if (h == nullptr) latency.store(h = new Histogram, std::memory_order_release);
    h->record(took_nanos);
  }
};

// Errors by the first word of the reply. At most kMaxPrefixes different ones, each cut to 23 bytes; later ones are
// counted only in the total, so that a script that makes up errors cannot use memory without bound.
class ErrorStats {
 public:
  static constexpr size_t kMaxPrefixes = 64;
  struct Entry {
    std::array<char, 24> prefix{};  // ends with a zero byte
    Counter count;
  };

  void record(std::string_view prefix);
  uint64_t total() const { return total_.value(); }
  // How many entries may be read from any thread.
  size_t size() const { return size_.load(std::memory_order_acquire); }
  const Entry& operator[](size_t i) const { return entries_[i]; }
  void reset();

 private:
  std::array<Entry, kMaxPrefixes> entries_;
  std::atomic<size_t> size_{0};
  Counter total_;
};

// `command_count`: size of the dense index that the command table gives to commands and subcommands.
struct alignas(kCacheLine) WorkerStats {
  explicit WorkerStats(size_t command_count) : commands(command_count) {}

  // Connections and bytes.
  Counter connections_received;
  Counter connections_rejected;  // maxclients or protected mode
  Counter net_input_bytes;
  Counter net_output_bytes;
  Counter repl_input_bytes;
  Counter repl_output_bytes;
  Counter reads;   // read(2) calls on client connections that gave data
  Counter writes;  // write(2) calls on client connections
  Counter query_limit_disconnections;
  Counter output_limit_disconnections;
  Counter protocol_errors;
  Counter tls_handshake_failures;

  // Commands and keys.
  Counter commands_processed;
  Counter keyspace_hits;
  Counter keyspace_misses;
  Counter expired_keys;
  Counter expired_fields;  // of hashes
  Counter expire_cycle_nanos;
  Counter expire_time_cap_reached;
  Counter evicted_keys;
  Counter evicted_clients;  // for maxmemory-clients
  Counter defrag_hits;      // objects moved
  Counter defrag_misses;    // and looked at in vain
  Counter defrag_key_hits;
  Counter defrag_key_misses;
  Counter defrag_nanos;
  Counter auth_failures;
  Counter denied_commands;
  Counter denied_keys;
  Counter denied_channels;
  Counter redirects_moved;
  Counter redirects_ask;
  std::vector<CommandStats> commands;
  ErrorStats errors;
  SlotUsageTable slots;

  // Between workers.
  Counter handover_batches;   // pushed to another worker's queue
  Counter handover_commands;  // commands in them
  Counter handover_full;      // times a queue was full and the connection had to wait
  Counter exclusive_sections;
  Counter exclusive_nanos;  // from the request until all workers run again
  Histogram exclusive_latency;

  // Router port.
  Counter router_commands;
  Counter router_waits;      // commands that waited for a primary
  Counter router_timeouts;   // commands that waited in vain
  Counter router_uncertain;  // writes whose outcome was lost with their primary

  // The loop: one turn is from the return of epoll_wait to the next call of it.
  Counter loop_turns;
  Counter loop_busy_nanos;
  Counter loop_command_nanos;
  Histogram loop_latency;
  // CPU time of the thread a turn, the call of epoll_wait before it included. Measured only while
  // latency-monitor-threshold is above 0: reading that clock is a system call, unlike the others, and costs about as
  // much as a command.
  Histogram loop_cpu;
  Counter loop_cpu_max_nanos;  // the longest since CONFIG RESETSTAT

  // Levels; the worker sets them about ten times a second.
  Counter connected_clients;
  Counter blocked_clients;
  Counter blocking_keys;            // keys that somebody waits for
  Counter blocking_keys_when_gone;  // of these, those whose end is waited for too
  Counter replica_clients;
  Counter pubsub_clients;
  Counter watching_clients;
  Counter watched_keys;
  Counter max_input_buffer;
  Counter max_output_buffer;
  Counter client_buffer_bytes;
  Counter replica_buffer_bytes;
  Counter keys;
  Counter keys_with_expiry;
  Counter timed_hashes;  // with fields that expire
  Counter average_ttl_millis;
  Counter store_bytes;          // tables, entries and their slack
  Counter store_payload_bytes;  // key and value bytes alone
  Counter defrag_effort;        // percent of the time
  Counter lazyfree_pending;
  Counter lazyfreed_objects;

  // CONFIG RESETSTAT: counters go to 0, levels stay. Only inside the exclusive section, since it writes for the worker.
  void reset();
};

}  // namespace guccho::metrics

// Summing the workers' measurements into a snapshot.
#include "node/metrics/snapshot.h"

#include <algorithm>

#include "node/metrics/worker_fields.h"

namespace guccho::metrics {
namespace {

void add_commands(Snapshot& snapshot, const WorkerStats& stats, const std::vector<std::string>& names) {
  if (snapshot.commands.size() < names.size()) {
    snapshot.commands.resize(names.size());
    for (size_t i = 0; i < names.size(); ++i) snapshot.commands[i].name = names[i];
  }
  for (size_t i = 0; i < std::min(names.size(), stats.commands.size()); ++i) {
    const CommandStats& from = stats.commands[i];
    CommandTotals& to = snapshot.commands[i];
    to.calls += from.calls.value();
    to.nanos += from.nanos.value();
    to.rejected += from.rejected.value();
    to.failed += from.failed.value();
    if (const Histogram* h = from.latency.load(std::memory_order_acquire)) to.latency.add(*h);
  }
}

void add_errors(WorkerTotals& to, const ErrorStats& from) {
  to.errors += from.total();
  for (size_t i = 0, n = from.size(); i < n; ++i) {
    if (const uint64_t count = from[i].count.value()) to.errors_by_prefix[from[i].prefix.data()] += count;
  }
}

}  // namespace

uint64_t Snapshot::used_memory() const {
  if (memory.allocator_allocated != 0) return memory.allocator_allocated;
  return workers.store_bytes + workers.client_buffer_bytes + workers.replica_buffer_bytes + memory.replication_backlog;
}

void add_worker(Snapshot& snapshot, const WorkerStats& stats, const std::vector<std::string>& command_names) {
  WorkerTotals& t = snapshot.workers;
  // An average over keys is weighted by how many keys each worker has with a time to live.
  const uint64_t expiring = stats.keys_with_expiry.value();
  if (const uint64_t all = t.keys_with_expiry + expiring) {
    t.average_ttl_millis =
        (t.average_ttl_millis * t.keys_with_expiry + stats.average_ttl_millis.value() * expiring) / all;
  }
  for (const WorkerField& field : kWorkerFields) {
    const uint64_t value = (stats.*field.from).value();
    uint64_t& total = t.*field.to;
    total = field.combine == Combine::kMaxLevel ? std::max(total, value) : total + value;
  }
  t.exclusive_latency.add(stats.exclusive_latency);
  t.loop_latency.add(stats.loop_latency);
  t.loop_cpu.add(stats.loop_cpu);
  t.loop_cpu_max_nanos = std::max(t.loop_cpu_max_nanos, stats.loop_cpu_max_nanos.value());
  add_errors(t, stats.errors);
  add_commands(snapshot, stats, command_names);
}

}  // namespace guccho::metrics

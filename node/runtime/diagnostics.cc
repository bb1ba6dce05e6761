// What LATENCY and MEMORY ask of the node.
#include <malloc.h>

#include <algorithm>
#include <utility>

#include "node/metrics/registry.h"
#include "node/metrics/snapshot.h"
#include "node/runtime/node.h"

namespace guccho::runtime {
namespace {

// So many clients fewer are worth a look for memory to give back.
constexpr uint64_t kManyClients = 100;
constexpr uint64_t kLooksBetweenTrims = 100;  // ten seconds

}  // namespace

// ---- latency ----

void Node::note_latency(std::string_view event, UnixMillis when, Micros duration) {
  const std::lock_guard lock(latency_mutex_);
  latency_monitor_.note(event, when, static_cast<uint32_t>(duration.count() / 1000));
}

std::map<std::string, commands::LatencyEvent, std::less<>> Node::latency_events() const {
  const std::lock_guard lock(latency_mutex_);
  return latency_monitor_.events();
}

size_t Node::reset_latency_events(std::span<const std::string_view> names) {
  const std::lock_guard lock(latency_mutex_);
  return latency_monitor_.reset(names);
}

// Bounds are powers of two of 1024 ns, as redis-server's; those that add no call are left out.
commands::CommandLatency Node::command_latency(const commands::CommandSpec& spec) const {
  metrics::HistogramTotals totals;
  for (const auto& w : workers_) {
    const metrics::Histogram* h = w->stats().commands[spec.id].latency.load(std::memory_order_acquire);
    if (h != nullptr) totals.add(*h);
  }
  commands::CommandLatency latency{.calls = totals.count, .buckets = {}};
  uint64_t counted = 0;
  for (uint64_t bound = 1024; counted < totals.count; bound *= 2) {
    const bool last = bound >= uint64_t{1} << metrics::Buckets::kMaxBits;
    const uint64_t below = last ? totals.count : totals.count_below(bound);
    if (below > counted) latency.buckets.emplace_back(bound / 1000, below);
    counted = below;
  }
  return latency;
}

// ---- memory ----

commands::MemoryStatus Node::memory_status() const {
  const metrics::Snapshot s = measure();
  uint64_t dataset = 0;
  for (const store::Keyspace* k : keyspaces_) dataset += k->used_bytes();
  const uint64_t used = s.used_memory();
  return {.used = used,
          .held = s.memory.allocator_active,
          .resident = s.memory.rss,
          .peak = std::max(s.memory.peak, used),
          .startup = s.memory.startup,
          .dataset = std::min(dataset, used),
          .keys = s.workers.keys,
          .replication_backlog = s.memory.replication_backlog,
          .client_buffers = s.workers.client_buffer_bytes,
          .replica_buffers = s.workers.replica_buffer_bytes,
          .cluster_links = s.memory.cluster_links};
}

std::string Node::allocator_report() const {
  std::string out = "worker  in use  held (bytes)\n";
  for (size_t i = 0; i < keyspaces_.size(); ++i) {
    out += std::to_string(i) + "  " + std::to_string(keyspaces_[i]->used_bytes()) + "  " +
           std::to_string(keyspaces_[i]->held_bytes()) + "\n";
  }
  const struct mallinfo2 m = mallinfo2();
  return out + "malloc: " + std::to_string(m.uordblks) + " in use, " + std::to_string(m.arena + m.hblkhd) + " held\n";
}

void Node::release_free_memory() {
  malloc_trim(0);
}

// malloc keeps what the buffers of clients leave in its heaps: 17 MB after a thousand of them, for ever. Trimming takes
// about a millisecond for each 5 MB and locks a heap meanwhile, so it is done seldom, however clients come and go.
void Node::tidy_after_clients() {
  const uint64_t now = clients_.load(std::memory_order_relaxed);
  most_clients_ = std::max(most_clients_, now);
  if (++looks_at_clients_ % kLooksBetweenTrims != 0) return;
  if (std::exchange(most_clients_, now) - now < kManyClients) return;
  release_free_memory();
}

}  // namespace guccho::runtime

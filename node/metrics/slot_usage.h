// CPU time and traffic by slot (CLUSTER SLOT-STATS), as one worker counts them while cluster-slot-stats-enabled is on:
// written by that worker, read by any thread. 384 KB a worker, taken at the first count.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "node/metrics/counter.h"

namespace guccho::metrics {

struct SlotUsage {
  uint64_t nanos = 0;      // of commands on keys of the slot, by the clock on the wall
  uint64_t bytes_in = 0;   // their requests, as arrays of bulk strings
  uint64_t bytes_out = 0;  // their replies, what replicas were sent of them, messages of the slot's shard channels
};

class SlotUsageTable {
 public:
  static constexpr size_t kSlots = 16384;

  SlotUsageTable() = default;
  SlotUsageTable(const SlotUsageTable&) = delete;
  SlotUsageTable& operator=(const SlotUsageTable&) = delete;
  ~SlotUsageTable() { delete table_.load(std::memory_order_relaxed); }

  void add(uint16_t slot, const SlotUsage& more) {
    Table* table = table_.load(std::memory_order_relaxed);
    if (table == nullptr) table_.store(table = new Table, std::memory_order_release);
    Counters& c = (*table)[slot];
    c.nanos.add(more.nanos);
    c.bytes_in.add(more.bytes_in);
    c.bytes_out.add(more.bytes_out);
  }

  SlotUsage of(uint16_t slot) const {
    const Table* table = table_.load(std::memory_order_acquire);
    if (table == nullptr) return {};
    const Counters& c = (*table)[slot];
    return {c.nanos.value(), c.bytes_in.value(), c.bytes_out.value()};
  }

  void clear(uint16_t slot) {
    Table* table = table_.load(std::memory_order_acquire);
    if (table == nullptr) return;
    for (Counter* c : {&(*table)[slot].nanos, &(*table)[slot].bytes_in, &(*table)[slot].bytes_out}) c->set(0);
  }
  void clear() {
    for (size_t slot = 0; slot < kSlots; ++slot) clear(static_cast<uint16_t>(slot));
  }

 private:
  struct Counters {
    Counter nanos;
    Counter bytes_in;
    Counter bytes_out;
  };
  using Table = std::array<Counters, kSlots>;
  std::atomic<Table*> table_{nullptr};
};

}  // namespace guccho::metrics

// The rare paths of a worker's measurements: a new error prefix, and CONFIG RESETSTAT.
#include "node/metrics/worker_stats.h"

#include <algorithm>

#include "node/metrics/worker_fields.h"

namespace guccho::metrics {

void ErrorStats::record(std::string_view prefix) {
  total_.add();
  prefix = prefix.substr(0, Entry{}.prefix.size() - 1);
  const size_t used = size_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < used; ++i) {
    if (prefix == entries_[i].prefix.data()) return entries_[i].count.add();
  }
  if (used == kMaxPrefixes) return;
  Entry& entry = entries_[used];
  entry.prefix.fill('\0');
  std::copy(prefix.begin(), prefix.end(), entry.prefix.begin());
  entry.count.set(1);
  // Readers see the entry only after it is complete.
  size_.store(used + 1, std::memory_order_release);
}

void ErrorStats::reset() {
  // Names stay: a reader on another thread may be at one of them. Entries without errors are not printed.
  for (Entry& entry : entries_) entry.count.set(0);
  total_.set(0);
}

void WorkerStats::reset() {
  for (const WorkerField& field : kWorkerFields) {
    if (field.combine == Combine::kSum) (this->*field.from).set(0);
  }
  exclusive_latency.reset();
  loop_latency.reset();
  loop_cpu.reset();
  loop_cpu_max_nanos.set(0);
  errors.reset();
  slots.clear();
  for (CommandStats& command : commands) {
    for (Counter* c : {&command.calls, &command.nanos, &command.rejected, &command.failed}) c->set(0);
    if (Histogram* h = command.latency.load(std::memory_order_relaxed)) h->reset();
  }
}

}  // namespace guccho::metrics

// Compaction of a worker's memory: in short steps, spread so that together they take the share of its time that the
// fragmentation is worth.
#include "node/store/defragment.h"

#include "node/runtime/clock.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {
namespace {

// Objects that one step looks at: about 0.1 ms.
constexpr size_t kBudget = 512;
// A walk through all keys is worth while when it gains a 64th of the memory: what else is left is where walks do not
// reach.
constexpr size_t kWorthwhilePart = 64;
constexpr uint64_t kRestNanos = 10'000'000'000;

}  // namespace

// About ten times a second.
void Worker::watch_fragmentation() {
  const store::DefragmentPolicy policy{.enabled = config_->activedefrag,
                                       .ignore_bytes = config_->active_defrag_ignore_bytes / count_,
                                       .threshold_lower = config_->active_defrag_threshold_lower,
                                       .threshold_upper = config_->active_defrag_threshold_upper,
                                       .cycle_min = config_->active_defrag_cycle_min,
                                       .cycle_max = config_->active_defrag_cycle_max};
  const unsigned effort = store::defragment_effort(policy, keyspace_.used_bytes(), keyspace_.held_bytes());
  const bool resting = nanos_now() < rest_until_;
  if (!resting && effort != 0 && defragment_effort_ == 0) held_before_walk_ = keyspace_.held_bytes();
  defragment_effort_ = resting ? 0 : effort;
  stats_.defrag_effort.set(defragment_effort_);
}

void Worker::defragment_some() {
  const store::DefragmentCounts before = keyspace_.defragmented();
  const uint64_t begin = nanos_now();
  const bool walk_goes_on = keyspace_.defragment_step(kBudget, config_->active_defrag_max_scan_fields);
  const uint64_t end = nanos_now();
  next_defragment_ = end + (end - begin) * (100 - defragment_effort_) / defragment_effort_;
  const store::DefragmentCounts& now = keyspace_.defragmented();
  stats_.defrag_hits.add(now.hits - before.hits);
  stats_.defrag_misses.add(now.misses - before.misses);
  stats_.defrag_key_hits.add(now.key_hits - before.key_hits);
  stats_.defrag_key_misses.add(now.key_misses - before.key_misses);
  stats_.defrag_nanos.add(end - begin);
  note_if_slow("active-defrag-cycle", end - begin);
  if (walk_goes_on) return;
  const size_t held = keyspace_.held_bytes();
  if (held + held_before_walk_ / kWorthwhilePart > held_before_walk_) {
    rest_until_ = end + kRestNanos;
    defragment_effort_ = 0;
  }
  held_before_walk_ = held;
}

}  // namespace guccho::runtime

// When and how hard to compact: by the rules and directives of Redis' active defragmentation.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guccho::store {

struct DefragmentPolicy {
  bool enabled = true;
  size_t ignore_bytes = size_t{4} << 20;  // holes that are not worth the work
  uint32_t threshold_lower = 10;          // holes in percent of what is used: fewer are left alone
  uint32_t threshold_upper = 100;         // with so many, cycle_max is spent
  uint32_t cycle_min = 1;                 // percent of a thread's time
  uint32_t cycle_max = 25;
};

// The percentage of a thread's time to spend on compaction, 1 to 99; 0 when there is no need. Between the thresholds it
// grows linearly.
unsigned defragment_effort(const DefragmentPolicy& policy, size_t used, size_t held);

// What compaction did since the start.
struct DefragmentCounts {
  uint64_t hits = 0;    // objects moved
  uint64_t misses = 0;  // objects left where they were
  uint64_t key_hits = 0;
  uint64_t key_misses = 0;
};

}  // namespace guccho::store

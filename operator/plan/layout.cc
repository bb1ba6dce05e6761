// Even, contiguous slot ranges.
#include "operator/plan/layout.h"

namespace guccho::ops {

SlotRange shard_range(int shard, int shards) {
  const auto edge = [&](int index) { return static_cast<uint16_t>(int{kSlotCount} * index / shards); };
  return {Slot(edge(shard)), Slot(static_cast<uint16_t>(edge(shard + 1) - 1))};
}

}  // namespace guccho::ops

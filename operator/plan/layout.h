// Which shard gets which slots when a cluster is formed.
#pragma once

#include "node/slots/slots.h"

namespace guccho::ops {

// Contiguous, in order of the shards, sizes differ by at most one; together all slots. 0 <= shard < shards <= 16384.
SlotRange shard_range(int shard, int shards);

}  // namespace guccho::ops

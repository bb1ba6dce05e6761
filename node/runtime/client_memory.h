// maxmemory-clients as a number of bytes.
#pragma once

#include <cstdint>

#include "node/config/config.h"

namespace guccho::runtime {

// 0: no limit, as for a share of a maxmemory that there is not. At least 128 KiB, as in redis-server: below that nobody
// could talk to the node any more.
uint64_t client_memory_limit(const config::Config& config);

}  // namespace guccho::runtime

// Parts of a node's line that CLUSTER NODES and nodes.conf share. Internal to node/cluster.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "node/slots/slots.h"

namespace guccho::cluster {

// "myself,master", in Redis' order; "noflags" when there is none to show.
std::string print_flags(uint16_t flags);
// " 0-5460 10923": each range after a space.
std::string print_ranges(const std::vector<SlotRange>& ranges);

}  // namespace guccho::cluster

// The rule by which a voter list may change; apart from electorate.cc so that it can be tested as a table. Internal.
#pragma once

#include <vector>

#include "node/bus/message.h"

namespace guccho::cluster {

struct Core;

// Is `to` a permitted successor of `from`? One voter more or less, or a change between the list and the slot-owning
// primaries that changes no voter. `slot_owners`: the slot-owning primaries as the judge sees them, ascending.
bool is_one_change(const bus::VoterList& from, const bus::VoterList& to, const std::vector<NodeId>& slot_owners);

// Names a list in message headers: the version's low 32 bits, then the founder's first 32. A candidate and a voter must
// show the same. 0: no list.
uint64_t electorate_tag(const bus::VoterList& list);

// Ascending by id.
std::vector<NodeId> slot_owners(const Core& c);

}  // namespace guccho::cluster

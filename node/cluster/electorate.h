// The rule by which a voter list may change; apart from electorate.cc so that it can be tested as a table. Internal.
#pragma once

#include <vector>

#include "node/bus/message.h"

namespace guccho::cluster {

struct Core;
struct Node;

// Below this number of voters the loss of one leaves no majority.
inline constexpr size_t kMinVoters = 3;

bool is_on_list(const bus::VoterList& list, const NodeId& id);
bool slot_primary(const Node& n);
size_t slot_primaries(Core& c);
// Can anything be decided by votes of this list?
bool decides_by_vote(const bus::VoterList& list);

// Is `to` a permitted successor of `from`? One voter more or less, or a change between the list and the slot-owning
// primaries that changes no voter. `slot_owners`: the slot-owning primaries as the judge sees them, ascending.
bool is_one_change(const bus::VoterList& from, const bus::VoterList& to, const std::vector<NodeId>& slot_owners);

// Names a list in message headers: the version's low 32 bits, then the founder's first 32. A candidate and a voter must
// show the same. 0: no list.
uint64_t electorate_tag(const bus::VoterList& list);

// Were both lists founded by the same node? Then one is a later version of the other. A tag of 0 is no list.
bool same_founder(uint64_t tag, uint64_t other_tag);

// Does the voter count by our list, with no successor accepted? What it tells us is then all that it can have helped to
// decide. Ourselves too.
bool is_steady_voter(const Core& c, const Node& n);

// May votes be given for this candidate's shard? Not where its primary was heard counting by another electorate: those
// voters could elect somebody else in the same epoch. `candidate_tag`: of the candidate's list, 0: none.
bool may_elect_for(const Core& c, const Node& primary, uint64_t candidate_tag);

// Ascending by id.
std::vector<NodeId> slot_owners(const Core& c);

}  // namespace guccho::cluster

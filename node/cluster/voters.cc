// Who votes by the list that we hold, how many make a majority, and whose reach proves that nobody was elected without
// us. How the list comes about is in electorate.cc.
#include <algorithm>

#include "node/cluster/electorate.h"
#include "node/cluster/rules.h"

namespace guccho::cluster {

bool is_on_list(const bus::VoterList& list, const NodeId& id) {
  return std::binary_search(list.voters.begin(), list.voters.end(), id);
}

bool slot_primary(const Node& n) {
  return n.is_primary() && n.owns_slots();
}

size_t slot_primaries(Core& c) {
  count_cluster(c);
  return c.size;
}

bool decides_by_vote(const bus::VoterList& list) {
  return list.primaries || list.voters.size() >= kMinVoters;
}

uint64_t electorate_tag(const bus::VoterList& list) {
  if (list.version == 0) return 0;
  uint64_t founder = 0;
  for (const char digit : list.founder.view().substr(0, 8)) {
    founder = founder * 16 + static_cast<uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return list.version << 32 | founder;
}

bool votes_by_list(const Core& c) {
  return c.own.electorate.list.version != 0 && !c.own.electorate.list.primaries;
}

bool is_voter(Core& c, const Node& node) {
  if (votes_by_list(c)) return is_on_list(c.own.electorate.list, node.id);
  return slot_primary(node);
}

size_t voter_count(Core& c) {
  return votes_by_list(c) ? c.own.electorate.list.voters.size() : slot_primaries(c);
}

size_t quorum(Core& c) {
  return voter_count(c) / 2 + 1;
}

bool same_founder(uint64_t tag, uint64_t other_tag) {
  return static_cast<uint32_t>(tag) == static_cast<uint32_t>(other_tag);
}

bool is_steady_voter(const Core& c, const Node& n) {
  if (&n == c.self) return c.own.electorate.accepted.version == 0;
  return n.own.electorate_tag == electorate_tag(c.own.electorate.list) && !n.own.list_accepted;
}

// A majority of them is enough in any case. On a list it is also enough that no majority is left without them: of two
// primaries with a replica each, two nodes can elect nobody. But whoever accepted another list may help a smaller
// majority, so those do not count, and nothing does once we accepted one ourselves: if it was decided without us, then
// by a majority of voters who accepted it, and each of those is silent or says so.
bool meets_every_majority(const Core& c, size_t voters, size_t heard, size_t steady) {
  const size_t majority = voters / 2 + 1;
  if (heard >= majority) return true;
  return votes_by_list(c) && c.own.electorate.accepted.version == 0 && voters - steady < majority;
}

bool may_elect_for(const Core& c, const Node& primary, uint64_t candidate_tag) {
  const uint64_t tag = primary.own.electorate_tag;
  const bool same = tag != 0 && same_founder(tag, candidate_tag);
  if (!votes_by_list(c)) return same || !primary.own.by_list;
  // Of one that has been silent since our start we know nothing.
  return same || (!primary.own.meant && !primary.is_redis());
}

bool is_small_list(const Core& c) {
  return votes_by_list(c) && !decides_by_vote(c.own.electorate.list);
}

// It may be decided: no vote by the list before it may be given any more.
bool accepted_small_list(const Core& c) {
  const ElectorateState& e = c.own.electorate;
  return votes_by_list(c) && decides_by_vote(e.list) && e.accepted.version > e.list.version &&
         !decides_by_vote(e.accepted);
}

bool no_automatic_failover(Core& c) {
  if (!votes_by_list(c)) return slot_primaries(c) < kMinVoters;
  return is_small_list(c) || accepted_small_list(c);
}

}  // namespace guccho::cluster

// Who votes. With a Redis node among the slot owners, or with three or more of them: the slot-owning
// primaries, as in Redis. In an all-Guccho cluster of one or two primaries: the members of a persisted, versioned voter
// list, so that small clusters have majorities too.
//
// The list changes by one voter at a time, and each change is agreed by a majority of the old list (or of the
// slot-owning primaries, when those voted until now), so that a majority of one version always meets a majority of the
// next. Agreement is single-decree Paxos for each version: PREPARE/PROMISE find out whether a value may have been
// chosen already, ACCEPT/ACCEPTED choose one; every answer is on the voter's disk before it leaves. Decided lists
// spread with heartbeats. A candidate and its voters must count by the same version (election.cc).
//
// A list of which no majority is left (its disks are lost, or it is of an old cluster) can never change. Nobody takes
// one over; of a list of two the slot owner goes on alone once the other was forgotten; for a greater one it takes an
// administrator's order. A cluster in which slot-owning primaries vote without ever having agreed on it takes no list
// over but one that says just that: what it decides meanwhile a list's majority need not know.
//
// Two clusters that are joined bring two lists. The one of the greater founder's name is given up: its own majority
// takes one voter after the other off it, until at most two are left, on which nothing can be decided by vote; from
// then on each holder takes the other list, whose majority adds it as a voter. Why no slot gets two owners in one
// epoch: who has accepted a list of at most two votes no more by the one before, so when it is decided no majority of
// the one before is left; and every epoch in which a vote was given before is known to all who learn of the decision,
// because messages carry the sender's current epoch, so who stands for election under the other list takes a greater
// one.
#include "node/cluster/electorate.h"

#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

using bus::ElectorateBody;
using bus::VoterList;
using Step = ElectorateBody::Step;

// A proposal that got no majority by then is given up; the next one uses a greater round.
constexpr Millis kProposalTimeout{1000};
// An administrator's new list comes after all that its lost voters may have decided among themselves.
constexpr uint64_t kVersionsLeftOut = 1000;
// A rival list that nobody has shown for this long has gone, with the cluster that had it.
constexpr Millis kRivalForgotten{10000};
// All slots must have had their owners for this long before a list is founded: at formation several nodes become
// primaries at the same time and each would found one.
constexpr Millis kFoundingDelay{2000};

// The members of the old electorate decide on the new one.
bool decides(Core& c, const Node& n) {
  return is_voter(c, n);
}
size_t deciders_needed(Core& c) {
  return quorum(c);
}

// Should the slot-owning primaries vote, as in Redis? Also for a single Redis replica: it counts by
// them when it stands, and a majority of them need not meet one of our list.
bool wants_primaries(Core& c) {
  if (slot_primaries(c) >= kMinVoters) return true;
  return std::any_of(c.order.begin(), c.order.end(),
                     [](const Node* n) { return n->is_redis() && (n->is_replica() || n->owns_slots()); });
}

bool reachable(const Core& c, const Node& n) {
  return &n == c.self || (n.link_open && !n.has(bus::kFlagPfail | bus::kFlagFail | bus::kFlagHandshake));
}

VoterList next_version(const VoterList& list) {
  VoterList next = list;
  ++next.version;
  return next;
}

void insert(std::vector<NodeId>& v, const NodeId& id) {
  v.insert(std::lower_bound(v.begin(), v.end(), id), id);
}

bool must_give_way(const Core& c) {
  return c.rival.heard && c.now - *c.rival.heard < kRivalForgotten;
}

bool has_our_founder(const Core& c, const Node& n) {
  return n.own.electorate_tag != 0 && same_founder(n.own.electorate_tag, electorate_tag(c.own.electorate.list));
}

// It counts by another list and does not answer as a voter of ours.
bool has_another_founder(const Core& c, const Node& n) {
  return &n != c.self && n.own.electorate_tag != 0 && !has_our_founder(c, n);
}

// One voter less, ourselves last; version 0: what is left decides nothing any more.
VoterList give_way(const Core& c) {
  const VoterList& list = c.own.electorate.list;
  if (!decides_by_vote(list)) return {};
  VoterList next = next_version(list);
  std::erase(next.voters, next.voters.back() != c.self->id ? next.voters.back() : next.voters.front());
  return next;
}

// Most of its voters are here and count by it. One whose majority is gone (of an old cluster, shown by a node that was
// not reset) decides nothing any more, and whoever takes it over serves nothing any more either.
bool is_alive(const Core& c, const VoterList& list) {
  if (list.primaries) return true;  // its voters only say who agreed to it
  const auto here = static_cast<size_t>(std::count_if(list.voters.begin(), list.voters.end(), [&](const NodeId& id) {
    if (id == c.self->id) return true;
    const auto it = c.nodes.find(id);
    return it != c.nodes.end() && reachable(c, *it->second) && it->second->own.electorate_tag != 0 &&
           same_founder(it->second->own.electorate_tag, electorate_tag(list));
  }));
  return here >= list.voters.size() / 2 + 1;
}

// Slot-owning primaries that do not count by the list yet. Two majorities must meet: of those who will vote instead of
// a list that decides, at most one may be new.
bool must_wait_for_owners(const Core& c, const VoterList& list) {
  const auto missing = std::count_if(c.order.begin(), c.order.end(), [&](const Node* n) {
    return slot_primary(*n) && !n->is_redis() && !is_on_list(list, n->id);
  });
  return decides_by_vote(list) && missing > 1;
}

// The list that should come next; version 0: none. Removals first: a forgotten node must not count in majorities.
VoterList next_list(Core& c) {
  const VoterList& list = c.own.electorate.list;
  const bool primaries = wants_primaries(c);
  if (must_give_way(c) && !list.primaries) return give_way(c);
  VoterList next = next_version(list);
  if (list.primaries) {
    if (primaries) return {};
    next.primaries = false;
    next.voters.clear();
    for (const Node* n : c.order) {
      if (slot_primary(*n)) next.voters.push_back(n->id);
    }
    return next.voters.empty() ? VoterList() : next;
  }
  for (const NodeId& id : list.voters) {
    const Node* n = c.find(id);
    if (n != nullptr && (!primaries || slot_primary(*n))) continue;
    if (list.voters.size() == 1) break;
    std::erase(next.voters, id);
    return next;
  }
  for (const Node* n : c.order) {
    if (is_on_list(list, n->id) || !n->is_guccho || !reachable(c, *n) || list.voters.size() == bus::kMaxVoters) {
      continue;
    }
    if (primaries && !slot_primary(*n)) continue;
    // A voter that does not hold our list (yet) would not answer.
    if (!has_our_founder(c, *n)) continue;
    insert(next.voters, n->id);
    return next;
  }
  if (!primaries || must_wait_for_owners(c, list)) return {};
  next.primaries = true;
  return next;
}

// One proposer at a time keeps ballots from competing; safety does not depend on it. A slot-owning primary, or any
// voter when none of them owns slots (others took them when two clusters were joined).
bool is_proposer(Core& c) {
  if (!is_voter(c, *c.self)) return false;
  const auto ours = [&c](const Node& n) { return is_voter(c, n) && !has_another_founder(c, n); };
  const bool have_primary =
      std::any_of(c.order.begin(), c.order.end(), [&](const Node* n) { return slot_primary(*n) && ours(*n); });
  const auto may_propose = [&](const Node& n) { return ours(n) && (!have_primary || slot_primary(n)); };
  if (!may_propose(*c.self)) return false;
  for (const Node* n : c.order) {
    if (n == c.self) return true;
    if (may_propose(*n) && n->is_guccho && reachable(c, *n)) return false;
  }
  return true;
}

void adopt(Core& c, const VoterList& list) {
  const bool of_another_founder = list.founder != c.own.electorate.list.founder;
  if (of_another_founder) c.rival = RivalList();
  c.own.electorate = ElectorateState{.list = list};
  c.proposal = ElectorateProposal();
  // Votes given under one version are not counted under another.
  if (c.election.requested) cancel_election(c);
  c.voted_for = NodeId();
  c.save_own = true;
  c.save_conf = true;  // the epoch that we learnt with it
  c.changed(Urgency::kNow);
  c.notice(fmt::format(
      "Voter list version {}: {}", list.version,
      list.primaries ? std::string("the slot-owning primaries") : fmt::format("{} voters", list.voters.size())));
  // Nobody votes for a replica of a primary that may count by another list: what we count by must be known when we die.
  if (of_another_founder) broadcast_pong(c);
}

// The first list of a cluster, made by the slot-owning primary with the smallest name once it knows its cluster.
void found_if_due(Core& c) {
  if (!slot_primary(*c.self) || c.assigned < kSlotCount || wants_primaries(c)) return;
  if (c.now - c.slots_changed < kFoundingDelay) return;
  for (const Node* n : c.order) {
    if (n != c.self && (!n->is_guccho || !reachable(c, *n) || n->own.electorate_tag != 0)) return;
  }
  for (const Node* n : c.order) {
    if (n == c.self) break;
    if (slot_primary(*n)) return;
  }
  adopt(c, VoterList{.version = 1, .founder = c.self->id, .voters = {c.self->id}});
}

// A voter that is known no more was forgotten by an administrator. On a list of two the other can decide nothing
// without us, so the one that owns slots goes on alone, under a name of its own: whatever the other was told meanwhile,
// no two lists are called the same.
bool is_left_alone(const Core& c) {
  const ElectorateState& e = c.own.electorate;
  if (e.list.primaries || e.list.voters.size() != 2 || e.accepted.version != 0) return false;
  if (!is_on_list(e.list, c.self->id) || !slot_primary(*c.self)) return false;
  return std::count_if(e.list.voters.begin(), e.list.voters.end(),
                       [&c](const NodeId& id) { return c.nodes.contains(id); }) == 1;
}

// Voters of our list that an administrator has not forgotten.
size_t known_voters(const Core& c) {
  const auto& voters = c.own.electorate.list.voters;
  return static_cast<size_t>(
      std::count_if(voters.begin(), voters.end(), [&c](const NodeId& id) { return c.nodes.contains(id); }));
}

bool majority_is_forgotten(Core& c) {
  return votes_by_list(c) && slot_primary(*c.self) && known_voters(c) < quorum(c) && !is_left_alone(c);
}

// May a node without a list take over this one? Where slot-owning primaries vote already, only one that says the same,
// or that most of them hold (they were few when it was made): what they decided without it would not be known to it.
bool may_begin_with(Core& c, const VoterList& list) {
  if (list.primaries) return true;
  if (!is_alive(c, list)) return false;
  if (!wants_primaries(c)) return true;
  const auto holders = std::count_if(c.order.begin(), c.order.end(), [&](const Node* n) {
    return slot_primary(*n) && n->own.electorate_tag != 0 && same_founder(n->own.electorate_tag, electorate_tag(list));
  });
  return static_cast<size_t>(holders) >= slot_primaries(c) / 2 + 1;
}

void report_list_not_taken(Core& c, const Node& sender, const VoterList& list) {
  if (c.rival.not_taken == list.founder) return;
  c.rival.not_taken = list.founder;
  c.notice(
      fmt::format("VoterListNotTaken: node {} has the voter list founded by {}, which no majority here holds. If its "
                  "cluster is no more, CLUSTER RESET that node.",
                  sender.id.view(), list.founder.view()));
}

// So many voters of our list have gone over to another that those who may still hold it are no majority of it.
bool no_majority_left(const Core& c) {
  const VoterList& list = c.own.electorate.list;
  const auto left = static_cast<size_t>(std::count_if(list.voters.begin(), list.voters.end(), [&c](const NodeId& id) {
    const auto it = c.nodes.find(id);
    return it == c.nodes.end() || !has_another_founder(c, *it->second);
  }));
  return !list.primaries && left < list.voters.size() / 2 + 1;
}

// Two founders can happen, in a partition or when two clusters are joined. One of at most two voters may leave his
// list: it has no majority without him. Others leave it when they see that; so whoever leaves it knows, from him, of
// every epoch in which anybody can have won by it. A greater list is kept until its own majority has made it small.
bool should_give_up(const Core& c, const VoterList& other) {
  const ElectorateState& mine = c.own.electorate;
  if (!is_alive(c, other)) return false;
  if (no_majority_left(c)) return true;
  if (decides_by_vote(mine.list) || mine.accepted.version != 0 || !is_on_list(mine.list, c.self->id)) return false;
  return decides_by_vote(other) || other.founder < mine.list.founder;
}

ElectorateBody message(Core& c, Step step) {
  ElectorateBody b{
      .step = step, .version = c.own.electorate.list.version + 1, .founder = c.own.electorate.list.founder};
  b.ballot_round = c.proposal.round;
  b.ballot_node = c.self->id;
  return b;
}

void send_body(Core& c, Node& to, ElectorateBody body) {
  send_to(c, to, {.header = make_header(c, bus::MessageType::kElectorate, &to), .body = std::move(body)});
}

// What a voter does with a PREPARE or an ACCEPT; its answer.
ElectorateBody answer(Core& c, const ElectorateBody& q) {
  ElectorateState& s = c.own.electorate;
  ElectorateBody a{.step = Step::kRefuse, .version = q.version, .founder = s.list.founder};
  a.ballot_round = q.ballot_round;
  a.ballot_node = q.ballot_node;
  const auto ballot = std::pair(q.ballot_round, q.ballot_node);
  const auto promised = std::pair(s.promised_round, s.promised_node);
  if (q.founder != s.list.founder || q.version != s.list.version + 1 || ballot < promised) {
    a.accepted_round = s.promised_round;
    a.accepted_node = s.promised_node;
    if (q.founder == s.list.founder && q.version <= s.list.version) a.value = s.list;
    return a;
  }
  // Who owns slots is looked at when a value is new. One that somebody accepted before may have been chosen: it must
  // stay acceptable when owners change, or no other could ever be chosen either.
  const bool accepted_before = q.accepted_round != 0;
  if (q.step == Step::kAccept && !is_one_change(s.list, q.value, accepted_before ? q.value.voters : slot_owners(c))) {
    return a;
  }
  s.promised_round = q.ballot_round;
  s.promised_node = q.ballot_node;
  c.save_own = true;
  if (q.step == Step::kAccept) {
    s.accepted_round = q.ballot_round;
    s.accepted_node = q.ballot_node;
    s.accepted = q.value;
    a.step = Step::kAccepted;
    c.changed(Urgency::kTick);
    // A slot owner may count on what we can vote for (state.cc): it hears at once that this has changed.
    for (Node* n : c.order) {
      if (n != c.self && slot_primary(*n) && n->is_guccho && decides(c, *n)) send_ping(c, *n);
    }
    return a;
  }
  a.step = Step::kPromise;
  a.accepted_round = s.accepted_round;
  a.accepted_node = s.accepted_node;
  a.value = s.accepted;
  return a;
}

void on_answer(Core& c, const NodeId& from, const ElectorateBody& a);

// Asks every decider, ourselves included.
void ask(Core& c, Step step) {
  c.proposal.accepting = step == Step::kAccept;
  c.proposal.answers.clear();
  ElectorateBody q = message(c, step);
  if (step == Step::kAccept) {
    q.value = c.proposal.value;
    q.accepted_round = c.proposal.best_accepted_round;  // 0: the value is ours
    q.accepted_node = c.proposal.best_accepted_node;
  }
  for (Node* n : c.order) {
    if (n != c.self && decides(c, *n)) send_body(c, *n, q);
  }
  on_answer(c, c.self->id, answer(c, q));
}

void propose(Core& c, const VoterList& value) {
  ElectorateProposal& p = c.proposal;
  const uint64_t round = std::max(p.round, c.own.electorate.promised_round) + 1;
  p = ElectorateProposal{.active = true, .round = round, .value = value, .started = c.now};
  ask(c, Step::kPrepare);
}

void decided(Core& c) {
  const VoterList list = c.proposal.value;
  adopt(c, list);
  for (Node* n : c.order) {
    if (n != c.self && n->is_guccho) send_ping(c, *n);
  }
}

void on_refusal(Core& c, const ElectorateBody& a) {
  ElectorateProposal& p = c.proposal;
  if (a.value.version > c.own.electorate.list.version && a.value.founder == c.own.electorate.list.founder) {
    adopt(c, a.value);
    return;
  }
  // Somebody else's ballot is ahead: try again beyond it, later.
  p.active = false;
  p.round = std::max(p.round, a.accepted_round);
  p.not_before = c.now + Millis{static_cast<int64_t>(100 + c.rng.below(400))};
}

void on_answer(Core& c, const NodeId& from, const ElectorateBody& a) {
  ElectorateProposal& p = c.proposal;
  if (!p.active || a.version != c.own.electorate.list.version + 1 || a.ballot_round != p.round ||
      a.ballot_node != c.self->id || a.founder != c.own.electorate.list.founder) {
    return;
  }
  if (a.step == Step::kRefuse) return on_refusal(c, a);
  if (a.step != (p.accepting ? Step::kAccepted : Step::kPromise)) return;
  if (std::find(p.answers.begin(), p.answers.end(), from) != p.answers.end()) return;
  p.answers.push_back(from);
  if (a.step == Step::kPromise && a.value.version != 0 &&
      std::pair(a.accepted_round, a.accepted_node) > std::pair(p.best_accepted_round, p.best_accepted_node)) {
    p.best_accepted_round = a.accepted_round;
    p.best_accepted_node = a.accepted_node;
    p.value = a.value;  // it may have been chosen: it must be the one
  }
  if (p.answers.size() < deciders_needed(c)) return;
  if (p.accepting) {
    decided(c);
  } else {
    ask(c, Step::kAccept);
  }
}

}  // namespace

bool is_one_change(const VoterList& from, const VoterList& to, const std::vector<NodeId>& slot_owners) {
  if (to.version != from.version + 1 || to.founder != from.founder || to.voters.empty()) return false;
  // From the slot-owning primaries to a list: exactly those primaries. From a list to the primaries: the list was
  // brought to that set first.
  if (from.primaries) return !to.primaries && to.voters == slot_owners;
  if (to.primaries) return to.voters == from.voters;
  std::vector<NodeId> difference;
  std::set_symmetric_difference(from.voters.begin(), from.voters.end(), to.voters.begin(), to.voters.end(),
                                std::back_inserter(difference));
  return difference.size() == 1;
}

std::vector<NodeId> slot_owners(const Core& c) {
  std::vector<NodeId> out;
  for (const Node* n : c.order) {
    if (slot_primary(*n)) out.push_back(n->id);
  }
  return out;
}

bool is_vote_needed(Core& c, const Node& node) {
  if (!votes_by_list(c) || is_small_list(c) || !is_voter(c, *c.self) || !is_voter(c, node)) return false;
  if (!reachable(c, node)) return false;
  const auto others = std::count_if(c.order.begin(), c.order.end(),
                                    [&](const Node* n) { return n != &node && is_voter(c, *n) && reachable(c, *n); });
  return static_cast<size_t>(others) < quorum(c);
}

void report_lost_voters(Core& c) {
  if (!majority_is_forgotten(c)) return;
  c.log(
      LogLevel::kWarning,
      fmt::format("VotersLost: {} of the {} voters are known here, no majority: the voter list cannot change any more "
                  "and nobody can be elected. If the forgotten ones are gone for good, CLUSTER FAILOVER TAKEOVER, sent "
                  "to this primary, makes a list of those that are left.",
                  known_voters(c), voter_count(c)));
}

bool found_list_again(Core& c) {
  if (!majority_is_forgotten(c)) return false;
  VoterList next = c.own.electorate.list;
  next.version += kVersionsLeftOut;
  std::erase_if(next.voters, [&c](const NodeId& id) { return !c.nodes.contains(id); });
  if (!is_on_list(next, c.self->id)) insert(next.voters, c.self->id);
  c.log(LogLevel::kWarning, "Making a new voter list of those that are left (user request).");
  adopt(c, next);
  return true;
}

void electorate_tick(Core& c) {
  if (!c.loaded) return;
  if (c.own.electorate.list.version == 0) {
    found_if_due(c);
    return;
  }
  if (c.own.electorate.list.primaries && slot_primaries(c) >= kMinVoters) return;  // as it should be
  if (is_left_alone(c)) {
    c.notice("The other one of two voters was forgotten: going on alone.");
    adopt(c, VoterList{.version = c.own.electorate.list.version + 1, .founder = c.self->id, .voters = {c.self->id}});
  }
  ElectorateProposal& p = c.proposal;
  if (p.active && c.now - p.started > kProposalTimeout) {
    p.active = false;
    p.not_before = c.now + Millis{static_cast<int64_t>(c.rng.below(500))};
  }
  if (p.active || c.now < p.not_before || !is_proposer(c)) return;
  if (const VoterList next = next_list(c); next.version != 0) propose(c, next);
}

void on_voter_list(Core& c, const Node& sender, const VoterList& list) {
  const VoterList& mine = c.own.electorate.list;
  if (list.version == 0) return;
  if (mine.version == 0) {
    return may_begin_with(c, list) ? adopt(c, list) : report_list_not_taken(c, sender, list);
  }
  if (list.founder == mine.founder) {
    if (list.version > mine.version) adopt(c, list);
    return;
  }
  if (should_give_up(c, list)) {
    c.notice(fmt::format("Giving up our voter list for that of node {}", sender.id.view()));
    adopt(c, list);
    return;
  }
  if (!is_alive(c, list)) return report_list_not_taken(c, sender, list);
  if (!decides_by_vote(list) || list.founder > mine.founder) return;
  if (c.rival.founder != list.founder) {
    c.log(LogLevel::kWarning,
          fmt::format("TwoVoterLists: node {} has the voter list founded by {}, ours was founded by "
                      "{}: two clusters were joined. Ours is given up, one voter at a time; while "
                      "it has fewer than three, nobody is elected by it.",
                      sender.id.view(), list.founder.view(), mine.founder.view()));
  }
  c.rival.founder = list.founder;
  c.rival.heard = c.now;
}

void on_electorate_message(Core& c, Node& sender, const ElectorateBody& body) {
  if (!sender.is_guccho) return;
  if (body.step != Step::kPrepare && body.step != Step::kAccept) {
    on_answer(c, sender.id, body);
    return;
  }
  if (!decides(c, *c.self) || body.ballot_node != sender.id) return;
  send_body(c, sender, answer(c, body));
}

}  // namespace guccho::cluster

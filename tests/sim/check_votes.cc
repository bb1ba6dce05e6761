// Invariants about votes and failure: once an epoch, and only ever with a majority.
#include <algorithm>

#include "tests/sim/checker.h"
#include "tests/sim/process.h"
#include "tests/sim/world.h"

namespace guccho::sim {

void Checker::check_vote(int node, int to, const bus::Header& header) {
  Books& b = books(node);
  const uint64_t epoch = header.current_epoch.value;
  const auto [it, first] = b.votes.emplace(epoch, to);
  // The same vote may be sent again, when the candidate asks again; a link that is gone (-1) has no known candidate.
  if (it->second < 0) it->second = to;
  if (!first && to >= 0 && it->second != to) {
    broken("vote_once", name(node) + " votes for " + name(to) + " in epoch " + std::to_string(epoch) +
                            " after it voted for " + name(it->second));
  }
  b.epoch_voted = std::max(b.epoch_voted, epoch);
  if (to >= 0) books(to).acks_got[epoch].insert(node);
}

std::vector<int> Checker::voters_of(const cluster::View& view) const {
  std::vector<int> voters;
  if (!view.electorate.primaries) {
    for (const NodeId& id : view.electorate.voters.voters) voters.push_back(index(id));
    return voters;
  }
  for (const auto& n : view.nodes) {
    if (n.is_primary() && n.slot_count > 0) voters.push_back(index(n.id));
  }
  return voters;
}

// A report counts for 2T from its arrival; half a second more covers the clocks' skew and the period of the ticks.
bool Checker::fail_is_justified(int node, int suspect, const cluster::View& view) const {
  const Books& b = books_[static_cast<size_t>(node)];
  if (b.told_failed.contains(suspect)) return true;
  const auto valid = 2 * world_.process(node).node_timeout() + Millis(500);
  const auto voters = voters_of(view);
  size_t count = 0;
  for (const int voter : voters) {
    if (voter == node) {
      ++count;
      continue;
    }
    const auto it = b.reports.find({voter, suspect});
    if (it != b.reports.end() && world_.now() - it->second <= valid) ++count;
  }
  return count >= voters.size() / 2 + 1;
}

void Checker::check_failed_flags(int node, const cluster::View* old, const cluster::View& view) {
  for (size_t i = 1; i < view.nodes.size(); ++i) {
    const auto& n = view.nodes[i];
    const bool same_place = i < old->nodes.size() && old->nodes[i].id == n.id;
    const auto* before = same_place ? &old->nodes[i] : old->find(n.id);
    if (before == nullptr || before->has(bus::kFlagFail) == n.has(bus::kFlagFail)) continue;
    const int who = index(n.id);
    if (who < 0) continue;
    if (!n.has(bus::kFlagFail)) {
      // It was told of a failure that it has now seen end: the next FAIL needs new grounds.
      books(node).told_failed.erase(who);
    } else if (!fail_is_justified(node, who, view) && !fail_is_justified(node, who, *old)) {
      broken("fail_needs_majority", name(node) + " takes " + name(who) + " for failed without a majority");
    }
  }
}

// The electorate is that of the time before: afterwards the winner is itself a primary with slots.
void Checker::check_votes_got(int node, const cluster::View& old, const cluster::View& view) {
  Books& b = books(node);
  if (b.takeover_allowed || view.self().slot_count == 0) return;
  const auto it = b.acks_got.find(view.self().config_epoch.value);
  const auto votes = [&](const cluster::View& v, const std::vector<int>& voters) {
    return static_cast<size_t>(std::count_if(voters.begin(), voters.end(), [&](int voter) {
      if (voter == node) return !v.electorate.primaries;  // a replica votes for itself on a list only
      return it != b.acks_got.end() && it->second.contains(voter);
    }));
  };
  // The last view may be older than what the node knew when it won: in big clusters views come at a pace.
  const auto voters = voters_of(old);
  const auto voters_now = voters_of(view);
  const size_t count = votes(old, voters);
  if (count < voters.size() / 2 + 1 && votes(view, voters_now) < voters_now.size() / 2 + 1) {
    broken("promotion_needs_majority", name(node) + " became a primary in epoch " +
                                           std::to_string(view.self().config_epoch.value) + " with " +
                                           std::to_string(count) + " of " + std::to_string(voters.size()) + " votes");
  }
}

}  // namespace guccho::sim

// Invariants about voter lists: one list a version, one step at a time, majorities that meet.
#include <algorithm>
#include <iterator>

#include "tests/sim/checker.h"
#include "tests/sim/world.h"

namespace guccho::sim {

void Checker::check_electorate(int node, const cluster::View& view) {
  const bus::VoterList& list = view.electorate.voters;
  if (list.version == 0) return;
  const auto [it, added] = lists_.emplace(std::pair(list.founder, list.version), list);
  if (!added) {
    if (it->second != list) {
      broken("electorate_agreed", name(node) + " has another voter list of version " + std::to_string(list.version) +
                                      " than somebody before it");
    }
    return;
  }
  const auto before = lists_.find({list.founder, list.version - 1});
  if (before != lists_.end()) check_consecutive(before->second, list);
  const auto after = lists_.find({list.founder, list.version + 1});
  if (after != lists_.end()) check_consecutive(list, after->second);
}

void Checker::check_consecutive(const bus::VoterList& before, const bus::VoterList& after) {
  // While the slot-owning primaries vote, elections change who that is; the list keeps who agreed to it at the time.
  if (before.primaries) return;
  std::vector<NodeId> all;
  std::vector<NodeId> both;
  std::set_union(before.voters.begin(), before.voters.end(), after.voters.begin(), after.voters.end(),
                 std::back_inserter(all));
  std::set_intersection(before.voters.begin(), before.voters.end(), after.voters.begin(), after.voters.end(),
                        std::back_inserter(both));
  const size_t majorities = before.voters.size() / 2 + 1 + after.voters.size() / 2 + 1;
  // Majorities of two lists meet in any case exactly if together they are more than all there are.
  if (all.size() - both.size() > 1 || majorities <= all.size()) {
    broken("electorate_one_at_a_time", "voter list " + std::to_string(after.version) +
                                           " differs from its predecessor by " +
                                           std::to_string(all.size() - both.size()) + " voters");
  }
}

}  // namespace guccho::sim

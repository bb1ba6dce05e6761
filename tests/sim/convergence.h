// Do all members agree, and is everything well? Asked when the cluster has formed and after faults have stopped.
#pragma once

#include <string>

#include "tests/sim/world.h"

namespace guccho::sim {

// Nothing when every member is up, all views name the same members, roles, epochs and owners of all slots, nobody is
// suspected, cluster_state is ok everywhere and every replica is in sync; otherwise the first difference. O(nodes^2).
std::string disagreement(const World& world);

// Nothing when every member knows every other one, of those that it is formed with, as a full member.
std::string undiscovered(const World& world);

// Nothing when all count by the same voter list and can elect somebody.
std::string several_electorates(const World& world);

// Nothing when each shard's owner holds what the whole shard once held.
std::string missing_data(World& world);

// One line a process: what it holds and what it thinks of itself, and whom it does not see well. For people.
std::string describe(World& world);

// The process that serves the shard, -1 for none.
int server_of(const World& world, int shard);

}  // namespace guccho::sim

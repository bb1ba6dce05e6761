// Members that are lost for good, and what people and operators then do: forget them everywhere, give the orders that a
// lost majority needs, put new nodes in their places.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/sim/nemesis.h"
#include "tests/sim/world.h"

namespace guccho::sim {

class Loss {
 public:
  Loss(World& world, Nemesis& nemesis) : world_(world), nemesis_(nemesis) {}

  // Of a healthy cluster: loses some members with their disks (a replica, a primary, or so many replicas that no
  // majority of a voter list is left), until others run in their places. False when an invariant broke.
  bool happen();

 private:
  struct Victim {
    int node = -1;
    int shard = -1;  // that it served
    NodeId id;
  };

  void choose();
  void add(int node);
  bool is_victim(int node) const;
  std::string shard_without_server();
  std::string still_known();
  std::string without_majority();
  std::string not_met();
  std::string not_attached();
  bool demand(const char* invariant, const std::function<std::string()>& why_not);

  World& world_;
  Nemesis& nemesis_;
  std::vector<Victim> victims_;
  Instant next_meet_{};
};

}  // namespace guccho::sim

// The faults of a run: which, when, to whom and for how long, all from the seed.
#pragma once

#include "node/base/random.h"
#include "tests/sim/world.h"

namespace guccho::sim {

class Nemesis {
 public:
  explicit Nemesis(World& world) : world_(world), rng_(world.rng.next()) {}

  // Lets faults happen for so long. They overlap; each ends by itself, or by calm_down().
  bool rage(Micros duration);
  // Ends every fault: the network is whole, everybody runs.
  void calm_down();

  // A poor but working network, for the time when the cluster forms.
  NetworkQuality mild_quality();

  // A supervisor that saw the process of a primary end tells its replicas so. Only this may raise a replica where fewer
  // than three voters exist.
  void prove_death(int node);

 private:
  void one_fault();
  void crash(bool silent);
  void restart_empty_at_once();
  void crash_everybody();
  void crash_in_write();
  void freeze();
  void partition();
  void cut_one_way();
  void refuse();
  void bad_network();
  void jump_clock();
  void manual_failover();
  void move();

  int any_node() { return static_cast<int>(rng_.below(static_cast<uint64_t>(world_.size()))); }
  int a_primary();
  Micros between(Millis least, Millis most) {
    return least + Micros(static_cast<int64_t>(rng_.below(static_cast<uint64_t>(Micros(most - least).count()) + 1)));
  }
  Process::Loaded any_outcome();
  void start(int node, Process::Loaded outcome);
  void start_later(int node, Micros delay, Process::Loaded outcome);

  World& world_;
  Rng rng_;
  uint64_t network_faults_ = 0;  // numbers partitions, so that an old one's end does not heal a new one
};

}  // namespace guccho::sim

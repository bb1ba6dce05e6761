// The shape of a simulated cluster: how many primaries, how many replicas each, in what mixture over the seeds.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/options.h"

namespace guccho::sim {

struct Shape {
  int primaries = 3;
  int replicas = 1;  // of each primary
  // So many of the last shards are formed as a cluster of their own, which meets the other while faults rage; 0: none.
  int second = 0;
  int nodes() const { return primaries * (1 + replicas); }
  // Member numbers: primaries first, then the replicas round by round, so that node i follows primary i % primaries.
  int shard_of(int node) const { return node % primaries; }
  bool starts_as_primary(int node) const { return node < primaries; }
  bool in_second(int node) const { return shard_of(node) >= primaries - second; }
  // Members of the cluster that the node is formed in.
  int formed_with(int node) const { return (in_second(node) ? second : primaries - second) * (1 + replicas); }
  std::string str() const {
    const std::string apart = second > 0 ? ", " + std::to_string(second) + " of them apart" : "";
    return std::to_string(primaries) + "x(1+" + std::to_string(replicas) + ")" + apart;
  }
};

// What the options leave open is chosen by the seed, small shapes far more often than big ones.
Shape choose_shape(const Options& options, uint64_t seed);

}  // namespace guccho::sim

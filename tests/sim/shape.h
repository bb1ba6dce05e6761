// The shape of a simulated cluster: how many primaries, how many replicas each, in what mixture over the seeds.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/options.h"

namespace guccho::sim {

struct Shape {
  int primaries = 3;
  int replicas = 1;  // of each primary
  int nodes() const { return primaries * (1 + replicas); }
  // Member numbers: primaries first, then the replicas round by round, so that node i follows primary i % primaries.
  int shard_of(int node) const { return node % primaries; }
  bool starts_as_primary(int node) const { return node < primaries; }
  std::string str() const { return std::to_string(primaries) + "x(1+" + std::to_string(replicas) + ")"; }
};

// What the options leave open is chosen by the seed, small shapes far more often than big ones.
Shape choose_shape(const Options& options, uint64_t seed);

}  // namespace guccho::sim

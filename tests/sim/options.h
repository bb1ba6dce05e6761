// The simulator's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "node/base/result.h"

namespace guccho::sim {

struct Options {
  uint64_t first_seed = 1;
  uint64_t last_seed = 1;
  // Shape of the cluster; what is not given is chosen by the seed.
  std::optional<int> primaries;
  std::optional<int> replicas;  // a primary
  int apart = 0;             // with --primaries: so many of them are formed as a cluster of their own and meet it later
  std::optional<int> nodes;  // in all; with neither of the other two: one replica a primary
  // Simulated time with faults, before the quiet time in which the cluster must converge.
  double minutes = 1.5;
  int jobs = 1;  // worker threads, each with its own worlds; at most 64
  bool faults = true;
  bool codec = true;                  // messages pass through the bus codec's encoder and decoder
  bool trace = false;                 // print every event
  bool replay = false;                // run each seed twice and compare the hashes of the traces
  std::optional<std::string> expect;  // succeed only if the invariant of this name breaks
  bool help = false;
};

extern const char* const kUsage;

// Errors name the option.
Result<Options> parse_options(const std::vector<std::string>& args);

}  // namespace guccho::sim

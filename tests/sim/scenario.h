// The course of a run: the cluster forms, faults rage, it converges, single primaries fall in calm weather.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/checker.h"
#include "tests/sim/options.h"
#include "tests/sim/shape.h"

namespace guccho::sim {

struct Outcome {
  uint64_t seed = 0;
  Shape shape;
  std::optional<Violation> violation;
  std::string last_events;
  std::string state;  // of every process at the break
  uint64_t hash = 0;  // of the whole trace
  uint64_t events = 0;
  double simulated_seconds = 0;
  // From the death of a primary to the moment when another node served its slots, in calm weather.
  std::vector<Millis> killed_failovers;  // the process died, its kernel refuses
  std::vector<Millis> silent_failovers;  // the machine died, or the process was stopped
};

Outcome run_seed(const Options& options, uint64_t seed);

}  // namespace guccho::sim

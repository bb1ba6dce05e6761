// What happened in a run: a ring of the last events for people, and a hash over all of them to prove that a seed
// replays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "node/base/time.h"

namespace guccho::sim {

// One line of the trace. Formatting is left to the moment when somebody reads it: a day of six nodes makes millions.
struct TraceEvent {
  Instant at{};
  const char* what = "";  // static text
  int node = -1;          // who did it, -1 for the world
  int peer = -1;          // whom it concerns, -1 for nobody
  uint64_t x = 0;
  uint64_t y = 0;
  std::string note;    // only for rare events
  bool minor = false;  // not kept in the ring: heartbeats would wash everything else out
};

std::string to_string(const TraceEvent& event);

class Trace {
 public:
  // Keeps the last `keep` events; with `print`, also writes every event to standard output as it happens.
  explicit Trace(size_t keep, bool print = false) : ring_(keep), print_(print) {}

  void add(TraceEvent event);
  // A hash of every event so far, in order. Two runs of one seed must give the same.
  uint64_t hash() const { return hash_; }
  uint64_t count() const { return count_; }
  // The kept events, oldest first, one a line.
  std::string last() const;

 private:
  std::vector<TraceEvent> ring_;
  bool print_;
  uint64_t count_ = 0;
  uint64_t kept_ = 0;
  uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace guccho::sim

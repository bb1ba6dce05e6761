// The virtual network: for each message it decides whether, when and how often it arrives. It delivers nothing itself.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "node/base/random.h"
#include "node/base/time.h"

namespace guccho::sim {

// Chances are in parts per million.
struct NetworkQuality {
  Micros latency_min{100};
  Micros latency_spread{900};
  uint32_t drop_ppm = 0;
  uint32_t duplicate_ppm = 0;
  uint32_t reorder_ppm = 0;  // the message may overtake and be overtaken
  uint32_t late_ppm = 0;     // the message is held back by up to late_max
  Micros late_max{300'000};
};

// When the copies of one message arrive: none (lost), one, or two.
struct Fate {
  std::array<Instant, 2> at{};
  int copies = 0;
};

class Network {
 public:
  Network(int nodes, uint64_t seed);

  const NetworkQuality& quality() const { return quality_; }
  void set_quality(const NetworkQuality& quality) { quality_ = quality; }

  // A cut link swallows what is sent on it: silence, not a reset. One direction only.
  void cut(int from, int to, bool on) { cut_[index(from, to)] = on; }
  bool is_cut(int from, int to) const { return cut_[index(from, to)]; }
  // Both directions between every node of one side and every node of the other; side[i] is the side of node i.
  void partition(const std::vector<int>& side);
  void heal();

  // Messages of one direction of a link stay in order unless the seed says otherwise.
  Fate send(int from, int to, Instant now);
  // How long an attempt to connect takes to be accepted or refused.
  Micros round_trip() { return one_way() + one_way(); }

 private:
  size_t index(int from, int to) const {
    return static_cast<size_t>(from) * static_cast<size_t>(nodes_) + static_cast<size_t>(to);
  }
  bool chance(uint32_t ppm) { return ppm != 0 && rng_.below(1'000'000) < ppm; }
  Micros one_way();

  int nodes_;
  Rng rng_;
  NetworkQuality quality_;
  std::vector<char> cut_;
  std::vector<Instant> last_;  // arrival of the last in-order message of each direction
};

}  // namespace guccho::sim

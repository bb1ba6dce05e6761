// The virtual network's decisions: cut, lost, late, twice, out of order.
#include "tests/sim/network.h"

#include <algorithm>

namespace guccho::sim {

Network::Network(int nodes, uint64_t seed)
    : nodes_(nodes),
      rng_(seed),
      cut_(static_cast<size_t>(nodes) * static_cast<size_t>(nodes)),
      last_(static_cast<size_t>(nodes) * static_cast<size_t>(nodes)) {}

void Network::partition(const std::vector<int>& side) {
  for (int a = 0; a < nodes_; ++a) {
    for (int b = 0; b < nodes_; ++b) {
      cut(a, b, side[static_cast<size_t>(a)] != side[static_cast<size_t>(b)]);
    }
  }
}

void Network::heal() {
  std::fill(cut_.begin(), cut_.end(), 0);
}

Micros Network::one_way() {
  return quality_.latency_min +
         Micros(static_cast<int64_t>(rng_.below(static_cast<uint64_t>(quality_.latency_spread.count()) + 1)));
}

Fate Network::send(int from, int to, Instant now) {
  Fate fate;
  if (is_cut(from, to) || chance(quality_.drop_ppm)) return fate;
  fate.copies = chance(quality_.duplicate_ppm) ? 2 : 1;
  for (int i = 0; i < fate.copies; ++i) {
    Instant at = now + one_way();
    if (chance(quality_.late_ppm)) {
      at += Micros(static_cast<int64_t>(rng_.below(static_cast<uint64_t>(quality_.late_max.count()) + 1)));
    }
    if (!chance(quality_.reorder_ppm)) {
      Instant& last = last_[index(from, to)];
      at = std::max(at, last);
      last = at;
    }
    fate.at[static_cast<size_t>(i)] = at;
  }
  return fate;
}

}  // namespace guccho::sim

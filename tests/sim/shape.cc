// The mixture of cluster shapes.
#include "tests/sim/shape.h"

#include <algorithm>

namespace guccho::sim {
namespace {

struct Weighted {
  Shape shape;
  int weight;
};

// Out of 100. The small electorates (1+2, 2x(1+1), 1+1) have rules of their own and are worth many seeds, and so are
// two clusters that meet: list with list, and a list with one that never had one. One seed in a hundred is a cluster of
// 100 members.
constexpr Weighted kMixture[] = {
    {{3, 1}, 29},   {{1, 2}, 16},   {{2, 1}, 16},   {{1, 1}, 8},    {{3, 2}, 8},  {{5, 2}, 7},  {{7, 0}, 3},
    {{2, 1, 1}, 2}, {{2, 2, 1}, 4}, {{4, 1, 1}, 2}, {{4, 2, 1}, 2}, {{20, 1}, 2}, {{50, 1}, 1},
};

Shape from_mixture(uint64_t seed) {
  auto left = static_cast<int>(seed % 100);
  for (const auto& [shape, weight] : kMixture) {
    if (left < weight) return shape;
    left -= weight;
  }
  return kMixture[0].shape;
}

}  // namespace

Shape choose_shape(const Options& o, uint64_t seed) {
  // 61 is coprime to 100: any hundred seeds in a row hold the whole mixture, spread evenly.
  Shape shape = from_mixture(seed * 61);
  if (o.primaries && o.replicas) return {*o.primaries, *o.replicas};
  if (o.nodes) {
    if (o.primaries) return {*o.primaries, std::max(0, *o.nodes / *o.primaries - 1)};
    const int replicas = o.replicas.value_or(*o.nodes > 1 ? 1 : 0);
    return {std::max(1, *o.nodes / (1 + replicas)), replicas};
  }
  if (o.primaries) shape.primaries = *o.primaries;
  if (o.replicas) shape.replicas = *o.replicas;
  return shape;
}

}  // namespace guccho::sim

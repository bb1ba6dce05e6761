// Names and seeds.
#include "node/base/random.h"

#include <sys/random.h>

#include <cstdlib>

namespace guccho {

NodeId Rng::node_id() {
  std::string text;
  text.reserve(NodeId::kLength);
  constexpr char kHex[] = "0123456789abcdef";
  while (text.size() < NodeId::kLength) text.push_back(kHex[next() >> 60]);
  return *NodeId::parse(text);
}

uint64_t random_seed() {
  uint64_t seed = 0;
  // getrandom of at most 256 bytes neither fails nor returns short once the pool is initialised (getrandom(2)).
  if (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) std::abort();
  return seed;
}

NodeId random_node_id() {
  std::string text;
  constexpr char kHex[] = "0123456789abcdef";
  while (text.size() < NodeId::kLength) {
    const uint64_t word = random_seed();
    for (int shift = 0; shift < 64 && text.size() < NodeId::kLength; shift += 4) text.push_back(kHex[(word >> shift) & 15]);
  }
  return *NodeId::parse(text);
}

}  // namespace guccho

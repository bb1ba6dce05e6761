// Random numbers: a small seedable generator for decisions that a test must replay, and the system's entropy for names.
#pragma once

#include <cstdint>

#include "node/base/types.h"

namespace guccho {

__extension__ using Uint128 = unsigned __int128;

// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, passes BigCrush, a few cycles a number. Not for secrets.
class Rng {
 public:
  explicit constexpr Rng(uint64_t seed) : state_(seed) {}
  constexpr uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound); bound > 0. The bias of the multiply-shift is below bound / 2^64.
  constexpr uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<Uint128>(next()) * bound) >> 64);
  }
  // 40 hexadecimal characters from this generator (simulator) or see random_node_id().
  NodeId node_id();

 private:
  uint64_t state_;
};

// From the system's entropy (getrandom).
uint64_t random_seed();
NodeId random_node_id();

}  // namespace guccho

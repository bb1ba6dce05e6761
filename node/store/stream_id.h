// The id of a stream entry: milliseconds and a sequence number, ordered as one number of 128 bits.
#pragma once

#include <compare>
#include <cstdint>

namespace guccho::store {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  static constexpr StreamId min() { return {0, 0}; }
  static constexpr StreamId max() { return {UINT64_MAX, UINT64_MAX}; }
  constexpr bool is_zero() const { return ms == 0 && seq == 0; }
  // The next greater id and the next smaller one; false at the end of the range, where nothing is changed.
  constexpr bool increment() {
    if (seq == UINT64_MAX && ms == UINT64_MAX) return false;
    if (++seq == 0) ++ms;
    return true;
  }
  constexpr bool decrement() {
    if (is_zero()) return false;
    if (seq-- == 0) --ms;
    return true;
  }
  friend constexpr auto operator<=>(const StreamId&, const StreamId&) = default;
};

}  // namespace guccho::store

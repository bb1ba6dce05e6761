// A key as the store sees it: its bytes, its slot and its hash, each computed once per command and passed along.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "node/slots/slots.h"

namespace guccho::store {

// 64 bits of XXH3 with its fixed seed. The seed is no secret and never changes between processes: SCAN cursors are
// positions in hash order and must mean the same on a primary, its replicas and the next owner of a slot.
uint64_t hash_bytes(std::string_view bytes) noexcept;

// Comparison of names, most of which are of 8 to 32 bytes: without a call for those.
inline bool same_bytes(std::string_view a, std::string_view b) noexcept {
  const size_t size = a.size();
  if (size != b.size()) return false;
  if (size < 8 || size > 32) return size == 0 || std::memcmp(a.data(), b.data(), size) == 0;
  const auto differ = [&](size_t at) {
    uint64_t x, y;
    std::memcpy(&x, a.data() + at, 8);
    std::memcpy(&y, b.data() + at, 8);
    return x ^ y;
  };
  // The last words overlap those before them.
  uint64_t difference = differ(0) | differ(size - 8);
  if (size > 16) difference |= differ(8) | differ(size - 16);
  return difference == 0;
}

// Borrows the bytes; make it once per key and command (batch execution prefetches with it, then executes with it).
struct KeyRef {
  std::string_view bytes;
  uint64_t hash;
  Slot slot;

  KeyRef(Slot s, std::string_view key) noexcept : bytes(key), hash(hash_bytes(key)), slot(s) {}
};

}  // namespace guccho::store

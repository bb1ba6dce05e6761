// A key as the store sees it: its bytes, its slot and its hash, each computed once per command and passed along.
#pragma once

#include <cstdint>
#include <string_view>

#include "node/slots/slots.h"

namespace guccho::store {

// 64 bits of XXH3 with its fixed seed. The seed is no secret and never changes between processes: SCAN cursors are
// positions in hash order and must mean the same on a primary, its replicas and the next owner of a slot.
uint64_t hash_bytes(std::string_view bytes) noexcept;

// Borrows the bytes; make it once per key and command (batch execution prefetches with it, then executes with it).
struct KeyRef {
  std::string_view bytes;
  uint64_t hash;
  Slot slot;

  KeyRef(Slot s, std::string_view key) noexcept : bytes(key), hash(hash_bytes(key)), slot(s) {}
};

}  // namespace guccho::store

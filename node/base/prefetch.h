// Asking for memory before it is needed.
#pragma once

namespace guccho {

// Has the cache line that holds `address` fetched; any address will do. The empty assembly keeps g++ 12 from taking a
// function that does nothing but this for one without effect, whose calls it leaves out.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("" : : "r"(address));
}

}  // namespace guccho

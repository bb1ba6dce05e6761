// mmap, munmap and madvise behind pages.h.
#include "node/base/pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace guccho {

void* map_aligned(size_t size) {
  // Twice the size, then the ends that stick out go back.
  void* raw = ::mmap(nullptr, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  const auto start = reinterpret_cast<uintptr_t>(raw);
  const uintptr_t aligned = (start + size - 1) & ~(size - 1);
  const uintptr_t end = aligned + size;
  if (aligned > start) ::munmap(raw, aligned - start);
  if (start + 2 * size > end) ::munmap(reinterpret_cast<void*>(end), start + 2 * size - end);
  return reinterpret_cast<void*>(aligned);
}

void unmap(void* memory, size_t size) {
  ::munmap(memory, size);
}

void release_pages(void* memory, size_t size) {
  ::madvise(memory, size, MADV_DONTNEED);
}

}  // namespace guccho

// mmap, munmap and madvise behind pages.h.
#include "node/base/pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <fstream>
#include <string>

// Linux 6.1; Debian 12's headers are older than its kernel.
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

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
  // Else the system would fill the hole again, to have its huge page back.
  auto* huge = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(memory) & ~(kHugePage - 1));
  if (size < kHugePage) ::madvise(huge, kHugePage, MADV_NOHUGEPAGE);
  ::madvise(memory, size, MADV_DONTNEED);
}

bool may_have_huge_pages() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string line;
  return std::getline(file, line) && line.find("[never]") == std::string::npos;
}

bool make_huge_page(void* memory) {
  static const bool knows_collapse = ::madvise(nullptr, 0, MADV_COLLAPSE) == 0;
  if (knows_collapse) return ::madvise(memory, kHugePage, MADV_COLLAPSE) == 0;
  ::madvise(memory, kHugePage, MADV_HUGEPAGE);
  return false;
}

}  // namespace guccho

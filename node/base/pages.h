// Memory in pages from the system, for allocators.
#pragma once

#include <cstddef>

namespace guccho {

// Zeroed memory of `size` bytes, aligned to `size`, which is a power of two and a multiple of 4 KiB; no page is
// resident before it is touched. nullptr when the system has none.
void* map_aligned(size_t size);
void unmap(void* memory, size_t size);
// The contents are lost and the memory goes back to the system until it is touched again.
void release_pages(void* memory, size_t size);

}  // namespace guccho

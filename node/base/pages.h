// Memory in pages from the system, for allocators.
#pragma once

#include <cstddef>

namespace guccho {

// Zeroed memory of `size` bytes, aligned to `size`, which is a power of two and a multiple of 4 KiB; no page is
// resident before it is touched. nullptr when the system has none. From 2 MiB on it is made of huge pages where the system
// has them: random reads then need not walk the page tables, which costs as much as the read itself.
void* map_aligned(size_t size);
void unmap(void* memory, size_t size);
// `memory` is part of what map_aligned() gave for at least 2 MiB. The contents are lost and the memory goes back to the system until it is touched again.
void release_pages(void* memory, size_t size);

}  // namespace guccho

// Memory in pages from the system, for allocators.
#pragma once

#include <cstddef>

namespace guccho {

// Of x86-64, and of arm64 with small pages of 4 KiB.
inline constexpr size_t kHugePage = size_t{2} << 20;

// Zeroed memory of `size` bytes, aligned to `size`, which is a power of two and a multiple of 4 KiB; it consists of
// small pages, none resident before it is touched. nullptr when the system has none.
void* map_aligned(size_t size);
void unmap(void* memory, size_t size);
// `memory` is part of what map_aligned() gave for at least kHugePage, which is then no longer made huge. The contents
// are lost and the memory goes back to the system until it is touched again.
void release_pages(void* memory, size_t size);

// Whether the machine's owner lets programs ask for huge pages.
bool may_have_huge_pages();
// Makes one huge page of the kHugePage bytes at `memory`, all of which become resident: random reads then need not walk
// the page tables. The contents stay, and other threads may use them meanwhile; one that writes may have to wait. Takes
// about a millisecond, several when memory is fragmented: not for a thread that answers clients. False when the system
// did not: release_pages() was called there, it has none to spare, the memory is no longer mapped, or it is older than
// Linux 6.1, which only takes note of the wish.
bool make_huge_page(void* memory);

}  // namespace guccho

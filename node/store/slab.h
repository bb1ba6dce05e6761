// The allocator of one Keyspace: small objects in 8-byte size steps from 16 KiB pages, large ones from malloc.
//
// General allocators go from 40 to 48 bytes in one step; a 38-byte entry then wastes a quarter of what we allow for a
// key's whole overhead. Here classes are 8 bytes apart up to 1 KiB. A page serves one class at a time, knows how many
// of its objects live, and may serve another class once it is empty. New objects go to pages that are nearly full, so
// that sparse ones empty by themselves; an owner that can move its objects hurries that on (sparse()). Frees are sized:
// nothing is stored per object.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "node/base/pages.h"
#include "node/base/relaxed.h"

namespace guccho::store {

// Memory is freed in steps whose budgets count frees of small objects; a large one costs a further one for each page
// that goes back to the system with it.
inline size_t free_cost(size_t size) {
  return 1 + size / 4096;
}
inline void spend(size_t& budget, size_t cost) {
  budget -= std::min(budget, cost);
}

// Single-threaded but for the counters.
class SlabAllocator {
 public:
  // Larger requests go to malloc.
  static constexpr size_t kMaxSmall = 1024;
  static constexpr size_t kStep = 8;
  static constexpr size_t kPageSize = size_t{16} << 10;
  // Pages are cut from chunks that are aligned to their size, so that an object's page is found by masking.
  static constexpr size_t kChunkSize = size_t{4} << 20;
  // Empty pages kept resident for reuse; the memory of further ones goes back to the system at once.
  static constexpr size_t kMaxResidentFree = 64;

  // kMalloc takes every object from malloc, so that AddressSanitizer sees each one; it is the default under it.
  enum class Backing : uint8_t { kPages, kMalloc };
  static Backing default_backing();

  explicit SlabAllocator(Backing backing = default_backing()) : backing_(backing) {}
  ~SlabAllocator();
  SlabAllocator(const SlabAllocator&) = delete;
  SlabAllocator& operator=(const SlabAllocator&) = delete;

  // Never nullptr (std::bad_alloc ends the process at the caller's border). Aligned to 8, and to 64 when `size` is a
  // multiple of 64.
  void* allocate(size_t size);
  // `size` must be what was asked for, or any size of the same footprint().
  void free(void* object, size_t size);
  // Keeps the first min(old_size, new_size) bytes. Aligned to 8.
  void* reallocate(void* object, size_t old_size, size_t new_size);

  // Whether the object lies in a page less than three quarters full, while its class has another page with room:
  // freeing it after allocating anew brings that page nearer to being empty.
  bool sparse(const void* object, size_t size) const;

  // What an object of `size` takes: the class for small ones, malloc's own rounding (16 bytes, 8 of them its header)
  // for large ones.
  static constexpr size_t footprint(size_t size) {
    return size <= kMaxSmall ? rounded(size) : (size + 8 + 15) / 16 * 16;
  }
  // How much of the footprint is usable.
  static constexpr size_t usable(size_t size) { return size <= kMaxSmall ? rounded(size) : size; }

  // Sum of the footprints of the living objects. Any thread.
  size_t used() const { return used_.get(); }
  // Bytes resident: pages in use or kept, and large objects. Any thread.
  size_t held() const { return held_.get(); }

  // Parts of chunks, of kHugePage each, whose pages have all been handed out since the last call and none given back:
  // worth make_huge_page(). While they fill they consist of small pages, since touching a huge one means to clear 2 MB
  // first, which a client would wait for.
  bool has_filled_parts() const { return !filled_parts_.empty(); }
  std::vector<void*> take_filled_parts() { return std::exchange(filled_parts_, {}); }

 private:
  static constexpr size_t kPagesPerChunk = kChunkSize / kPageSize;
  static constexpr size_t kPagesPerPart = kHugePage / kPageSize;
  static constexpr size_t kClasses = kMaxSmall / kStep;
  static constexpr uint16_t kNone = 0xffff;

  // Objects are named by their offset in the page, in steps of 8 bytes: 0 to 2047.
  struct Page {
    Page* prev = nullptr;
    Page* next = nullptr;
    uint16_t size_class = 0;
    uint16_t live = 0;
    uint16_t fresh = 0;          // offset of the part that was never handed out
    uint16_t free_head = kNone;  // freed objects, each holding the next offset in its first two bytes
  };
  // Lies in the first page of each chunk.
  struct Chunk {
    std::array<Page, kPagesPerChunk> pages;
  };
  // Pages of one kind, linked through Page::prev and next.
  struct PageList {
    Page* head = nullptr;
    size_t size = 0;
    void push(Page* page);
    void remove(Page* page);
  };

  static constexpr size_t rounded(size_t size) { return size == 0 ? kStep : (size + kStep - 1) / kStep * kStep; }
  static constexpr size_t class_of(size_t size) { return rounded(size) / kStep - 1; }
  static constexpr size_t class_size(size_t size_class) { return (size_class + 1) * kStep; }
  static Page* page_of(const void* object);
  static char* memory_of(Page* page);
  static void* part_of(Page* page);
  static constexpr size_t capacity(size_t size_class) { return kPageSize / class_size(size_class); }
  static constexpr size_t dense_from(size_t size_class) { return capacity(size_class) * 3 / 4; }
  // The list of pages with room that this page belongs to; nullptr for a full one.
  PageList* list_of(const Page& page);

  void* allocate_small(size_t size_class);
  void free_small(void* object);
  Page* take_page(size_t size_class);
  void give_back(Page* page);
  void add_chunk();
  Page* fresh_page();

  const Backing backing_;
  // Pages of each class with room: at least three quarters full, and less.
  std::array<PageList, kClasses> dense_;
  std::array<PageList, kClasses> sparse_;
  PageList resident_free_;
  PageList released_free_;
  std::vector<Chunk*> chunks_;
  size_t next_fresh_page_ = kPagesPerChunk;  // in the newest chunk
  std::vector<void*> filled_parts_;
  Relaxed<size_t> used_;
  Relaxed<size_t> held_;
};

}  // namespace guccho::store

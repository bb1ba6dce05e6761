// Pages, classes and free lists of the slab allocator.
#include "node/store/slab.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace guccho::store {

void SlabAllocator::PageList::push(Page* page) {
  page->prev = nullptr;
  page->next = head;
  if (head) head->prev = page;
  head = page;
  ++size;
}

void SlabAllocator::PageList::remove(Page* page) {
  (page->prev ? page->prev->next : head) = page->next;
  if (page->next) page->next->prev = page->prev;
  --size;
}

SlabAllocator::Backing SlabAllocator::default_backing() {
#ifdef __SANITIZE_ADDRESS__
  return Backing::kMalloc;
#else
  return Backing::kPages;
#endif
}

SlabAllocator::~SlabAllocator() {
  for (Chunk* chunk : chunks_) unmap(chunk, kChunkSize);
}

SlabAllocator::Page* SlabAllocator::page_of(const void* object) {
  const auto address = reinterpret_cast<uintptr_t>(object);
  auto* chunk = reinterpret_cast<Chunk*>(address & ~(kChunkSize - 1));
  return &chunk->pages[(address & (kChunkSize - 1)) / kPageSize];
}

char* SlabAllocator::memory_of(Page* page) {
  const auto address = reinterpret_cast<uintptr_t>(page);
  auto* chunk = reinterpret_cast<Chunk*>(address & ~(kChunkSize - 1));
  return reinterpret_cast<char*>(chunk) + static_cast<size_t>(page - chunk->pages.data()) * kPageSize;
}

void* SlabAllocator::part_of(Page* page) {
  return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(memory_of(page)) & ~(kHugePage - 1));
}

SlabAllocator::PageList* SlabAllocator::list_of(const Page& page) {
  if (page.live == capacity(page.size_class)) return nullptr;
  return page.live >= dense_from(page.size_class) ? &dense_[page.size_class] : &sparse_[page.size_class];
}

void* SlabAllocator::allocate(size_t size) {
  used_.add(footprint(size));
  if (size <= kMaxSmall && backing_ == Backing::kPages) return allocate_small(class_of(size));
  held_.add(footprint(size));
  void* object = (size != 0 && size % 64 == 0) ? std::aligned_alloc(64, size) : std::malloc(usable(size));
  if (!object) throw std::bad_alloc();
  return object;
}

void SlabAllocator::free(void* object, size_t size) {
  used_.subtract(footprint(size));
  if (size <= kMaxSmall && backing_ == Backing::kPages) {
    free_small(object);
  } else {
    held_.subtract(footprint(size));
    std::free(object);
  }
}

void* SlabAllocator::reallocate(void* object, size_t old_size, size_t new_size) {
  if (old_size > kMaxSmall && new_size > kMaxSmall) {
    void* moved = std::realloc(object, new_size);
    if (!moved) throw std::bad_alloc();
    used_.add(footprint(new_size) - footprint(old_size));
    held_.add(footprint(new_size) - footprint(old_size));
    return moved;
  }
  if (footprint(old_size) == footprint(new_size) && backing_ == Backing::kPages) return object;
  void* moved = allocate(new_size);
  std::memcpy(moved, object, std::min(old_size, new_size));
  free(object, old_size);
  return moved;
}

void* SlabAllocator::allocate_small(size_t size_class) {
  Page* page = dense_[size_class].head;
  if (!page) page = sparse_[size_class].head;
  if (!page) page = take_page(size_class);
  char* memory = memory_of(page);
  char* object;
  if (page->free_head != kNone) {
    object = memory + page->free_head * kStep;
    std::memcpy(&page->free_head, object, sizeof(page->free_head));
  } else {
    object = memory + page->fresh * kStep;
    page->fresh = static_cast<uint16_t>(page->fresh + size_class + 1);
  }
  PageList* before = list_of(*page);
  ++page->live;
  PageList* after = list_of(*page);
  if (after != before) {
    before->remove(page);
    if (after) after->push(page);
  }
  return object;
}

void SlabAllocator::free_small(void* object) {
  Page* page = page_of(object);
  std::memcpy(object, &page->free_head, sizeof(page->free_head));
  page->free_head = static_cast<uint16_t>((reinterpret_cast<uintptr_t>(object) & (kPageSize - 1)) / kStep);
  PageList* before = list_of(*page);
  --page->live;
  PageList* after = page->live == 0 ? nullptr : list_of(*page);
  if (after != before) {
    if (before) before->remove(page);
    if (after) after->push(page);
  }
  if (page->live == 0) give_back(page);
}

bool SlabAllocator::sparse(const void* object, size_t size) const {
  if (size > kMaxSmall || backing_ == Backing::kMalloc) return false;
  const Page* page = page_of(object);
  if (page->live >= dense_from(page->size_class)) return false;
  // Not the page that the next object would go to.
  const Page* target = dense_[page->size_class].head;
  if (!target) target = sparse_[page->size_class].head;
  return target != page;
}

SlabAllocator::Page* SlabAllocator::take_page(size_t size_class) {
  Page* page;
  if (resident_free_.head) {
    page = resident_free_.head;
    resident_free_.remove(page);
  } else {
    held_.add(kPageSize);
    if (released_free_.head) {
      page = released_free_.head;
      released_free_.remove(page);
    } else {
      page = fresh_page();
    }
  }
  *page = Page{};
  page->size_class = static_cast<uint16_t>(size_class);
  sparse_[size_class].push(page);
  return page;
}

SlabAllocator::Page* SlabAllocator::fresh_page() {
  if (next_fresh_page_ == kPagesPerChunk) add_chunk();
  Page* page = &chunks_.back()->pages[next_fresh_page_++];
  if (next_fresh_page_ % kPagesPerPart == 0) filled_parts_.push_back(part_of(page));
  return page;
}

void SlabAllocator::give_back(Page* page) {
  if (resident_free_.size < kMaxResidentFree) {
    resident_free_.push(page);
    return;
  }
  std::erase(filled_parts_, part_of(page));
  release_pages(memory_of(page), kPageSize);
  held_.subtract(kPageSize);
  released_free_.push(page);
}

void SlabAllocator::add_chunk() {
  void* memory = map_aligned(kChunkSize);
  if (!memory) throw std::bad_alloc();
  chunks_.push_back(new (memory) Chunk);
  next_fresh_page_ = 1;  // page 0 holds the Chunk
}

}  // namespace guccho::store

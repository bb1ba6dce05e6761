// Blocks of big lists: room, descriptors, and the changes that keep to one block.
#include "node/store/list_blocks.h"

#include <algorithm>
#include <new>
#include <vector>

#include "node/store/list_walk.h"
#include "node/store/listpack.h"

namespace guccho::store {

namespace {

// A block begins with this much and doubles up to the limit.
constexpr size_t kFirstCapacity = 256;
constexpr uint32_t kFirstDescriptors = 4;

size_t listpack_size(const ListBlock& b) {
  return Listpack::kEmptySize + b.used();
}

}  // namespace

// ---- limits ----

ListLimit::ListLimit(int32_t max_listpack_size) : by_count_(max_listpack_size >= 0) {
  constexpr size_t kSafe = 8192;
  if (by_count_) {
    bytes_ = kSafe;
    elements_ = std::max<size_t>(1, static_cast<size_t>(max_listpack_size));
  } else {
    // -1 to -5: 4 KiB to 64 KiB.
    bytes_ = size_t{4096} << std::min(-(int64_t{max_listpack_size} + 1), int64_t{4});
    elements_ = SIZE_MAX;
  }
}

bool ListLimit::suits_packed(size_t bytes, size_t elements, bool shrunk) const {
  const size_t part = shrunk ? 2 : 1;
  return by_count_ ? elements <= elements_ / part : bytes <= bytes_ / part;
}

// ---- walking ----

ListCursor::ListCursor(std::span<const ListBlock> blocks, size_t size, size_t index)
    : blocks_(blocks), block_(blocks.size()) {
  if (index >= size) return;
  // `index` becomes that within the block.
  if (index <= size / 2) {
    for (block_ = 0; index >= blocks_[block_].count; ++block_) index -= blocks_[block_].count;
  } else {
    size_t behind = size - index;  // elements from there to the end, itself included
    for (block_ = blocks_.size() - 1; behind > blocks_[block_].count; --block_) behind -= blocks_[block_].count;
    index = blocks_[block_].count - behind;
  }
  const ListBlock& block = blocks_[block_];
  if (index <= block.count / 2) {
    for (offset_ = block.begin; index > 0; --index) {
      offset_ += static_cast<uint32_t>(element_size(block.data + offset_));
    }
  } else {
    offset_ = block.end;
    for (size_t left = block.count - index; left > 0; --left) {
      offset_ -= static_cast<uint32_t>(element_size_before(block.data + offset_));
    }
  }
}

// ---- the structure as a whole ----

ListBlocks* ListBlocks::make(SlabAllocator& alloc) {
  return new (alloc.allocate(sizeof(ListBlocks))) ListBlocks;
}

size_t ListBlocks::bytes() const {
  const size_t descriptors = capacity_ == 0 ? 0 : SlabAllocator::footprint(capacity_ * sizeof(ListBlock));
  return SlabAllocator::footprint(sizeof(ListBlocks)) + descriptors + block_bytes_;
}

ListBlocks* ListBlocks::copy(SlabAllocator& alloc) const {
  ListBlocks* made = make(alloc);
  made->lay_out(count_, 0, alloc);
  for (const ListBlock& b : blocks()) {
    b.plain ? made->append_plain(b.bytes(), alloc) : made->append_block(b.bytes(), b.count, alloc);
  }
  return made;
}

bool ListBlocks::drain(size_t& budget, SlabAllocator& alloc) {
  while (budget > 0 && count_ > 0) {
    ListBlock& last = block(--count_);
    spend(budget, free_cost(last.capacity));
    release(last, alloc);
  }
  if (count_ > 0) return true;
  if (capacity_ > 0) alloc.free(blocks_, capacity_ * sizeof(ListBlock));
  if (walk() != nullptr) walk()->structure_gone();
  this->~ListBlocks();
  alloc.free(this, sizeof(ListBlocks));
  return false;
}

void ListBlocks::defragment(const Move& move, SlabAllocator&) {
  for (size_t i = 0; i < count_; ++i) {
    ListBlock& b = block(i);
    b.data = static_cast<char*>(move(b.data, b.capacity));
    if (b.mark != 0 && walk() != nullptr) static_cast<ListWalk*>(walk())->moved(b);
  }
  if (capacity_ > 0) blocks_ = static_cast<ListBlock*>(move(blocks_, capacity_ * sizeof(ListBlock)));
}

// ---- descriptors ----

// Gives the array of descriptors `capacity` places, the first one in use at `first`.
void ListBlocks::lay_out(uint32_t capacity, uint32_t first, SlabAllocator& alloc) {
  if (capacity == capacity_) {
    if (count_ > 0) std::memmove(blocks_ + first, blocks_ + first_, count_ * sizeof(ListBlock));
  } else {
    auto* fresh = static_cast<ListBlock*>(alloc.allocate(capacity * sizeof(ListBlock)));
    if (count_ > 0) std::memcpy(fresh + first, blocks_ + first_, count_ * sizeof(ListBlock));
    if (capacity_ > 0) alloc.free(blocks_, capacity_ * sizeof(ListBlock));
    blocks_ = fresh;
    capacity_ = capacity;
  }
  first_ = first;
}

// A place for a new descriptor, for the caller to fill. Moves the shorter side; when that has no room, all are moved,
// or get half as many places more, such that the next quarter of their number costs nothing.
ListBlock& ListBlocks::open_block(size_t at, SlabAllocator& alloc) {
  const bool front = at < count_ / 2 || (at == 0 && count_ > 0);
  if (front ? first_ == 0 : first_ + count_ == capacity_) {
    uint32_t capacity = capacity_;
    if (capacity - count_ < std::max(1u, count_ / 4)) capacity = std::max(kFirstDescriptors, count_ + count_ / 2);
    const uint32_t spare = capacity - count_;
    lay_out(capacity, front ? spare - spare / 4 : spare / 4, alloc);
  }
  if (front) {
    --first_;
    std::memmove(blocks_ + first_, blocks_ + first_ + 1, at * sizeof(ListBlock));
  } else {
    std::memmove(&block(at + 1), &block(at), (count_ - at) * sizeof(ListBlock));
  }
  ++count_;
  return block(at) = ListBlock{};
}

// Takes descriptors out whose blocks were released.
void ListBlocks::close_blocks(size_t at, size_t count, SlabAllocator& alloc) {
  const size_t behind = count_ - at - count;
  if (at < behind) {
    std::memmove(&block(count), &block(0), at * sizeof(ListBlock));
    first_ += static_cast<uint32_t>(count);
  } else {
    std::memmove(&block(at), &block(at + count), behind * sizeof(ListBlock));
  }
  count_ -= static_cast<uint32_t>(count);
  if (capacity_ > 64 && count_ < capacity_ / 4) lay_out(std::max(kFirstDescriptors, 2 * count_), count_ / 2, alloc);
}

void ListBlocks::close_empty_blocks(SlabAllocator& alloc) {
  ListBlock* end = blocks_ + first_ + count_;
  ListBlock* kept = std::remove_if(blocks_ + first_, end, [](const ListBlock& b) { return b.count == 0; });
  if (kept != end) close_blocks(static_cast<size_t>(kept - (blocks_ + first_)), static_cast<size_t>(end - kept), alloc);
}

// ---- the walk of a snapshot ----

void ListBlocks::mark_blocks() {
  for (uint32_t i = 0; i < count_; ++i) block(i).mark = i + 1;
}

void ListBlocks::touch_slow(ListBlock& b) {
  if (walk() != nullptr) static_cast<ListWalk*>(walk())->before_change(b);
  b.mark = 0;
}

// ---- the memory of a block ----

void ListBlocks::allocate(ListBlock& b, size_t capacity, SlabAllocator& alloc) {
  b.data = static_cast<char*>(alloc.allocate(capacity));
  b.capacity = static_cast<uint32_t>(SlabAllocator::usable(capacity));
  block_bytes_ += SlabAllocator::footprint(capacity);
}

void ListBlocks::release(ListBlock& b, SlabAllocator& alloc) {
  touch(b);
  block_bytes_ -= SlabAllocator::footprint(b.capacity);
  alloc.free(b.data, b.capacity);
}

void ListBlocks::reallocate(ListBlock& b, size_t capacity, size_t begin, SlabAllocator& alloc) {
  touch(b);
  ListBlock fresh = b;
  allocate(fresh, capacity, alloc);
  fresh.begin = static_cast<uint32_t>(begin);
  fresh.end = static_cast<uint32_t>(begin + b.used());
  std::memcpy(fresh.data + fresh.begin, b.data + b.begin, b.used());
  release(b, alloc);
  b = fresh;
}

// Gives back what a block that does not grow any more has too much.
void ListBlocks::fit(ListBlock& b, SlabAllocator& alloc) {
  if (b.capacity > b.used() + b.used() / 8 + 64) reallocate(b, b.used(), 0, alloc);
}

// `size` more bytes at one end of a block.
char* ListBlocks::room_at_end(ListBlock& b, ListEnd end, size_t size, const ListLimit& limit, SlabAllocator& alloc) {
  touch(b);
  const bool head = end == ListEnd::kHead;
  if (head ? b.begin < size : b.capacity - b.end < size) {
    const size_t used = b.used();
    const size_t needed = used + size;
    const size_t most = std::max(limit.max_bytes(), needed);
    size_t capacity = std::min(std::max({2 * size_t{b.capacity}, needed, kFirstCapacity}), most);
    // Half empty, or as large as it gets: what is there moves.
    const bool move = needed <= b.capacity && (used <= b.capacity / 2 || capacity <= b.capacity);
    if (move) capacity = b.capacity;
    // The other end of a list of one block may be pushed to as well.
    const size_t spare = SlabAllocator::usable(capacity) - needed;
    const size_t other = count_ == 1 ? spare / 4 : 0;
    const size_t begin = head ? needed + spare - other - used : other;
    if (move) {
      std::memmove(b.data + begin, b.data + b.begin, used);
      b.begin = static_cast<uint32_t>(begin);
      b.end = static_cast<uint32_t>(begin + used);
    } else {
      reallocate(b, capacity, begin, alloc);
    }
  }
  if (head) return b.data + (b.begin -= static_cast<uint32_t>(size));
  b.end += static_cast<uint32_t>(size);
  return b.data + b.end - size;
}

// `size` more bytes in the middle, where `offset` is; moves the shorter side that has room for it.
char* ListBlocks::open_gap(ListBlock& b, uint32_t offset, size_t size, SlabAllocator& alloc) {
  touch(b);
  const bool front_fits = b.begin >= size;
  const bool back_fits = b.capacity - b.end >= size;
  if (!front_fits && !back_fits) {
    const uint32_t place = offset - b.begin;
    reallocate(b, b.used() + size, 0, alloc);
    offset = place;
    return open_gap(b, offset, size, alloc);
  }
  const auto gap = static_cast<uint32_t>(size);
  if (front_fits && (!back_fits || offset - b.begin < b.end - offset)) {
    std::memmove(b.data + b.begin - gap, b.data + b.begin, offset - b.begin);
    b.begin -= gap;
    return b.data + offset - gap;
  }
  std::memmove(b.data + offset + gap, b.data + offset, b.end - offset);
  b.end += gap;
  return b.data + offset;
}

void ListBlocks::close_gap(ListBlock& b, uint32_t from, uint32_t to) {
  touch(b);
  if (from - b.begin < b.end - to) {
    std::memmove(b.data + b.begin + (to - from), b.data + b.begin, from - b.begin);
    b.begin += to - from;
  } else {
    std::memmove(b.data + from, b.data + to, b.end - to);
    b.end -= to - from;
  }
}

// ---- whole blocks ----

void ListBlocks::append_block(std::string_view elements, size_t count, SlabAllocator& alloc) {
  ListBlock& b = open_block(count_, alloc);
  allocate(b, elements.size(), alloc);
  b.end = static_cast<uint32_t>(elements.size());
  b.count = static_cast<uint32_t>(count);
  std::ranges::copy(elements, b.data);
  size_ += count;
}

void ListBlocks::append_plain(std::string_view text, SlabAllocator& alloc) {
  append_block(text, 1, alloc);
  block(count_ - 1).plain = 1;
}

// Makes a fresh descriptor the block of one element.
void ListBlocks::fill_with(ListBlock& b, std::string_view text, const ListLimit& limit, SlabAllocator& alloc) {
  b.begin = 0;
  b.count = 1;
  b.plain = limit.full(Listpack::kEmptySize, 0, text.size()) ? 1 : 0;
  if (b.plain) {
    allocate(b, text.size(), alloc);
    std::ranges::copy(text, b.data);
    b.end = static_cast<uint32_t>(text.size());
  } else {
    const EncodedElement element(text);
    allocate(b, element.size(), alloc);
    element.write(b.data);
    b.end = static_cast<uint32_t>(element.size());
  }
}

void ListBlocks::add_block_with(size_t at, std::string_view text, const ListLimit& limit, SlabAllocator& alloc) {
  fill_with(open_block(at, alloc), text, limit, alloc);
}

// Cuts a block in two; `offset` begins the second one.
void ListBlocks::split(size_t at, uint32_t offset, SlabAllocator& alloc) {
  ListBlock& behind = open_block(at + 1, alloc);
  ListBlock& b = block(at);
  uint32_t left = 0;
  for (uint32_t i = b.begin; i < offset; i += static_cast<uint32_t>(element_size(b.data + i))) ++left;
  allocate(behind, b.end - offset, alloc);
  behind.end = b.end - offset;
  behind.count = b.count - left;
  std::memcpy(behind.data, b.data + offset, behind.end);
  b.end = offset;
  b.count = left;
  fit(b, alloc);
}

bool ListBlocks::merge_with_next(size_t at, const ListLimit& limit, SlabAllocator& alloc) {
  if (at + 1 >= count_) return false;
  ListBlock& b = block(at);
  ListBlock& next = block(at + 1);
  if (b.plain || next.plain || limit.exceeded(listpack_size(b) + next.used(), b.count + size_t{next.count}))
    return false;
  touch(b);
  if (b.capacity - b.end < next.used()) reallocate(b, b.used() + next.used(), 0, alloc);
  std::memcpy(b.data + b.end, next.data + next.begin, next.used());
  b.end += static_cast<uint32_t>(next.used());
  b.count += next.count;
  release(next, alloc);
  close_blocks(at + 1, 1, alloc);
  return true;
}

// After a split: as Redis, the pairs of neighbours on either side first, so that a place that is split again and again
// leaves no trail of small blocks.
void ListBlocks::merge_around(size_t at, const ListLimit& limit, SlabAllocator& alloc) {
  if (at >= 2 && merge_with_next(at - 2, limit, alloc)) --at;
  merge_with_next(at + 1, limit, alloc);
  if (at >= 1 && merge_with_next(at - 1, limit, alloc)) --at;
  merge_with_next(at, limit, alloc);
}

}  // namespace guccho::store

// A big list: blocks of listpack elements, an element too large for a block alone in its own.
//
// The blocks' descriptors lie side by side in one array, in the order of the list: going to an index reads 32 bytes a
// block of several hundred elements, from the nearer end, and no block but the last. A block has room at both ends, so
// that pushing and popping at either end of the list moves no bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "node/store/listpack_element.h"
#include "node/store/structure.h"

namespace guccho::store {

enum class ListEnd : uint8_t { kHead, kTail };

// What list-max-listpack-size allows a packed list or a block, by Redis' rules: a number of elements (then of at most
// 8 KiB), or a size.
class ListLimit {
 public:
  explicit ListLimit(int32_t max_listpack_size);
  // Sizes are those of a listpack, header included.
  bool exceeded(size_t bytes, size_t elements) const { return bytes > bytes_ || elements > elements_; }
  // Whether one more element of this text is too much. Redis estimates what encoding it takes.
  bool full(size_t bytes, size_t elements, size_t text_size) const {
    return exceeded(bytes + text_size + 8, elements + 1);
  }
  // Whether what has shrunk is small enough to become a packed list again: half of the limit, so that a list does not
  // go to and fro. Without `shrunk` the limit itself (what was loaded).
  bool suits_packed(size_t bytes, size_t elements, bool shrunk) const;
  // The most bytes of elements that a block of ordinary ones holds.
  size_t max_bytes() const { return bytes_; }

 private:
  size_t bytes_;
  size_t elements_;
  bool by_count_;
};

struct ListBlock {
  char* data;
  uint32_t begin;  // the elements are data[begin, end)
  uint32_t end;
  uint32_t capacity;
  uint32_t count : 31;
  uint32_t plain : 1;  // the bytes of one element, without encoding
  uint32_t mark;       // its number for the walk of a snapshot (list_walk.h), from 1; 0: it needs nothing of this block

  size_t used() const { return end - begin; }
  std::string_view bytes() const { return {data + begin, used()}; }
};
static_assert(sizeof(ListBlock) == 32);

// Walks over the elements of blocks in either direction. Stale after any change.
class ListCursor {
 public:
  ListCursor() = default;
  // At the element of that index; past the end when there is none. Linear in blocks from the nearer end.
  ListCursor(std::span<const ListBlock> blocks, size_t size, size_t index);

  bool at_end() const { return block_ >= blocks_.size(); }
  ListpackElement element() const {
    const ListBlock& block = blocks_[block_];
    if (block.plain) return {std::nullopt, block.bytes()};
    return read_element(block.data + offset_);
  }
  void next() {
    const ListBlock& block = blocks_[block_];
    offset_ = block.plain ? block.end : offset_ + static_cast<uint32_t>(element_size(block.data + offset_));
    if (offset_ == block.end && ++block_ < blocks_.size()) offset_ = blocks_[block_].begin;
  }
  // Before the first element lies the end.
  void previous() {
    if (offset_ == blocks_[block_].begin) {
      if (block_ == 0) {
        block_ = blocks_.size();
        return;
      }
      offset_ = blocks_[--block_].end;
    }
    const ListBlock& block = blocks_[block_];
    offset_ = block.plain ? block.begin : offset_ - static_cast<uint32_t>(element_size_before(block.data + offset_));
  }

  size_t block() const { return block_; }
  uint32_t offset() const { return offset_; }

 private:
  std::span<const ListBlock> blocks_;
  size_t block_ = 0;
  uint32_t offset_ = 0;  // in the block's data
};

class ListBlocks final : public Structure {
 public:
  static ListBlocks* make(SlabAllocator& alloc);

  size_t elements() const override { return size_; }
  size_t bytes() const override;
  ListBlocks* copy(SlabAllocator& alloc) const override;
  bool drain(size_t& budget, SlabAllocator& alloc) override;
  void defragment(const Move& move, SlabAllocator& alloc) override;

  std::span<const ListBlock> blocks() const { return {blocks_ + first_, count_}; }
  ListCursor at(size_t index) const { return {blocks(), size_, index}; }

  // Texts must not point into this list.
  void push(ListEnd end, std::string_view text, const ListLimit& limit, SlabAllocator& alloc);
  void pop(ListEnd end, SlabAllocator& alloc);
  // Beside the element at the cursor.
  void insert(const ListCursor& place, bool after, std::string_view text, const ListLimit& limit, SlabAllocator& alloc);
  void replace(size_t index, std::string_view text, const ListLimit& limit, SlabAllocator& alloc);
  // Linear in what is erased, and in the blocks behind it or before it, whichever are fewer.
  void erase(size_t index, size_t count, SlabAllocator& alloc);
  // Erases up to `limit` elements that match, counted from one end. How many.
  size_t erase_matching(const ElementMatcher& wanted, size_t limit, ListEnd from, SlabAllocator& alloc);
  // Well-formed elements, `count` of them, as a block of their own at the tail; or one plain element.
  void append_block(std::string_view elements, size_t count, SlabAllocator& alloc);
  void append_plain(std::string_view text, SlabAllocator& alloc);

  // For a walk that begins: from now on it hears of each block's first change.
  void mark_blocks();

 private:
  ListBlock& block(size_t i) { return blocks_[first_ + i]; }
  // Descriptors.
  void lay_out(uint32_t capacity, uint32_t first, SlabAllocator& alloc);
  ListBlock& open_block(size_t at, SlabAllocator& alloc);
  void close_blocks(size_t at, size_t count, SlabAllocator& alloc);
  void close_empty_blocks(SlabAllocator& alloc);
  // The memory of a block. touch() comes before bytes in [begin, end) change or go.
  void touch(ListBlock& b) {
    if (b.mark != 0) touch_slow(b);
  }
  void touch_slow(ListBlock& b);
  void allocate(ListBlock& b, size_t capacity, SlabAllocator& alloc);
  void release(ListBlock& b, SlabAllocator& alloc);
  void reallocate(ListBlock& b, size_t capacity, size_t begin, SlabAllocator& alloc);
  void fit(ListBlock& b, SlabAllocator& alloc);
  char* room_at_end(ListBlock& b, ListEnd end, size_t size, const ListLimit& limit, SlabAllocator& alloc);
  char* open_gap(ListBlock& b, uint32_t offset, size_t size, SlabAllocator& alloc);
  void close_gap(ListBlock& b, uint32_t from, uint32_t to);
  // Blocks and their elements.
  void fill_with(ListBlock& b, std::string_view text, const ListLimit& limit, SlabAllocator& alloc);
  void add_block_with(size_t at, std::string_view text, const ListLimit& limit, SlabAllocator& alloc);
  void insert_in_block(ListBlock& b, uint32_t offset, std::string_view text, SlabAllocator& alloc);
  void insert_splitting(size_t at, uint32_t offset, bool after, std::string_view text, const ListLimit& limit,
                        SlabAllocator& alloc);
  void split(size_t at, uint32_t offset, SlabAllocator& alloc);
  bool merge_with_next(size_t at, const ListLimit& limit, SlabAllocator& alloc);
  void merge_around(size_t at, const ListLimit& limit, SlabAllocator& alloc);
  size_t erase_matching_in_block(ListBlock& b, const ElementMatcher& wanted, size_t limit, ListEnd from,
                                 SlabAllocator& alloc);

  ListBlock* blocks_ = nullptr;  // descriptors: [first_, first_ + count_) of capacity_ are in use
  uint32_t first_ = 0;
  uint32_t count_ = 0;
  uint32_t capacity_ = 0;
  size_t size_ = 0;         // elements
  size_t block_bytes_ = 0;  // footprints of the blocks
};

}  // namespace guccho::store

// Redis' listpack: a block of strings and integers in one piece of memory. Bit for bit the format of RDB types 16, 17,
// 18, 20, so that small collections are written to and read from RDB as they lie in memory.
//
//   u32 total bytes | u16 number of elements (65535: count them) | elements | 0xff
//   element = encoding and data | length of that, in 1 to 5 bytes that are read backwards
//     0xxxxxxx  integer 0 to 127              10xxxxxx  string of up to 63 bytes
//     110xxxxx  integer of 13 bits            1110xxxx  string of up to 4095 bytes
//     f1 f2 f3 f4  integers of 16, 24, 32, 64 bits, f0  string with a length of 32 bits
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/store/entry.h"
#include "node/store/listpack_element.h"
#include "node/store/slab.h"

namespace guccho::store {

// Reads a well-formed block. Positions are byte offsets; kEnd follows the last element.
class Listpack {
 public:
  static constexpr size_t kHeaderSize = 6;
  static constexpr size_t kEmptySize = kHeaderSize + 1;
  static constexpr size_t kEnd = 0;
  // Larger ones are not made, whatever the directives allow (as Redis; offsets have 32 bits).
  static constexpr size_t kMaxSize = size_t{1} << 30;

  explicit Listpack(std::string_view block) : block_(block) {}

  // Whether untrusted bytes are a well-formed block; if `even`, also of an even number of elements.
  static bool valid(std::string_view block, bool even = false);
  // Header and end of a block of `size` bytes in all; the elements in between are the caller's.
  static void write_frame(char* block, size_t size, size_t elements);

  size_t first() const { return at_end(kHeaderSize) ? kEnd : kHeaderSize; }
  size_t next(size_t position) const;
  // The element before the one at `position`; kEnd when that is the first. From kEnd on, the last.
  size_t previous(size_t position) const;
  ListpackElement get(size_t position) const { return read_element(block_.data() + position); }
  size_t count() const;
  // The first element whose text equals `text`; kEnd when none does.
  size_t find(std::string_view text) const { return find_from(first(), text, 1); }
  // The first of every second element, from `position` on, whose text equals `text`; kEnd when none does.
  size_t find_every_second(size_t position, std::string_view text) const { return find_from(position, text, 2); }
  // The first of every third element, from `position` on, whose text equals `text`; kEnd when none does.
  size_t find_every_third(size_t position, std::string_view text) const { return find_from(position, text, 3); }
  // Whether elements with so many bytes of text may be added; the few that frame each do not count.
  bool has_room(size_t text_bytes) const { return block_.size() + text_bytes <= kMaxSize; }
  // All elements, without header and end.
  std::string_view elements() const { return block_.substr(kHeaderSize, block_.size() - kEmptySize); }

 private:
  size_t find_from(size_t position, std::string_view text, size_t every) const;
  bool at_end(size_t position) const { return static_cast<uint8_t>(block_[position]) == 0xff; }
  std::string_view block_;
};

// A listpack that grows in memory of the allocator. Total size below 4 GiB: callers ask has_room().
class ListpackBlock {
 public:
  // Takes over a block that an External describes; external() gives back what it has become.
  ListpackBlock(const External& external, SlabAllocator& alloc) : external_(external), alloc_(alloc) {}
  static ListpackBlock make(SlabAllocator& alloc);
  // Copies a well-formed block.
  static ListpackBlock copy(std::string_view block, SlabAllocator& alloc);
  // Copies well-formed elements, `count` of them, into a block.
  static ListpackBlock wrap(std::string_view elements, size_t count, SlabAllocator& alloc);

  const External& external() const { return external_; }
  Listpack view() const { return Listpack({data(), external_.size}); }

  // A text is stored as an integer when it is the canonical text of one. It must not point into this block.
  void append(std::string_view text) { insert(Listpack::kEnd, text); }
  // Before the element at `position`; behind the last one for kEnd.
  void insert(size_t position, std::string_view text);
  void replace(size_t position, std::string_view text);
  // Removes `elements` elements from `position` on.
  void erase(size_t position, size_t elements);
  void release() { alloc_.free(external_.data, external_.capacity); }

 private:
  char* data() const { return static_cast<char*>(external_.data); }
  // Makes `new_size` bytes of what were `old_size` bytes at `position`, to be written by the caller; adds `delta` to
  // the element count.
  char* splice(size_t position, size_t old_size, size_t new_size, int delta);

  External external_;
  SlabAllocator& alloc_;
};

}  // namespace guccho::store

// Redis' intset: a set of integers in one piece of memory, bit for bit the format of RDB type 11.
//
//   u32 width (2, 4 or 8 bytes) | u32 count | the integers, ascending, of that width, little-endian
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/store/entry.h"
#include "node/store/slab.h"

namespace guccho::store {

// Reads a well-formed block.
class Intset {
 public:
  static constexpr size_t kHeaderSize = 8;

  explicit Intset(std::string_view block) : block_(block) {}

  // Whether untrusted bytes are a well-formed block: also that the integers ascend.
  static bool valid(std::string_view block);

  size_t count() const { return load32(4); }
  int64_t at(size_t index) const { return load(index, width()); }
  // The index of the first integer that is not less. Logarithmic.
  size_t lower_bound(int64_t value) const;
  bool contains(int64_t value) const {
    const size_t index = lower_bound(value);
    return index < count() && at(index) == value;
  }

 private:
  friend class IntsetBlock;
  size_t width() const { return load32(0); }
  uint32_t load32(size_t at) const;
  int64_t load(size_t index, size_t width) const;

  std::string_view block_;
};

// An intset that grows in memory of the allocator.
class IntsetBlock {
 public:
  // Takes over a block that an External describes; external() gives back what it has become.
  IntsetBlock(const External& external, SlabAllocator& alloc) : external_(external), alloc_(alloc) {}
  static IntsetBlock make(SlabAllocator& alloc);
  // Copies a well-formed block.
  static IntsetBlock copy(std::string_view block, SlabAllocator& alloc);

  const External& external() const { return external_; }
  Intset view() const { return Intset({data(), external_.size}); }

  // True when it was not there. Linear.
  bool add(int64_t value);
  // True when it was there. Linear.
  bool erase(int64_t value);

 private:
  char* data() const { return static_cast<char*>(external_.data); }
  void resize(size_t size);
  void widen(size_t width);
  void store(size_t index, size_t width, int64_t value);
  void set_header(size_t width, size_t count);

  External external_;
  SlabAllocator& alloc_;
};

}  // namespace guccho::store

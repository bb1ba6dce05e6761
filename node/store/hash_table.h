// The table of a big hash: field and value in one allocation each.
//
//   narrow: field length u8 (0-254) | value length u8 | field | value
//   wide:   0xff | field length u32 | value length u32 | field | value
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "node/store/key.h"
#include "node/store/structure.h"
#include "node/store/table.h"

namespace guccho::store {

class FieldPair {
 public:
  FieldPair(const FieldPair&) = delete;
  FieldPair& operator=(const FieldPair&) = delete;

  std::string_view field() const { return {bytes() + header_size(), field_size()}; }
  std::string_view value() const { return {bytes() + header_size() + field_size(), value_size()}; }
  size_t allocation_size() const { return header_size() + field_size() + value_size(); }

  static bool needs_wide(size_t field_size, size_t value_size) { return field_size >= kWide || value_size > 255; }
  static size_t allocation_size(size_t field_size, size_t value_size) {
    return (needs_wide(field_size, value_size) ? kWideHeader : kNarrowHeader) + field_size + value_size;
  }
  static FieldPair* format(void* memory, std::string_view field, std::string_view value);
  // Replaces the value where the allocation stays the same; false when it would not.
  bool assign(std::string_view value);

 private:
  FieldPair() = default;

  static constexpr uint8_t kWide = 0xff;
  static constexpr size_t kNarrowHeader = 2;
  static constexpr size_t kWideHeader = 9;

  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  char* bytes() { return reinterpret_cast<char*>(this); }
  bool wide() const { return static_cast<uint8_t>(bytes()[0]) == kWide; }
  size_t header_size() const { return wide() ? kWideHeader : kNarrowHeader; }
  size_t load32(size_t at) const {
    uint32_t v;
    std::memcpy(&v, bytes() + at, 4);
    return v;
  }
  size_t field_size() const { return wide() ? load32(1) : static_cast<uint8_t>(bytes()[0]); }
  size_t value_size() const { return wide() ? load32(5) : static_cast<uint8_t>(bytes()[1]); }
  void set_value_size(size_t size);
};

struct FieldTraits {
  static std::string_view key(const FieldPair& pair) { return pair.field(); }
  static uint64_t hash(std::string_view field) { return hash_bytes(field); }
};

class HashTable final : public Structure {
 public:
  Table<FieldPair, FieldTraits> table;
  size_t pair_bytes = 0;  // footprints of the pairs

  size_t elements() const override { return table.size(); }
  size_t bytes() const override {
    return SlabAllocator::footprint(sizeof(HashTable)) + table.structure_bytes() + pair_bytes;
  }
  HashTable* copy(SlabAllocator& alloc) const override;
  bool drain(size_t budget, SlabAllocator& alloc) override;
  void defragment(const Move& move, SlabAllocator& alloc) override;
  // Its items are FieldPairs.
  const TableCore* element_table() const override { return &table; }

 private:
  uint32_t drained_ = 0;  // where drain() goes on
};

// Memory from `alloc`; freed by Keyspace::release_structure.
HashTable* make_table(SlabAllocator& alloc);
// The field must not be there.
FieldPair* add_pair(HashTable& hash, std::string_view field, std::string_view value, SlabAllocator& alloc);

}  // namespace guccho::store

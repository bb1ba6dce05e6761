// The table of a big hash: field and value in one allocation each.
//
//   narrow: field length u8 (0-253) | value length u8 | field | value
//   wide:   0xff | field length u32 | value length u32 | field | value
//   timed:  0xfe | field length u32 | value length u32 | expiry u48, milliseconds since 1970 | field | value
//
// Fields without an expiry, and tables without a timed field, pay nothing for those that have one. When fields are due
// is known to the table's segments (TableCore's bounds), as it is of keys.
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
  // Milliseconds since 1970; 0: none.
  int64_t expiry() const { return timed() ? load_expiry() : 0; }
  bool timed() const { return first() == kTimed; }
  size_t allocation_size() const { return header_size() + field_size() + value_size(); }

  static bool needs_wide(size_t field_size, size_t value_size) { return field_size >= kTimed || value_size > 255; }
  static size_t allocation_size(size_t field_size, size_t value_size, bool timed) {
    const size_t header = timed ? kTimedHeader : needs_wide(field_size, value_size) ? kWideHeader : kNarrowHeader;
    return header + field_size + value_size;
  }
  // Of allocation_size(field, value, expiry != 0) bytes.
  static FieldPair* format(void* memory, std::string_view field, std::string_view value, int64_t expiry);
  // Replaces the value where the allocation and the header's form stay the same; false when they would not.
  bool assign(std::string_view value);
  void set_expiry_in_place(int64_t expiry);  // timed() holds

 private:
  FieldPair() = default;

  static constexpr uint8_t kWide = 0xff;
  static constexpr uint8_t kTimed = 0xfe;
  static constexpr size_t kNarrowHeader = 2;
  static constexpr size_t kWideHeader = 9;
  static constexpr size_t kExpirySize = 6;
  static constexpr size_t kTimedHeader = kWideHeader + kExpirySize;

  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  char* bytes() { return reinterpret_cast<char*>(this); }
  uint8_t first() const { return static_cast<uint8_t>(bytes()[0]); }
  bool narrow() const { return first() < kTimed; }
  size_t header_size() const { return narrow() ? kNarrowHeader : timed() ? kTimedHeader : kWideHeader; }
  int64_t load_expiry() const {
    int64_t v = 0;
    std::memcpy(&v, bytes() + kWideHeader, kExpirySize);
    return v;
  }
  size_t load32(size_t at) const {
    uint32_t v;
    std::memcpy(&v, bytes() + at, 4);
    return v;
  }
  size_t field_size() const { return narrow() ? first() : load32(1); }
  size_t value_size() const { return narrow() ? static_cast<uint8_t>(bytes()[1]) : load32(5); }
  void set_value_size(size_t size);
};

struct FieldTraits {
  static std::string_view key(const FieldPair& pair) { return pair.field(); }
  static uint64_t hash(std::string_view field) { return hash_bytes(field); }
};

// What a table knows of its timed fields; there only while it has some.
struct FieldTimes {
  size_t count = 0;
  int64_t bound = TableCore::kNoBound;  // no expiry is earlier; nor earlier than its segment's own bound
  uint64_t resume = 0;                  // where HashValue::expire() goes on
};

class HashTable final : public Structure {
 public:
  Table<FieldPair, FieldTraits> table;
  size_t pair_bytes = 0;  // footprints of the pairs

  size_t elements() const override { return table.size(); }
  size_t bytes() const override {
    return SlabAllocator::footprint(sizeof(HashTable)) + table.structure_bytes() + pair_bytes +
           (times() != nullptr ? SlabAllocator::footprint(sizeof(FieldTimes)) : 0);
  }
  FieldTimes* times() const { return (state_ & kDraining) == 0 ? reinterpret_cast<FieldTimes*>(state_) : nullptr; }
  // A pair became timed; its expiry moved; it is timed no more, or was removed.
  void add_time(uint64_t field_hash, int64_t expiry, SlabAllocator& alloc);
  void note_time(uint64_t field_hash, int64_t expiry);
  void remove_time(SlabAllocator& alloc);

  HashTable* copy(SlabAllocator& alloc) const override;
  bool drain(size_t& budget, SlabAllocator& alloc) override;
  void defragment(const Move& move, SlabAllocator& alloc) override;
  // Its items are FieldPairs.
  const TableCore* element_table() const override { return &table; }

 private:
  static constexpr uintptr_t kDraining = 1;

  void free_times(SlabAllocator& alloc);

  // Address of the FieldTimes, or null; once drain() has begun, where it goes on, shifted by the bit that says so.
  uintptr_t state_ = 0;
};
static_assert(sizeof(HashTable) == 96, "a table without timed fields pays nothing for them");

// Memory from `alloc`; freed by Keyspace::release_structure.
HashTable* make_table(SlabAllocator& alloc);
// The field must not be there.
FieldPair* add_pair(HashTable& hash, std::string_view field, std::string_view value, int64_t expiry,
                    SlabAllocator& alloc);
// The pair's field with another value, another expiry, or both. The pair is freed; the value may be viewed in it.
void replace_pair(HashTable& hash, FieldPair* pair, std::string_view value, int64_t expiry, SlabAllocator& alloc);
void remove_pair(HashTable& hash, FieldPair* pair, SlabAllocator& alloc);

}  // namespace guccho::store

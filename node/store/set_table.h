// The table of a big set: one allocation a member.
//
//   narrow: length u8 (0-254) | bytes
//   wide:   0xff | length u32 | bytes
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "node/store/key.h"
#include "node/store/structure.h"
#include "node/store/table.h"

namespace guccho::store {

class Member {
 public:
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  std::string_view text() const {
    const auto* bytes = reinterpret_cast<const char*>(this);
    const auto first = static_cast<uint8_t>(bytes[0]);
    if (first != kWide) return {bytes + kNarrowHeader, first};
    uint32_t size;
    std::memcpy(&size, bytes + 1, 4);
    return {bytes + kWideHeader, size};
  }
  size_t allocation_size() const { return allocation_size(text().size()); }

  static size_t allocation_size(size_t size) { return (size < kWide ? kNarrowHeader : kWideHeader) + size; }
  static Member* format(void* memory, std::string_view text);

 private:
  Member() = default;

  static constexpr uint8_t kWide = 0xff;
  static constexpr size_t kNarrowHeader = 1;
  static constexpr size_t kWideHeader = 5;
};

struct MemberTraits {
  static std::string_view key(const Member& member) { return member.text(); }
  static uint64_t hash(std::string_view text) { return hash_bytes(text); }
};

class SetTable final : public Structure {
 public:
  static SetTable* make(SlabAllocator& alloc);

  // True when the member is new.
  bool add(std::string_view text, SlabAllocator& alloc);
  // True when it was there.
  bool erase(std::string_view text, SlabAllocator& alloc);
  bool contains(std::string_view text) const { return table_.find(text, hash_bytes(text)) != nullptr; }
  const TableCore& table() const { return table_; }
  static std::string_view text(const void* item) { return static_cast<const Member*>(item)->text(); }

  size_t elements() const override { return table_.size(); }
  size_t bytes() const override {
    return SlabAllocator::footprint(sizeof(SetTable)) + table_.structure_bytes() + member_bytes_;
  }
  SetTable* copy(SlabAllocator& alloc) const override;
  bool drain(size_t& budget, SlabAllocator& alloc) override;
  void defragment(const Move& move, SlabAllocator& alloc) override;
  // Its items are Members.
  const TableCore* element_table() const override { return &table_; }

 private:
  void insert(std::string_view text, uint64_t hash, SlabAllocator& alloc);

  Table<Member, MemberTraits> table_;
  size_t member_bytes_ = 0;  // footprints of the members
  uint32_t drained_ = 0;     // where drain() goes on
};

}  // namespace guccho::store

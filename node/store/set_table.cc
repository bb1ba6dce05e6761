// Members and whole-table operations of big sets.
#include "node/store/set_table.h"

#include <algorithm>
#include <new>

namespace guccho::store {

Member* Member::format(void* memory, std::string_view text) {
  auto* bytes = static_cast<char*>(memory);
  if (text.size() < kWide) {
    bytes[0] = static_cast<char>(text.size());
    std::ranges::copy(text, bytes + kNarrowHeader);
  } else {
    const auto size = static_cast<uint32_t>(text.size());
    bytes[0] = static_cast<char>(kWide);
    std::memcpy(bytes + 1, &size, 4);
    std::ranges::copy(text, bytes + kWideHeader);
  }
  return static_cast<Member*>(memory);
}

SetTable* SetTable::make(SlabAllocator& alloc) {
  return new (alloc.allocate(sizeof(SetTable))) SetTable;
}

void SetTable::insert(std::string_view text, uint64_t hash, SlabAllocator& alloc) {
  const size_t size = Member::allocation_size(text.size());
  table_.insert(hash, Member::format(alloc.allocate(size), text), alloc);
  member_bytes_ += SlabAllocator::footprint(size);
}

bool SetTable::add(std::string_view text, SlabAllocator& alloc) {
  const uint64_t hash = hash_bytes(text);
  if (table_.find(text, hash) != nullptr) return false;
  before_element_change(hash);
  insert(text, hash, alloc);
  return true;
}

bool SetTable::erase(std::string_view text, SlabAllocator& alloc) {
  const uint64_t hash = hash_bytes(text);
  Member* member = table_.find(text, hash);
  if (member == nullptr) return false;
  before_element_change(hash);
  const size_t size = member->allocation_size();
  table_.remove(hash, member, alloc);
  member_bytes_ -= SlabAllocator::footprint(size);
  alloc.free(member, size);
  return true;
}

SetTable* SetTable::copy(SlabAllocator& alloc) const {
  SetTable* made = make(alloc);
  table_.for_each([&](void* item) { made->insert(text(item), hash_bytes(text(item)), alloc); });
  return made;
}

bool SetTable::drain(size_t& budget, SlabAllocator& alloc) {
  const auto free_member = [&alloc](void* item) {
    const size_t size = static_cast<const Member*>(item)->allocation_size();
    alloc.free(item, size);
    return free_cost(size);
  };
  if (table_.drain(drained_, budget, alloc, free_member)) return true;
  this->~SetTable();
  alloc.free(this, sizeof(SetTable));
  return false;
}

void SetTable::defragment(const Move& move, SlabAllocator& alloc) {
  std::optional<uint64_t> position = 0;
  while (position) {
    position = table_.relocate(*position, alloc, [&move](void* item) {
      return move(item, static_cast<const Member*>(item)->allocation_size());
    });
  }
}

}  // namespace guccho::store

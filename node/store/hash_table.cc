// Field pairs and whole-table operations of big hashes.
#include "node/store/hash_table.h"

#include <algorithm>
#include <new>

namespace guccho::store {

void FieldPair::set_value_size(size_t size) {
  if (wide()) {
    const auto value = static_cast<uint32_t>(size);
    std::memcpy(bytes() + 5, &value, 4);
  } else {
    bytes()[1] = static_cast<char>(size);
  }
}

FieldPair* FieldPair::format(void* memory, std::string_view field, std::string_view value) {
  auto* pair = new (memory) FieldPair;
  if (needs_wide(field.size(), value.size())) {
    pair->bytes()[0] = static_cast<char>(kWide);
    const auto size = static_cast<uint32_t>(field.size());
    std::memcpy(pair->bytes() + 1, &size, 4);
  } else {
    pair->bytes()[0] = static_cast<char>(field.size());
  }
  pair->set_value_size(value.size());
  char* out = pair->bytes() + pair->header_size();
  std::ranges::copy(field, out);
  std::ranges::copy(value, out + field.size());
  return pair;
}

bool FieldPair::assign(std::string_view value) {
  const size_t size = allocation_size(field_size(), value.size());
  if (wide() != needs_wide(field_size(), value.size())) return false;
  if (SlabAllocator::footprint(size) != SlabAllocator::footprint(allocation_size())) return false;
  if (size > SlabAllocator::usable(allocation_size())) return false;
  if (!value.empty()) std::memmove(bytes() + header_size() + field_size(), value.data(), value.size());
  set_value_size(value.size());
  return true;
}

HashTable* make_table(SlabAllocator& alloc) {
  return new (alloc.allocate(sizeof(HashTable))) HashTable;
}

FieldPair* add_pair(HashTable& hash, std::string_view field, std::string_view value, SlabAllocator& alloc) {
  const size_t size = FieldPair::allocation_size(field.size(), value.size());
  FieldPair* pair = FieldPair::format(alloc.allocate(size), field, value);
  hash.pair_bytes += SlabAllocator::footprint(size);
  hash.table.insert(hash_bytes(field), pair, alloc);
  return pair;
}

HashTable* HashTable::copy(SlabAllocator& alloc) const {
  HashTable* made = make_table(alloc);
  table.for_each([&](void* item) {
    const auto& pair = *static_cast<const FieldPair*>(item);
    add_pair(*made, pair.field(), pair.value(), alloc);
  });
  return made;
}

bool HashTable::drain(size_t budget, SlabAllocator& alloc) {
  const auto free_pair = [&alloc](void* item) {
    alloc.free(item, static_cast<FieldPair*>(item)->allocation_size());
  };
  if (table.drain(drained_, budget, alloc, free_pair)) return true;
  this->~HashTable();
  alloc.free(this, sizeof(HashTable));
  return false;
}

void HashTable::defragment(const Move& move, SlabAllocator& alloc) {
  std::optional<uint64_t> position = 0;
  while (position) {
    position = table.relocate(*position, alloc, [&move](void* item) {
      return move(item, static_cast<FieldPair*>(item)->allocation_size());
    });
  }
}

}  // namespace guccho::store

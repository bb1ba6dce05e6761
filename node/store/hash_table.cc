// Field pairs and whole-table operations of big hashes.
#include "node/store/hash_table.h"

#include <algorithm>
#include <new>

namespace guccho::store {

void FieldPair::set_value_size(size_t size) {
  if (narrow()) {
    bytes()[1] = static_cast<char>(size);
  } else {
    const auto value = static_cast<uint32_t>(size);
    std::memcpy(bytes() + 5, &value, 4);
  }
}

void FieldPair::set_expiry_in_place(int64_t expiry) {
  std::memcpy(bytes() + kWideHeader, &expiry, kExpirySize);
}

FieldPair* FieldPair::format(void* memory, std::string_view field, std::string_view value, int64_t expiry) {
  auto* pair = new (memory) FieldPair;
  if (expiry != 0 || needs_wide(field.size(), value.size())) {
    pair->bytes()[0] = static_cast<char>(expiry != 0 ? kTimed : kWide);
    const auto size = static_cast<uint32_t>(field.size());
    std::memcpy(pair->bytes() + 1, &size, 4);
  } else {
    pair->bytes()[0] = static_cast<char>(field.size());
  }
  pair->set_value_size(value.size());
  if (expiry != 0) pair->set_expiry_in_place(expiry);
  char* out = pair->bytes() + pair->header_size();
  std::ranges::copy(field, out);
  std::ranges::copy(value, out + field.size());
  return pair;
}

bool FieldPair::assign(std::string_view value) {
  const bool is_narrow = narrow();
  if (is_narrow ? value.size() > 255 : !timed() && !needs_wide(field_size(), value.size())) return false;
  const size_t old_value_size = value_size();
  const size_t offset = header_size() + field_size();
  const size_t size = offset + value.size();
  const size_t old_size = offset + old_value_size;
  if (SlabAllocator::footprint(size) != SlabAllocator::footprint(old_size)) return false;
  if (size > SlabAllocator::usable(old_size)) return false;
  if (!value.empty()) std::memmove(bytes() + offset, value.data(), value.size());
  set_value_size(value.size());
  return true;
}

HashTable* make_table(SlabAllocator& alloc) {
  return new (alloc.allocate(sizeof(HashTable))) HashTable;
}

FieldPair* add_pair(HashTable& hash, std::string_view field, std::string_view value, int64_t expiry,
                    SlabAllocator& alloc) {
  const size_t size = FieldPair::allocation_size(field.size(), value.size(), expiry != 0);
  FieldPair* pair = FieldPair::format(alloc.allocate(size), field, value, expiry);
  hash.pair_bytes += SlabAllocator::footprint(size);
  const uint64_t field_hash = hash_bytes(field);
  hash.table.insert(field_hash, pair, alloc);
  if (expiry != 0) hash.add_time(field_hash, expiry, alloc);
  return pair;
}

void replace_pair(HashTable& hash, FieldPair* pair, std::string_view value, int64_t expiry, SlabAllocator& alloc) {
  const std::string_view field = pair->field();
  const size_t size = FieldPair::allocation_size(field.size(), value.size(), expiry != 0);
  const uint64_t field_hash = hash_bytes(field);
  const bool was_timed = pair->timed();
  FieldPair* fresh = FieldPair::format(alloc.allocate(size), field, value, expiry);
  hash.table.replace(field_hash, pair, fresh);
  hash.pair_bytes += SlabAllocator::footprint(size) - SlabAllocator::footprint(pair->allocation_size());
  alloc.free(pair, pair->allocation_size());
  if (expiry == 0) {
    if (was_timed) hash.remove_time(alloc);
  } else {
    was_timed ? hash.note_time(field_hash, expiry) : hash.add_time(field_hash, expiry, alloc);
  }
}

void remove_pair(HashTable& hash, FieldPair* pair, SlabAllocator& alloc) {
  hash.table.remove(hash_bytes(pair->field()), pair, alloc);
  hash.pair_bytes -= SlabAllocator::footprint(pair->allocation_size());
  if (pair->timed()) hash.remove_time(alloc);
  alloc.free(pair, pair->allocation_size());
}

void HashTable::add_time(uint64_t field_hash, int64_t expiry, SlabAllocator& alloc) {
  if (times() == nullptr) {
    static_assert(alignof(FieldTimes) > kDraining);
    state_ = reinterpret_cast<uintptr_t>(new (alloc.allocate(sizeof(FieldTimes))) FieldTimes);
  }
  ++times()->count;
  note_time(field_hash, expiry);
}

void HashTable::note_time(uint64_t field_hash, int64_t expiry) {
  table.lower_bound(field_hash, expiry);
  times()->bound = std::min(times()->bound, expiry);
}

void HashTable::remove_time(SlabAllocator& alloc) {
  if (--times()->count == 0) free_times(alloc);
}

void HashTable::free_times(SlabAllocator& alloc) {
  alloc.free(times(), sizeof(FieldTimes));
  state_ = 0;
}

HashTable* HashTable::copy(SlabAllocator& alloc) const {
  HashTable* made = make_table(alloc);
  table.for_each([&](void* item) {
    const auto& pair = *static_cast<const FieldPair*>(item);
    add_pair(*made, pair.field(), pair.value(), pair.expiry(), alloc);
  });
  return made;
}

bool HashTable::drain(size_t& budget, SlabAllocator& alloc) {
  const auto free_pair = [&alloc](void* item) {
    const size_t size = static_cast<FieldPair*>(item)->allocation_size();
    alloc.free(item, size);
    return free_cost(size);
  };
  if (times() != nullptr) free_times(alloc);
  auto resume = static_cast<uint32_t>(state_ >> 1);
  const bool more = table.drain(resume, budget, alloc, free_pair);
  state_ = uintptr_t{resume} << 1 | kDraining;
  if (more) return true;
  this->~HashTable();
  alloc.free(this, sizeof(HashTable));
  return false;
}

void HashTable::defragment(const Move& move, SlabAllocator& alloc) {
  if (times() != nullptr) state_ = reinterpret_cast<uintptr_t>(move(times(), sizeof(FieldTimes)));
  std::optional<uint64_t> position = 0;
  while (position) {
    position = table.relocate(
        *position, alloc, [&move](void* item) { return move(item, static_cast<FieldPair*>(item)->allocation_size()); });
  }
}

}  // namespace guccho::store

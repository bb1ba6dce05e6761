// Compaction: objects in sparse pages move to fuller ones, so that emptied pages can serve again or go back.
//
// Only their table knows where entries and field pairs lie, so moving one is a copy and a new address in a bucket.
#include <algorithm>
#include <cstring>

#include "node/store/hash_table.h"
#include "node/store/keyspace.h"

namespace guccho::store {

namespace {

constexpr size_t kMinHoles = size_t{4} << 20;
// A step must end: the fields of larger hashes are left alone.
constexpr size_t kMaxFields = 1024;

}  // namespace

bool Keyspace::fragmented() const {
  const size_t held = alloc_.held();
  const size_t used = alloc_.used();
  return held > used && held - used > std::max(kMinHoles, held / 8);
}

void* Keyspace::move_if_sparse(void* object, size_t size) {
  if (!alloc_.sparse(object, size)) return object;
  void* moved = std::memcpy(alloc_.allocate(size), object, size);
  alloc_.free(object, size);
  return moved;
}

Entry* Keyspace::defragment_entry(Entry* entry) {
  if (entry->is_external()) {
    External external = entry->external();
    if (entry->type() == Type::kHash && entry->repr() == uint8_t(Entry::HashRepr::kTable)) {
      auto& fields = static_cast<HashTable*>(external.data)->table;
      std::optional<uint64_t> position;
      if (fields.size() <= kMaxFields) position = 0;
      while (position) {
        position = fields.relocate(*position, alloc_, [this](void* item) {
          return move_if_sparse(item, static_cast<FieldPair*>(item)->allocation_size());
        });
      }
    } else {
      external.data = move_if_sparse(external.data, external.capacity);
      entry->set_external(external);
    }
  }
  return static_cast<Entry*>(move_if_sparse(entry, entry->allocation_size()));
}

bool Keyspace::defragment_step(size_t budget) {
  size_t visited = 0;
  while (defragment_index_ < slot_count_) {
    if (visited >= budget) return true;
    SlotTable& slot_table = tables_[defragment_index_];
    const auto next = slot_table.relocate(defragment_position_, alloc_, [&](void* item) {
      ++visited;
      return defragment_entry(static_cast<Entry*>(item));
    });
    ++visited;
    defragment_position_ = next.value_or(0);
    if (!next) ++defragment_index_;
  }
  defragment_index_ = 0;
  return false;
}

}  // namespace guccho::store

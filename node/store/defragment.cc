// Compaction: objects in sparse pages move to fuller ones, so that emptied pages can serve again or go back.
//
// Only one place refers to each object (an entry's bucket, a structure's own links), so moving it is a copy and a new
// address there.
#include <algorithm>
#include <cstring>

#include "node/store/keyspace.h"
#include "node/store/structure.h"

namespace guccho::store {

namespace {

constexpr size_t kMinHoles = size_t{4} << 20;
// A step must end: the parts of larger structures are left alone.
constexpr size_t kMaxElements = 1024;

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
    if (!external.is_structure()) {
      external.data = move_if_sparse(external.data, external.capacity);
      entry->set_external(external);
    } else if (Structure& structure = *external.structure(); structure.elements() <= kMaxElements) {
      structure.defragment([this](void* object, size_t size) { return move_if_sparse(object, size); }, alloc_);
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

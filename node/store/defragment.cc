// Compaction: objects in sparse pages move to fuller ones, so that emptied pages can serve again or go back.
//
// Only one place refers to each object (an entry's bucket, a structure's own links), so moving it is a copy and a new
// address there.
#include "node/store/defragment.h"

#include <algorithm>
#include <cstring>

#include "node/store/keyspace.h"
#include "node/store/structure.h"

namespace guccho::store {

unsigned defragment_effort(const DefragmentPolicy& policy, size_t used, size_t held) {
  if (!policy.enabled || held <= used || held - used < policy.ignore_bytes) return 0;
  const uint64_t percent = (held - used) * 100 / std::max<size_t>(used, 1);
  if (percent < policy.threshold_lower) return 0;
  const uint64_t low = std::clamp<uint32_t>(policy.cycle_min, 1, 99);
  const uint64_t high = std::clamp<uint64_t>(policy.cycle_max, low, 99);
  if (percent >= policy.threshold_upper) return static_cast<unsigned>(high);
  const uint64_t range = policy.threshold_upper - policy.threshold_lower;
  return static_cast<unsigned>(low + (high - low) * (percent - policy.threshold_lower) / range);
}

void* Keyspace::move_if_sparse(void* object, size_t size) {
  if (!alloc_.sparse(object, size)) {
    ++defragmented_.misses;
    return object;
  }
  ++defragmented_.hits;
  void* moved = std::memcpy(alloc_.allocate(size), object, size);
  alloc_.free(object, size);
  return moved;
}

Entry* Keyspace::defragment_entry(Entry* entry, size_t max_elements) {
  const uint64_t hits = defragmented_.hits;
  if (entry->is_external()) {
    External external = entry->external();
    if (!external.is_structure()) {
      external.data = move_if_sparse(external.data, external.capacity);
      entry->set_external(external);
    } else if (Structure& structure = *external.structure(); structure.elements() <= max_elements) {
      structure.defragment([this](void* object, size_t size) { return move_if_sparse(object, size); }, alloc_);
    }
  }
  auto* moved = static_cast<Entry*>(move_if_sparse(entry, entry->allocation_size()));
  ++(defragmented_.hits != hits ? defragmented_.key_hits : defragmented_.key_misses);
  return moved;
}

bool Keyspace::defragment_step(size_t budget, size_t max_elements) {
  const auto offered = [this] { return defragmented_.hits + defragmented_.misses; };
  const uint64_t start = offered();
  uint64_t segments = 0;
  while (defragment_index_ < slot_count_) {
    if (offered() - start + segments >= budget) return true;
    SlotTable& slot_table = tables_[defragment_index_];
    // The entries of one segment may have more parts than a step is for: it goes on behind those that are done.
    size_t place = 0;
    bool stopped = false;
    const auto next = slot_table.relocate(defragment_position_, alloc_, [&](void* item) -> void* {
      if (place < defragment_place_) {
        ++place;
        return item;
      }
      stopped = stopped || offered() - start + segments >= budget;
      if (stopped) return item;
      defragment_place_ = ++place;
      return defragment_entry(static_cast<Entry*>(item), max_elements);
    });
    if (stopped) return true;
    ++segments;
    defragment_place_ = 0;
    defragment_position_ = next.value_or(0);
    if (!next) ++defragment_index_;
  }
  defragment_index_ = 0;
  return false;
}

}  // namespace guccho::store

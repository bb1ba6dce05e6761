// What leaves the data set at once and returns its memory later: flushed slots and big values.
#include <algorithm>
#include <cassert>

#include "node/store/active_snapshot.h"
#include "node/store/keyspace.h"
#include "node/store/structure.h"

namespace guccho::store {

namespace {

// Smaller structures are freed on the spot: about 5 us.
constexpr size_t kFreeNow = 64;
constexpr size_t kFreeNowBytes = size_t{256} << 10;

}  // namespace

void Keyspace::release_structure(Slot slot, Structure* structure) {
  if (structure->elements() <= kFreeNow && structure->bytes() <= kFreeNowBytes) return structure->drain_all(alloc_);
  // The slot no longer has it, though the allocator still does.
  counters(slot).bytes.subtract(structure->bytes());
  detached_structures_.push_back(structure);
  pending_.add(1);
}

size_t Keyspace::discard(Entry* entry) {
  size_t cost = free_cost(entry->allocation_size());
  if (entry->is_external()) {
    const External external = entry->external();
    if (external.is_structure()) {
      detached_structures_.push_back(external.structure());
      pending_.add(1);
    } else {
      alloc_.free(external.data, external.capacity);
      cost += free_cost(external.capacity);
    }
  }
  alloc_.free(entry, entry->allocation_size());
  return cost;
}

void Keyspace::free_later(SlotTable&& table) {
  pending_.add(table.size() + 1);
  detached_slots_.push_back({std::move(table), 0});
}

void Keyspace::flush_slot(Slot slot) {
  assert(owns(slot));
  const size_t index = index_of(slot);
  const size_t slot_keys = counters_[index].keys.get();
  if (slot_keys == 0) return;
  count_key(slot, -slot_keys);
  count_expiry(slot, -counters_[index].expires.get());
  count_timed_hash(slot, -counters_[index].timed_hashes.get());
  const size_t bytes = counters_[index].bytes.get();
  counters_[index].bytes.set(0);
  slot_bounds_[index] = TableCore::kNoBound;
  if (snapshot_ && snapshot_->keep_flushed_table(slot, tables_[index], bytes)) return;
  free_later(std::move(tables_[index]));
}

void Keyspace::flush_all() {
  for (size_t index = 0; index < slot_count_; ++index) flush_slot(slot_at(index));
}

bool Keyspace::free_step(size_t budget) {
  while (budget > 0 && !detached_structures_.empty()) {
    if (detached_structures_.back()->drain(budget, alloc_)) return true;
    detached_structures_.pop_back();
    pending_.subtract(1);
    spend(budget, 1);
  }
  while (budget > 0 && !detached_slots_.empty()) {
    DetachedSlot& slot = detached_slots_.back();
    const size_t before = slot.table.size();
    const bool more =
        slot.table.drain(slot.resume, budget, alloc_, [this](void* e) { return discard(static_cast<Entry*>(e)); });
    pending_.subtract(before - slot.table.size());
    if (more) return true;
    detached_slots_.pop_back();
    pending_.subtract(1);
  }
  return !detached_structures_.empty() || !detached_slots_.empty();
}

size_t Keyspace::pending_frees() const {
  return pending_.get();
}

}  // namespace guccho::store

// The walk of a snapshot and what writers must do ahead of it.
#include "node/store/active_snapshot.h"

#include <algorithm>

#include "node/base/prefetch.h"
#include "node/store/structure.h"

namespace guccho::store {

namespace {

// Entries fetched from a table at a time; fewer when they are large.
constexpr size_t kMaxBatch = 128;

}  // namespace

Snapshot::Snapshot(Keyspace& keyspace, const SlotSet& slots, SnapshotSink& sink)
    : keyspace_(keyspace), slots_(slots), sink_(sink) {}

Snapshot::~Snapshot() {
  for (Walk& w : walks_) {
    w.walk.reset();
    if (w.owned) keyspace_.discard(w.owned);
  }
  for (const Taken& taken : taken_) keyspace_.discard(taken.entry);
  for (SlotTable& table : retired_) keyspace_.free_later(std::move(table));
  for (auto& [slot, flushed] : flushed_) keyspace_.free_later(std::move(flushed.table));
}

bool Snapshot::noted(Slot slot, uint64_t hash) const {
  const auto hashes = noted_.find(slot.value);
  return hashes != noted_.end() && hashes->second.contains(hash);
}

bool Snapshot::ahead(Slot slot, uint64_t hash) const {
  if (!slots_.contains(slot) || flushed_.contains(slot.value)) return false;
  if (slot.value < slot_ || (slot.value == slot_ && TableCore::position_of(hash) < position_)) return false;
  return !noted(slot, hash);
}

void Snapshot::deliver_all(Slot slot, uint64_t hash, const Entry* except) {
  std::vector<void*> items;
  keyspace_.table(slot).find_all(hash, items);
  for (void* item : items) {
    if (item != except) deliver(slot, *static_cast<Entry*>(item));
  }
}

void Snapshot::before_change(Slot slot, uint64_t hash) {
  if (!ahead(slot, hash)) return;
  note(slot, hash);
  deliver_all(slot, hash, nullptr);
}

void Snapshot::deliver(Slot slot, const Entry& entry) {
  if (ValueWalk::suits(entry)) {
    begin_walk(slot, entry);
  } else {
    sink_.entry(slot, entry);
  }
}

Snapshot::Walk& Snapshot::begin_walk(Slot slot, const Entry& entry) {
  walks_.push_back({ValueWalk::begin(next_walk_++, slot, entry, sink_)});
  return walks_.back();
}

bool Snapshot::walks_in(Slot slot) const {
  return std::ranges::any_of(walks_, [slot](const Walk& w) { return w.walk->slot() == slot; });
}

bool Snapshot::keep_erased_entry(const KeyRef& key, Entry& entry) {
  if (!entry.is_external() || !entry.external().is_structure()) return false;
  const Structure* structure = entry.external().structure();
  if (structure->walk() != nullptr) {
    const auto walk = std::ranges::find_if(walks_, [&](const Walk& w) { return w.walk->structure() == structure; });
    walk->owned = &entry;
    return true;
  }
  if (!ValueWalk::is_big(*structure) || !ahead(key.slot, key.hash)) return false;
  note(key.slot, key.hash);
  deliver_all(key.slot, key.hash, &entry);
  taken_.push_back({key.slot, &entry});
  return true;
}

bool Snapshot::keep_flushed_table(Slot slot, SlotTable& table, size_t bytes) {
  if (!slots_.contains(slot)) return false;
  if (flushed_.contains(slot.value) || slot.value < slot_) {
    if (!walks_in(slot)) return false;
    retired_.push_back(std::move(table));
    return true;
  }
  flushed_.emplace(slot.value, Flushed{std::move(table), bytes});
  return true;
}

bool Snapshot::step(size_t budget_bytes) {
  size_t spent = 0;
  do {
    if (!walks_.empty()) {
      spent += step_walk(budget_bytes - spent);
    } else if (!taken_.empty()) {
      spent += step_taken();
    } else if (slot_ < kSlotCount) {
      spent += step_slot(budget_bytes - spent);
    } else {
      return false;
    }
  } while (spent < budget_bytes);
  return true;
}

size_t Snapshot::step_taken() {
  const Taken taken = taken_.back();
  taken_.pop_back();
  if (ValueWalk::suits(*taken.entry)) {
    begin_walk(taken.slot, *taken.entry).owned = taken.entry;
    return 0;
  }
  const size_t spent = keyspace_.memory_usage(*taken.entry);
  deliver(taken.slot, *taken.entry);
  keyspace_.discard(taken.entry);
  return spent;
}

size_t Snapshot::step_walk(size_t budget_bytes) {
  Walk& current = walks_.front();
  const size_t spent = current.walk->step(budget_bytes);
  if (!current.walk->done()) return spent;
  Entry* owned = current.owned;
  walks_.pop_front();
  if (owned) keyspace_.discard(owned);
  if (walks_.empty()) {
    for (SlotTable& table : retired_) keyspace_.free_later(std::move(table));
    retired_.clear();
  }
  return spent;
}

size_t Snapshot::step_slot(size_t budget_bytes) {
  const Slot slot(static_cast<uint16_t>(slot_));
  if (!slots_.contains(slot) || !keyspace_.owns(slot)) {
    finish_slot();
    return 0;
  }
  const auto flushed = flushed_.find(slot.value);
  const bool is_flushed = flushed != flushed_.end();
  const SlotTable& table = is_flushed ? flushed->second.table : keyspace_.table(slot);
  const size_t bytes = is_flushed ? flushed->second.bytes : keyspace_.slot_bytes(slot);
  const size_t average = bytes / std::max<size_t>(1, table.size());
  const size_t batch = std::clamp<size_t>(budget_bytes / std::max<size_t>(1, average), 1, kMaxBatch);
  std::vector<void*> items;
  const auto next = table.scan(position_, batch, items);
  for (void* item : items) prefetch(item);
  const bool any_noted = noted_.contains(slot.value);
  size_t spent = 0;
  for (void* item : items) {
    const auto& entry = *static_cast<const Entry*>(item);
    if (any_noted && noted(slot, hash_bytes(entry.key()))) continue;
    deliver(slot, entry);
    spent += keyspace_.memory_usage(entry);
  }
  if (next) {
    position_ = *next;
  } else {
    finish_slot();
  }
  return spent;
}

void Snapshot::finish_slot() {
  const auto slot = static_cast<uint16_t>(slot_);
  noted_.erase(slot);
  if (const auto flushed = flushed_.find(slot); flushed != flushed_.end()) {
    if (walks_in(Slot(slot))) {
      retired_.push_back(std::move(flushed->second.table));
    } else {
      keyspace_.free_later(std::move(flushed->second.table));
    }
    flushed_.erase(flushed);
  }
  ++slot_;
  position_ = 0;
}

// ---- the Keyspace's side ----

void Keyspace::begin_snapshot(const SlotSet& slots, SnapshotSink& sink) {
  abort_snapshot();
  snapshot_ = std::make_unique<Snapshot>(*this, slots, sink);
}

bool Keyspace::snapshot_step(size_t budget_bytes) {
  if (!snapshot_) return false;
  if (snapshot_->step(budget_bytes)) return true;
  snapshot_.reset();
  return false;
}

void Keyspace::abort_snapshot() {
  snapshot_.reset();
}

void Keyspace::before_change_slow(const KeyRef& key) {
  snapshot_->before_change(key.slot, key.hash);
}

}  // namespace guccho::store

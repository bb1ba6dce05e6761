// Walking through a table's elements, and what changes do ahead of the walk.
#include "node/store/element_walk.h"

#include <algorithm>

#include "node/store/table.h"

namespace guccho::store {

namespace {

// Elements fetched from the table at a time; fewer when they are large.
constexpr size_t kMaxBatch = 128;

}  // namespace

ElementWalk::ElementWalk(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink)
    : ValueWalk(id, slot, entry, sink), type_(entry.type()) {}

void ElementWalk::deliver(std::vector<void*>& items) {
  if (!items.empty()) sink_.elements(id_, type_, items);
}

void ElementWalk::before_change(uint64_t hash) {
  if (done() || TableCore::position_of(hash) < position_ || !noted_.insert(hash).second) return;
  std::vector<void*> items;
  structure()->element_table()->find_all(hash, items);
  deliver(items);
}

size_t ElementWalk::step(size_t budget_bytes) {
  const size_t average = std::max<size_t>(1, structure()->bytes() / std::max<size_t>(1, structure()->elements()));
  const size_t count = std::clamp<size_t>(budget_bytes / average, 1, kMaxBatch);
  const TableCore& table = *structure()->element_table();
  std::vector<void*> items;
  const auto next = table.scan(position_, count, items);
  if (!noted_.empty()) {
    std::erase_if(items, [&](const void* item) { return noted_.contains(table.hash_of(item)); });
  }
  deliver(items);
  if (next) {
    position_ = *next;
  } else {
    finish();
  }
  return count * average;
}

void Structure::element_change_slow(uint64_t hash) {
  static_cast<ElementWalk*>(walk_)->before_change(hash);
}

}  // namespace guccho::store

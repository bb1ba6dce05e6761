// Walking through a value's elements, and what changes do ahead of the walk.
#include "node/store/element_walk.h"

#include <vector>

#include "node/store/table.h"

namespace guccho::store {

bool ElementWalk::suits(const Entry& entry) {
  if (!entry.is_external() || !entry.external().is_structure()) return false;
  const Structure& structure = *entry.external().structure();
  return structure.elements() > kWholeElements && structure.element_table() != nullptr;
}

ElementWalk::ElementWalk(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink)
    : id_(id), slot_(slot), type_(entry.type()), structure_(*entry.external().structure()), sink_(sink) {
  structure_.set_walk(this);
  sink_.begin_value(id_, entry);
}

ElementWalk::~ElementWalk() {
  structure_.set_walk(nullptr);
}

void ElementWalk::deliver(std::vector<void*>& items) {
  if (!items.empty()) sink_.elements(id_, type_, items);
}

void ElementWalk::before_change(uint64_t hash) {
  if (done_ || TableCore::position_of(hash) < position_ || !noted_.insert(hash).second) return;
  std::vector<void*> items;
  structure_.element_table()->find_all(hash, items);
  deliver(items);
}

bool ElementWalk::step(size_t count) {
  const TableCore& table = *structure_.element_table();
  std::vector<void*> items;
  const auto next = table.scan(position_, count, items);
  if (!noted_.empty()) {
    std::erase_if(items, [&](const void* item) { return noted_.contains(table.hash_of(item)); });
  }
  deliver(items);
  if (next) {
    position_ = *next;
    return true;
  }
  done_ = true;
  sink_.end_value(id_);
  return false;
}

void Structure::element_change_slow(uint64_t hash) {
  walk_->before_change(hash);
}

}  // namespace guccho::store

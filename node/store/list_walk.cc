// Delivering a list's blocks as they were.
#include "node/store/list_walk.h"

#include <algorithm>

namespace guccho::store {

ListWalk::ListWalk(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink) : ValueWalk(id, slot, entry, sink) {
  auto& list = *static_cast<ListBlocks*>(entry.external().structure());
  list.mark_blocks();
  blocks_.assign(list.blocks().begin(), list.blocks().end());
}

// What was kept lies in memory of the walk's own, which the list and its slot do not account for.
void ListWalk::before_change(const ListBlock& block) {
  const size_t index = block.mark - 1;
  if (index < next_) return;
  ListBlock& noted = blocks_[index];
  std::string& copy = kept_.emplace(index, noted.bytes()).first->second;
  noted.end -= noted.begin;
  noted.begin = 0;
  noted.data = copy.data();
}

void ListWalk::moved(const ListBlock& block) {
  blocks_[block.mark - 1].data = block.data;
}

size_t ListWalk::step(size_t budget_bytes) {
  size_t spent = 0;
  while (spent < budget_bytes && next_ < blocks_.size()) {
    const ListBlock& block = blocks_[next_];
    sink_.list_block(id_, block);
    spent += block.used();
    kept_.erase(next_);
    ++next_;
  }
  if (next_ == blocks_.size()) finish();
  return std::max<size_t>(1, spent);
}

}  // namespace guccho::store

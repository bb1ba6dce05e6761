// Keeping the two sides of a big sorted set in step.
#include "node/store/zset_tree.h"

#include <new>

namespace guccho::store {

ZsetTree* make_zset_tree(SlabAllocator& alloc) {
  return new (alloc.allocate(sizeof(ZsetTree))) ZsetTree;
}

ScoredItem* ZsetTree::make_item(double score, std::string_view member, uint64_t member_hash, SlabAllocator& alloc) {
  const size_t size = ScoredItem::allocation_size(member.size());
  ScoredItem* item = ScoredItem::format(alloc.allocate(size), score, member);
  item_bytes_ += SlabAllocator::footprint(size);
  by_name.insert(member_hash, item, alloc);
  return item;
}

void ZsetTree::add(double score, std::string_view member, uint64_t member_hash, SlabAllocator& alloc) {
  before_element_change(member_hash);
  by_rank.insert(make_item(score, member, member_hash, alloc), alloc);
}

void ZsetTree::append(double score, std::string_view member, SlabAllocator& alloc) {
  by_rank.append(make_item(score, member, hash_bytes(member), alloc), alloc);
}

void ZsetTree::remove(ScoredItem* item, SlabAllocator& alloc) {
  const uint64_t member_hash = hash_bytes(item->member());
  before_element_change(member_hash);
  by_rank.remove(item, alloc);
  by_name.remove(member_hash, item, alloc);
  const size_t size = item->allocation_size();
  item_bytes_ -= SlabAllocator::footprint(size);
  alloc.free(item, size);
}

void ZsetTree::change_score(ScoredItem* item, uint64_t member_hash, double score, SlabAllocator& alloc) {
  before_element_change(member_hash);
  by_rank.change_score(item, score, alloc);
}

ZsetTree* ZsetTree::copy(SlabAllocator& alloc) const {
  ZsetTree* made = make_zset_tree(alloc);
  for (auto at = by_rank.at(0); at.valid(); at.next()) made->append(at.item().score(), at.item().member(), alloc);
  return made;
}

bool ZsetTree::drain(size_t& budget, SlabAllocator& alloc) {
  const auto free_item = [&alloc](void* item) {
    const size_t size = static_cast<ScoredItem*>(item)->allocation_size();
    alloc.free(item, size);
    return free_cost(size);
  };
  // Once the table is gone this does nothing.
  if (by_name.drain(drained_, budget, alloc, free_item)) return true;
  if (by_rank.drain(budget, alloc)) return true;
  this->~ZsetTree();
  alloc.free(this, sizeof(ZsetTree));
  return false;
}

void ZsetTree::defragment(const Move& move, SlabAllocator& alloc) {
  by_rank.defragment(move, [this](const ScoredItem* old, ScoredItem* item) {
    by_name.replace(hash_bytes(item->member()), old, item);
  });
  // The table's own buckets.
  std::optional<uint64_t> position = 0;
  while (position) {
    position = by_name.relocate(*position, alloc, [](void* item) { return item; });
  }
}

}  // namespace guccho::store

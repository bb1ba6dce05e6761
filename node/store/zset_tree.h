// A big sorted set: its members by name in a table and by rank in a tree. Both refer to the same item of each member.
#pragma once

#include <cstdint>
#include <string_view>

#include "node/store/key.h"
#include "node/store/rank_tree.h"
#include "node/store/structure.h"
#include "node/store/table.h"

namespace guccho::store {

struct ScoredItemTraits {
  static std::string_view key(const ScoredItem& item) { return item.member(); }
  static uint64_t hash(std::string_view member) { return hash_bytes(member); }
};

class ZsetTree final : public Structure {
 public:
  Table<ScoredItem, ScoredItemTraits> by_name;
  RankTree by_rank;

  size_t elements() const override { return by_name.size(); }
  size_t bytes() const override {
    return SlabAllocator::footprint(sizeof(ZsetTree)) + by_name.structure_bytes() + by_rank.bytes() + item_bytes_;
  }
  ZsetTree* copy(SlabAllocator& alloc) const override;
  bool drain(size_t& budget, SlabAllocator& alloc) override;
  void defragment(const Move& move, SlabAllocator& alloc) override;
  // Its items are ScoredItems.
  const TableCore* element_table() const override { return &by_name; }

  ScoredItem* find(std::string_view member) const { return by_name.find(member, hash_bytes(member)); }
  // The member must not be there.
  void add(double score, std::string_view member, uint64_t member_hash, SlabAllocator& alloc);
  // The same for one greater than all others.
  void append(double score, std::string_view member, SlabAllocator& alloc);
  void remove(ScoredItem* item, SlabAllocator& alloc);
  void change_score(ScoredItem* item, uint64_t member_hash, double score, SlabAllocator& alloc);

 private:
  ScoredItem* make_item(double score, std::string_view member, uint64_t member_hash, SlabAllocator& alloc);

  size_t item_bytes_ = 0;  // footprints of the items
  uint32_t drained_ = 0;   // where drain() goes on in the table
};

// Memory from `alloc`; freed by Keyspace::release_structure.
ZsetTree* make_zset_tree(SlabAllocator& alloc);

}  // namespace guccho::store

// A snapshot's walk through the blocks of a big list, in their order. At the cut it notes where each block lies and the
// list marks each with its number; a marked block is copied for the walk just before its bytes change or go, unless it
// was delivered. Blocks that are made later carry no mark.
//
// At the cut: 32 bytes a block. Later: a copy of each block that is changed ahead of the walk.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/store/list_blocks.h"
#include "node/store/value_walk.h"

namespace guccho::store {

class ListWalk final : public ValueWalk {
 public:
  ListWalk(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink);

  // The bytes of a marked block are about to change, or its memory to be given up; the mark goes with that.
  void before_change(const ListBlock& block);
  // A marked block lies elsewhere now.
  void moved(const ListBlock& block);
  size_t step(size_t budget_bytes) override;

 private:
  std::vector<ListBlock> blocks_;  // as at the cut; block i bears the mark i + 1
  size_t next_ = 0;                // the first that was not delivered
  std::unordered_map<size_t, std::string> kept_;
};

}  // namespace guccho::store

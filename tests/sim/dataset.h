// What data a simulated node holds, as a position in a tree of histories: enough to say who has which writes, who must
// full sync from whom, and what is lost, without keeping any write.
#pragma once

#include <cstdint>
#include <vector>

namespace guccho::sim {

// A history begins empty (a first start, a start that lost its data) or as a fork of another one (a promotion).
using HistoryId = uint32_t;

// The first `offset` bytes of a history. Offset 0 of any history is the empty data set.
struct Position {
  HistoryId history = 0;
  int64_t offset = 0;
  bool empty() const { return offset == 0; }
  friend bool operator==(const Position&, const Position&) = default;
};

class Histories {
 public:
  Histories() { begin(-1); }

  // An empty history of the given shard; -1: of none.
  Position begin(int shard);
  // A new history that starts as a copy of `from`.
  Position fork(const Position& from);
  int shard(const Position& p) const { return nodes_[p.history].shard; }

  // Does data at `a` hold every write of `b`? O(depth of forks).
  bool contains(const Position& a, const Position& b) const;
  // The longest data that both hold.
  Position common(const Position& a, const Position& b) const;

 private:
  struct Node {
    HistoryId parent = 0;
    int64_t forked_at = 0;  // offset in the parent; 0 for a root
    int shard = -1;
    uint32_t depth = 0;
  };
  Position up(const Position& p) const { return {nodes_[p.history].parent, nodes_[p.history].forked_at}; }

  std::vector<Node> nodes_;
};

}  // namespace guccho::sim

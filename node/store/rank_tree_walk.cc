// Walking the tree of a sorted set, freeing it piece by piece, moving its nodes, checking it.
#include <cstdlib>

#include "node/base/prefetch.h"
#include "node/store/rank_tree.h"
#include "node/store/rank_tree_nodes.h"

namespace guccho::store {

ScoredItem& RankTree::Cursor::item() const {
  return *leaf_->items()[index_];
}

void RankTree::Cursor::next() {
  // Items lie anywhere: the one that will be read a few steps from here is asked for now.
  constexpr size_t kAhead = 6;
  if (++index_ < leaf_->size) {
    if (index_ + kAhead < leaf_->size) prefetch(leaf_->items()[index_ + kAhead]);
    return;
  }
  leaf_ = leaf_->next;
  index_ = 0;
  if (!leaf_) return;
  if (leaf_->next) prefetch(leaf_->next);
  for (size_t i = 0; i < kAhead && i < leaf_->size; ++i) prefetch(leaf_->items()[i]);
}

void RankTree::Cursor::previous() {
  constexpr size_t kAhead = 6;
  if (index_ > 0) {
    --index_;
    if (index_ >= kAhead) prefetch(leaf_->items()[index_ - kAhead]);
    return;
  }
  leaf_ = leaf_->prev;
  if (!leaf_) return;
  index_ = leaf_->size - 1u;
  if (leaf_->prev) prefetch(leaf_->prev);
}

RankTree::Cursor RankTree::at(size_t rank) const {
  if (rank >= size_) return {};
  const void* node = root_;
  for (int level = height_; level > 0; --level) {
    const Child* child = static_cast<const Inner*>(node)->children();
    while (rank >= child->count) rank -= (child++)->count;
    node = child->node;
  }
  return {static_cast<const Leaf*>(node), rank};
}

bool RankTree::drain(size_t& budget, SlabAllocator& alloc) {
  for (; first_ && budget > 0; --budget) {
    Leaf* leaf = first_;
    first_ = leaf->next;
    free_leaf(leaf, alloc);
  }
  if (first_) return true;
  if (height_ == 0) root_ = nullptr;
  // The leaves are gone: nodes with only such below them go next, the last one of each first.
  for (; root_ && budget > 0; --budget) {
    Inner* parent = nullptr;
    auto* node = static_cast<Inner*>(root_);
    for (int level = height_; level > 1 && node->size > 0; --level) {
      parent = node;
      node = static_cast<Inner*>(node->children()[node->size - 1].node);
    }
    free_inner(node, alloc);
    if (parent) {
      --parent->size;
    } else {
      root_ = nullptr;
    }
  }
  if (root_) return true;
  height_ = 0;
  size_ = 0;
  return false;
}

void RankTree::defragment(const Structure::Move& move, const Moved& moved) {
  for (Leaf* leaf = first_; leaf; leaf = leaf->next) {
    for (size_t i = 0; i < leaf->size; ++i) {
      ScoredItem* old = leaf->items()[i];
      auto* item = static_cast<ScoredItem*>(move(old, old->allocation_size()));
      leaf->items()[i] = item;
      if (item != old) moved(old, item);
    }
  }
  if (root_) root_ = move_node(root_, height_, move);
}

// Moves the node and those below it, and sets their parents' first items anew, which may lie elsewhere.
void* RankTree::move_node(void* node, int level, const Structure::Move& move) {
  if (level == 0) {
    auto* leaf = static_cast<Leaf*>(node);
    leaf = static_cast<Leaf*>(move(leaf, Leaf::allocation_size(leaf->capacity)));
    link(leaf);
    return leaf;
  }
  auto* inner = static_cast<Inner*>(node);
  inner = static_cast<Inner*>(move(inner, Inner::allocation_size(inner->capacity)));
  for (size_t i = 0; i < inner->size; ++i) {
    Child& child = inner->children()[i];
    child.node = move_node(child.node, level - 1, move);
    child.first =
        level == 1 ? static_cast<Leaf*>(child.node)->items()[0] : static_cast<Inner*>(child.node)->children()[0].first;
  }
  return inner;
}

// ---- for tests ----

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

size_t RankTree::check_node(const void* node, int level, const ScoredItem*& last) const {
  if (level == 0) {
    const auto& leaf = *static_cast<const Leaf*>(node);
    require(leaf.size > 0 && leaf.size <= leaf.capacity && leaf.capacity <= kLeafMax);
    for (size_t i = 0; i < leaf.size; ++i) {
      const ScoredItem* item = leaf.items()[i];
      require(leaf.scores()[i] == item->score());
      require(!last || last->score() < item->score() ||
              (last->score() == item->score() && last->member() < item->member()));
      last = item;
    }
    return leaf.size;
  }
  const auto& inner = *static_cast<const Inner*>(node);
  require(inner.size > 0 && inner.size <= inner.capacity && inner.capacity <= kInnerMax);
  size_t sum = 0;
  for (size_t i = 0; i < inner.size; ++i) {
    const Child& child = inner.children()[i];
    require(child.first->score() == inner.scores()[i]);
    require(child.first == (level == 1 ? static_cast<const Leaf*>(child.node)->items()[0]
                                       : static_cast<const Inner*>(child.node)->children()[0].first));
    const size_t count = check_node(child.node, level - 1, last);
    require(count == child.count);
    sum += count;
  }
  return sum;
}

void RankTree::check() const {
  require((root_ == nullptr) == (size_ == 0));
  if (!root_) return require(first_ == nullptr && height_ == 0 && bytes_ == 0);
  const ScoredItem* last = nullptr;
  require(check_node(root_, height_, last) == size_);
  size_t linked = 0;
  const Leaf* before = nullptr;
  for (const Leaf* leaf = first_; leaf; leaf = leaf->next) {
    require(leaf->prev == before);
    linked += leaf->size;
    before = leaf;
  }
  require(linked == size_);
}

}  // namespace guccho::store

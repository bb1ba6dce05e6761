// Descending, splitting, joining and draining of the tree of stream ids.
#include "node/store/id_tree.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

namespace guccho::store {

struct IdTree::Leaf {
  Leaf* previous;
  Leaf* next;
  uint16_t count;
  uint16_t capacity;

  Item* items() { return reinterpret_cast<Item*>(this + 1); }
  const Item* items() const { return reinterpret_cast<const Item*>(this + 1); }
  // The first item not before `id`.
  size_t lower_bound(const StreamId& id) const {
    return static_cast<size_t>(
        std::lower_bound(items(), items() + count, id,
                         [](const Item& item, const StreamId& wanted) { return item.id < wanted; }) -
        items());
  }
  void insert(size_t index, const Item& item) {
    std::copy_backward(items() + index, items() + count, items() + count + 1);
    items()[index] = item;
    ++count;
  }
  void erase(size_t index) {
    std::copy(items() + index + 1, items() + count, items() + index);
    --count;
  }
};

struct IdTree::Inner {
  uint16_t count;
  uint16_t capacity;
  uint32_t unused;

  Item* items() { return reinterpret_cast<Item*>(this + 1); }
  const Item* items() const { return reinterpret_cast<const Item*>(this + 1); }
  // The child for `id`: the last that does not begin behind it. The first child also takes what is before it.
  size_t child_of(const StreamId& id) const {
    const Item* after = std::upper_bound(items() + 1, items() + count, id,
                                         [](const StreamId& wanted, const Item& item) { return wanted < item.id; });
    return static_cast<size_t>(after - items()) - 1;
  }
  void insert(size_t index, const Item& item) {
    std::copy_backward(items() + index, items() + count, items() + count + 1);
    items()[index] = item;
    ++count;
  }
  void erase(size_t index) {
    std::copy(items() + index + 1, items() + count, items() + index);
    --count;
  }
};

// ---- cursors ----

const StreamId& IdTree::Cursor::id() const {
  return leaf_->items()[index_].id;
}
void* IdTree::Cursor::value() const {
  return leaf_->items()[index_].value;
}
void IdTree::Cursor::set_value(void* value) {
  leaf_->items()[index_].value = value;
}
void IdTree::Cursor::next() {
  if (++index_ < leaf_->count) return;
  leaf_ = leaf_->next;
  index_ = 0;
}
void IdTree::Cursor::previous() {
  if (index_ > 0) {
    --index_;
    return;
  }
  leaf_ = leaf_->previous;
  index_ = leaf_ != nullptr ? leaf_->count - size_t{1} : 0;
}

IdTree::Cursor IdTree::last() const {
  return last_ != nullptr ? Cursor(last_, last_->count - size_t{1}) : Cursor();
}

// ---- nodes ----

size_t IdTree::leaf_size(size_t capacity) {
  return sizeof(Leaf) + capacity * sizeof(Item);
}
size_t IdTree::inner_size(size_t capacity) {
  return sizeof(Inner) + capacity * sizeof(Item);
}

IdTree::Leaf* IdTree::make_leaf(size_t capacity, SlabAllocator& alloc) {
  static_assert(sizeof(Leaf) + kMax * sizeof(Item) <= SlabAllocator::kMaxSmall);
  bytes_ += SlabAllocator::footprint(leaf_size(capacity));
  return new (alloc.allocate(leaf_size(capacity))) Leaf{nullptr, nullptr, 0, static_cast<uint16_t>(capacity)};
}

IdTree::Inner* IdTree::make_inner(SlabAllocator& alloc) {
  bytes_ += SlabAllocator::footprint(inner_size(kMax));
  return new (alloc.allocate(inner_size(kMax))) Inner{0, static_cast<uint16_t>(kMax), 0};
}

void IdTree::free_leaf(Leaf* leaf, SlabAllocator& alloc) {
  const size_t size = leaf_size(leaf->capacity);
  bytes_ -= SlabAllocator::footprint(size);
  alloc.free(leaf, size);
}

void IdTree::free_inner(Inner* inner, SlabAllocator& alloc) {
  const size_t size = inner_size(inner->capacity);
  bytes_ -= SlabAllocator::footprint(size);
  alloc.free(inner, size);
}

IdTree::Leaf* IdTree::descend(const StreamId& id, Path* path) const {
  void* node = root_;
  for (size_t level = 0; level < height_; ++level) {
    auto* inner = static_cast<Inner*>(node);
    const size_t index = inner->child_of(id);
    if (path != nullptr) {
      path->nodes[level] = inner;
      path->indexes[level] = index;
    }
    node = inner->items()[index].value;
  }
  return static_cast<Leaf*>(node);
}

// ---- looking up ----

void* IdTree::find(const StreamId& id) const {
  if (root_ == nullptr) return nullptr;
  const Leaf* leaf = descend(id, nullptr);
  const size_t index = leaf->lower_bound(id);
  return index < leaf->count && leaf->items()[index].id == id ? leaf->items()[index].value : nullptr;
}

IdTree::Cursor IdTree::at_or_after(const StreamId& id) const {
  if (root_ == nullptr) return {};
  Leaf* leaf = descend(id, nullptr);
  const size_t index = leaf->lower_bound(id);
  if (index < leaf->count) return {leaf, index};
  return leaf->next != nullptr ? Cursor(leaf->next, 0) : Cursor();
}

IdTree::Cursor IdTree::at_or_before(const StreamId& id) const {
  if (root_ == nullptr) return {};
  Leaf* leaf = descend(id, nullptr);
  const size_t index = leaf->lower_bound(id);
  if (index < leaf->count && leaf->items()[index].id == id) return {leaf, index};
  if (index > 0) return {leaf, index - 1};
  return leaf->previous != nullptr ? Cursor(leaf->previous, leaf->previous->count - size_t{1}) : Cursor();
}

// ---- inserting ----

IdTree::Leaf* IdTree::resize_only_leaf(size_t capacity, SlabAllocator& alloc) {
  auto* old = static_cast<Leaf*>(root_);
  Leaf* fresh = make_leaf(capacity, alloc);
  fresh->count = old->count;
  std::copy_n(old->items(), old->count, fresh->items());
  free_leaf(old, alloc);
  root_ = first_ = last_ = fresh;
  return fresh;
}

void IdTree::link_after(Leaf* leaf, Leaf* fresh) {
  fresh->previous = leaf;
  fresh->next = leaf->next;
  (leaf->next != nullptr ? leaf->next->previous : last_) = fresh;
  leaf->next = fresh;
}

void IdTree::unlink(Leaf* leaf) {
  (leaf->previous != nullptr ? leaf->previous->next : first_) = leaf->next;
  (leaf->next != nullptr ? leaf->next->previous : last_) = leaf->previous;
}

void* IdTree::insert(const StreamId& id, void* value, SlabAllocator& alloc) {
  if (root_ == nullptr) {
    root_ = first_ = last_ = make_leaf(1, alloc);
  } else if (last_->count < last_->capacity && last_->items()[last_->count - 1].id < id) {
    last_->items()[last_->count++] = {id, value};
    ++size_;
    return value;
  }
  Path path;
  Leaf* leaf = descend(id, &path);
  const size_t index = leaf->lower_bound(id);
  if (index < leaf->count && leaf->items()[index].id == id) return leaf->items()[index].value;
  ++size_;
  if (leaf->count == leaf->capacity && leaf->capacity < kMax) {  // the only one: all others have full size
    leaf = resize_only_leaf(leaf->capacity < 4 ? 4 : std::min<size_t>(kMax, leaf->capacity * size_t{2} + 2), alloc);
  }
  if (leaf->count < leaf->capacity) {
    leaf->insert(index, {id, value});
    return value;
  }
  Leaf* fresh = make_leaf(kMax, alloc);
  const size_t kept = leaf->next == nullptr && index == kMax ? kMax : kMax / 2;
  std::copy(leaf->items() + kept, leaf->items() + kMax, fresh->items());
  fresh->count = static_cast<uint16_t>(kMax - kept);
  leaf->count = static_cast<uint16_t>(kept);
  link_after(leaf, fresh);
  index > kept || kept == kMax ? fresh->insert(index - kept, {id, value}) : leaf->insert(index, {id, value});
  insert_child(path, height_, fresh->items()[0].id, fresh, alloc);
  return value;
}

// Makes `child` the right neighbour of the child that the path takes at `level` - 1; at level 0 the root is split.
void IdTree::insert_child(Path& path, size_t level, const StreamId& id, void* child, SlabAllocator& alloc) {
  if (level == 0) {
    Inner* root = make_inner(alloc);
    root->insert(0, {StreamId::min(), root_});
    root->insert(1, {id, child});
    root_ = root;
    ++height_;
    assert(height_ < kMaxHeight);
    return;
  }
  Inner* inner = path.nodes[level - 1];
  const size_t index = path.indexes[level - 1] + 1;
  if (inner->count < kMax) return inner->insert(index, {id, child});
  Inner* fresh = make_inner(alloc);
  const size_t kept = index == kMax ? kMax : kMax / 2;
  std::copy(inner->items() + kept, inner->items() + kMax, fresh->items());
  fresh->count = static_cast<uint16_t>(kMax - kept);
  inner->count = static_cast<uint16_t>(kept);
  index > kept || kept == kMax ? fresh->insert(index - kept, {id, child}) : inner->insert(index, {id, child});
  insert_child(path, level - 1, fresh->items()[0].id, fresh, alloc);
}

// ---- erasing ----

void* IdTree::erase(const StreamId& id, SlabAllocator& alloc) {
  if (root_ == nullptr) return nullptr;
  Path path;
  Leaf* leaf = descend(id, &path);
  const size_t index = leaf->lower_bound(id);
  if (index == leaf->count || leaf->items()[index].id != id) return nullptr;
  void* value = leaf->items()[index].value;
  leaf->erase(index);
  --size_;
  if (height_ > 0) {
    if (leaf->count < kMax / 4) join_leaf(path, leaf, alloc);
  } else if (leaf->count == 0) {
    free_leaf(leaf, alloc);
    root_ = first_ = last_ = nullptr;
  } else if (leaf->capacity > 4 && leaf->count <= leaf->capacity / 4) {
    resize_only_leaf(leaf->capacity / size_t{2}, alloc);
  }
  return value;
}

// Which child of `parent` is to be joined into its left neighbour, so that child `index` is one of the two and the
// result has room for more: the later one's index, 0 when none is.
template <class Node>
size_t IdTree::join_place(const Inner& parent, size_t index) {
  const auto count = [&parent](size_t i) { return static_cast<const Node*>(parent.items()[i].value)->count; };
  if (index > 0 && count(index - 1) + count(index) <= kMax * 3 / 4) return index;
  if (index + 1 < parent.count && count(index) + count(index + 1) <= kMax * 3 / 4) return index + 1;
  return 0;
}

// An empty leaf goes; a small one is joined with a neighbour under the same parent when that leaves room for more.
void IdTree::join_leaf(Path& path, Leaf* leaf, SlabAllocator& alloc) {
  Inner* parent = path.nodes[height_ - 1];
  const size_t index = path.indexes[height_ - 1];
  if (leaf->count > 0) {
    const size_t right = join_place<Leaf>(*parent, index);
    if (right == 0) return;
    auto* into = static_cast<Leaf*>(parent->items()[right - 1].value);
    auto* from = static_cast<Leaf*>(parent->items()[right].value);
    std::copy_n(from->items(), from->count, into->items() + into->count);
    into->count = static_cast<uint16_t>(into->count + from->count);
    unlink(from);
    free_leaf(from, alloc);
    return remove_child(path, height_ - 1, right, alloc);
  }
  unlink(leaf);
  free_leaf(leaf, alloc);
  remove_child(path, height_ - 1, index, alloc);
}

// Takes child `index` out of the inner node at `level` of the path; the child itself is gone already.
void IdTree::remove_child(Path& path, size_t level, size_t index, SlabAllocator& alloc) {
  Inner* inner = path.nodes[level];
  inner->erase(index);
  if (level == 0) return drop_root_levels(alloc);
  if (inner->count < kMax / 4) join_inner(path, level, alloc);
}

void IdTree::join_inner(Path& path, size_t level, SlabAllocator& alloc) {
  Inner* inner = path.nodes[level];
  Inner* parent = path.nodes[level - 1];
  const size_t index = path.indexes[level - 1];
  if (inner->count > 0) {
    const size_t right = join_place<Inner>(*parent, index);
    if (right == 0) return;
    auto* into = static_cast<Inner*>(parent->items()[right - 1].value);
    auto* from = static_cast<Inner*>(parent->items()[right].value);
    // What was the first child takes its lower bound from its parent's entry: its own may be out of date.
    from->items()[0].id = parent->items()[right].id;
    std::copy_n(from->items(), from->count, into->items() + into->count);
    into->count = static_cast<uint16_t>(into->count + from->count);
    free_inner(from, alloc);
    return remove_child(path, level - 1, right, alloc);
  }
  free_inner(inner, alloc);
  remove_child(path, level - 1, index, alloc);
}

void IdTree::drop_root_levels(SlabAllocator& alloc) {
  while (height_ > 0 && static_cast<Inner*>(root_)->count <= 1) {
    auto* inner = static_cast<Inner*>(root_);
    root_ = inner->count == 1 ? inner->items()[0].value : nullptr;
    free_inner(inner, alloc);
    // The last child of all went when it became empty.
    height_ = root_ != nullptr ? height_ - 1 : 0;
  }
}

// ---- whole trees ----

bool IdTree::drain(size_t& budget, SlabAllocator& alloc, const std::function<size_t(void*)>& free_value) {
  while (root_ != nullptr) {
    if (budget == 0) return true;
    // From the back of the first leaf, so that nothing has to move.
    Leaf* leaf = first_;
    while (budget > 0 && leaf->count > 0) {
      spend(budget, free_value(leaf->items()[--leaf->count].value));
      --size_;
    }
    if (leaf->count > 0) return true;
    if (budget > 0) --budget;
    if (height_ == 0) {
      free_leaf(leaf, alloc);
      root_ = first_ = last_ = nullptr;
      break;
    }
    Path path;
    void* node = root_;
    for (size_t level = 0; level < height_; ++level) {
      path.nodes[level] = static_cast<Inner*>(node);
      path.indexes[level] = 0;
      node = path.nodes[level]->items()[0].value;
    }
    join_leaf(path, leaf, alloc);
  }
  return false;
}

void* IdTree::relocate_node(void* node, size_t level, const Move& move) {
  if (level == height_) {
    auto* leaf = static_cast<Leaf*>(node);
    auto* moved = static_cast<Leaf*>(move(leaf, leaf_size(leaf->capacity)));
    (moved->previous != nullptr ? moved->previous->next : first_) = moved;
    (moved->next != nullptr ? moved->next->previous : last_) = moved;
    return moved;
  }
  auto* inner = static_cast<Inner*>(node);
  for (size_t i = 0; i < inner->count; ++i) {
    inner->items()[i].value = relocate_node(inner->items()[i].value, level + 1, move);
  }
  return move(inner, inner_size(inner->capacity));
}

void IdTree::relocate(const Move& move) {
  if (root_ != nullptr) root_ = relocate_node(root_, 0, move);
}

}  // namespace guccho::store

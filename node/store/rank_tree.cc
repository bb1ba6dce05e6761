// Searching and changing the tree of a sorted set. Walking it, freeing it and moving its nodes are in
// rank_tree_walk.cc.
#include "node/store/rank_tree.h"

#include <algorithm>
#include <new>

#include "node/base/prefetch.h"
#include "node/store/rank_tree_nodes.h"

namespace guccho::store {

namespace {

// Two neighbours that are together no larger than this become one: a removal and an insertion do not merge and split
// the same node in turn.
constexpr size_t merged_limit(size_t max) {
  return max * 3 / 4;
}

}  // namespace

ScoredItem* ScoredItem::format(void* memory, double score, std::string_view member) {
  auto* item = new (memory) ScoredItem;
  item->set_score(score);
  const bool wide = member.size() >= kWide;
  item->bytes()[kSizeAt] = static_cast<char>(wide ? kWide : member.size());
  if (wide) {
    const auto size = static_cast<uint32_t>(member.size());
    std::memcpy(item->bytes() + kSizeAt + 1, &size, sizeof(size));
  }
  std::ranges::copy(member, item->bytes() + (wide ? kWideHeader : kNarrowHeader));
  return item;
}

// ---- searching ----

namespace {

// How many of [from, to) come before what is looked for.
template <class Before, class ItemAt>
size_t partition(const double* scores, ItemAt item_at, size_t from, size_t to, const Before& before) {
  while (from < to) {
    const size_t middle = (from + to) / 2;
    if (before(scores[middle], item_at(middle))) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

// How many of [from, to) have a score below this one. No branch depends on the data: half of those of a binary search
// would be mispredicted, and cost more than everything else in it.
size_t count_scores_below(const double* scores, size_t from, size_t to, double score) {
  const double* base = scores + from;
  size_t left = to - from;
  if (left == 0) return from;
  while (left > 1) {
    const size_t half = left / 2;
    base += half & -size_t{base[half - 1] < score};
    left -= half;
  }
  return static_cast<size_t>(base - scores) + size_t{*base < score};
}

// As partition(), for what comes before (score, member), or for what does not come after it. Members are read only
// where scores are equal.
template <bool kUpTo, class ItemAt>
size_t partition_at(const double* scores, ItemAt item_at, size_t from, size_t to, double score,
                    std::string_view member) {
  size_t at = count_scores_below(scores, from, to, score);
  // Mostly none or one; many when members are scores' equals, and then a search among them.
  size_t end = at;
  while (end < to && end < at + 4 && scores[end] == score) ++end;
  if (end == at + 4) end = partition(scores, item_at, end, to, [=](double s, const ScoredItem*) { return s == score; });
  return partition(scores, item_at, at, end, [=](double, const ScoredItem* item) {
    return kUpTo ? item->member() <= member : item->member() < member;
  });
}

constexpr size_t kCacheLine = 64;

}  // namespace

// Whatever comes before the first item of a child (but for the first child) is in an earlier one.
template <class Before>
size_t RankTree::child_for(const Inner& inner, const Before& before) {
  return partition(
             inner.scores(), [&inner](size_t i) { return inner.children()[i].first; }, 1, inner.size, before) -
         1;
}

template <class Before>
size_t RankTree::place_in(const Leaf& leaf, const Before& before) {
  return partition(
      leaf.scores(), [&leaf](size_t i) { return leaf.items()[i]; }, 0, leaf.size, before);
}

template <class Before>
size_t RankTree::count(const Before& before) const {
  if (!root_) return 0;
  size_t counted = 0;
  const void* node = root_;
  for (int level = height_; level > 0; --level) {
    const auto& inner = *static_cast<const Inner*>(node);
    const size_t at = child_for(inner, before);
    for (size_t i = 0; i < at; ++i) counted += inner.children()[i].count;
    node = inner.children()[at].node;
  }
  return counted + place_in(*static_cast<const Leaf*>(node), before);
}

size_t RankTree::count_before(double score, std::string_view member) const {
  return count([=](double s, const ScoredItem* item) { return s < score || (s == score && item->member() < member); });
}
size_t RankTree::count_below(double score) const {
  return count([=](double s, const ScoredItem*) { return s < score; });
}
size_t RankTree::count_to(double score) const {
  return count([=](double s, const ScoredItem*) { return s <= score; });
}
size_t RankTree::count_members_below(std::string_view member) const {
  return count([=](double, const ScoredItem* item) { return item->member() < member; });
}
size_t RankTree::count_members_to(std::string_view member) const {
  return count([=](double, const ScoredItem* item) { return item->member() <= member; });
}

// From an inner node to its child that holds (score, member) or would hold it.
void* RankTree::descend(void* node, int level, double score, std::string_view member, Path& path) {
  auto* inner = static_cast<Inner*>(node);
  const Child* children = inner->children();
  // Whatever comes before the first item of a child (but for the first child) is in an earlier one.
  const auto first_of = [children](size_t i) { return children[i].first; };
  const size_t at = partition_at<true>(inner->scores(), first_of, 1, inner->size, score, member) - 1;
  path.steps[level] = {inner, at};
  void* child = children[at].node;
  // The search reads three or four lines of the next node's scores, one after the other: they are fetched together.
  const size_t scores = (level == 0 ? std::min(children[at].count, kLeafMax) : kInnerMax) * sizeof(double);
  for (size_t line = 0; line <= scores; line += kCacheLine) prefetch(static_cast<char*>(child) + line);
  return child;
}

void RankTree::descend_to_leaf(double score, std::string_view member, Path& path) const {
  void* node = root_;
  for (int level = height_ - 1; level >= 0; --level) node = descend(node, level, score, member, path);
  path.leaf = static_cast<Leaf*>(node);
}

size_t RankTree::place_for(const Leaf& leaf, double score, std::string_view member) {
  return partition_at<false>(
      leaf.scores(), [&leaf](size_t i) { return leaf.items()[i]; }, 0, leaf.size, score, member);
}

// Among equal scores of a leaf it is known by its address, so the others are not read.
size_t RankTree::place_of(const Leaf& leaf, const ScoredItem* item) {
  size_t at = count_scores_below(leaf.scores(), 0, leaf.size, item->score());
  while (at < leaf.size && leaf.items()[at] != item) ++at;
  return at;
}

// ---- inserting ----

void RankTree::start(ScoredItem* item, SlabAllocator& alloc) {
  Leaf* leaf = make_leaf(kNodeStep, alloc);
  leaf->put(0, item->score(), item);
  root_ = first_ = leaf;
  size_ = 1;
}

void RankTree::insert(ScoredItem* item, SlabAllocator& alloc) {
  if (!root_) return start(item, alloc);
  Path path;
  descend_to_leaf(item->score(), item->member(), path);
  path.index = place_for(*path.leaf, item->score(), item->member());
  insert_at(path, item, alloc);
}

void RankTree::append(ScoredItem* item, SlabAllocator& alloc) {
  if (!root_) return start(item, alloc);
  Path path;
  void* node = root_;
  for (int level = height_ - 1; level >= 0; --level) {
    auto* inner = static_cast<Inner*>(node);
    path.steps[level] = {inner, size_t{inner->size} - 1};
    node = inner->children()[inner->size - 1].node;
  }
  path.leaf = static_cast<Leaf*>(node);
  path.index = path.leaf->size;
  insert_at(path, item, alloc);
}

void RankTree::insert_at(Path& path, ScoredItem* item, SlabAllocator& alloc) {
  ++size_;
  add_to_counts(path, 1);
  if (path.leaf->size == kLeafMax) return split_leaf(path, item, alloc);
  if (path.leaf->size == path.leaf->capacity) resize_leaf(path, path.leaf->size + 1u, alloc);
  path.leaf->put(path.index, item->score(), item);
  if (path.index == 0) set_first(path, 0, item->score(), item);
}

void RankTree::split_leaf(Path& path, ScoredItem* item, SlabAllocator& alloc) {
  // Ascending scores fill their leaves: what comes last of all begins a new one.
  const bool at_the_end = path.index == path.leaf->size && path.leaf->next == nullptr;
  const size_t cut = at_the_end ? kLeafMax : kLeafMax / 2;
  Leaf* right = make_leaf(rounded_capacity(kLeafMax - cut + 1), alloc);
  right->take(0, *path.leaf, cut, kLeafMax - cut);
  path.leaf->size = static_cast<uint16_t>(cut);
  if (!at_the_end) resize_leaf(path, cut + 1, alloc);
  Leaf* left = path.leaf;
  if (!at_the_end && path.index <= cut) {
    left->put(path.index, item->score(), item);
    if (path.index == 0) set_first(path, 0, item->score(), item);
  } else {
    right->put(path.index - cut, item->score(), item);
  }
  right->prev = left;
  right->next = left->next;
  if (right->next) right->next->prev = right;
  left->next = right;
  if (height_ > 0) path.steps[0].node->children()[path.steps[0].index].count = left->size;
  add_child(path, 0, right->scores()[0], {right->items()[0], right, right->size}, alloc);
}

// Behind the child that step `level` of the path goes through; at the root's level it gets a root above it.
void RankTree::add_child(Path& path, int level, double score, const Child& child, SlabAllocator& alloc) {
  if (level == height_) {
    Inner* root = make_inner(kNodeStep, alloc);
    const auto* leaf = static_cast<const Leaf*>(root_);
    const auto* inner = static_cast<const Inner*>(root_);
    root->put(0, height_ == 0 ? leaf->scores()[0] : inner->scores()[0],
              {height_ == 0 ? leaf->items()[0] : inner->children()[0].first, root_, size_ - child.count});
    root->put(1, score, child);
    root_ = root;
    ++height_;
    return;
  }
  const size_t at = path.steps[level].index + 1;
  if (path.steps[level].node->size < kInnerMax) {
    if (path.steps[level].node->size == path.steps[level].node->capacity) {
      resize_inner(path, level, path.steps[level].node->size + 1u, alloc);
    }
    return path.steps[level].node->put(at, score, child);
  }
  bool at_the_end = at == kInnerMax;
  for (int above = level + 1; above < height_; ++above) {
    at_the_end = at_the_end && path.steps[above].index + 1 == path.steps[above].node->size;
  }
  const size_t cut = at_the_end ? kInnerMax : kInnerMax / 2;
  Inner* right = make_inner(rounded_capacity(kInnerMax - cut + 1), alloc);
  right->take(0, *path.steps[level].node, cut, kInnerMax - cut);
  path.steps[level].node->size = static_cast<uint16_t>(cut);
  if (!at_the_end) resize_inner(path, level, cut + 1, alloc);
  Inner* left = path.steps[level].node;
  if (!at_the_end && at <= cut) {
    left->put(at, score, child);
  } else {
    right->put(at - cut, score, child);
  }
  if (level + 1 < height_) {
    path.steps[level + 1].node->children()[path.steps[level + 1].index].count = left->total();
  }
  add_child(path, level + 1, right->scores()[0], {right->children()[0].first, right, right->total()}, alloc);
}

// ---- removing ----

void RankTree::remove(const ScoredItem* item, SlabAllocator& alloc) {
  Path path;
  descend_to_leaf(item->score(), item->member(), path);
  path.index = place_of(*path.leaf, item);
  remove_at(path, alloc);
}

bool RankTree::remove_at(Path& path, SlabAllocator& alloc) {
  --size_;
  add_to_counts(path, size_t(-1));
  Leaf* leaf = path.leaf;
  leaf->cut(path.index);
  if (leaf->size == 0) {
    unlink(leaf);
    free_leaf(leaf, alloc);
    if (height_ == 0) {
      root_ = nullptr;
    } else {
      remove_child(path, 0, alloc);
    }
    return false;
  }
  if (path.index == 0) set_first(path, 0, leaf->scores()[0], leaf->items()[0]);
  return shrink_leaf(path, alloc);
}

bool RankTree::shrink_leaf(Path& path, SlabAllocator& alloc) {
  const size_t size = path.leaf->size;
  if (height_ > 0 && size <= kLeafMax / 2) {
    const auto [parent, index] = path.steps[0];
    const auto fits = [&, limit = merged_limit(kLeafMax)](size_t i) {
      return i < parent->size && parent->children()[i].count + size <= limit;
    };
    const bool merges_left = index > 0 && fits(index - 1);
    if (merges_left || fits(index + 1)) {
      merge_leaves(path, merges_left ? index - 1 : index, alloc);
      return false;
    }
  }
  if (path.leaf->capacity >= size + 3 * kNodeStep) resize_leaf(path, size + kNodeStep, alloc);
  return true;
}

void RankTree::merge_leaves(Path& path, size_t left_index, SlabAllocator& alloc) {
  Inner* parent = path.steps[0].node;
  path.steps[0].index = left_index;
  path.leaf = static_cast<Leaf*>(parent->children()[left_index].node);
  auto* right = static_cast<Leaf*>(parent->children()[left_index + 1].node);
  const size_t together = size_t{path.leaf->size} + right->size;
  if (together > path.leaf->capacity) resize_leaf(path, together, alloc);
  path.leaf->take(path.leaf->size, *right, 0, right->size);
  parent->children()[left_index].count = together;
  unlink(right);
  free_leaf(right, alloc);
  path.steps[0].index = left_index + 1;
  remove_child(path, 0, alloc);
}

// Forgets the child that step `level` goes through; the child itself is gone already.
void RankTree::remove_child(Path& path, int level, SlabAllocator& alloc) {
  auto [node, index] = path.steps[level];
  node->cut(index);
  if (node->size == 0) {
    free_inner(node, alloc);
    if (level + 1 < height_) return remove_child(path, level + 1, alloc);
    root_ = nullptr;
    height_ = 0;
    return;
  }
  if (index == 0) set_first(path, level + 1, node->scores()[0], node->children()[0].first);
  if (level + 1 == height_) {
    while (height_ > 0 && static_cast<Inner*>(root_)->size == 1) {
      auto* root = static_cast<Inner*>(root_);
      root_ = root->children()[0].node;
      free_inner(root, alloc);
      --height_;
    }
    return;
  }
  const size_t size = node->size;
  if (size <= kInnerMax / 2) {
    const auto [parent, here] = path.steps[level + 1];
    const auto fits = [&, limit = merged_limit(kInnerMax)](size_t i) {
      return i < parent->size && static_cast<Inner*>(parent->children()[i].node)->size + size <= limit;
    };
    if (here > 0 && fits(here - 1)) return merge_inners(path, level, here - 1, alloc);
    if (fits(here + 1)) return merge_inners(path, level, here, alloc);
  }
  if (node->capacity >= size + 3 * kNodeStep) resize_inner(path, level, size + kNodeStep, alloc);
}

void RankTree::merge_inners(Path& path, int level, size_t left_index, SlabAllocator& alloc) {
  Inner* parent = path.steps[level + 1].node;
  path.steps[level + 1].index = left_index;
  path.steps[level].node = static_cast<Inner*>(parent->children()[left_index].node);
  auto* right = static_cast<Inner*>(parent->children()[left_index + 1].node);
  const size_t together = size_t{path.steps[level].node->size} + right->size;
  if (together > path.steps[level].node->capacity) resize_inner(path, level, together, alloc);
  Inner* left = path.steps[level].node;
  left->take(left->size, *right, 0, right->size);
  parent->children()[left_index].count = left->total();
  free_inner(right, alloc);
  path.steps[level + 1].index = left_index + 1;
  remove_child(path, level + 1, alloc);
}

// ---- scores ----

void RankTree::change_score(ScoredItem* item, double score, SlabAllocator& alloc) {
  const std::string_view member = item->member();
  Path from;
  Path to;
  // Both ways down at once: most of what they cost is waiting for nodes, and the waits overlap.
  void* from_node = root_;
  void* to_node = root_;
  for (int level = height_ - 1; level >= 0; --level) {
    from_node = descend(from_node, level, item->score(), member, from);
    to_node = descend(to_node, level, score, member, to);
  }
  from.leaf = static_cast<Leaf*>(from_node);
  to.leaf = static_cast<Leaf*>(to_node);
  from.index = place_of(*from.leaf, item);
  to.index = place_for(*to.leaf, score, member);

  const bool same_leaf = from.leaf == to.leaf;
  if (same_leaf && (to.index == from.index || to.index == from.index + 1)) {
    item->set_score(score);
    from.leaf->scores()[from.index] = score;
    if (from.index == 0) set_first(from, 0, score, item);
    return;
  }
  const bool only_its_leaf_changed = remove_at(from, alloc);
  item->set_score(score);
  if (!only_its_leaf_changed) return insert(item, alloc);
  if (same_leaf) {
    to.leaf = from.leaf;
    to.index -= to.index > from.index;
  }
  insert_at(to, item, alloc);
}

// ---- nodes ----

RankTree::Leaf* RankTree::make_leaf(size_t capacity, SlabAllocator& alloc) {
  const size_t size = Leaf::allocation_size(capacity);
  auto* leaf = new (alloc.allocate(size)) Leaf;
  leaf->capacity = static_cast<uint16_t>(capacity);
  bytes_ += SlabAllocator::footprint(size);
  return leaf;
}

RankTree::Inner* RankTree::make_inner(size_t capacity, SlabAllocator& alloc) {
  const size_t size = Inner::allocation_size(capacity);
  auto* inner = new (alloc.allocate(size)) Inner;
  inner->capacity = static_cast<uint16_t>(capacity);
  bytes_ += SlabAllocator::footprint(size);
  return inner;
}

void RankTree::free_leaf(Leaf* leaf, SlabAllocator& alloc) {
  const size_t size = Leaf::allocation_size(leaf->capacity);
  bytes_ -= SlabAllocator::footprint(size);
  alloc.free(leaf, size);
}

void RankTree::free_inner(Inner* inner, SlabAllocator& alloc) {
  const size_t size = Inner::allocation_size(inner->capacity);
  bytes_ -= SlabAllocator::footprint(size);
  alloc.free(inner, size);
}

void RankTree::resize_leaf(Path& path, size_t room, SlabAllocator& alloc) {
  Leaf* old = path.leaf;
  Leaf* leaf = make_leaf(std::min(rounded_capacity(room), kLeafMax), alloc);
  leaf->take(0, *old, 0, old->size);
  leaf->prev = old->prev;
  leaf->next = old->next;
  free_leaf(old, alloc);
  link(leaf);
  if (height_ > 0) {
    path.steps[0].node->children()[path.steps[0].index].node = leaf;
  } else {
    root_ = leaf;
  }
  path.leaf = leaf;
}

void RankTree::resize_inner(Path& path, int level, size_t room, SlabAllocator& alloc) {
  Inner* old = path.steps[level].node;
  Inner* inner = make_inner(std::min(rounded_capacity(room), kInnerMax), alloc);
  inner->take(0, *old, 0, old->size);
  free_inner(old, alloc);
  if (level + 1 < height_) {
    path.steps[level + 1].node->children()[path.steps[level + 1].index].node = inner;
  } else {
    root_ = inner;
  }
  path.steps[level].node = inner;
}

// Its neighbours learn where the leaf lies.
void RankTree::link(Leaf* leaf) {
  (leaf->prev ? leaf->prev->next : first_) = leaf;
  if (leaf->next) leaf->next->prev = leaf;
}

void RankTree::unlink(Leaf* leaf) {
  (leaf->prev ? leaf->prev->next : first_) = leaf->next;
  if (leaf->next) leaf->next->prev = leaf->prev;
}

void RankTree::set_first(Path& path, int level, double score, const ScoredItem* item) {
  for (; level < height_; ++level) {
    const auto [node, index] = path.steps[level];
    node->scores()[index] = score;
    node->children()[index].first = item;
    if (index != 0) return;
  }
}

void RankTree::add_to_counts(Path& path, size_t delta) {
  for (int level = 0; level < height_; ++level) {
    path.steps[level].node->children()[path.steps[level].index].count += delta;
  }
}

}  // namespace guccho::store

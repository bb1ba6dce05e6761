// The tree of stream ids against std::map.
#include "node/store/id_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "node/base/random.h"

namespace guccho::store {
namespace {

struct Trees {
  SlabAllocator alloc;
  IdTree tree;
  std::map<StreamId, uint64_t*> model;
  std::vector<uint64_t*> owned;

  ~Trees() {
    size_t budget = SIZE_MAX;
    EXPECT_FALSE(tree.drain(budget, alloc, [](void*) { return size_t{1}; }));
    EXPECT_EQ(alloc.used(), 0u);
    for (uint64_t* value : owned) delete value;
  }
  void insert(const StreamId& id) {
    auto* value = new uint64_t(id.ms);
    owned.push_back(value);
    const auto [at, fresh] = model.emplace(id, value);
    ASSERT_EQ(tree.insert(id, value, alloc), at->second) << fresh;
  }
  void erase(const StreamId& id) {
    const auto at = model.find(id);
    ASSERT_EQ(tree.erase(id, alloc), at == model.end() ? nullptr : at->second);
    if (at != model.end()) model.erase(at);
  }
  void look_up(const StreamId& id) {
    const auto at = model.find(id);
    ASSERT_EQ(tree.find(id), at == model.end() ? nullptr : at->second);
    const auto after = model.lower_bound(id);
    const auto found = tree.at_or_after(id);
    ASSERT_EQ(bool(found), after != model.end());
    if (found) {
      ASSERT_EQ(found.id(), after->first);
    }
    auto before = model.upper_bound(id);
    const auto earlier = tree.at_or_before(id);
    ASSERT_EQ(bool(earlier), before != model.begin());
    if (earlier) {
      ASSERT_EQ(earlier.id(), (--before)->first);
    }
  }
  void check() {
    ASSERT_EQ(tree.size(), model.size());
    ASSERT_EQ(tree.bytes(), alloc.used());
    auto forward = model.begin();
    for (auto at = tree.first(); at; at.next(), ++forward) {
      ASSERT_NE(forward, model.end());
      ASSERT_EQ(at.id(), forward->first);
      ASSERT_EQ(at.value(), forward->second);
    }
    ASSERT_EQ(forward, model.end());
    auto backward = model.rbegin();
    for (auto at = tree.last(); at; at.previous(), ++backward) ASSERT_EQ(at.id(), backward->first);
    ASSERT_EQ(backward, model.rend());
  }
};

TEST(IdTree, RandomIdsInEveryOrder) {
  for (const uint64_t range : {5, 100, 3000, 100000}) {
    Trees trees;
    Rng rng(range);
    const auto random_id = [&] { return StreamId{rng.below(range), rng.below(3)}; };
    for (int round = 0; round < 60; ++round) {
      // Rounds of growth and of shrinking in turn.
      const uint64_t inserts = round % 20 < 12 ? 8 : 2;
      for (int i = 0; i < 400; ++i) {
        rng.below(10) < inserts ? trees.insert(random_id()) : trees.erase(random_id());
        trees.look_up(random_id());
      }
      if (round % 5 == 0) {
        trees.tree.relocate([&](void* object, size_t size) {
          void* moved = std::memcpy(trees.alloc.allocate(size), object, size);
          trees.alloc.free(object, size);
          return moved;
        });
      }
      trees.check();
    }
    while (!trees.model.empty()) trees.erase(trees.model.begin()->first);
    trees.check();
  }
}

TEST(IdTree, AscendingIdsFillItsNodes) {
  Trees trees;
  for (uint64_t i = 0; i < 50000; ++i) trees.insert({i, i});
  trees.check();
  EXPECT_LT(trees.tree.bytes(), 50000 * 26u);
  // As acknowledgements take them: from the front.
  for (uint64_t i = 0; i < 49990; ++i) trees.erase({i, i});
  trees.check();
  EXPECT_LT(trees.tree.bytes(), 2500u);
}

TEST(IdTree, SparseRemainsAreJoined) {
  Trees trees;
  for (uint64_t i = 0; i < 20000; ++i) trees.insert({i, 0});
  for (uint64_t i = 0; i < 20000; ++i) {
    if (i % 40 != 7) trees.erase({i, 0});
  }
  trees.check();
  // A quarter full at least.
  EXPECT_LT(trees.tree.bytes(), 500 * 24 * 5u);
}

TEST(IdTree, DrainsInSteps) {
  SlabAllocator alloc;
  IdTree tree;
  uint64_t value = 0;
  for (uint64_t i = 0; i < 5000; ++i) tree.insert({i * 7919 % 5000, 0}, &value, alloc);
  size_t freed = 0;
  size_t steps = 0;
  for (bool more = true; more; ++steps) {
    size_t budget = 100;
    const size_t before = freed;
    more = tree.drain(budget, alloc, [&](void*) { return ++freed, size_t{1}; });
    EXPECT_LE(freed - before, 100u);
  }
  EXPECT_EQ(freed, 5000u);
  EXPECT_GE(steps, 50u);
  EXPECT_EQ(alloc.used(), 0u);
}

}  // namespace
}  // namespace guccho::store

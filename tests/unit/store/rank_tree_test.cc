// The tree of a sorted set against an ordered std::set, under random and under ordered changes.
#include "node/store/rank_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "node/base/random.h"

namespace guccho::store {
namespace {

// A tree and its items beside a model of them.
class Trial {
 public:
  explicit Trial(uint64_t seed) : rng(seed) {}
  ~Trial() {
    for (size_t budget = 7; tree.drain(budget, alloc); budget = 7) {
    }
    for (auto& [member, item] : items) alloc.free(item, item->allocation_size());
    EXPECT_EQ(alloc.used(), 0u);
  }

  void insert(double score, const std::string& member) {
    auto* item = ScoredItem::format(alloc.allocate(ScoredItem::allocation_size(member.size())), score, member);
    items[member] = item;
    model.emplace(score, member);
    tree.insert(item, alloc);
  }
  void append(double score, const std::string& member) {
    auto* item = ScoredItem::format(alloc.allocate(ScoredItem::allocation_size(member.size())), score, member);
    items[member] = item;
    model.emplace(score, member);
    tree.append(item, alloc);
  }
  void remove(const std::string& member) {
    ScoredItem* item = items.at(member);
    model.erase({item->score(), member});
    tree.remove(item, alloc);
    alloc.free(item, item->allocation_size());
    items.erase(member);
  }
  void change(const std::string& member, double score) {
    ScoredItem* item = items.at(member);
    model.erase({item->score(), member});
    model.emplace(score, member);
    tree.change_score(item, score, alloc);
  }
  std::string any() { return std::next(items.begin(), static_cast<long>(rng.below(items.size())))->first; }

  // The whole of it, in both directions, and ranks of all.
  void check() {
    tree.check();
    ASSERT_EQ(tree.size(), model.size());
    size_t rank = 0;
    auto at = tree.at(0);
    for (const auto& [score, member] : model) {
      ASSERT_TRUE(at.valid());
      ASSERT_EQ(at.item().score(), score);
      ASSERT_EQ(at.item().member(), member);
      ASSERT_EQ(tree.rank(&at.item()), rank);
      ASSERT_EQ(&tree.at(rank).item(), &at.item());
      ++rank;
      at.next();
    }
    ASSERT_FALSE(at.valid());
    ASSERT_FALSE(tree.at(rank).valid());
    if (rank == 0) return;
    at = tree.at(rank - 1);
    for (auto each = model.rbegin(); each != model.rend(); ++each, at.previous()) {
      ASSERT_EQ(at.item().member(), each->second);
    }
    ASSERT_FALSE(at.valid());
  }
  void check_bounds(double score, const std::string& member) {
    const auto before = [&](auto it) { return static_cast<size_t>(std::distance(model.begin(), it)); };
    EXPECT_EQ(tree.count_below(score), before(model.lower_bound({score, std::string()})));
    EXPECT_EQ(tree.count_to(score), before(model.upper_bound({score, std::string(300, '\xff')})));
    EXPECT_EQ(tree.count_before(score, member), before(model.lower_bound({score, member})));
  }

  SlabAllocator alloc;
  RankTree tree;
  std::map<std::string, ScoredItem*> items;
  std::set<std::pair<double, std::string>> model;
  Rng rng;
};

struct RandomChanges : testing::TestWithParam<uint64_t> {};

// Grows, shrinks and grows again, so that nodes split and merge on every level.
TEST_P(RandomChanges, AgreeWithAnOrderedSet) {
  Trial trial(GetParam());
  Rng& rng = trial.rng;
  const uint64_t scores = GetParam() % 3 == 0 ? 5 : GetParam() % 3 == 1 ? 300 : 1'000'000'000;
  const auto random_score = [&] { return static_cast<double>(rng.below(scores)) / 4 - 30; };
  int serial = 0;
  for (int phase = 0; phase < 6; ++phase) {
    const uint64_t inserts = phase % 2 == 0 ? 70 : 20;  // of 100
    for (int i = 0; i < 4000; ++i) {
      const uint64_t kind = rng.below(100);
      if (trial.items.empty() || kind < inserts) {
        trial.insert(random_score(), std::to_string(rng.below(1000)) + std::string(rng.below(20), 'x') +
                                         (rng.below(50) == 0 ? std::string(260, 'y') : "") + ":" +
                                         std::to_string(serial++));
      } else if (kind < 90) {
        trial.remove(trial.any());
      } else {
        trial.change(trial.any(), random_score());
      }
      if (i % 400 == 0) trial.check_bounds(random_score(), std::to_string(rng.below(1000)));
      if (i % 1000 == 0) trial.check();
      if (testing::Test::HasFatalFailure()) return;
    }
    trial.check();
  }
  while (!trial.items.empty()) trial.remove(trial.any());
  trial.check();
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomChanges, testing::Range(uint64_t{0}, uint64_t{6}));

TEST(RankTreeTest, AscendingDescendingAndAppended) {
  for (const int order : {0, 1, 2}) {
    Trial trial(1);
    for (int i = 0; i < 5000; ++i) {
      const double score = order == 1 ? -i : i;
      order == 2 ? trial.append(score, std::to_string(i)) : trial.insert(score, std::to_string(i));
    }
    trial.check();
    // Ascending ones leave full leaves behind: 16 bytes a member, and little more.
    if (order != 1) {
      EXPECT_LT(trial.tree.bytes(), 5000u * 18);
    }
    // From the front, from the back, and out of the middle.
    while (trial.tree.size() > 3000) trial.remove(std::string(trial.tree.at(0).item().member()));
    trial.check();
    while (trial.tree.size() > 1500) {
      trial.remove(std::string(trial.tree.at(trial.tree.size() - 1).item().member()));
    }
    trial.check();
    while (trial.tree.size() > 10) trial.remove(std::string(trial.tree.at(trial.tree.size() / 2).item().member()));
    trial.check();
  }
}

TEST(RankTreeTest, MembersOfOneScore) {
  Trial trial(3);
  for (int i = 0; i < 2000; ++i) trial.insert(0, std::to_string(trial.rng.below(100000)) + "-" + std::to_string(i));
  std::set<std::string> members;
  for (const auto& [score, member] : trial.model) members.insert(member);
  for (int i = 0; i < 300; ++i) {
    const std::string bound = i % 2 ? trial.any() : std::to_string(trial.rng.below(100000));
    EXPECT_EQ(trial.tree.count_members_below(bound),
              static_cast<size_t>(std::distance(members.begin(), members.lower_bound(bound))));
    EXPECT_EQ(trial.tree.count_members_to(bound),
              static_cast<size_t>(std::distance(members.begin(), members.upper_bound(bound))));
  }
}

TEST(RankTreeTest, NegativeZeroIsZero) {
  Trial trial(4);
  trial.insert(0.0, "b");
  trial.insert(-0.0, "a");
  trial.insert(-0.0, "c");
  EXPECT_EQ(trial.tree.at(0).item().member(), "a");
  EXPECT_EQ(trial.tree.at(2).item().member(), "c");
  EXPECT_EQ(trial.tree.count_below(0), 0u);
  EXPECT_EQ(trial.tree.count_to(-0.0), 3u);
  trial.remove("b");
}

TEST(RankTreeTest, MovedNodesAndItemsAreFound) {
  Trial trial(5);
  for (int i = 0; i < 1000; ++i) trial.insert(static_cast<double>(trial.rng.below(400)), std::to_string(i));
  size_t moves = 0;
  trial.tree.defragment(
      [&](void* object, size_t size) {
        ++moves;
        void* moved = std::memcpy(trial.alloc.allocate(size), object, size);
        std::memset(object, 0xee, size);
        trial.alloc.free(object, size);
        return moved;
      },
      [&](const ScoredItem*, ScoredItem* item) { trial.items[std::string(item->member())] = item; });
  EXPECT_GT(moves, 1020u);
  trial.check();
  for (int i = 0; i < 900; ++i) trial.remove(trial.any());
  trial.check();
}

TEST(RankTreeTest, FreedInPieces) {
  SlabAllocator alloc;
  RankTree tree;
  std::vector<ScoredItem*> items;
  for (int i = 0; i < 20000; ++i) {
    const std::string member = std::to_string(i);
    items.push_back(ScoredItem::format(alloc.allocate(ScoredItem::allocation_size(member.size())), i % 97, member));
    tree.insert(items.back(), alloc);
  }
  size_t steps = 1;
  size_t before = alloc.used();
  for (size_t budget = 10; tree.drain(budget, alloc); ++steps) {
    budget = 10;
    EXPECT_LE(before - alloc.used(), 10u * 1024);
    before = alloc.used();
  }
  EXPECT_GT(steps, 20000u / 60 / 10);
  EXPECT_EQ(tree.bytes(), 0u);
  tree.check();
  tree.insert(items[0], alloc);
  EXPECT_EQ(tree.size(), 1u);
  size_t budget = 100;
  EXPECT_FALSE(tree.drain(budget, alloc));
  for (ScoredItem* item : items) alloc.free(item, item->allocation_size());
  EXPECT_EQ(alloc.used(), 0u);
}

}  // namespace
}  // namespace guccho::store

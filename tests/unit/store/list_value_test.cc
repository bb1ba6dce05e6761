// Lists against std::deque: random edits under several limits, the form that each size asks for, accounting.
#include "node/store/list_value.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "node/base/random.h"
#include "node/store/listpack.h"
#include "node/store/structure.h"

namespace guccho::store {
namespace {

using Model = std::deque<std::string>;

KeyRef key_ref(std::string_view key) {
  return {key_slot(key), key};
}

Model forwards(const Entry& entry) {
  const ListView view(entry);
  Model out;
  IntText scratch;
  for (ListCursor at = view.at(0); !at.at_end(); at.next()) out.emplace_back(at.element().text(scratch));
  return out;
}

Model backwards(const Entry& entry) {
  const ListView view(entry);
  Model out;
  IntText scratch;
  for (ListCursor at = view.at(view.size() - 1); !at.at_end(); at.previous()) {
    out.emplace_front(at.element().text(scratch));
  }
  return out;
}

// The blocks themselves: well formed, none empty, counts right.
void check_blocks(const Entry& entry) {
  const ListView view(entry);
  size_t total = 0;
  for (const ListBlock& block : view.blocks()) {
    ASSERT_GT(block.count, 0u);
    total += block.count;
    if (block.plain) {
      ASSERT_EQ(block.count, 1u);
      continue;
    }
    std::string listpack;
    write_block_as_listpack(block, listpack);
    ASSERT_TRUE(Listpack::valid(listpack));
    ASSERT_EQ(Listpack(listpack).count(), block.count);
  }
  ASSERT_EQ(total, view.size());
}

struct Player {
  Player(uint64_t seed, int32_t max_listpack_size) : rng(seed) {
    keyspace.packed_limits().list_max_listpack_size = max_listpack_size;
  }

  std::string text() {
    switch (rng.below(12)) {
      case 0:
        return std::string(rng.below(400), static_cast<char>('a' + rng.below(3)));
      case 1:
        return rng.below(8) == 0 ? std::string(9000 + rng.below(9000), 'L') : "x";
      case 2:
      case 3:
      case 4:
        return std::to_string(rng.below(20));
      default:
        return std::to_string(static_cast<int64_t>(rng.next()) >> rng.below(64));
    }
  }

  void step() {
    ListValue list(keyspace, key, entry);
    const auto end = rng.below(2) ? ListEnd::kHead : ListEnd::kTail;
    const size_t size = model.size();
    switch (size == 0 ? 0 : rng.below(shrinking ? 12 : 8)) {
      case 0:
      case 1:
      case 2: {
        std::vector<std::string> texts;
        for (uint64_t n = 1 + rng.below(rng.below(10) == 0 ? 60 : 4); n > 0; --n) texts.push_back(text());
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        list.push(end, views);
        for (const auto& t : texts) end == ListEnd::kHead ? model.push_front(t) : model.push_back(t);
        break;
      }
      case 3: {
        const size_t index = rng.below(size);
        const std::string t = text();
        list.set(index, t);
        model[index] = t;
        break;
      }
      case 4:
      case 5: {
        const std::string pivot = rng.below(4) ? model[rng.below(size)] : "nosuch";
        const std::string t = text();
        const bool after = rng.below(2) == 0;
        const auto found = std::ranges::find(model, pivot);
        ASSERT_EQ(list.insert(pivot, after, t), found != model.end());
        if (found != model.end()) model.insert(found + (after ? 1 : 0), t);
        break;
      }
      case 6: {
        const std::string wanted = rng.below(4) ? model[rng.below(size)] : "nosuch";
        const size_t limit = rng.below(3) ? SIZE_MAX : 1 + rng.below(3);
        size_t erased = 0;
        const auto reverse = [&] { std::ranges::reverse(model); };
        if (end == ListEnd::kTail) reverse();
        for (auto it = model.begin(); it != model.end() && erased < limit;) {
          if (*it == wanted) {
            it = model.erase(it);
            ++erased;
          } else {
            ++it;
          }
        }
        if (end == ListEnd::kTail) reverse();
        ASSERT_EQ(list.erase_matching(wanted, limit, end), erased);
        break;
      }
      case 7:
      case 8:
      case 9:
      case 10: {
        const size_t count = std::min<size_t>(size, 1 + rng.below(rng.below(10) == 0 ? 100 : 3));
        list.pop(end, count);
        for (size_t i = 0; i < count; ++i) end == ListEnd::kHead ? model.pop_front() : model.pop_back();
        break;
      }
      default: {
        const size_t first = rng.below(std::min<size_t>(size, 40));
        const size_t count = size - first - rng.below(std::min<size_t>(size - first, 40));
        list.trim(first, count);
        model =
            Model(model.begin() + static_cast<ptrdiff_t>(first), model.begin() + static_cast<ptrdiff_t>(first + count));
      }
    }
    entry = list.entry();
    if (model.empty() && entry != nullptr) {
      keyspace.erase(key);
      entry = nullptr;
    }
  }

  void check() {
    ASSERT_EQ(keyspace.used_bytes(), keyspace.slot_bytes(key.slot));
    if (model.empty()) return;
    check_blocks(*entry);
    ASSERT_EQ(forwards(*entry), model);
    ASSERT_EQ(backwards(*entry), model);
    const ListView view(*entry);
    for (int i = 0; i < 5; ++i) {
      const size_t index = rng.below(model.size());
      IntText scratch;
      ASSERT_EQ(view.at(index).element().text(scratch), model[index]);
    }
    ASSERT_TRUE(view.at(model.size()).at_end());
    // What the accounting says is what freeing gives back.
    const size_t value = keyspace.memory_usage(*entry);
    ASSERT_LE(value, keyspace.used_bytes());
  }

  Keyspace keyspace{0, 1};
  const KeyRef key = key_ref("list");
  Entry* entry = nullptr;
  Model model;
  Rng rng;
  bool shrinking = false;
};

TEST(ListValueTest, RandomEditsAgainstADeque) {
  for (const int32_t limit : {-2, -1, 128, 5, 1, -5}) {
    SCOPED_TRACE(limit);
    Player player(static_cast<uint64_t>(100 + limit), limit);
    for (int step = 0; step < 6000; ++step) {
      if (step % 700 == 0) player.shrinking = !player.shrinking;
      player.step();
      if (testing::Test::HasFatalFailure()) return;
      if (step % 40 == 0) player.check();
      if (testing::Test::HasFatalFailure()) FAIL() << "step " << step;
    }
    player.check();
    player.keyspace.erase(player.key);
    while (player.keyspace.free_step(7)) {
    }
    // What is left is the slot's table.
    EXPECT_LE(player.keyspace.used_bytes(), 64u);
  }
}

TEST(ListValueTest, FormsFollowTheLimits) {
  Keyspace keyspace(0, 1);
  keyspace.packed_limits().list_max_listpack_size = 4;
  ListValue list(keyspace, key_ref("l"), nullptr);
  const std::vector<std::string_view> four = {"1", "2", "3", "4"};
  list.push(ListEnd::kTail, four);
  EXPECT_EQ(encoding_name(list.entry()->encoding()), "listpack");
  list.push(ListEnd::kTail, "5");
  EXPECT_EQ(encoding_name(list.entry()->encoding()), "quicklist");
  list.pop(ListEnd::kTail, 1);
  EXPECT_EQ(encoding_name(list.entry()->encoding()), "quicklist");
  list.pop(ListEnd::kTail, 1);
  EXPECT_EQ(encoding_name(list.entry()->encoding()), "quicklist");
  list.pop(ListEnd::kTail, 1);  // half of the limit
  EXPECT_EQ(encoding_name(list.entry()->encoding()), "listpack");
  EXPECT_EQ(forwards(*list.entry()), Model({"1", "2"}));

  // A size: the listpack's bytes and those to come decide.
  keyspace.packed_limits().list_max_listpack_size = -1;
  ListValue sized(keyspace, key_ref("s"), nullptr);
  sized.push(ListEnd::kHead, std::string(4089, 'x'));
  EXPECT_EQ(encoding_name(sized.entry()->encoding()), "listpack");
  ListValue big(keyspace, key_ref("b"), nullptr);
  big.push(ListEnd::kHead, std::string(4090, 'x'));
  EXPECT_EQ(encoding_name(big.entry()->encoding()), "quicklist");
}

TEST(ListValueTest, BigListsKeepTheirMemoryInProportion) {
  Keyspace keyspace(0, 1);
  for (const auto end : {ListEnd::kHead, ListEnd::kTail}) {
    const std::string name = end == ListEnd::kHead ? "head" : "tail";
    ListValue list(keyspace, key_ref(name), nullptr);
    for (int i = 0; i < 100000; ++i) list.push(end, "element-" + std::to_string(i % 10));
    // 9 bytes a text, 2 of the listpack.
    EXPECT_LT(keyspace.memory_usage(*list.entry()), 100000u * 115 / 10);
    // A queue in steady state does not grow.
    const auto other = end == ListEnd::kHead ? ListEnd::kTail : ListEnd::kHead;
    for (int i = 0; i < 200000; ++i) {
      list.push(end, "element-" + std::to_string(i % 10));
      list.pop(other, 1);
    }
    EXPECT_LT(keyspace.memory_usage(*list.entry()), 100000u * 118 / 10);
    check_blocks(*list.entry());
  }
}

TEST(ListValueTest, CopiesAndIsFreedInSteps) {
  Keyspace keyspace(0, 1);
  ListValue list(keyspace, key_ref("{a}1"), nullptr);
  for (int i = 0; i < 20000; ++i) list.push(ListEnd::kTail, "number " + std::to_string(i));
  list.push(ListEnd::kTail, std::string(20000, 'p'));
  const Entry* made = keyspace.copy(key_ref("{a}1"), key_ref("{a}2"));
  EXPECT_EQ(forwards(*made), forwards(*keyspace.find(key_ref("{a}1"))));
  EXPECT_EQ(keyspace.used_bytes(), keyspace.slot_bytes(key_ref("{a}1").slot));
  keyspace.erase(key_ref("{a}1"));
  keyspace.erase(key_ref("{a}2"));
  EXPECT_EQ(keyspace.pending_frees(), 2u);
  int steps = 0;
  while (keyspace.free_step(10)) ++steps;
  EXPECT_GT(steps, 3);
  EXPECT_LE(keyspace.used_bytes(), 64u);
}

TEST(ListValueTest, LoadsBlocksOfAnySize) {
  Keyspace keyspace(0, 1);
  ListLoader loader(keyspace, key_ref("l"));
  Model expected;
  const auto add = [&](std::vector<std::string> texts) {
    SlabAllocator alloc;
    ListpackBlock pack = ListpackBlock::make(alloc);
    for (const auto& text : texts) pack.append(text);
    loader.add_listpack({static_cast<const char*>(pack.external().data), pack.external().size});
    pack.release();
    expected.insert(expected.end(), texts.begin(), texts.end());
  };
  add({"a", "1"});
  add({std::string(10000, 'x')});
  add(std::vector<std::string>(3000, "many"));
  loader.add(std::string(30000, 'y'));
  expected.push_back(std::string(30000, 'y'));
  loader.add("last");
  expected.push_back("last");
  const Entry* entry = loader.finish();
  EXPECT_EQ(encoding_name(entry->encoding()), "quicklist");
  EXPECT_EQ(forwards(*entry), expected);
  check_blocks(*entry);

  ListLoader small(keyspace, key_ref("s"));
  small.add("a");
  small.add("b");
  EXPECT_EQ(encoding_name(small.finish()->encoding()), "listpack");
  EXPECT_EQ(keyspace.used_bytes(), keyspace.slot_bytes(key_ref("l").slot) + keyspace.slot_bytes(key_ref("s").slot));
}

}  // namespace
}  // namespace guccho::store

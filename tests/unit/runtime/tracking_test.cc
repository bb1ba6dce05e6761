// Which clients have read which keys.
#include "node/runtime/tracking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "node/base/random.h"

namespace guccho::runtime {
namespace {

using Clients = std::vector<uint64_t>;

Clients take(TrackingTable& t, std::string_view key) {
  Clients out;
  for (const TrackingTable::Reader& r : t.take(key)) out.push_back(r.client);
  return out;
}

}  // namespace

TEST(TrackingTable, AChangeForgetsTheReadersOfItsKey) {
  TrackingTable t;
  t.add("a", {1, 0});
  t.add("a", {2, 1});
  t.add("a", {1, 0});
  t.add("b", {1, 0});
  EXPECT_EQ(t.size(), 2u);
  EXPECT_EQ(t.items(), 3u);
  EXPECT_EQ(take(t, "a"), (Clients{1, 2}));
  EXPECT_EQ(take(t, "a"), Clients());
  EXPECT_EQ(take(t, "unknown"), Clients());
  EXPECT_EQ(t.items(), 1u);
  t.clear();
  EXPECT_TRUE(t.empty());
  EXPECT_EQ(t.items(), 0u);
}

TEST(TrackingTable, AnyKeyMayBeTheOneToGo) {
  TrackingTable t;
  std::set<std::string> left;
  for (int i = 0; i < 8; ++i) {
    left.insert(std::to_string(i));
    t.add(std::to_string(i), {1, 0});
  }
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(t.any_key());
  EXPECT_EQ(seen, left);
  while (!t.empty()) {
    const std::string key = t.any_key();
    EXPECT_EQ(left.erase(key), 1u);
    EXPECT_EQ(take(t, key), (Clients{1}));
  }
  EXPECT_TRUE(left.empty());
}

TEST(TrackingTable, AgreesWithASimpleModel) {
  TrackingTable t;
  std::map<std::string, Clients> model;
  Rng random(7);
  for (int step = 0; step < 20000; ++step) {
    const std::string key = std::to_string(random.next() % 50);
    if (random.next() % 3 == 0) {
      ASSERT_EQ(take(t, key), model[key]);
      model.erase(key);
    } else {
      const uint64_t client = random.next() % 5;
      t.add(key, {client, 0});
      Clients& readers = model[key];
      if (std::ranges::find(readers, client) == readers.end()) readers.push_back(client);
    }
    size_t items = 0;
    for (const auto& [name, readers] : model) items += readers.size();
    ASSERT_EQ(t.size(), model.size());
    ASSERT_EQ(t.items(), items);
    if (!t.empty()) {
      ASSERT_TRUE(model.contains(t.any_key()));
    }
  }
}

}  // namespace guccho::runtime

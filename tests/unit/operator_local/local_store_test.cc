// The resource of a state directory: applying files, statuses, and being woken.
#include "operator/backend/local/local_store.h"

#include <gmock/gmock.h>

#include <atomic>

#include "node/supervise/records.h"
#include "tests/unit/operator_local/fixture.h"

namespace guccho::ops::local {
namespace {

using testing::HasSubstr;

RedisCluster from_file(int primaries, std::string name = "demo") {
  RedisCluster cluster;
  cluster.key = {"default", std::move(name)};
  cluster.spec.primaries = primaries;
  cluster.spec.version = "0.1.0";
  cluster.spec.local.host = "127.0.0.1";
  return cluster;
}

TEST_F(StateDirTest, ApplyGivesUidOnceAndGenerationsByChange) {
  const auto first = apply(state(), from_file(3));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->generation, 1);
  EXPECT_EQ(first->uid.size(), 36u);
  const auto same = apply(state(), from_file(3));
  EXPECT_EQ(same->generation, 1);
  EXPECT_EQ(same->uid, first->uid);
  EXPECT_EQ(apply(state(), from_file(4))->generation, 2);
  EXPECT_THAT(apply(state(), from_file(4, "other")).error().text, HasSubstr("belongs to default/demo, not to"));
}

TEST_F(StateDirTest, StatusIsWrittenForThisVeryObject) {
  const auto cluster = apply(state(), from_file(3));
  LocalStore store(state());
  RedisClusterStatus status;
  status.primaries = 3;
  EXPECT_EQ(store.write_status(cluster->key, "another uid", status, {}).kind, Answer::Kind::kConflict);
  EXPECT_EQ(store.write_status(cluster->key, cluster->uid, status, {}), Answer::accepted());
  EXPECT_EQ((*store.get(cluster->key, {}))->status, status);
  EXPECT_EQ(*store.get({"default", "unknown"}, {}), std::nullopt);
  EXPECT_EQ(store.list({})->size(), 1u);
}

TEST_F(StateDirTest, WatchWakesAtOnceOnAChangeAndOnARecordOfANewPlace) {
  const auto cluster = apply(state(), from_file(3));
  LocalStore store(state());
  std::atomic<int> woken = 0;
  const auto watch = store.watch([&](const ObjectKey& key) {
    EXPECT_EQ(key, cluster->key);
    ++woken;
  });
  ASSERT_TRUE(until([&] { return woken >= 1; })) << "the first time by itself";
  int before = woken;
  ASSERT_TRUE(apply(state(), from_file(4)));
  ASSERT_TRUE(until([&] { return woken > before; }));

  before = woken;
  ASSERT_TRUE(state().write_place({0, 0}, Place{}));
  ASSERT_TRUE(until([&] { return woken > before; }));
  before = woken;
  ASSERT_TRUE(supervise::write_atomically(state().place_path({0, 0}) + "/record", "x\n"));
  EXPECT_TRUE(until([&] { return woken > before; }));
}

}  // namespace
}  // namespace guccho::ops::local

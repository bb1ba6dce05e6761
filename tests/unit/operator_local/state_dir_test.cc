// The state directory: terms, the lock, the resource and its status.
#include "operator/backend/local/state_dir.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/operator_local/fixture.h"

namespace guccho::ops::local {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RedisCluster a_cluster() {
  RedisCluster cluster;
  cluster.key = {"default", "demo"};
  cluster.uid = "uid-1";
  cluster.generation = 3;
  cluster.spec.primaries = 3;
  cluster.spec.replicas_per_primary = 1;
  cluster.spec.version = "0.1.0";
  cluster.spec.local.host = "127.0.0.1";
  return cluster;
}

TEST_F(StateDirTest, EachLeaderHasAGreaterTermAndOneLeadsAtATime) {
  {
    const auto first = state().lead();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->term, FencingTerm{1});
    const auto second = state().lead();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().text, fmt::format("{}/state is in use by process {}", root_, ::getpid()));
  }
  EXPECT_EQ(state().lead()->term, FencingTerm{2}) << "the refused one took no term";
}

TEST_F(StateDirTest, ATermThatIsNoneIsRefused) {
  ASSERT_TRUE(supervise::write_atomically(state().path() + "/term", "7x\n"));
  EXPECT_THAT(state().lead().error().text, HasSubstr("/term: '7x\n' is no number"));
  ASSERT_TRUE(supervise::write_atomically(state().path() + "/term", "41\n"));
  EXPECT_EQ(state().lead()->term, FencingTerm{42});
}

TEST_F(StateDirTest, KeepsResourceAndStatusApart) {
  EXPECT_EQ(*state().resource(), std::nullopt);
  ASSERT_TRUE(state().edit_resource([](auto) { return a_cluster(); }));
  RedisClusterStatus status;
  status.phase = Phase::kDegraded;
  status.observed_generation = 3;
  ASSERT_TRUE(state().write_status(status));
  ASSERT_TRUE(state().edit_resource([](std::optional<RedisCluster> present) -> Result<RedisCluster> {
    present->generation = 4;
    return *present;
  }));
  const auto read = state().resource();
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ((*read)->uid, "uid-1");
  EXPECT_EQ((*read)->generation, 4);
  EXPECT_EQ((*read)->spec, a_cluster().spec);
  EXPECT_EQ((*read)->status, status);
}

TEST_F(StateDirTest, ARefusedEditChangesNothing) {
  ASSERT_TRUE(state().edit_resource([](auto) { return a_cluster(); }));
  EXPECT_EQ(state().edit_resource([](auto) -> Result<RedisCluster> { return fail("no"); }).error().text, "no");
  EXPECT_EQ((*state().resource())->generation, 3);
}

TEST_F(StateDirTest, DownIsAskedForAndTakenBack) {
  EXPECT_FALSE(state().down_asked());
  ASSERT_TRUE(state().ask_down());
  EXPECT_TRUE(state().down_asked());
  ASSERT_TRUE(state().take_down_back());
  ASSERT_TRUE(state().take_down_back());
  EXPECT_FALSE(state().down_asked());
}

TEST_F(StateDirTest, PlacesAreThoseWithTheirFile) {
  ASSERT_TRUE(state().write_place({1, 0}, Place{}));
  ASSERT_TRUE(state().write_place({0, 1}, Place{}));
  std::filesystem::create_directories(state().place_path({2, 0}));
  std::filesystem::create_directories(state().path() + "/nodes/other");
  EXPECT_THAT(*state().places(), ElementsAre(InstanceId{0, 1}, InstanceId{1, 0}));
  ASSERT_TRUE(state().delete_place({0, 1}));
  EXPECT_THAT(*state().places(), ElementsAre(InstanceId{1, 0}));
}

TEST_F(StateDirTest, ATornFileIsAnErrorThatNamesIt) {
  ASSERT_TRUE(state().write_place({0, 0}, Place{}));
  ASSERT_TRUE(supervise::write_atomically(state().place_path({0, 0}) + "/record", "guccho-record 1\nsta"));
  EXPECT_THAT(state().facts({0, 0}).error().text, HasSubstr("/nodes/0-0: record: does not begin with"));
}

TEST_F(StateDirTest, RefusesAPathThatIsTooLongForSockets) {
  EXPECT_THAT(StateDir::create("/tmp/" + std::string(120, 'x')).error().text, HasSubstr("too long for the nodes'"));
}

}  // namespace
}  // namespace guccho::ops::local

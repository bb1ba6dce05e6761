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

// A person's own file in the directory.
void put(const std::string& path) {
  ASSERT_TRUE(supervise::write_atomically(path, "mine\n"));
}

// The leader before died while it made the one place or deleted the other.
TEST_F(StateDirTest, ALeaderDeletesTracesOfPlacesAndNothingElse) {
  const StateDir cluster = state();
  ASSERT_TRUE(cluster.write_place({0, 0}, Place{}));
  std::filesystem::create_directories(cluster.place_path({0, 1}));
  std::filesystem::create_directories(cluster.place_path({0, 2}));
  put(cluster.place_path({0, 2}) + "/place.new");
  std::filesystem::create_directories(cluster.data_path({0, 3}));  // data without a place: whose, nobody can tell
  put(cluster.place_path({0, 4}));                                 // a file
  ASSERT_TRUE(cluster.lead());
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(cluster.path() + "/nodes")) {
    left.push_back(entry.path().filename());
  }
  EXPECT_THAT(left, testing::UnorderedElementsAre("0-0", "0-3", "0-4"));
  EXPECT_TRUE(std::filesystem::exists(cluster.data_path({0, 3})));
}

TEST_F(StateDirTest, ADirectoryThatHoldsSomethingElseIsRefused) {
  put(root_ + "/demo.yaml");
  const auto refused = StateDir::create(root_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            root_ + " holds demo.yaml, which is not a cluster's: choose an empty directory with --state");
  EXPECT_FALSE(std::filesystem::exists(root_ + "/nodes"));
}

TEST_F(StateDirTest, AnEmptyDirectoryAndOneThatWasBegunAreTaken) {
  ASSERT_TRUE(StateDir::create(root_));
  ASSERT_TRUE(StateDir(root_).lead());
  ASSERT_TRUE(supervise::write_atomically(root_ + "/resource.json.new", "half"));
  EXPECT_TRUE(StateDir::create(root_)) << "its maker died before the resource was there";
  ASSERT_TRUE(state().edit_resource([](auto) { return a_cluster(); }));
  put(state().path() + "/notes");
  EXPECT_TRUE(StateDir::create(state().path())) << "a cluster's";
}

// Everything that a cluster leaves.
void fill(const StateDir& state) {
  ASSERT_TRUE(state.edit_resource([](auto) { return a_cluster(); }));
  ASSERT_TRUE(state.write_status({}));
  ASSERT_TRUE(state.write_roles({{{0, 0}, Role::kPrimary}}));
  ASSERT_TRUE(state.write_node_program("/bin/guccho-node"));
  ASSERT_TRUE(state.write_place({0, 0}, Place{}));
  ASSERT_TRUE(state.write_node_config({0, 0}, "x"));
  std::filesystem::create_directories(state.data_path({0, 0}) + "/admin");
  state.append_event({Event::Severity::kNormal, "Test", "said", {}});
  ASSERT_TRUE(state.ask_down());
}

TEST_F(StateDirTest, PurgeLeavesNothingOfACluster) {
  const StateDir cluster = state();
  fill(cluster);
  const auto leader = cluster.lead();
  ASSERT_TRUE(leader);
  EXPECT_EQ(*cluster.purge(), true);
  EXPECT_FALSE(std::filesystem::exists(cluster.path()));
}

TEST_F(StateDirTest, PurgeDeletesNothingOfAnybodyElse) {
  const StateDir cluster = state();
  fill(cluster);
  std::filesystem::create_directories(cluster.path() + "/src");
  std::filesystem::create_directories(cluster.path() + "/nodes/of mine");
  const std::vector<std::string> mine = {"/demo.yaml", "/src/main.c", "/nodes/of mine/x", "/nodes/7-7.txt"};
  for (const std::string& file : mine) put(cluster.path() + file);
  EXPECT_EQ(*cluster.purge(), false);
  for (const std::string& file : mine) EXPECT_TRUE(std::filesystem::exists(cluster.path() + file)) << file;
  EXPECT_FALSE(cluster.exists());
  EXPECT_FALSE(std::filesystem::exists(cluster.place_path({0, 0})));
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(cluster.path())) left.push_back(entry.path().filename());
  EXPECT_THAT(left, testing::UnorderedElementsAre("demo.yaml", "src", "nodes"));
}

TEST_F(StateDirTest, TheNodesProgramIsRemembered) {
  EXPECT_EQ(state().node_program(), "");
  ASSERT_TRUE(state().write_node_program("/opt/a b/guccho-node"));
  EXPECT_EQ(state().node_program(), "/opt/a b/guccho-node");
}

TEST_F(StateDirTest, APlaceThatCannotBeLookedAtIsNotAbsent) {
  ASSERT_TRUE(state().write_place({0, 0}, Place{}));
  std::filesystem::remove(state().place_path({0, 0}) + "/place");
  std::filesystem::create_symlink("place", state().place_path({0, 0}) + "/place");
  EXPECT_FALSE(state().places());
}

}  // namespace
}  // namespace guccho::ops::local

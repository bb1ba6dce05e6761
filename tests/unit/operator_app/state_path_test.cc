// Which state directory a command means.
#include "operator/app/state_path.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

#include "operator/backend/local/local_store.h"

namespace guccho::ops::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StatePathTest : public testing::Test {
 protected:
  StatePathTest() {
    std::string name = testing::TempDir() + "guccho-app-XXXXXX";
    root_ = ::mkdtemp(name.data());
    ::setenv("XDG_STATE_HOME", root_.c_str(), 1);
  }
  ~StatePathTest() override { std::filesystem::remove_all(root_); }

  void make(const std::string& name) {
    RedisCluster cluster;
    cluster.key = {"default", name};
    cluster.spec.primaries = 1;
    cluster.spec.version = "0.1.0";
    cluster.spec.local.host = "127.0.0.1";
    ASSERT_TRUE(local::apply(*make_state({}, name), cluster));
  }
  std::string root_;
};

TEST_F(StatePathTest, TheOnlyClusterNeedsNoName) {
  EXPECT_EQ(find_state({}).error().text, "there is no cluster: `guccho up -f FILE` makes one");
  make("one");
  EXPECT_EQ(find_state({})->path(), root_ + "/guccho/one");
  make("two");
  EXPECT_EQ(find_state({}).error().text, "which cluster? --name one of one, two");
  EXPECT_EQ(find_state({.state = {}, .name = "two"})->path(), root_ + "/guccho/two");
  EXPECT_THAT(known_clusters(), ElementsAre("one", "two"));
  EXPECT_THAT(find_state({.state = {}, .name = "three"}).error().text, HasSubstr("there is no cluster"));
}

TEST_F(StatePathTest, AGivenDirectoryIsMadeAbsolute) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(root_);
  EXPECT_EQ(make_state({.state = "here/", .name = {}}, "any")->path(),
            std::filesystem::canonical(root_).string() + "/here");
  std::filesystem::current_path(before);
}

TEST_F(StatePathTest, ANameThatIsNotTheResourcesIsRefused) {
  EXPECT_EQ(make_state({.state = {}, .name = "a"}, "b").error().text, "--name a: the resource's name is b");
}

}  // namespace
}  // namespace guccho::ops::app

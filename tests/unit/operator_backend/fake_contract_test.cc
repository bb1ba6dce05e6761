// The contract of all worlds, over the fake one; and what the fake's own faults do.
#include "operator/backend/fake/fake_world.h"
#include "tests/unit/operator_backend/contract.h"

namespace guccho::ops {
namespace {

RedisCluster resource() {
  RedisCluster cluster;
  cluster.key = {"default", "c"};
  cluster.uid = "uid-1";
  cluster.spec.primaries = 1;
  return cluster;
}

class FakeContractWorld : public ContractWorld {
 public:
  FakeContractWorld() { world_.put_resource(resource()); }
  Backend& backend() override { return world_; }
  RedisCluster cluster() override { return resource(); }
  void kill(InstanceId place) override { world_.kill(place); }
  bool until(const std::function<bool()>& condition) override {
    for (int i = 0; i < 10; ++i) {
      if (condition()) return true;
      world_.step();
    }
    return condition();
  }

 private:
  FakeWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Fake, BackendContract, testing::Values([] { return std::make_unique<FakeContractWorld>(); }));

class FakeFaults : public testing::Test {
 protected:
  FakeFaults() { world_.put_resource(resource()); }
  Answer ensure(int size) { return world_.ensure_shard(resource(), 0, size, "r", {}); }

  FakeWorld world_;
};

TEST_F(FakeFaults, ALostAnswerIsOfAnActThatHappened) {
  world_.faults.lose_every = 1;
  EXPECT_EQ(ensure(1).kind, Answer::Kind::kUnanswered);
  EXPECT_EQ(world_.observe({}, {})->instances.size(), 1u);
}

TEST_F(FakeFaults, ADroppedCallDidNotHappen) {
  world_.faults.drop_every = 1;
  EXPECT_EQ(ensure(1).kind, Answer::Kind::kUnanswered);
  EXPECT_TRUE(world_.observe({}, {})->instances.empty());
}

TEST_F(FakeFaults, AStaleObservationShowsTheStateBeforeTheLastAct) {
  EXPECT_TRUE(ensure(1).ok());
  EXPECT_TRUE(ensure(2).ok());
  world_.faults.stale = true;
  EXPECT_EQ(world_.observe({}, {})->instances.size(), 1u);
  world_.faults.stale = false;
  EXPECT_EQ(world_.observe({}, {})->instances.size(), 2u);
}

TEST_F(FakeFaults, AnIncompleteWorldSaysSo) {
  EXPECT_TRUE(ensure(2).ok());
  world_.faults.incomplete = true;
  world_.faults.unseen = {{0, 0}};
  const World world = *world_.observe({}, {});
  EXPECT_FALSE(world.complete);
  EXPECT_EQ(world.instances.size(), 1u);
}

TEST_F(FakeFaults, AnUnknownPlaceIsSilent) {
  EXPECT_TRUE(ensure(1).ok());
  world_.step();
  const NodeRef ref{world_.observe({}, {})->instances[0].endpoints.admin, {}};
  EXPECT_TRUE(world_.status(std::span(&ref, 1), {})[0]);
  world_.faults.unknown = {{0, 0}};
  EXPECT_FALSE(world_.status(std::span(&ref, 1), {})[0]);
  EXPECT_TRUE(std::holds_alternative<UnknownLife>(world_.observe({}, {})->instances[0].life));
}

TEST_F(FakeFaults, AnOldTermIsFenced) {
  EXPECT_TRUE(ensure(1).ok());
  world_.step();
  const Instance instance = world_.observe({}, {})->instances[0];
  const NodeStatus status = *world_.status(std::vector<NodeRef>{{instance.endpoints.admin, {}}}, {})[0];
  const NodeRef ref{instance.endpoints.admin, status.id};
  world_.set_term({1});
  EXPECT_TRUE(world_.meet(ref, instance.endpoints, {}).ok());
  world_.depose({2});
  EXPECT_EQ(world_.meet(ref, instance.endpoints, {}).kind, Answer::Kind::kFenced);
}

TEST_F(FakeFaults, AnotherNodeThanMeantConflicts) {
  EXPECT_TRUE(ensure(1).ok());
  world_.step();
  world_.set_term({1});
  const Instance instance = world_.observe({}, {})->instances[0];
  const NodeRef other{instance.endpoints.admin, *NodeId::parse(std::string(40, 'f'))};
  EXPECT_EQ(world_.forget(other, NodeId(), nullptr, {}).kind, Answer::Kind::kConflict);
}

}  // namespace
}  // namespace guccho::ops

// What every world promises behind operator/backend/backend.h. A binary includes this once and instantiates
// BackendContract with a factory for its world.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "operator/backend/backend.h"

namespace guccho::ops {

// One fresh world with one resource and no places yet.
class ContractWorld {
 public:
  virtual ~ContractWorld() = default;
  virtual Backend& backend() = 0;
  virtual RedisCluster cluster() = 0;
  // Ends the process in this place without anyone's consent. The world will start another one.
  virtual void kill(InstanceId place) = 0;
  // Lets time pass until the condition holds; false when it takes too long.
  virtual bool until(const std::function<bool()>& condition) = 0;
};

using ContractFactory = std::function<std::unique_ptr<ContractWorld>()>;

class BackendContract : public testing::TestWithParam<ContractFactory> {
 protected:
  BackendContract() : world_(GetParam()()), cluster_(world_->cluster()) {}

  Backend& backend() { return world_->backend(); }
  const ObjectKey& key() const { return cluster_.key; }
  CallContext call() const { return {Millis(10'000), {}}; }

  World look() {
    auto world = backend().observe(key(), call());
    EXPECT_TRUE(world) << world.error().text;
    return world ? *world : World{};
  }
  Answer ensure(int shard, int size, const std::string& revision = "r1") {
    return backend().ensure_shard(cluster_, shard, size, revision, call());
  }
  static bool runs(const World& world, InstanceId id) {
    const Instance* instance = world.find(id);
    return instance && std::holds_alternative<Running>(instance->life);
  }
  // Shard 0 with this many running places.
  void bring_up(int shard, int size) {
    const Answer answer = ensure(shard, size);
    ASSERT_TRUE(answer.ok()) << answer.reason;
    ASSERT_TRUE(world_->until([&] {
      const World world = look();
      for (int ordinal = 0; ordinal < size; ++ordinal) {
        if (!runs(world, {shard, ordinal})) return false;
      }
      return true;
    }));
  }
  Incarnation incarnation_of(InstanceId id) {
    const World world = look();
    const Instance* instance = world.find(id);
    return instance ? instance->incarnation : Incarnation{"no such place"};
  }
  bool gone(InstanceId id) {
    return world_->until([&] { return look().find(id) == nullptr; });
  }

  std::unique_ptr<ContractWorld> world_;
  RedisCluster cluster_;
};

TEST_P(BackendContract, AnEmptyWorldIsCompleteAndEmpty) {
  const World world = look();
  EXPECT_TRUE(world.complete);
  EXPECT_TRUE(world.instances.empty());
  EXPECT_TRUE(world.left_storage.empty());
}

TEST_P(BackendContract, EnsureMakesPlacesThatRunTheRevision) {
  bring_up(0, 2);
  const World world = look();
  ASSERT_EQ(world.instances.size(), 2u);
  EXPECT_TRUE(std::ranges::is_sorted(world.instances, {}, &Instance::id));
  std::set<std::string> admins;
  std::set<uint16_t> ports;
  std::set<std::string> storages;
  for (const Instance& instance : world.instances) {
    EXPECT_FALSE(instance.incarnation.value.empty());
    EXPECT_EQ(instance.revision, "r1");
    EXPECT_EQ(instance.storage.state, StorageState::kPresent);
    EXPECT_EQ(instance.storage.place, instance.id);
    EXPECT_FALSE(instance.endpoints.host.empty());
    EXPECT_NE(instance.endpoints.bus_port, 0);
    EXPECT_FALSE(instance.evicting);
    admins.insert(instance.endpoints.admin);
    ports.insert(instance.endpoints.port);
    storages.insert(instance.storage.id);
  }
  EXPECT_EQ(admins.size(), 2u);
  EXPECT_EQ(ports.size(), 2u);
  EXPECT_EQ(storages.size(), 2u);
  EXPECT_NE(world.instances[0].incarnation, world.instances[1].incarnation);
}

TEST_P(BackendContract, EnsureAgainChangesNothing) {
  bring_up(0, 2);
  const World before = look();
  EXPECT_TRUE(ensure(0, 2).ok());
  // Not even with another revision: a running process goes on until it is restarted.
  EXPECT_TRUE(ensure(0, 2, "r2").ok());
  const World after = look();
  ASSERT_EQ(after.instances.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(after.instances[i].incarnation, before.instances[i].incarnation);
    EXPECT_EQ(after.instances[i].revision, "r1");
  }
}

TEST_P(BackendContract, EnsureGrowsAndNeverShrinks) {
  bring_up(0, 1);
  const Incarnation first = incarnation_of({0, 0});
  bring_up(0, 2);
  EXPECT_EQ(incarnation_of({0, 0}), first);
  EXPECT_EQ(ensure(0, 1).kind, Answer::Kind::kRefused);
  EXPECT_EQ(look().instances.size(), 2u);
}

TEST_P(BackendContract, RestartMeansOneIncarnation) {
  bring_up(0, 1);
  const Instance before = *look().find({0, 0});
  EXPECT_EQ(backend().restart(key(), {0, 0}, Incarnation{"another"}, call()).kind, Answer::Kind::kConflict);
  EXPECT_EQ(incarnation_of({0, 0}), before.incarnation);
  ASSERT_TRUE(ensure(0, 1, "r2").ok());
  ASSERT_TRUE(backend().restart(key(), {0, 0}, before.incarnation, call()).ok());
  ASSERT_TRUE(world_->until([&] {
    const World world = look();
    return runs(world, {0, 0}) && world.find({0, 0})->incarnation != before.incarnation;
  }));
  const Instance after = *look().find({0, 0});
  EXPECT_EQ(after.revision, "r2") << "a restart takes the newest revision";
  EXPECT_EQ(after.storage.id, before.storage.id);
  EXPECT_EQ(backend().restart(key(), {0, 0}, before.incarnation, call()).kind, Answer::Kind::kConflict);
}

TEST_P(BackendContract, AKilledProcessIsNeverSeenRunning) {
  bring_up(0, 1);
  const Incarnation before = incarnation_of({0, 0});
  world_->kill({0, 0});
  // Gone with its evidence, or already another one; never the same one running.
  ASSERT_TRUE(world_->until([&] {
    const Instance now = *look().find({0, 0});
    return now.incarnation != before || std::holds_alternative<Gone>(now.life);
  }));
  ASSERT_TRUE(world_->until([&] { return runs(look(), {0, 0}); }));
  EXPECT_NE(incarnation_of({0, 0}), before);
}

TEST_P(BackendContract, RemoveTakesTheHighestAndLeavesItsStorage) {
  bring_up(0, 2);
  const World before = look();
  const Instance highest = *before.find({0, 1});
  EXPECT_EQ(backend().remove_highest(key(), {0, 0}, before.find({0, 0})->incarnation, call()).kind,
            Answer::Kind::kRefused);
  EXPECT_EQ(backend().remove_highest(key(), {0, 1}, Incarnation{"another"}, call()).kind, Answer::Kind::kConflict);
  EXPECT_EQ(look().instances.size(), 2u);
  ASSERT_TRUE(backend().remove_highest(key(), {0, 1}, highest.incarnation, call()).ok());
  ASSERT_TRUE(gone({0, 1}));
  EXPECT_TRUE(backend().remove_highest(key(), {0, 1}, highest.incarnation, call()).ok()) << "already so";
  const World after = look();
  ASSERT_EQ(after.instances.size(), 1u);
  EXPECT_EQ(after.instances[0].incarnation, before.instances[0].incarnation);
  ASSERT_EQ(after.left_storage.size(), 1u);
  EXPECT_EQ(after.left_storage[0].id, highest.storage.id);
  EXPECT_EQ(after.left_storage[0].place, (InstanceId{0, 1}));
}

TEST_P(BackendContract, StorageIsReleasedOnlyWhenUnused) {
  bring_up(0, 2);
  const Instance highest = *look().find({0, 1});
  EXPECT_EQ(backend().release_storage(key(), highest.storage.id, "test", call()).kind, Answer::Kind::kRefused);
  ASSERT_TRUE(backend().remove_highest(key(), {0, 1}, highest.incarnation, call()).ok());
  ASSERT_TRUE(gone({0, 1}));
  EXPECT_TRUE(backend().release_storage(key(), highest.storage.id, "test", call()).ok());
  ASSERT_TRUE(world_->until([&] { return look().left_storage.empty(); }));
  EXPECT_TRUE(backend().release_storage(key(), highest.storage.id, "test", call()).ok()) << "already so";
}

TEST_P(BackendContract, APlaceThatComesBackFindsItsStorage) {
  bring_up(0, 2);
  const Instance highest = *look().find({0, 1});
  ASSERT_TRUE(backend().remove_highest(key(), {0, 1}, highest.incarnation, call()).ok());
  ASSERT_TRUE(gone({0, 1}));
  bring_up(0, 2);
  const World world = look();
  EXPECT_EQ(world.find({0, 1})->storage.id, highest.storage.id);
  EXPECT_NE(world.find({0, 1})->incarnation, highest.incarnation);
  EXPECT_TRUE(world.left_storage.empty());
}

TEST_P(BackendContract, ShardsAreRemovedFromTheHighest) {
  bring_up(0, 1);
  bring_up(1, 2);
  EXPECT_EQ(backend().remove_shard(key(), 0, call()).kind, Answer::Kind::kRefused);
  ASSERT_TRUE(backend().remove_shard(key(), 1, call()).ok());
  ASSERT_TRUE(gone({1, 0}));
  ASSERT_TRUE(gone({1, 1}));
  EXPECT_TRUE(backend().remove_shard(key(), 1, call()).ok()) << "already so";
  EXPECT_EQ(look().instances.size(), 1u);
}

TEST_P(BackendContract, StorageNeverShrinks) {
  bring_up(0, 1);
  const uint64_t size = look().instances[0].storage.size;
  if (size > 1) {
    EXPECT_EQ(backend().grow_storage(key(), 0, size - 1, call()).kind, Answer::Kind::kRefused);
  }
  const Answer grown = backend().grow_storage(key(), 0, size + 1'000'000, call());
  EXPECT_TRUE(grown.ok() || (grown.kind == Answer::Kind::kRefused && !grown.reason.empty()));
}

TEST_P(BackendContract, RolesAndEventsAreTakenAgainAndAgain) {
  bring_up(0, 2);
  const std::map<InstanceId, Role> roles = {{{0, 0}, Role::kPrimary}, {{0, 1}, Role::kReplica}};
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(backend().set_roles(key(), roles, call()).ok());
    backend().emit(key(), {Event::Severity::kNormal, "Test", "said twice", {}});
  }
}

TEST_P(BackendContract, EveryRefusalHasAReason) {
  bring_up(0, 2);
  const World world = look();
  for (const Answer& answer : {ensure(0, 1), backend().restart(key(), {0, 0}, Incarnation{"another"}, call()),
                               backend().remove_highest(key(), {0, 0}, world.instances[0].incarnation, call()),
                               backend().release_storage(key(), world.instances[0].storage.id, "test", call())}) {
    EXPECT_FALSE(answer.ok());
    EXPECT_FALSE(answer.reason.empty());
  }
}

}  // namespace guccho::ops

// Drives reconcilers over the fake world: rounds of planning and rounds of the world alternate until all is settled.
#pragma once

#include <memory>
#include <string>

#include "operator/backend/fake/fake_world.h"
#include "operator/engine/reconciler.h"

namespace guccho::ops {

// Time passes only with the world's steps.
class WorldClock : public Clock {
 public:
  explicit WorldClock(const FakeWorld& world) : world_(world) {}
  Instant now() const override { return Instant(Micros(world_.now().time_since_epoch())); }
  UnixMillis wall() const override { return world_.now(); }

 private:
  const FakeWorld& world_;
};

inline RedisCluster cluster_of(int primaries, int replicas, PersistenceMode mode = PersistenceMode::kNone) {
  RedisCluster cluster;
  cluster.key = {"default", "c"};
  cluster.uid = "uid-1";
  cluster.spec.primaries = primaries;
  cluster.spec.replicas_per_primary = replicas;
  cluster.spec.version = "0.1.0";
  cluster.spec.persistence.mode = mode;
  return cluster;
}

class Driver {
 public:
  // A status is written after three rounds.
  static constexpr EngineOptions kOptions{.status_interval = Millis(300)};

  explicit Driver(const RedisCluster& cluster, uint64_t seed = 1) : world(seed), clock(world) {
    world.put_resource(cluster);
    new_operator();
  }

  // The old one is forgotten with all it knew.
  void new_operator() { reconciler = std::make_unique<Reconciler>(Parts{world, world, world, world, clock}, kOptions); }
  Outcome round() {
    Outcome outcome = reconciler->reconcile({"default", "c"}, {});
    world.step();
    return outcome;
  }
  // Rounds until `settled()` or the limit. True if it got there.
  bool settle(int limit = 300) {
    for (int i = 0; i < limit; ++i) {
      last = round();
      if (settled()) return true;
    }
    return false;
  }
  bool settled() const {
    return !last.failed && last.plan && last.plan->steps.empty() && last.plan->status.phase == Phase::kReady;
  }
  const RedisClusterStatus& status() const { return last.plan->status; }
  ConditionStatus condition(const std::string& type) const { return status().condition(type)->status; }
  // What it would take to understand a failure.
  std::string story() const {
    std::string text = last.error + "\n";
    for (const std::string& act : world.journal()) text += act + "\n";
    if (!last.plan) return text;
    for (const Hold& hold : last.plan->holds) text += hold.name + ": " + hold.message + "\n";
    for (const Condition& c : last.plan->status.conditions) {
      text += c.type + " " + std::string(to_string(c.status)) + " " + c.reason + ": " + c.message + "\n";
    }
    return text;
  }

  FakeWorld world;
  WorldClock clock;
  std::unique_ptr<Reconciler> reconciler;
  Outcome last;
};

// Lets `heir` be elected in place of its shard's first node, by keeping `rival` out of it.
inline void make_primary(Driver& d, InstanceId heir, InstanceId rival) {
  const InstanceId first{heir.shard, 0};
  d.world.hold_down(first, true);
  d.world.kill(first);
  d.world.freeze(rival, true);
  for (int i = 0; i < 20; ++i) d.last = d.round();
  d.world.hold_down(first, false);
  d.world.freeze(rival, false);
  d.settle();
}

}  // namespace guccho::ops

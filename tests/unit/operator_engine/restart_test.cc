// The operator is killed after each of its acts in turn: a new one finishes the job, whatever it was.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/operator_engine/driver.h"

namespace guccho::ops {
namespace {

struct Job {
  const char* name;
  std::function<std::unique_ptr<Driver>()> prepare;  // up to the moment before the job
};

std::unique_ptr<Driver> ready(int primaries, int replicas) {
  auto d = std::make_unique<Driver>(cluster_of(primaries, replicas));
  EXPECT_TRUE(d->settle()) << d->story();
  d->world.nodes().write(4);
  for (int i = 0; i < 5; ++i) d->last = d->round();
  return d;
}

std::vector<Job> jobs() {
  return {
      {"formation", [] { return std::make_unique<Driver>(cluster_of(3, 1)); }},
      {"more replicas",
       [] {
         auto d = ready(3, 1);
         d->world.resource().spec.replicas_per_primary = 2;
         return d;
       }},
      {"fewer replicas, with a primary in a place that goes",
       [] {
         auto d = ready(3, 2);
         make_primary(*d, {0, 2}, {0, 1});
         EXPECT_EQ(d->world.nodes().find({0, 2})->state.role, Role::kPrimary) << d->story();
         d->world.resource().spec.replicas_per_primary = 1;
         return d;
       }},
      {"replacement of a node without its storage",
       [] {
         auto d = ready(3, 1);
         d->world.lose_storage({1, 0});
         return d;
       }},
      {"replacement of a node without replica and storage",
       [] {
         auto d = ready(3, 0);
         d->world.lose_storage({1, 0});
         return d;
       }},
      {"take-over by proof of death",
       [] {
         auto d = ready(1, 1);
         d->world.kill({0, 0});
         return d;
       }},
      {"everyone on other ports",
       [] {
         auto d = ready(3, 1);
         for (const NodeSummary& node : d->status().nodes) {
           d->world.kill(node.instance);
           d->world.move_ports(node.instance);
         }
         return d;
       }},
  };
}

// What a job leaves behind, apart from names that chance gave.
std::string outcome_of(Driver& d) {
  std::string text;
  for (SimNode* node : d.world.nodes().all()) {
    text += node->place.str() + " knows " + std::to_string(node->state.peers.size()) + "; ";
  }
  return text;
}

TEST(Restart, AfterEachActInTurnANewOperatorFinishes) {
  for (const Job& job : jobs()) {
    auto whole = job.prepare();
    const int before = whole->world.acts();
    ASSERT_TRUE(whole->settle()) << job.name << "\n" << whole->story();
    const int acts = whole->world.acts() - before;
    ASSERT_GT(acts, 0) << job.name;
    const std::string want = outcome_of(*whole);
    for (int after = 0; after <= acts; ++after) {
      auto d = job.prepare();
      d->world.faults.dies_after = d->world.acts() + after;
      // The world goes on for half a second without an operator.
      for (int without = 0, i = 0; without < 5 && i < 100; ++i) without += d->round().failed;
      d->world.faults.dies_after = -1;
      d->new_operator();
      ASSERT_TRUE(d->settle()) << job.name << ", killed after act " << after << " of " << acts << "\n" << d->story();
      EXPECT_EQ(outcome_of(*d), want) << job.name << ", killed after act " << after;
      EXPECT_EQ(d->condition("DataLost"), d->last.plan->status.condition("DataLost")->status);
    }
  }
}

// The same with calls that fail in every way while operators come and go.
TEST(Restart, ManyOperatorsAndLostCalls) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Driver d(cluster_of(3, 1), seed);
    Rng rng(seed);
    for (int life = 0; life < 12; ++life) {
      d.world.faults.dies_after = d.world.acts() + static_cast<int>(rng.below(5));
      d.world.faults.lose_every = static_cast<int>(rng.below(3));
      d.world.faults.stale = rng.below(4) == 0;
      const uint64_t rounds = 1 + rng.below(8);
      for (uint64_t i = 0; i < rounds; ++i) d.round();
      d.new_operator();
    }
    d.world.faults = {};
    ASSERT_TRUE(d.settle()) << "seed " << seed << "\n" << d.story();
    EXPECT_EQ(d.status().primaries, 3);
  }
}

}  // namespace
}  // namespace guccho::ops

// Seeded misfortune: operators, processes and calls fail at random while the number of replicas changes. Whatever
// happened, the cluster is as asked for soon after it ends; and where no process was killed, no key is missing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/unit/operator_engine/driver.h"

namespace guccho::ops {
namespace {

constexpr uint64_t kKeys = 100;

// How many seeds; more with GUCCHO_CHAOS_SEEDS.
uint64_t seeds() {
  const char* given = std::getenv("GUCCHO_CHAOS_SEEDS");
  return given ? std::strtoull(given, nullptr, 10) : 40;
}

class Chaos {
 public:
  Chaos(uint64_t seed, bool deadly)
      : rng_(seed), deadly_(deadly), primaries_(static_cast<int>(1 + rng_.below(4))), d_(start(), seed) {}

  void run() {
    ASSERT_TRUE(d_.settle()) << d_.story();
    d_.world.nodes().write(kKeys);
    d_.last = d_.round();
    const uint64_t blows = 5 + rng_.below(15);
    for (uint64_t i = 0; i < blows; ++i) {
      strike();
      const uint64_t rounds = 1 + rng_.below(12);
      for (uint64_t r = 0; r < rounds; ++r) d_.last = d_.round();
    }
    calm();
    ASSERT_TRUE(d_.settle(1000)) << history_ << d_.story();
    for (SimNode* node : d_.world.nodes().all()) {
      for (const auto& [id, peer] : node->state.peers) {
        EXPECT_TRUE(d_.world.nodes().find_running(id) || reported(id)) << id.view() << "\n" << history_ << d_.story();
      }
      EXPECT_TRUE(deadly_ || node->state.keys == kKeys) << node->place.str() << "\n" << history_ << d_.story();
    }
    EXPECT_EQ(d_.world.nodes().all().size(), static_cast<size_t>(d_.world.resource().spec.total())) << history_;
  }

 private:
  RedisCluster start() { return cluster_of(primaries_, static_cast<int>(rng_.below(3))); }

  InstanceId somewhere() {
    const std::vector<SimNode*> nodes = d_.world.nodes().all();
    if (nodes.empty()) return {0, 0};
    return nodes[rng_.below(nodes.size())]->place;
  }

  void strike() {
    const InstanceId place = somewhere();
    const bool there = d_.world.nodes().find(place) != nullptr;
    switch (rng_.below(deadly_ ? 10 : 7)) {
      case 0:
        note("replicas");
        d_.world.resource().spec.replicas_per_primary = static_cast<int>(rng_.below(3));
        break;
      case 1:
        note("freeze " + place.str());
        d_.world.freeze(place, true);
        break;
      case 2:
        note("thaw");
        for (SimNode* node : d_.world.nodes().all()) node->frozen = false;
        break;
      case 3:
        note("new operator");
        d_.world.faults.dies_after = -1;
        d_.new_operator();
        break;
      case 4:
        note("operator will die");
        d_.world.faults.dies_after = d_.world.acts() + static_cast<int>(rng_.below(6));
        break;
      case 5:
        note("calls are lost");
        d_.world.faults.lose_every = static_cast<int>(rng_.below(4));
        d_.world.faults.drop_every = static_cast<int>(rng_.below(4));
        break;
      case 6:
        note("bad sight");
        d_.world.faults.incomplete = rng_.below(2) == 0;
        d_.world.faults.unseen = {place};
        d_.world.faults.unknown = {somewhere()};
        d_.world.faults.stale = rng_.below(3) == 0;
        break;
      case 7:
        note("kill " + place.str());
        if (there) d_.world.kill(place);
        break;
      case 8:
        note("kill and move " + place.str());
        if (!there) break;
        d_.world.kill(place);
        d_.world.move_ports(place);
        break;
      case 9:
        note("lose the storage of " + place.str());
        if (there) d_.world.lose_storage(place);
        break;
    }
  }

  // A node that came and went while no operator looked, and that nobody may forget without evidence.
  bool reported(const NodeId& id) const {
    return std::ranges::any_of(d_.last.plan->holds, [&](const Hold& hold) {
      return hold.name == "UnknownMember" && hold.message.starts_with(id.view());
    });
  }

  void calm() {
    note("calm");
    d_.world.faults = {};
    d_.new_operator();
    for (SimNode* node : d_.world.nodes().all()) node->frozen = false;
  }

  void note(const std::string& what) { history_ += what + "; "; }

  Rng rng_;
  bool deadly_;
  int primaries_;
  std::string history_;
  Driver d_;
};

TEST(Chaos, WithoutDeathsNoKeyIsLost) {
  for (uint64_t seed = 1; seed <= seeds() && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chaos(seed, /*deadly=*/false).run();
  }
}

TEST(Chaos, WithDeathsItBecomesWholeAgain) {
  for (uint64_t seed = 1; seed <= seeds() && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chaos(seed, /*deadly=*/true).run();
  }
}

}  // namespace
}  // namespace guccho::ops

// The simulator's own parts: what the invariants stand on must itself be right.
#include <gtest/gtest.h>

#include "tests/sim/clock.h"
#include "tests/sim/dataset.h"
#include "tests/sim/network.h"
#include "tests/sim/options.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/shape.h"
#include "tests/sim/trace.h"

namespace guccho::sim {
namespace {

Instant at(int64_t us) {
  return Instant(Micros(us));
}

TEST(Histories, ForkSharesItsBeginningOnly) {
  Histories h;
  Position old_primary = h.begin(0);
  old_primary.offset = 100;
  Position winner = h.fork({old_primary.history, 80});
  winner.offset = 120;
  EXPECT_TRUE(h.contains(winner, {old_primary.history, 80}));
  EXPECT_FALSE(h.contains(winner, old_primary));
  EXPECT_FALSE(h.contains(old_primary, winner));
  EXPECT_EQ(h.common(old_primary, winner).offset, 80);
  EXPECT_EQ(h.common(winner, old_primary).offset, 80);
}

TEST(Histories, EmptyIsContainedInAllAndRootsShareNothing) {
  Histories h;
  Position a = h.begin(0);
  Position b = h.begin(1);
  a.offset = b.offset = 10;
  EXPECT_TRUE(h.contains(a, {b.history, 0}));
  EXPECT_FALSE(h.contains(a, b));
  EXPECT_EQ(h.common(a, b).offset, 0);
}

TEST(Histories, GrandchildrenOfOneRoot) {
  Histories h;
  Position root = h.begin(0);
  root.offset = 50;
  Position left = h.fork(root);
  left.offset = 70;
  Position right = h.fork(h.fork({root.history, 40}));
  right.offset = 90;
  EXPECT_EQ(h.common(left, right).offset, 40);
  EXPECT_TRUE(h.contains(left, root));
  EXPECT_FALSE(h.contains(right, root));
}

TEST(NodeClock, WorldTimeIsNotBeforeAndClose) {
  Rng rng(7);
  for (int i = 0; i < 200; ++i) {
    const NodeClock clock(rng, 200, Millis(60'000));
    const Instant world = at(static_cast<int64_t>(rng.below(86'400'000'000ULL)));
    const Instant own = clock.monotonic(world);
    const Instant back = clock.world_time(own);
    EXPECT_GE(clock.monotonic(back), own);
    EXPECT_LT((back - world).count(), 100'000) << "a day's worth of rounding stays below a tick";
  }
}

TEST(Network, KeepsTheOrderOfALinkUnlessToldOtherwise) {
  Network net(2, 1);
  Instant last{};
  for (int i = 0; i < 1000; ++i) {
    const Fate fate = net.send(0, 1, at(i * 10));
    ASSERT_EQ(fate.copies, 1);
    EXPECT_GE(fate.at[0], last);
    last = fate.at[0];
  }
}

TEST(Network, CutsOneWayAndHeals) {
  Network net(2, 1);
  net.cut(0, 1, true);
  EXPECT_EQ(net.send(0, 1, at(0)).copies, 0);
  EXPECT_EQ(net.send(1, 0, at(0)).copies, 1);
  net.heal();
  EXPECT_EQ(net.send(0, 1, at(0)).copies, 1);
}

TEST(Scheduler, OrdersByTimeAndReplaysTies) {
  const auto order = [](uint64_t seed) {
    Scheduler<int> queue(seed);
    for (int i = 0; i < 20; ++i) queue.push(at(i % 2), i);
    std::vector<int> out;
    while (!queue.empty()) out.push_back(queue.pop());
    return out;
  };
  const auto first = order(3);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(first[static_cast<size_t>(i)] % 2, i / 10);
  EXPECT_EQ(first, order(3));
  EXPECT_NE(first, order(4));
}

TEST(Trace, HashSeesOrderAndTheRingKeepsTheLast) {
  const TraceEvent a{at(1), "a", 0, 1, 2, 3, {}, false};
  const TraceEvent b{at(1), "b", 0, 1, 2, 3, {}, false};
  Trace ab(1);
  ab.add(a);
  ab.add(b);
  Trace ba(1);
  ba.add(b);
  ba.add(a);
  EXPECT_NE(ab.hash(), ba.hash());
  EXPECT_EQ(ab.last(), to_string(b) + "\n");
}

TEST(Options, SeedsShapesAndErrors) {
  const auto range = parse_options({"--seeds", "5..9", "--jobs", "2", "--replay"});
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first_seed, 5u);
  EXPECT_EQ(range->last_seed, 9u);
  EXPECT_TRUE(range->replay);
  const auto thousand = parse_options({"--nodes", "1000"});
  ASSERT_TRUE(thousand);
  EXPECT_EQ(choose_shape(*thousand, 1).nodes(), 1000);
  for (const auto& bad : std::vector<std::vector<std::string>>{
           {"--seeds", "9..5"}, {"--seeds"}, {"--what"}, {"--jobs", "0"}, {"--nodes", "1001"}, {"--minutes", "x"}}) {
    const auto r = parse_options(bad);
    ASSERT_FALSE(r) << bad.front();
    EXPECT_TRUE(r.error().text.starts_with(bad.front()) || bad.front() == "--what") << r.error().text;
  }
  EXPECT_FALSE(parse_options({"--apart", "1"}));
  EXPECT_FALSE(parse_options({"--apart", "2", "--primaries", "2", "--replicas", "1"}));
  EXPECT_FALSE(parse_options({"--nodes", "7", "--primaries", "3", "--replicas", "1"}));
}

TEST(Shape, AHundredSeedsHoldTheWholeMixture) {
  int small = 0;
  int hundred = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const Shape s = choose_shape({}, seed);
    small += s.nodes() <= 4 ? 1 : 0;
    hundred += s.nodes() == 100 ? 1 : 0;
  }
  EXPECT_EQ(hundred, 1);
  EXPECT_GT(small, 30);
}

}  // namespace
}  // namespace guccho::sim

// The rules of the probes.
#include "node/metrics/health.h"

#include <gtest/gtest.h>

namespace guccho::metrics {
namespace {

const HealthFacts kFine{.loaded = true, .in_cluster = true};

struct Case {
  std::string_view name;
  HealthFacts facts;
  bool startup, live, ready;
};

TEST(Health, Table) {
  const auto with = [](auto change) {
    HealthFacts f = kFine;
    change(f);
    return f;
  };
  const Case cases[] = {
      {"fine", kFine, true, true, true},
      {"just started", {}, false, true, false},
      {"stuck", with([](HealthFacts& f) { f.slowest_turn_age = Millis(10'001); }), true, false, false},
      {"slow", with([](HealthFacts& f) { f.slowest_turn_age = Millis(10'000); }), true, true, true},
      {"alone", with([](HealthFacts& f) { f.in_cluster = false; }), true, true, false},
      {"syncing", with([](HealthFacts& f) { f.is_replica = true; }), true, true, false},
      {"synced", with([](HealthFacts& f) { f.is_replica = f.synced = true; }), true, true, true},
      {"awaiting", with([](HealthFacts& f) { f.awaiting_data = true; }), true, true, false},
      {"stopping", with([](HealthFacts& f) { f.stopping = true; }), true, true, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(answer(Probe::kStartup, c.facts).ok, c.startup) << c.name;
    EXPECT_EQ(answer(Probe::kLive, c.facts).ok, c.live) << c.name;
    EXPECT_EQ(answer(Probe::kReady, c.facts).ok, c.ready) << c.name;
    EXPECT_EQ(answer(Probe::kReady, c.facts).reason == "ok", c.ready) << c.name;
  }
}

}  // namespace
}  // namespace guccho::metrics

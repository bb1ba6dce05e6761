// What nodes are started with, and when the revision changes.
#include "operator/model/render.h"

#include <gtest/gtest.h>

namespace guccho::ops {
namespace {

RedisClusterSpec spec() {
  RedisClusterSpec s;
  s.primaries = 3;
  s.version = "0.1.0";
  s.config = {{"hz", "10"}, {"cluster-node-timeout", "1000"}};
  return s;
}

TEST(NodeDirectives, TheOperatorsComeAfterTheUsers) {
  const Directives want = {
      {"cluster-node-timeout", "1000"}, {"hz", "10"}, {"cluster-enabled", "yes"}, {"save", ""}, {"appendonly", "no"}};
  EXPECT_EQ(node_directives(spec()), want);
}

TEST(LimitDirectives, RoundUpAndLeaveRoom) {
  RedisClusterSpec s = spec();
  EXPECT_TRUE(limit_directives(s).empty());
  s.resources.limits = {"1500m", "1Gi"};
  EXPECT_EQ(limit_directives(s), (Directives{{"io-threads", "2"}, {"maxmemory", "805306368"}}));
  s.config["io-threads"] = "1";
  EXPECT_EQ(limit_directives(s), (Directives{{"maxmemory", "805306368"}}));
}

TEST(Quantity, Suffixes) {
  EXPECT_EQ(quantity_millis("2"), 2000);
  EXPECT_EQ(quantity_millis("0.5"), 500);
  EXPECT_EQ(quantity_millis("250m"), 250);
  EXPECT_EQ(quantity_millis("1k"), 1'000'000);
  EXPECT_EQ(quantity_millis("1Ki"), 1'024'000);
  EXPECT_EQ(quantity_millis("1.5Gi"), 1'610'612'736'000);
}

TEST(Revision, ChangesWithWhatNeedsARestart) {
  const std::string before = revision_of(spec());
  EXPECT_EQ(before.size(), 16u);
  EXPECT_EQ(revision_of(spec()), before);
  RedisClusterSpec more = spec();
  more.primaries = 5;
  more.replicas_per_primary = 2;
  more.local.first_port = 7100;
  EXPECT_EQ(revision_of(more), before) << "a change of counts or places restarts nobody";
  for (auto change : {+[](RedisClusterSpec& s) { s.config["hz"] = "11"; }, +[](RedisClusterSpec& s) { s.image = "i"; },
                      +[](RedisClusterSpec& s) { s.persistence.mode = PersistenceMode::kLog; },
                      +[](RedisClusterSpec& s) { s.resources.limits.cpu = "2"; }}) {
    RedisClusterSpec other = spec();
    change(other);
    EXPECT_NE(revision_of(other), before);
  }
}

}  // namespace
}  // namespace guccho::ops

// Messages of pub/sub on the cluster bus: to every node, or to the nodes of the shard only.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/cluster/fabric.h"

namespace guccho::cluster {
namespace {

// The peers that were told since the last call.
std::vector<size_t> told(Fabric& f, bool sharded, const std::string& message) {
  f.run(Millis{50});
  std::vector<size_t> out;
  for (size_t i = 0; i < f.peers.size(); ++i) {
    for (const Effect& e : f.peers[i].effects) {
      const auto* d = std::get_if<DeliverPublish>(&e);
      if (d != nullptr && d->sharded == sharded && d->channel == "news" && d->message == message) out.push_back(i);
    }
    f.peers[i].effects.clear();
  }
  return out;
}

using Peers = std::vector<size_t>;

}  // namespace

TEST(Publish, GoesToEveryNode) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 1));
  f.step(1, PublishToCluster{.channel = "news", .message = "one"});
  EXPECT_EQ(told(f, false, "one"), (Peers{0, 2, 3, 4, 5}));
  f.step(4, PublishToCluster{.channel = "news", .message = "two"});
  EXPECT_EQ(told(f, false, "two"), (Peers{0, 1, 2, 3, 5})) << "a replica may publish too";
}

TEST(Publish, OfAShardStaysInTheShard) {
  Fabric f;
  ASSERT_TRUE(f.form(3, 2));
  f.step(1, PublishToCluster{.sharded = true, .channel = "news", .message = "one"});
  EXPECT_EQ(told(f, true, "one"), (Peers{4, 7}));
  f.step(7, PublishToCluster{.sharded = true, .channel = "news", .message = "two"});
  EXPECT_EQ(told(f, true, "two"), (Peers{1, 4}));
}

}  // namespace guccho::cluster

// NodeId parsing and the random generator.
#include "node/base/types.h"

#include <gtest/gtest.h>

#include "node/base/random.h"

namespace guccho {

TEST(NodeId, AcceptsOnlyFortyLowerCaseHexCharacters) {
  const std::string good(40, 'a');
  ASSERT_TRUE(NodeId::parse(good));
  EXPECT_EQ(NodeId::parse(good)->view(), good);
  EXPECT_FALSE(NodeId::parse(std::string(39, 'a')));
  EXPECT_FALSE(NodeId::parse(std::string(41, 'a')));
  EXPECT_FALSE(NodeId::parse(std::string(40, 'A')));
  EXPECT_FALSE(NodeId::parse(std::string(40, 'g')));
  EXPECT_TRUE(NodeId().is_null());
}

TEST(Rng, ReplaysFromItsSeedAndStaysInBounds) {
  Rng a(7), b(7);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(a.next(), b.next());
    EXPECT_LT(a.below(10), 10u);
    b.below(10);
  }
  EXPECT_EQ(a.node_id(), b.node_id());
}

TEST(RandomNodeId, DiffersEachTime) { EXPECT_NE(random_node_id(), random_node_id()); }

}  // namespace guccho

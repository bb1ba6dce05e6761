// Streams cut into messages, whatever the chunks; lying lengths refused.
#include <gtest/gtest.h>

#include "node/bus/codec.h"

namespace guccho::bus {
namespace {

std::string ping(int gossip) {
  Message m;
  PingBody body;
  body.gossip.resize(static_cast<size_t>(gossip));
  m.body = body;
  return encode(m);
}

class FramerChunks : public ::testing::TestWithParam<size_t> {};

TEST_P(FramerChunks, GivesWholeMessages) {
  const std::string stream = ping(0) + ping(3) + ping(1);
  Framer framer;
  std::vector<size_t> sizes;
  for (size_t at = 0; at < stream.size(); at += GetParam()) {
    framer.append(std::string_view(stream).substr(at, GetParam()));
    for (;;) {
      const auto next = framer.next();
      ASSERT_TRUE(next.has_value());
      if (next->empty()) break;
      EXPECT_TRUE(decode(*next).has_value());
      sizes.push_back(next->size());
    }
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{2256, 2256 + 3 * 104, 2256 + 104}));
  EXPECT_EQ(framer.buffered(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Sizes, FramerChunks, ::testing::Values(1, 7, 2255, 2256, 2257, 100000));

TEST(Framer, RefusesWhatIsNoMessage) {
  Framer framer;
  framer.append("GET / HTTP/1.1\r\n");
  EXPECT_EQ(framer.next().error(), Reject::kBadSignature);
}

TEST(Framer, RefusesLengthsOutsideItsLimits) {
  Framer small;
  small.append(std::string_view("RCmb\0\0\0\x08", 8));
  EXPECT_EQ(small.next().error(), Reject::kTooShort);
  Framer large(4096);
  large.append(std::string_view("RCmb\0\0\x10\x01", 8));
  EXPECT_EQ(large.next().error(), Reject::kTooLarge);
}

}  // namespace
}  // namespace guccho::bus

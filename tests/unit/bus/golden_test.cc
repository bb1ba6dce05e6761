// Bytes that redis-server 7.0.15 sent, read and written again.
#include <gtest/gtest.h>

#include "node/bus/codec.h"

namespace guccho::bus {
namespace {

std::string from_hex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

// A PONG of a redis-server 7.0.15 on port 20001 with cluster-announce-hostname host-a.example, without gossip entries.
std::string redis_pong() {
  std::string b = from_hex("52436d62000008e800014e210001");
  b += std::string(9, '\0');
  b += from_hex("010000000000000001");
  b += std::string(8, '\0');
  b += "0a1978f582afd36c55c3d4151429e43614521c28";
  b += std::string(2135, '\0');
  b += from_hex("01");
  b += std::string(32, '\0');
  b += from_hex("75310011010400000000001800000000686f73742d612e6578616d706c650000");
  return b;
}

TEST(Golden, ReadsAPongOfRedis) {
  const auto m = decode(redis_pong());
  ASSERT_TRUE(m.has_value()) << name(m.error());
  EXPECT_EQ(m->header.type, MessageType::kPong);
  EXPECT_EQ(m->header.port, 20001);
  EXPECT_EQ(m->header.bus_port, 30001);
  EXPECT_EQ(m->header.plain_port, 0);
  EXPECT_EQ(m->header.sender.view(), "0a1978f582afd36c55c3d4151429e43614521c28");
  EXPECT_EQ(m->header.current_epoch, CurrentEpoch(1));
  EXPECT_EQ(m->header.config_epoch, ConfigEpoch(1));
  EXPECT_EQ(m->header.flags, kFlagMyself | kFlagPrimary);
  EXPECT_FALSE(m->header.cluster_ok);
  EXPECT_FALSE(m->header.own.has_value());
  EXPECT_EQ(m->header.slots, nullptr);
  const auto& body = std::get<PingBody>(m->body);
  EXPECT_TRUE(body.gossip.empty());
  EXPECT_EQ(body.extensions.hostname, "host-a.example");
}

TEST(Golden, WritesTheSameBytes) {
  const std::string bytes = redis_pong();
  const auto m = decode(bytes);
  ASSERT_TRUE(m.has_value());
  EXPECT_EQ(encode(*m), bytes);
}

TEST(Golden, OurMarkLiesInBytesThatRedisDoesNotRead) {
  auto m = decode(redis_pong());
  ASSERT_TRUE(m.has_value());
  m->header.own = OwnHeader{.version = 1, .electorate_tag = 0x0102};
  std::string bytes = encode(*m);
  EXPECT_EQ(bytes.substr(2216, 4), "GUCC");
  EXPECT_EQ(decode(bytes)->header.own, m->header.own);
  bytes.replace(2216, 30, 30, '\0');
  EXPECT_EQ(bytes, redis_pong());
}

}  // namespace
}  // namespace guccho::bus

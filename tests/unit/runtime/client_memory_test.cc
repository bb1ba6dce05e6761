// maxmemory-clients in bytes and as a share of maxmemory.
#include "node/runtime/client_memory.h"

#include <gtest/gtest.h>

namespace guccho::runtime {

TEST(ClientMemory, InBytes) {
  config::Config config;
  EXPECT_EQ(client_memory_limit(config), 0u);
  config.maxmemory_clients.bytes = 1'000'000;
  EXPECT_EQ(client_memory_limit(config), 1'000'000u);
  config.maxmemory_clients.bytes = 1;
  EXPECT_EQ(client_memory_limit(config), 128u * 1024) << "so that one can still be talked to";
}

TEST(ClientMemory, AsAShareOfMaxmemory) {
  config::Config config;
  config.maxmemory_clients.percent = 10;
  EXPECT_EQ(client_memory_limit(config), 0u) << "of nothing";
  config.maxmemory = 200'000'000;
  EXPECT_EQ(client_memory_limit(config), 20'000'000u);
  config.maxmemory = 1000;
  EXPECT_EQ(client_memory_limit(config), 128u * 1024);
}

}  // namespace guccho::runtime

// The choice of ports.
#include "operator/backend/local/ports.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "node/supervise/files.h"

namespace guccho::ops::local {
namespace {

Result<PortChoice> choose(std::set<uint16_t> taken, std::set<uint16_t> busy, uint16_t first = 7000,
                          uint16_t router = 7400) {
  return choose_ports(first, router, taken, [&](uint16_t port) { return !busy.contains(port); });
}

TEST(ChoosePorts, Table) {
  EXPECT_EQ(*choose({}, {}), (PortChoice{7000, 7400}));
  EXPECT_EQ(*choose({7000, 17000, 7400}, {}), (PortChoice{7001, 7401})) << "another place's, also while it is down";
  EXPECT_EQ(*choose({}, {17000}), (PortChoice{7001, 7400})) << "the bus port counts";
  EXPECT_EQ(*choose({}, {7000, 7001, 7400}), (PortChoice{7002, 7401}));
  EXPECT_EQ(*choose({}, {}, 7000, 7000), (PortChoice{7000, 7001})) << "one node's two ports differ";
}

TEST(ChoosePorts, SaysWhatToDoWhenThereIsNone) {
  EXPECT_EQ(choose({}, {17000}, 55536).error().text,
            "no free client port (with its bus port, 10000 above) from 55536 on: set spec.local.firstPort");
  EXPECT_EQ(choose({65535}, {}, 7000, 65535).error().text,
            "no free router port from 65535 on: set spec.local.firstRouterPort");
  EXPECT_FALSE(choose({}, {}, 55535, 65535)) << "55535's bus is the only router port";
}

TEST(CanListen, SeesAListener) {
  const supervise::Fd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_FALSE(can_listen("127.0.0.1", ntohs(address.sin_port)));
  EXPECT_FALSE(can_listen("not an address", 1));
  EXPECT_FALSE(can_listen("203.0.113.7", 7000)) << "not an address of this machine";
}

TEST(CheckHost, SaysWhatIsWrongWithIt) {
  EXPECT_TRUE(check_host("127.0.0.1"));
  EXPECT_TRUE(check_host("127.8.9.10"));
  EXPECT_EQ(check_host("10.0.0.300").error().text, "spec.local.host: '10.0.0.300' is no IP address");
  EXPECT_EQ(check_host("203.0.113.7").error().text, "spec.local.host: 203.0.113.7 is no address of this machine");
  EXPECT_FALSE(check_host("0.0.0.0"));
}

TEST(IsLoopback, Table) {
  for (const char* host : {"127.0.0.1", "127.255.0.9", "::1"}) EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"128.0.0.1", "10.0.0.1", "192.168.1.7", "::2", "fe80::1", "nonsense"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace guccho::ops::local

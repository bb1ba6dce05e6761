// Choosing ports, and asking the kernel for one.
#include "operator/backend/local/ports.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "node/supervise/files.h"

namespace guccho::ops::local {
namespace {

constexpr int kTries = 1000;

std::optional<uint16_t> first_port_that(int from, int limit, const std::function<bool(int)>& good) {
  for (int port = from; port < from + kTries && port <= limit; ++port) {
    if (good(port)) return static_cast<uint16_t>(port);
  }
  return std::nullopt;
}

}  // namespace

Result<PortChoice> choose_ports(uint16_t first_port, uint16_t first_router_port, const std::set<uint16_t>& taken,
                                const std::function<bool(uint16_t)>& is_free) {
  std::set<uint16_t> used = taken;
  const auto available = [&](int number) {
    const auto port = static_cast<uint16_t>(number);
    return !used.contains(port) && is_free(port);
  };
  const auto port =
      first_port_that(first_port, 65535 - kBusOffset, [&](int p) { return available(p) && available(p + kBusOffset); });
  if (!port) {
    return fail(fmt::format("no free client port (with its bus port, {} above) from {} on: set spec.local.firstPort",
                            kBusOffset, first_port));
  }
  used.insert({*port, static_cast<uint16_t>(*port + kBusOffset)});
  const auto router = first_port_that(first_router_port, 65535, available);
  if (!router) {
    return fail(fmt::format("no free router port from {} on: set spec.local.firstRouterPort", first_router_port));
  }
  return PortChoice{*port, *router};
}

bool can_listen(const std::string& host, uint16_t port) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v6 = host.find(':') != host.npos;
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, host.c_str(),
                  is_v6 ? static_cast<void*>(&v6.sin6_addr) : static_cast<void*>(&v4.sin_addr)) != 1) {
    return false;
  }
  const supervise::Fd fd(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // As the node does it, so that connections of a former listener that linger do not count.
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto* address = is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  return ::bind(fd.get(), address, is_v6 ? sizeof v6 : sizeof v4) == 0;
}

}  // namespace guccho::ops::local

// Choosing ports, and asking the kernel for one.
#include "operator/backend/local/ports.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
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

// An IPv4 or IPv6 socket address.
class Address {
 public:
  static std::optional<Address> parse(const std::string& host, uint16_t port) {
    Address out;
    out.is_v6_ = host.find(':') != host.npos;
    out.v4_.sin_family = AF_INET;
    out.v4_.sin_port = htons(port);
    out.v6_.sin6_family = AF_INET6;
    out.v6_.sin6_port = htons(port);
    void* at = out.is_v6_ ? static_cast<void*>(&out.v6_.sin6_addr) : static_cast<void*>(&out.v4_.sin_addr);
    if (::inet_pton(out.family(), host.c_str(), at) != 1) return std::nullopt;
    return out;
  }
  int family() const { return is_v6_ ? AF_INET6 : AF_INET; }
  const sockaddr* raw() const {
    return is_v6_ ? reinterpret_cast<const sockaddr*>(&v6_) : reinterpret_cast<const sockaddr*>(&v4_);
  }
  socklen_t size() const { return is_v6_ ? sizeof v6_ : sizeof v4_; }
  bool is_any() const { return is_v6_ ? IN6_IS_ADDR_UNSPECIFIED(&v6_.sin6_addr) : v4_.sin_addr.s_addr == INADDR_ANY; }
  bool is_loopback() const {
    return is_v6_ ? IN6_IS_ADDR_LOOPBACK(&v6_.sin6_addr) : ntohl(v4_.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }

 private:
  sockaddr_in v4_{};
  sockaddr_in6 v6_{};
  bool is_v6_ = false;
};

// 0, or the error number of binding there.
int bind_to(const std::string& host, uint16_t port) {
  const auto address = Address::parse(host, port);
  if (!address) return EINVAL;
  const supervise::Fd fd(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return errno;
  // As the node does it, so that connections of a former listener that linger do not count.
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return ::bind(fd.get(), address->raw(), address->size()) == 0 ? 0 : errno;
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
  return bind_to(host, port) == 0;
}

Status check_host(const std::string& host) {
  const auto address = Address::parse(host, 0);
  if (!address) return fail(fmt::format("spec.local.host: '{}' is no IP address", host));
  if (address->is_any()) {
    return fail(fmt::format("spec.local.host: {} is every address; give one that nodes can be told", host));
  }
  const int error = bind_to(host, 0);
  if (error == EADDRNOTAVAIL) return fail(fmt::format("spec.local.host: {} is no address of this machine", host));
  if (error != 0) return fail(fmt::format("spec.local.host: {}: {}", host, std::strerror(error)));
  return {};
}

bool is_loopback(const std::string& host) {
  const auto address = Address::parse(host, 0);
  return address && address->is_loopback();
}

}  // namespace guccho::ops::local

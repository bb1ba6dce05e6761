// Socket calls.
#include "node/runtime/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace guccho::runtime {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<Address> parse_address(const std::string& ip, uint16_t port) {
  Address a;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&a.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&a.storage);
  if (inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    a.length = sizeof *v4;
    return a;
  }
  if (inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    a.length = sizeof *v6;
    return a;
  }
  // A name: bind and announce addresses may be host names.
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int rc = getaddrinfo(ip.c_str(), std::to_string(port).c_str(), &hints, &found); rc != 0) {
    return fail(std::string("'") + ip + "': " + gai_strerror(rc));
  }
  std::memcpy(&a.storage, found->ai_addr, found->ai_addrlen);
  a.length = found->ai_addrlen;
  freeaddrinfo(found);
  return a;
}

// "ip" and port of a socket address; an IPv4 address inside IPv6 is shown as IPv4.
std::string print_ip(const sockaddr_storage& s, uint16_t& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (s.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(s);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    port = ntohs(v4.sin_port);
  } else if (s.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(s);
    port = ntohs(v6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    }
  }
  return text;
}

Result<int> listen_on(const std::string& ip, uint16_t port, uint32_t backlog) {
  Result<Address> a = parse_address(ip, port);
  const std::string where = ip + ":" + std::to_string(port);
  if (!a) return fail("cannot listen on " + where + ": " + a.error().text);
  const int fd = socket(a->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("cannot listen on " + where + ": " + std::strerror(errno));
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (a->storage.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, a->raw(), a->length) != 0 || listen(fd, static_cast<int>(backlog)) != 0) {
    const int error = errno;
    close(fd);
    std::string hint;
    if (error == EADDRINUSE) hint = " (another process has the port; stop it or choose another port)";
    if (error == EACCES) hint = " (ports below 1024 need privileges; choose another port)";
    errno = error;
    return fail("cannot listen on " + where + ": " + std::strerror(error) + hint);
  }
  return fd;
}

}  // namespace

Result<std::vector<int>> listen_tcp(const config::Config& config, uint16_t port) {
  std::vector<int> fds;
  std::string last_error = "bind names no address";
  for (std::string address : config.bind) {
    const bool optional = address.starts_with('-');
    if (optional) address.erase(0, 1);
    if (address == "*") address = "0.0.0.0";
    if (address == "::*") address = "::";
    Result<int> fd = listen_on(address, port, config.tcp_backlog);
    if (fd) {
      fds.push_back(*fd);
      continue;
    }
    last_error = fd.error().text;
    const bool unavailable = errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT;
    if (optional && unavailable) continue;
    for (const int open : fds) close(open);
    return fail(last_error);
  }
  if (fds.empty()) return fail(last_error);
  return fds;
}

Result<int> listen_unix(const config::Config& config) {
  const std::string& path = config.unixsocket;
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  if (path.size() >= sizeof a.sun_path) return fail("unixsocket: '" + path + "' is longer than 107 characters");
  std::memcpy(a.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(std::string("unixsocket: ") + std::strerror(errno));
  unlink(path.c_str());
  if (bind(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) != 0 ||
      listen(fd, static_cast<int>(config.tcp_backlog)) != 0) {
    const int error = errno;
    close(fd);
    return fail("unixsocket: cannot listen on '" + path + "': " + std::strerror(error));
  }
  if (config.unixsocketperm != 0) chmod(path.c_str(), config.unixsocketperm);
  return fd;
}

Accepted accept_one(int listener) {
  Accepted out;
  Address peer;
  out.fd = accept4(listener, peer.raw(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (out.fd < 0) return out;
  if (peer.storage.ss_family == AF_UNIX) {
    out.is_unix = out.is_loopback = true;
    return out;
  }
  out.ip = print_ip(peer.storage, out.port);
  out.is_loopback = out.ip.starts_with("127.") || out.ip == "::1";
  Address local;
  if (getsockname(out.fd, local.raw(), &local.length) == 0) out.local_ip = print_ip(local.storage, out.local_port);
  return out;
}

Result<int> connect_tcp(const std::string& ip, uint16_t port, const std::string& source_ip) {
  Result<Address> a = parse_address(ip, port);
  if (!a) return fail(a.error().text);
  const int fd = socket(a->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(std::strerror(errno));
  if (!source_ip.empty()) {
    Result<Address> source = parse_address(source_ip, 0);
    if (!source || bind(fd, source->raw(), source->length) != 0) {
      const std::string why = source ? std::strerror(errno) : source.error().text;
      close(fd);
      return fail("bind-source-addr '" + source_ip + "': " + why);
    }
  }
  if (connect(fd, a->raw(), a->length) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    close(fd);
    errno = error;
    return fail(std::strerror(error));
  }
  return fd;
}

int connect_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

void set_no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void set_keepalive(int fd, config::Seconds interval) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const int idle = static_cast<int>(interval.count());
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  const int between = std::max(1, idle / 3);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
  const int count = 3;
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

std::string join_address(const std::string& ip, uint16_t port) {
  const bool v6 = ip.find(':') != std::string::npos;
  return (v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

std::string remote_ip(int fd) {
  Address a;
  uint16_t port = 0;
  return getpeername(fd, a.raw(), &a.length) == 0 ? print_ip(a.storage, port) : std::string();
}

std::string local_ip(int fd) {
  Address a;
  uint16_t port = 0;
  return getsockname(fd, a.raw(), &a.length) == 0 ? print_ip(a.storage, port) : std::string();
}

std::string local_address(int fd) {
  Address a;
  uint16_t port = 0;
  if (getsockname(fd, a.raw(), &a.length) != 0) return {};
  const std::string ip = print_ip(a.storage, port);
  return join_address(ip, port);
}

}  // namespace guccho::runtime

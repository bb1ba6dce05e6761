// Sockets: listening, accepting, connecting, addresses as text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/config/config.h"

namespace guccho::runtime {

// Listening sockets for every address of `bind` ("*" all IPv4, "::*" all IPv6; a leading '-' makes a missing address
// no error). The error names address and port and says why. Closed by the caller.
Result<std::vector<int>> listen_tcp(const config::Config& config, uint16_t port);
Result<int> listen_unix(const config::Config& config);

struct Accepted {
  int fd = -1;  // non-blocking; -1: nothing to accept now
  std::string ip;
  uint16_t port = 0;
  std::string local_ip;
  uint16_t local_port = 0;
  bool is_unix = false;
  bool is_loopback = false;
};
// Out of descriptors and the like: fd -1 with `error` in errno.
Accepted accept_one(int listener);

// Starts a non-blocking connection; writability tells the end, connect_error() how it ended.
Result<int> connect_tcp(const std::string& ip, uint16_t port, const std::string& source_ip);
// 0: connected; else an errno, such as ECONNREFUSED.
int connect_error(int fd);

void set_no_delay(int fd);
void set_keepalive(int fd, config::Seconds interval);

// "ip:port", with brackets around IPv6.
std::string join_address(const std::string& ip, uint16_t port);

// The addresses of an established socket, without the port; empty on error.
std::string remote_ip(int fd);
std::string local_ip(int fd);
// "ip:port" of our end of an established socket; empty on error.
std::string local_address(int fd);

}  // namespace guccho::runtime

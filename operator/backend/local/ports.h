// Which ports a new node gets.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "node/base/result.h"

namespace guccho::ops::local {

inline constexpr uint16_t kDefaultFirstPort = 7000;
inline constexpr uint16_t kDefaultFirstRouterPort = 7400;
// The bus listens here above the client port, as with Redis.
inline constexpr uint16_t kBusOffset = 10000;

struct PortChoice {
  uint16_t port = 0;
  uint16_t router_port = 0;
  friend bool operator==(const PortChoice&, const PortChoice&) = default;
};

// The first client port from `first_port` on that is free together with its bus port, and the first free router port
// from `first_router_port` on; none of them in `taken`, which belongs to other places whether or not they run now. At
// most 1000 are tried. Pure: `is_free` asks the machine.
Result<PortChoice> choose_ports(uint16_t first_port, uint16_t first_router_port, const std::set<uint16_t>& taken,
                                const std::function<bool(uint16_t)>& is_free);

// Asks the kernel by binding; true means free at that moment.
bool can_listen(const std::string& host, uint16_t port);

// Whether nodes can listen on this address at all: an error that names spec.local.host when it is no single address of
// this machine.
Status check_host(const std::string& host);

// True for an address that only this machine reaches.
bool is_loopback(const std::string& host);

}  // namespace guccho::ops::local

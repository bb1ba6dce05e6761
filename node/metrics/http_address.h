// Where the HTTP endpoints listen: the addresses of the directive `bind` in the words of the civetweb library.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "node/base/result.h"

namespace guccho::metrics {

// "127.0.0.1:9121,[::1]:9121"; '*' is all IPv4 addresses, '::*' all IPv6 ones. Optional addresses are left out unless
// `with_optional`: those with a leading '-', and all IPv6 ones, since Debian builds civetweb without IPv6. Empty when
// nothing remains.
std::string listening_ports(std::span<const std::string> bind, uint16_t port, bool with_optional);

// Calls `listen`, which throws when an address cannot be had, with all addresses, and once more without the optional
// ones. The error names the directive, the port and the addresses.
Status listen_on(std::span<const std::string> bind, uint16_t port, const std::string& directive,
                 const std::function<void(const std::string& listening_ports)>& listen);

}  // namespace guccho::metrics

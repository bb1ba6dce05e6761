// Addresses for civetweb.
#include "node/metrics/http_address.h"

#include <fmt/core.h>

#include <exception>

namespace guccho::metrics {

std::string listening_ports(std::span<const std::string> bind, uint16_t port, bool with_optional) {
  std::string out;
  for (std::string address : bind) {
    const bool v6 = address.find(':') != std::string::npos;
    const bool marked = address.starts_with('-');
    if ((marked || v6) && !with_optional) continue;
    if (marked) address.erase(0, 1);
    if (address == "*") address = "0.0.0.0";
    if (address == "::*") address = "::";
    out += fmt::format("{}{}{}{}:{}", out.empty() ? "" : ",", v6 ? "[" : "", address, v6 ? "]" : "", port);
  }
  return out;
}

Status listen_on(std::span<const std::string> bind, uint16_t port, const std::string& directive,
                 const std::function<void(const std::string&)>& listen) {
  const std::string all = listening_ports(bind, port, true);
  const std::string needed = listening_ports(bind, port, false);
  if (all.empty()) return fail(fmt::format("{} {}: bind names no address to listen on", directive, port));
  std::string reason;
  for (const std::string& addresses : {all, needed}) {
    if (addresses.empty()) continue;
    try {
      listen(addresses);
      return {};
    } catch (const std::exception& e) {
      reason = e.what();
    }
  }
  return fail(fmt::format("{} {}: cannot listen on {} (is the port in use?): {}", directive, port,
                          needed.empty() ? all : needed, reason));
}

}  // namespace guccho::metrics

// Reading MOVED, ASK and their like; commands that one node cannot answer for all.
#include "node/runtime/router_reply.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace guccho::runtime {
namespace {

constexpr std::array<std::string_view, 5> kNotNowCodes = {"CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY",
                                                          "TRYAGAIN"};
constexpr std::array<std::string_view, 14> kNodeWide = {
    "dbsize",  "flushall",  "flushdb", "function|delete", "function|flush", "function|load", "function|restore", "keys",
    "migrate", "randomkey", "scan",    "swapdb",          "wait",           "waitaof"};

bool at_address(const cluster::NodeView& node, std::string_view host, uint16_t port) {
  const bool by_client_port = (node.client.port != 0 && port == node.client.port) ||
                              (node.client.tls_port != 0 && port == node.client.tls_port);
  const bool by_port = (node.tcp_port != 0 && port == node.tcp_port) || (node.tls_port != 0 && port == node.tls_port);
  if (!by_port && !by_client_port) return false;
  return host == node.ip || host == node.client.ipv4 || host == node.client.ipv6 ||
         (!node.hostname.empty() && host == node.hostname);
}

}  // namespace

RefusalReply read_refusal(std::string_view reply) {
  if (reply.size() < 3 || reply.front() != '-') return {};
  const std::string_view text = reply.substr(1, reply.size() - 3);
  const std::string_view code = text.substr(0, text.find(' '));
  if (std::ranges::find(kNotNowCodes, code) != kNotNowCodes.end()) return {.kind = Refusal::kNotNow};
  const bool moved = code == "MOVED";
  if (!moved && code != "ASK") return {};
  // "MOVED 3999 127.0.0.1:6381"; an IPv6 address has colons of its own.
  const size_t address = text.rfind(' ');
  const size_t colon = text.rfind(':');
  if (address == code.size() || colon == std::string_view::npos || colon < address) return {.kind = Refusal::kNotNow};
  RefusalReply refusal{.kind = moved ? Refusal::kMoved : Refusal::kAsk,
                       .host = text.substr(address + 1, colon - address - 1)};
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + colon + 1, end, refusal.port);
  if (error != std::errc() || last != end || refusal.port == 0) return {.kind = Refusal::kNotNow};
  return refusal;
}

std::string abort_reason(std::string_view exec_reply, std::string_view queueing_error) {
  constexpr std::string_view kBecause = "-EXECABORT Transaction discarded because of: ";
  if (!exec_reply.starts_with("-EXECABORT")) return {};
  if (!queueing_error.empty()) return std::string(queueing_error);
  if (!exec_reply.starts_with(kBecause)) return {};
  return "-" + std::string(exec_reply.substr(kBecause.size()));
}

const cluster::NodeView* named_node(const cluster::View& view, const RefusalReply& refusal,
                                    const cluster::NodeView* asked) {
  std::string_view host = refusal.host;
  // "?" stands for a host name that is not known; then, as with none, the host is the one that was asked.
  if (host.empty() || host == "?") {
    if (asked == nullptr) return nullptr;
    host = asked->ip;
  }
  if (host.empty()) return nullptr;
  for (const cluster::NodeView& node : view.nodes) {
    if (at_address(node, host, refusal.port)) return &node;
  }
  return nullptr;
}

uint64_t client_id_in(std::string_view hello_reply) {
  constexpr std::string_view kField = "$2\r\nid\r\n:";
  const size_t at = hello_reply.find(kField);
  uint64_t id = 0;
  if (at == std::string_view::npos) return id;
  const char* const from = hello_reply.data() + at + kField.size();
  std::from_chars(from, hello_reply.data() + hello_reply.size(), id);
  return id;
}

std::string_view router_refusal(const commands::CommandSpec& spec) {
  if (std::ranges::find(kNodeWide, spec.full_name) == kNodeWide.end()) return {};
  return "ERR This command is about the data of one node and is not served on the router port; send it to the cluster "
         "port of each node";
}

}  // namespace guccho::runtime

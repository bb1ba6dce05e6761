// Reading and printing the directives with a form of their own: addresses, buffer limits, event classes, percentiles.
#include <fmt/core.h>

#include <cmath>
#include <cstdlib>

#include "node/config/fields.h"

namespace guccho::config::fields {
namespace {

constexpr size_t kMaxBindAddresses = 16;  // as in Redis

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

Status read_bind(const Directive&, Arguments args, Config& c) {
  if (args.size() == 1 && args[0].empty()) args = {};
  if (args.size() > kMaxBindAddresses) return fail("Too many bind addresses specified.");
  c.bind.assign(args.begin(), args.end());
  return {};
}

std::string print_bind(const Directive&, const Config& c) {
  return join_blanks(c.bind);
}

Status read_dir(const Directive&, Arguments args, Config& c) {
  // redis-server enters each directory as it reads its line.
  c.dir = path_in(c.dir, args[0]);
  return {};
}

Status read_save(const Directive&, Arguments args, Config&) {
  if (args.size() == 1 && args[0].empty()) return {};
  if (args.size() % 2 != 0) return fail("Invalid save parameters");
  for (size_t i = 0; i < args.size(); i += 2) {
    const auto seconds = parse_integer(args[i]);
    const auto changes = parse_integer(args[i + 1]);
    if (!seconds || !changes || *seconds < 1 || *changes < 0) return fail("Invalid save parameters");
  }
  return fail("snapshots on disk are not available yet: use save \"\"");
}

std::string print_save(const Directive&, const Config&) {
  return "";
}

Status read_buffer_limits(const Directive&, Arguments args, Config& c) {
  if (args.size() % 4 != 0) return fail("Wrong number of arguments in buffer limit configuration.");
  for (size_t i = 0; i < args.size(); i += 4) {
    BufferLimit* limit = nullptr;
    const auto is = [&](std::string_view name) { return equal_ignoring_case(args[i], name); };
    if (is("normal")) limit = &c.client_output_normal;
    if (is("slave") || is("replica")) limit = &c.client_output_replica;
    if (is("pubsub")) limit = &c.client_output_pubsub;
    if (limit == nullptr) return fail("Invalid client class specified in buffer limit configuration.");
    const auto hard = parse_memory(args[i + 1]);
    const auto soft = parse_memory(args[i + 2]);
    const auto seconds = parse_integer(args[i + 3]);
    if (!hard || !soft || !seconds || *seconds < 0) {
      return fail("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    *limit = BufferLimit{*hard, *soft, Seconds(*seconds)};
  }
  return {};
}

std::string print_buffer_limits(const Directive&, const Config& c) {
  const auto one = [](std::string_view name, const BufferLimit& l) {
    return fmt::format("{} {} {} {}", name, l.hard, l.soft, l.soft_for.count());
  };
  return one("normal", c.client_output_normal) + " " + one("slave", c.client_output_replica) + " " +
         one("pubsub", c.client_output_pubsub);
}

Status read_memory_or_percent(const Directive&, Arguments args, Config& c) {
  std::string_view text = args[0];
  if (text.ends_with('%')) {
    text.remove_suffix(1);
    const auto percent = parse_integer(text);
    if (!percent || *percent < 0) return fail("argument must be a memory or percent value");
    if (*percent > 100) return fail("percentage argument must be less or equal to 100");
    c.maxmemory_clients = {.bytes = 0, .percent = static_cast<uint8_t>(*percent)};
    return {};
  }
  const auto bytes = parse_memory(text);
  if (!bytes) return fail("argument must be a memory or percent value");
  c.maxmemory_clients = {.bytes = *bytes, .percent = 0};
  return {};
}

std::string print_memory_or_percent(const Directive&, const Config& c) {
  if (c.maxmemory_clients.percent != 0) return fmt::format("{}%", c.maxmemory_clients.percent);
  return std::to_string(c.maxmemory_clients.bytes);
}

Status read_file_mode(const Directive& d, Arguments args, Config& c) {
  uint32_t mode = 0;
  const char* const last = args[0].data() + args[0].size();
  const auto [end, error] = std::from_chars(args[0].data(), last, mode, 8);
  if (error != std::errc() || end != last) return fail("argument couldn't be parsed as an octal number");
  if (Status s = check_range(d, mode); !s) return s;
  c.unixsocketperm = mode;
  return {};
}

std::string print_file_mode(const Directive&, const Config& c) {
  return fmt::format("{:o}", c.unixsocketperm);
}

Status read_hostname(const Directive&, Arguments args, Config& c) {
  constexpr size_t kMaxLength = 255;  // of a DNS name; the bus extension holds as much
  if (args[0].size() > kMaxLength) return fail("Hostnames must be less than 256 characters");
  for (char ch : args[0]) {
    if (!is_alnum(ch) && ch != '-' && ch != '.') {
      return fail("Hostnames may only contain alphanumeric characters, hyphens or dots");
    }
  }
  c.cluster_announce_hostname = args[0];
  return {};
}

Status read_human_nodename(const Directive&, Arguments args, Config& c) {
  constexpr size_t kMaxLength = 255;
  if (args[0].size() > kMaxLength) return fail("Announced human node name must be less than 256 characters");
  for (char ch : args[0]) {
    if (!is_alnum(ch) && ch != '-' && ch != '.' && ch != '_') {
      return fail("Announced human node name contained invalid character");
    }
  }
  c.cluster_announce_human_nodename = args[0];
  return {};
}

Status read_backlog_size(const Directive& d, Arguments args, Config& c) {
  const Result<int64_t> value = parse_number(d, args[0]);
  if (!value) return fail(value.error().text);
  if (static_cast<uint64_t>(*value) > kMaxReplBacklog) {
    return fail(
        fmt::format("argument must be at most {} (8gb), as much as the replication log can keep", kMaxReplBacklog));
  }
  c.repl_backlog_size = static_cast<uint64_t>(*value);
  return {};
}

Status read_hz(const Directive& d, Arguments args, Config& c) {
  const Result<int64_t> value = parse_number(d, args[0]);
  if (!value) return fail(value.error().text);
  // Redis takes any number that fits and then keeps it within these bounds.
  c.hz = static_cast<uint32_t>(std::min<int64_t>(std::max<int64_t>(*value, 1), 500));
  return {};
}

namespace {

struct EventClass {
  char letter;
  KeyspaceEvent bit;
};

// In the order in which Redis prints them.
constexpr EventClass kEventClasses[] = {
    {'g', kNotifyGeneric},  {'$', kNotifyString},   {'l', kNotifyList},    {'s', kNotifySet},    {'h', kNotifyHash},
    {'z', kNotifyZset},     {'x', kNotifyExpired},  {'e', kNotifyEvicted}, {'t', kNotifyStream}, {'d', kNotifyModule},
    {'K', kNotifyKeyspace}, {'E', kNotifyKeyevent}, {'m', kNotifyKeyMiss}, {'n', kNotifyNew},
};

}  // namespace

Status read_notify_events(const Directive&, Arguments args, Config& c) {
  uint32_t events = 0;
  for (char letter : args[0]) {
    uint32_t bits = letter == 'A' ? static_cast<uint32_t>(kNotifyAll) : 0;
    for (const EventClass& e : kEventClasses) {
      if (e.letter == letter) bits = e.bit;
    }
    if (bits == 0) return fail("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    events |= bits;
  }
  c.notify_keyspace_events = events;
  return {};
}

std::string print_notify_events(const Directive&, const Config& c) {
  std::string out;
  const bool all = (c.notify_keyspace_events & kNotifyAll) == kNotifyAll;
  if (all) out += 'A';
  for (const EventClass& e : kEventClasses) {
    if (all && (kNotifyAll & e.bit) != 0) continue;
    if ((c.notify_keyspace_events & e.bit) != 0) out += e.letter;
  }
  return out;
}

Status read_percentiles(const Directive&, Arguments args, Config& c) {
  std::vector<double> out;
  if (args.size() == 1 && args[0].empty()) args = {};
  for (const std::string& text : args) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || std::isnan(value)) {
      return fail("Invalid latency-tracking-info-percentiles parameters");
    }
    if (value < 0 || value > 100) {
      return fail("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    out.push_back(value);
  }
  c.latency_tracking_info_percentiles = std::move(out);
  return {};
}

std::string print_percentiles(const Directive&, const Config& c) {
  std::string out;
  for (double p : c.latency_tracking_info_percentiles) out += fmt::format("{}{:g}", out.empty() ? "" : " ", p);
  return out;
}

Status read_tls_protocols(const Directive&, Arguments args, Config& c) {
  if (!args[0].empty()) {
    for (const std::string& name : split_blanks(args[0])) {
      if (name != "TLSv1" && name != "TLSv1.1" && name != "TLSv1.2" && name != "TLSv1.3") {
        return fail(
            "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.");
      }
    }
  }
  c.tls_protocols = args[0];
  return {};
}

}  // namespace guccho::config::fields

// nodes.conf: Redis 7's format, read and written. A line of it:
//   <id> <ip:port@bus-port[,hostname[,name=value...]]> <flags> <primary id or -> <ping-sent> <pong-received>
//   <config-epoch> <connected|disconnected> [<slot>|<first>-<last>|[<slot>->-<id>]|[<slot>-<-<id>]]...
// and one line "vars currentEpoch N lastVoteEpoch M". The times and the link state mean nothing after a restart.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "node/cluster/persisted.h"
#include "node/cluster/print.h"

namespace guccho::cluster {

namespace {

constexpr size_t kFixedFields = 8;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    if (end != 0) out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

template <class T>
bool parse_number(std::string_view text, T& out) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Reads one line; errors say which field of which line.
class LineParser {
 public:
  LineParser(size_t number, std::string_view line) : number_(number), fields_(split(line, ' ')) {}

  Result<PersistedNode> parse() {
    if (fields_.size() < kFixedFields) {
      return bad("fields", fmt::format("want at least {}, found {}", kFixedFields, fields_.size()));
    }
    PersistedNode n;
    const auto id = NodeId::parse(fields_[0]);
    if (!id) return bad("node id", fields_[0]);
    n.id = *id;
    if (!address(fields_[1], n)) return bad("address", fields_[1]);
    if (!flags(fields_[2], n)) return bad("flags", fields_[2]);
    if (fields_[3] != "-") {
      const auto primary = NodeId::parse(fields_[3]);
      if (!primary) return bad("primary id", fields_[3]);
      n.primary = *primary;
    }
    int64_t ignored = 0;
    if (!parse_number(fields_[4], ignored)) return bad("ping-sent", fields_[4]);
    if (!parse_number(fields_[5], ignored)) return bad("pong-received", fields_[5]);
    if (!parse_number(fields_[6], n.config_epoch.value)) return bad("config epoch", fields_[6]);
    for (size_t i = kFixedFields; i < fields_.size(); ++i) {
      if (!slots(fields_[i], n)) return bad("slots", fields_[i]);
    }
    return n;
  }

 private:
  std::unexpected<Error> bad(std::string_view field, std::string_view value) const {
    return fail(fmt::format("nodes.conf line {}: bad {}: '{}'", number_, field, value));
  }

  // ip:port@bus-port[,hostname][,name=value...]; the address may hold ':' itself (IPv6), the port follows the last one.
  static bool address(std::string_view text, PersistedNode& n) {
    std::vector<std::string_view> more;
    if (const size_t comma = text.find(','); comma != std::string_view::npos) {
      if (!extras(text.substr(comma + 1), n)) return false;
      text = text.substr(0, comma);
    }
    if (const size_t at = text.find('@'); at != std::string_view::npos) {
      if (!parse_number(text.substr(at + 1), n.bus_port)) return false;
      text = text.substr(0, at);
    }
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || !parse_number(text.substr(colon + 1), n.port)) return false;
    n.ip = text.substr(0, colon);
    if (n.bus_port == 0 && n.port != 0) n.bus_port = static_cast<uint16_t>(n.port + 10000);
    return true;
  }

  static bool extras(std::string_view text, PersistedNode& n) {
    for (const std::string_view part : split(text, ',')) {
      const size_t equals = part.find('=');
      if (equals == std::string_view::npos) {
        n.hostname = part;
      } else if (part.substr(0, equals) == "shard-id") {
        const auto id = NodeId::parse(part.substr(equals + 1));
        if (!id) return false;
        n.shard_id = *id;
      }
    }
    return true;
  }

  static bool flags(std::string_view text, PersistedNode& n) {
    for (const std::string_view f : split(text, ',')) {
      if (f == "myself") {
        n.flags |= bus::kFlagMyself;
      } else if (f == "master") {
        n.flags |= bus::kFlagPrimary;
      } else if (f == "slave") {
        n.flags |= bus::kFlagReplica;
      } else if (f == "fail?") {
        n.flags |= bus::kFlagPfail;
      } else if (f == "fail") {
        n.flags |= bus::kFlagFail;
      } else if (f == "handshake") {
        n.flags |= bus::kFlagHandshake;
      } else if (f == "noaddr") {
        n.flags |= bus::kFlagNoAddr;
      } else if (f == "nofailover") {
        n.flags |= bus::kFlagNoFailover;
      } else if (f != "noflags") {
        return false;
      }
    }
    return true;
  }

  static bool slots(std::string_view text, PersistedNode& n) {
    if (text.front() == '[') return moving(text, n);
    const size_t dash = text.find('-');
    const auto first = parse_slot(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_slot(text.substr(dash + 1));
    if (!first || !last || *last < *first) return false;
    for (uint16_t s = first->value; s <= last->value; ++s) n.slots.insert(Slot(s));
    return true;
  }

  // [93->-ID] leaves, [77-<-ID] arrives.
  static bool moving(std::string_view text, PersistedNode& n) {
    if (text.back() != ']') return false;
    text = text.substr(1, text.size() - 2);
    const size_t arrow = text.find('-');
    if (arrow == std::string_view::npos || text.size() < arrow + 3 || text[arrow + 2] != '-') return false;
    const auto slot = parse_slot(text.substr(0, arrow));
    const auto peer = NodeId::parse(text.substr(arrow + 3));
    if (!slot || !peer) return false;
    const char direction = text[arrow + 1];
    if (direction != '>' && direction != '<') return false;
    (direction == '>' ? n.migrating : n.importing).push_back({.slot = *slot, .peer = *peer});
    return true;
  }

  size_t number_;
  std::vector<std::string_view> fields_;
};

Status parse_vars(std::string_view line, size_t number, NodesConf& conf) {
  const auto fields = split(line, ' ');
  for (size_t i = 1; i + 1 < fields.size(); i += 2) {
    uint64_t value = 0;
    if (!parse_number(fields[i + 1], value)) {
      return fail(fmt::format("nodes.conf line {}: bad {}: '{}'", number, fields[i], fields[i + 1]));
    }
    if (fields[i] == "currentEpoch") conf.current_epoch = CurrentEpoch(value);
    if (fields[i] == "lastVoteEpoch") conf.last_vote_epoch = CurrentEpoch(value);
  }
  return {};
}

// What no single line shows.
Status check_whole(const NodesConf& conf) {
  std::unordered_set<NodeId> ids;
  size_t selves = 0;
  SlotSet taken;
  for (const PersistedNode& n : conf.nodes) {
    if (!ids.insert(n.id).second) return fail(fmt::format("nodes.conf: node {} is there twice", n.id.view()));
    selves += (n.flags & bus::kFlagMyself) != 0 ? 1 : 0;
    if (taken.intersects(n.slots)) return fail(fmt::format("nodes.conf: node {} has another's slots", n.id.view()));
    taken |= n.slots;
  }
  if (selves != 1) return fail(fmt::format("nodes.conf: {} lines are marked 'myself', want exactly one", selves));
  return {};
}

}  // namespace

const PersistedNode& NodesConf::self() const {
  return *std::find_if(nodes.begin(), nodes.end(),
                       [](const PersistedNode& n) { return (n.flags & bus::kFlagMyself) != 0; });
}

Result<NodesConf> parse_nodes_conf(std::string_view text) {
  NodesConf conf;
  bool vars = false;
  size_t number = 0;
  if (!text.empty() && text.back() != '\n') {
    return fail("nodes.conf: the last line has no end: the file was cut off");
  }
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.starts_with("vars ")) {
      vars = true;
      if (Status s = parse_vars(line, number, conf); !s) return fail(s.error().text);
      continue;
    }
    auto node = LineParser(number, line).parse();
    if (!node) return fail(node.error().text);
    if ((node->flags & bus::kFlagHandshake) == 0) conf.nodes.push_back(std::move(*node));
  }
  if (!vars) return fail("nodes.conf: the line 'vars currentEpoch ...' is missing: the file was cut off");
  if (Status s = check_whole(conf); !s) return fail(s.error().text);
  conf.current_epoch = CurrentEpoch(std::max(conf.current_epoch.value, conf.self().config_epoch.value));
  return conf;
}

void print_nodes_conf_line(std::string& out, const NodesConfLine& n) {
  const auto number = [&out](uint64_t v) {
    char text[20];
    out.append(text, std::to_chars(text, text + sizeof text, v).ptr);
  };
  out += n.id.view();
  out += ' ';
  out += n.ip;
  out += ':';
  number(n.port);
  out += '@';
  number(n.bus_port);
  if (!n.hostname.empty()) (out += ',') += n.hostname;
  out += ' ';
  out += print_flags(n.flags);
  out += ' ';
  out += n.primary.is_null() ? std::string_view("-") : n.primary.view();
  out += " 0 0 ";
  number(n.config_epoch.value);
  out += (n.flags & bus::kFlagMyself) != 0 ? " connected" : " disconnected";
  out += n.slots;
}

void print_moving(std::string& out, Slot slot, std::string_view arrow, const NodeId& peer) {
  out += fmt::format(" [{}{}{}]", slot.value, arrow, peer.view());
}

void print_nodes_conf_vars(std::string& out, CurrentEpoch current, CurrentEpoch last_vote) {
  out += fmt::format("vars currentEpoch {} lastVoteEpoch {}\n", current.value, last_vote.value);
}

std::string print_nodes_conf(const NodesConf& conf) {
  std::string out;
  for (const PersistedNode& n : conf.nodes) {
    const std::string slots = print_ranges(n.slots.ranges());
    print_nodes_conf_line(out, {.id = n.id,
                                .ip = n.ip,
                                .port = n.port,
                                .bus_port = n.bus_port,
                                .hostname = n.hostname,
                                .flags = n.flags,
                                .primary = n.primary,
                                .config_epoch = n.config_epoch,
                                .slots = slots});
    for (const auto& m : n.migrating) print_moving(out, m.slot, "->-", m.peer);
    for (const auto& m : n.importing) print_moving(out, m.slot, "-<-", m.peer);
    out += '\n';
  }
  print_nodes_conf_vars(out, conf.current_epoch, conf.last_vote_epoch);
  return out;
}

}  // namespace guccho::cluster

// Our own file beside nodes.conf: what Redis' format has no place for. Lines of a name and its values:
//   guccho-state 1
//   generation <generation> <base> <loss accepted: 0 or 1>
//   held <source id or -> <generation>
//   shard <id>
//   voters <version> <founder id> <list|primaries> <id,id,...>       (absent: no list)
//   promised <round> <node id or ->
//   accepted <round> <node id> <version> <founder id> <list|primaries> <id,...>   (absent: nothing accepted)
#include <fmt/core.h>

#include <charconv>

#include "node/cluster/persisted.h"

namespace guccho::cluster {

namespace {

constexpr int kFormat = 1;

std::string id_or_dash(const NodeId& id) {
  return id.is_null() ? "-" : id.str();
}

std::string print_list(const bus::VoterList& list) {
  std::string ids;
  for (const NodeId& id : list.voters) ids += (ids.empty() ? "" : ",") + id.str();
  return fmt::format("{} {} {} {}", list.version, list.founder.view(), list.primaries ? "primaries" : "list", ids);
}

// Reads values off a line; any failure sticks.
class Values {
 public:
  explicit Values(std::string_view line) : rest_(line) {}

  std::string_view word() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    const std::string_view out = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(out.size());
    if (out.empty()) ok_ = false;
    return out;
  }
  uint64_t number() {
    const std::string_view text = word();
    uint64_t v = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), v);
    if (ec != std::errc() || end != text.data() + text.size()) ok_ = false;
    return v;
  }
  NodeId id() {
    const std::string_view text = word();
    if (text == "-") return {};
    const auto parsed = NodeId::parse(text);
    if (!parsed) ok_ = false;
    return parsed.value_or(NodeId());
  }
  bus::VoterList list() {
    bus::VoterList out{.version = number(), .founder = id()};
    const std::string_view mode = word();
    if (mode != "list" && mode != "primaries") ok_ = false;
    out.primaries = mode == "primaries";
    std::string_view ids = word();
    while (!ids.empty()) {
      const auto parsed = NodeId::parse(ids.substr(0, ids.find(',')));
      if (!parsed || (!out.voters.empty() && !(out.voters.back() < *parsed))) {
        ok_ = false;
        break;
      }
      out.voters.push_back(*parsed);
      ids.remove_prefix(std::min(ids.size(), NodeId::kLength + 1));
    }
    return out;
  }
  bool ok() const { return ok_ && rest_.find_first_not_of(' ') == std::string_view::npos; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Whether the name is known; its values go into `own`.
bool parse_line(std::string_view name, Values& v, OwnState& own) {
  ElectorateState& e = own.electorate;
  if (name == "generation") {
    own.generation = DataGeneration(v.number());
    own.base = DataGeneration(v.number());
    own.loss_accepted = v.number() != 0;
  } else if (name == "held") {
    own.held.source = v.id();
    own.held.generation = DataGeneration(v.number());
  } else if (name == "shard") {
    own.shard_id = v.id();
  } else if (name == "voters") {
    e.list = v.list();
  } else if (name == "promised") {
    e.promised_round = v.number();
    e.promised_node = v.id();
  } else if (name == "accepted") {
    e.accepted_round = v.number();
    e.accepted_node = v.id();
    e.accepted = v.list();
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<OwnState> parse_own_file(std::string_view text) {
  OwnState own;
  if (text.empty()) return own;
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return fail("cluster state file: the last line has no end: it was cut off");
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    Values values(line);
    const std::string_view name = values.word();
    if (number == 1) {
      if (name != "guccho-state") return fail("cluster state file: line 1 is not 'guccho-state 1'");
      if (values.number() != kFormat) return fail("cluster state file: written by a newer version: refused");
      continue;
    }
    if (!parse_line(name, values, own)) {
      return fail(fmt::format("cluster state file line {}: unknown name '{}'", number, name));
    }
    if (!values.ok()) return fail(fmt::format("cluster state file line {}: bad values of '{}'", number, name));
  }
  return own;
}

std::string print_own_file(const OwnState& own) {
  const ElectorateState& e = own.electorate;
  std::string out = fmt::format("guccho-state {}\n", kFormat);
  out += fmt::format("generation {} {} {}\n", own.generation.value, own.base.value, own.loss_accepted ? 1 : 0);
  out += fmt::format("held {} {}\n", id_or_dash(own.held.source), own.held.generation.value);
  out += fmt::format("shard {}\n", own.shard_id.view());
  if (e.list.version != 0) out += fmt::format("voters {}\n", print_list(e.list));
  if (e.promised_round != 0) out += fmt::format("promised {} {}\n", e.promised_round, id_or_dash(e.promised_node));
  if (e.accepted.version != 0) {
    out += fmt::format("accepted {} {} {}\n", e.accepted_round, id_or_dash(e.accepted_node), print_list(e.accepted));
  }
  return out;
}

}  // namespace guccho::cluster

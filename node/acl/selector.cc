// Rules into permissions, and back into text.
#include "node/acl/selector.h"

#include <algorithm>

#include "node/base/glob.h"

namespace guccho::acl {
namespace {

constexpr std::string_view kUnknown = "Unknown command or category name in ACL";
constexpr std::string_view kSyntax = "Syntax error";
constexpr std::string_view kNoMoreKeys =
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try "
    "'resetkeys' to start with an empty list of patterns";
constexpr std::string_view kNoMoreChannels =
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try "
    "'resetchannels' to start with an empty list of channels";
constexpr std::string_view kFirstArgumentOfSubcommand = "Allowing first-arg of a subcommand is not supported";

[[nodiscard]] Status error(std::string_view text) {
  return fail(std::string(text));
}

}  // namespace

bool has_blanks(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= '\t' && c <= '\r') || c == ' ' || c == '\0'; });
}

// ---- rules ----

Status Selector::apply(const Catalog& catalog, std::string_view rule) {
  const auto is = [&](std::string_view word, std::string_view other) {
    return same_ignoring_case(rule, word) || same_ignoring_case(rule, other);
  };
  if (is("allkeys", "~*") || is("resetkeys", "resetkeys")) {
    all_keys_ = !is("resetkeys", "resetkeys");
    keys_.clear();
    return {};
  }
  if (is("allchannels", "&*") || is("resetchannels", "resetchannels")) {
    all_channels_ = !is("resetchannels", "resetchannels");
    channels_.clear();
    return {};
  }
  if (is("allcommands", "+@all") || is("nocommands", "-@all")) {
    set_everything(catalog, is("allcommands", "+@all"));
    return {};
  }
  if (rule.empty()) return error(kSyntax);
  switch (rule.front()) {
    case '~':
    case '%':
      return add_key_pattern(rule);
    case '&':
      return add_channel(rule.substr(1));
    case '+':
    case '-':
      if (rule.substr(1).starts_with('@')) return set_category(catalog, rule.substr(2), rule.front() == '+');
      return rule.front() == '+' ? allow_command(catalog, rule.substr(1)) : forbid_command(catalog, rule.substr(1));
    default:
      return error(kSyntax);
  }
}

// ~pattern, %R~pattern, %W~pattern, %RW~pattern. The same pattern again adds to what it allows.
Status Selector::add_key_pattern(std::string_view rule) {
  if (all_keys_) return error(kNoMoreKeys);
  uint8_t access = kReadWrite;
  std::string_view pattern = rule.substr(1);
  if (rule.front() == '%') {
    access = kNone;
    for (; !pattern.empty() && pattern.front() != '~'; pattern.remove_prefix(1)) {
      const char letter = pattern.front();
      const uint8_t bit = letter == 'R' || letter == 'r' ? kRead : letter == 'W' || letter == 'w' ? kWrite : kNone;
      if (bit == kNone || (access & bit) != 0) return error(kSyntax);
      access = static_cast<uint8_t>(access | bit);
    }
    if (access == kNone) return error(kSyntax);
    // Without a '~' the pattern is empty, as in redis-server.
    if (!pattern.empty()) pattern.remove_prefix(1);
  }
  if (has_blanks(pattern)) return error(kSyntax);
  for (KeyPattern& known : keys_) {
    if (known.pattern != pattern) continue;
    known.access = static_cast<uint8_t>(known.access | access);
    return {};
  }
  keys_.push_back({std::string(pattern), access});
  return {};
}

Status Selector::add_channel(std::string_view pattern) {
  if (all_channels_) return error(kNoMoreChannels);
  if (has_blanks(pattern)) return error(kSyntax);
  if (std::find(channels_.begin(), channels_.end(), pattern) == channels_.end()) channels_.emplace_back(pattern);
  return {};
}

Status Selector::allow_command(const Catalog& catalog, std::string_view name) {
  const size_t bar = name.rfind('|');
  if (bar == std::string_view::npos) {
    const auto id = catalog.find(name);
    if (!id) return error(kUnknown);
    set_command(catalog, *id, true);
    note_rule(catalog[*id].name, true);
    return {};
  }
  const auto container = catalog.find(name.substr(0, bar));
  if (!container) return error(kUnknown);
  if (catalog[*container].is_subcommand) return error(kFirstArgumentOfSubcommand);
  const std::string_view word = name.substr(bar + 1);
  if (word.empty()) return error(kSyntax);
  if (catalog[*container].subcommands > 0) {
    const auto id = catalog.find(name);
    if (!id) return error(kUnknown);
    set_command(catalog, *id, true);
  } else {
    std::vector<std::string>& words = first_arguments_[*container];
    const auto same = [&](const std::string& w) { return same_ignoring_case(w, word); };
    if (std::none_of(words.begin(), words.end(), same)) words.emplace_back(word);
  }
  note_rule(name, true);
  return {};
}

Status Selector::forbid_command(const Catalog& catalog, std::string_view name) {
  const auto id = catalog.find(name);
  if (!id) return error(kUnknown);
  set_command(catalog, *id, false);
  note_rule(catalog[*id].name, false);
  return {};
}

Status Selector::set_category(const Catalog& catalog, std::string_view name, bool allow) {
  const uint32_t bit = catalog.category(name);
  if (bit == 0) return error(kUnknown);
  note_rule("@" + std::string(name), allow);
  for (size_t id = 0; id < catalog.size(); ++id) {
    const auto command = static_cast<uint16_t>(id);
    if ((catalog[command].categories & bit) != 0) set_command(catalog, command, allow);
  }
  return {};
}

void Selector::set_everything(const Catalog& catalog, bool allow) {
  commands_.assign(allow ? catalog.size() : 0, allow);
  all_commands_ = future_commands_ = allow;
  rules_.clear();
  first_arguments_.clear();
}

// The command with its subcommands; what was said about its first arguments is void.
void Selector::set_command(const Catalog& catalog, uint16_t id, bool allow) {
  if (commands_.empty()) commands_.resize(catalog.size());
  const Command& command = catalog[id];
  set_bit(id, allow);
  first_arguments_.erase(id);
  for (uint16_t i = 0; i < command.subcommands; ++i)
    set_bit(static_cast<uint16_t>(command.first_subcommand + i), allow);
}

void Selector::set_bit(uint16_t id, bool allow) {
  commands_[id] = allow;
  if (!allow) all_commands_ = false;
}

// Later rules take the place of earlier ones about the same command or category, and about its subcommands.
void Selector::note_rule(std::string_view rule, bool allow) {
  const std::string text = lower(rule);
  std::erase_if(rules_, [&](const std::string& old) {
    const std::string_view name = std::string_view(old).substr(1);
    return name.starts_with(text) && (name.size() == text.size() || name[text.size()] == '|');
  });
  rules_.push_back((allow ? "+" : "-") + text);
}

// ---- the check ----

Verdict Selector::check(const Request& request) const {
  if (!allows_command(request)) return {Denial::kCommand};
  if (!all_keys_) {
    for (const Request::Key& key : request.keys) {
      if (!allows_key(request.arguments[key.argument], key.access)) return {Denial::kKey, key.argument};
    }
  }
  if (!all_channels_) {
    for (const Request::Channel& channel : request.channels) {
      if (!allows_channel(request.arguments[channel.argument], channel.pattern)) {
        return {Denial::kChannel, channel.argument};
      }
    }
  }
  return {};
}

bool Selector::allows_command(const Request& request) const {
  if (all_commands_ || request.always_allowed) return true;
  if (request.command < commands_.size() && commands_[request.command]) return true;
  const auto words = first_arguments_.find(request.command);
  if (words == first_arguments_.end() || request.arguments.size() < 2) return false;
  return std::any_of(words->second.begin(), words->second.end(),
                     [&](const std::string& word) { return same_ignoring_case(word, request.arguments[1]); });
}

bool Selector::allows_key(std::string_view key, uint8_t access) const {
  return std::any_of(keys_.begin(), keys_.end(),
                     [&](const KeyPattern& k) { return (k.access & access) == access && glob_match(k.pattern, key); });
}

// A pattern must be in the list as it is.
bool Selector::allows_channel(std::string_view channel, bool pattern) const {
  return std::any_of(channels_.begin(), channels_.end(), [&](const std::string& allowed) {
    return pattern ? allowed == channel : glob_match(allowed, channel);
  });
}

// ---- text ----

std::string Selector::command_rules() const {
  std::string out = future_commands_ ? "+@all" : "-@all";
  for (const std::string& rule : rules_) out += " " + rule;
  return out;
}

std::string Selector::key_rules() const {
  if (all_keys_) return "~*";
  std::string out;
  for (const KeyPattern& key : keys_) {
    if (!out.empty()) out += ' ';
    out += key.access == kReadWrite ? "~" : key.access == kRead ? "%R~" : "%W~";
    out += key.pattern;
  }
  return out;
}

std::string Selector::channel_rules() const {
  if (all_channels_) return "&*";
  std::string out;
  for (const std::string& channel : channels_) {
    if (!out.empty()) out += ' ';
    out += "&" + channel;
  }
  return out;
}

std::string Selector::describe() const {
  std::string out = key_rules();
  if (!out.empty()) out += ' ';
  if (!all_channels_) out += "resetchannels ";
  const std::string channels = channel_rules();
  if (!channels.empty()) out += channels + ' ';
  return out + command_rules();
}

}  // namespace guccho::acl

// The rules that are about the user as a whole; those about permissions are the root selector's.
#include "node/acl/user.h"

#include <algorithm>

#include "node/acl/password.h"
#include "node/base/words.h"

namespace guccho::acl {
namespace {

constexpr std::string_view kBadHash =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters";
constexpr std::string_view kNoSuchPassword = "The password you are trying to remove from the user does not exist";

}  // namespace

User::User(std::string name, bool all_channels) : name_(std::move(name)), selectors_{Selector(all_channels)} {}

User User::all_powerful(const Rules& rules) {
  User user("default", false);
  for (const std::string_view rule : {"+@all", "~*", "&*", "on", "nopass"}) (void)user.apply(rules, rule);
  return user;
}

Status User::apply(const Rules& rules, std::string_view rule) {
  Status done = apply_rule(rules, rule);
  unrestricted_ = std::any_of(selectors_.begin(), selectors_.end(),
                              [](const Selector& s) { return s.all_commands() && s.all_keys() && s.all_channels(); });
  return done;
}

Status User::apply_rule(const Rules& rules, std::string_view rule) {
  const auto is = [&](std::string_view word) { return same_ignoring_case(rule, word); };
  if (rule.empty()) return {};
  if (is("on") || is("off")) {
    enabled_ = is("on");
  } else if (is("nopass") || is("resetpass")) {
    no_password_ = is("nopass");
    passwords_.clear();
  } else if (is("sanitize-payload") || is("skip-sanitize-payload")) {
    sanitize_ = is("sanitize-payload");
  } else if (is("clearselectors")) {
    selectors_.erase(selectors_.begin() + 1, selectors_.end());
  } else if (is("reset")) {
    reset(rules);
  } else if (std::string_view("><#!").find(rule.front()) != std::string_view::npos) {
    return change_password(rule);
  } else if (rule.front() == '(' && rule.back() == ')') {
    return add_selector(rules, rule);
  } else {
    return selectors_.front().apply(rules.catalog, rule);
  }
  return {};
}

void User::reset(const Rules& rules) {
  *this = User(std::move(name_), rules.all_channels);
}

// >password and #hash add one, <password and !hash remove one.
Status User::change_password(std::string_view rule) {
  const char kind = rule.front();
  const std::string_view text = rule.substr(1);
  const bool hashed = kind == '#' || kind == '!';
  if (hashed && !is_password_hash(text)) return fail(std::string(kBadHash));
  const std::string hash = hashed ? std::string(text) : hash_password(text);
  const auto known = std::find(passwords_.begin(), passwords_.end(), hash);
  if (kind == '>' || kind == '#') {
    if (known == passwords_.end()) passwords_.push_back(hash);
    no_password_ = false;
    return {};
  }
  if (known == passwords_.end()) return fail(std::string(kNoSuchPassword));
  passwords_.erase(known);
  return {};
}

Status User::add_selector(const Rules& rules, std::string_view text) {
  Selector selector(rules.all_channels);
  // Unbalanced quotes make an empty selector, as in redis-server.
  const Result<std::vector<std::string>> words = split_line(text.substr(1, text.size() - 2));
  for (const std::string& word : words ? *words : std::vector<std::string>()) {
    if (Status s = selector.apply(rules.catalog, word); !s) return s;
  }
  selectors_.push_back(std::move(selector));
  return {};
}

bool User::accepts(std::string_view password) const {
  if (no_password_) return true;
  const std::string hash = hash_password(password);
  bool found = false;
  for (const std::string& known : passwords_) found |= same_hash(known, hash);
  return found;
}

bool User::may_receive(std::string_view channel, bool pattern) const {
  return std::any_of(selectors_.begin(), selectors_.end(),
                     [&](const Selector& s) { return s.allows_channel(channel, pattern); });
}

Verdict User::check(const Request& request) const {
  Verdict told{Denial::kCommand};
  for (const Selector& selector : selectors_) {
    const Verdict verdict = selector.check(request);
    if (verdict) return verdict;
    if (verdict.denial > told.denial || (verdict.denial == told.denial && verdict.argument > told.argument)) {
      told = verdict;
    }
  }
  return told;
}

std::vector<std::string_view> User::flags() const {
  std::vector<std::string_view> flags = {enabled_ ? "on" : "off"};
  if (no_password_) flags.emplace_back("nopass");
  flags.emplace_back(sanitize_ ? "sanitize-payload" : "skip-sanitize-payload");
  return flags;
}

std::string User::describe() const {
  std::string out;
  for (const std::string_view flag : flags()) out += std::string(flag) + " ";
  for (const std::string& hash : passwords_) out += "#" + hash + " ";
  out += selectors_.front().describe();
  for (const Selector& selector : selectors().subspan(1)) out += " (" + selector.describe() + ")";
  return out;
}

}  // namespace guccho::acl

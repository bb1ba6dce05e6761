// Changing the set of users, and reading it from the text of an ACL file.
#include "node/acl/users.h"

#include <fmt/core.h>

#include <optional>

namespace guccho::acl {
namespace {

// A selector may be written over several words: "(+get", "~a)". Joins them; an error at the parenthesis that is not
// closed.
std::expected<std::vector<std::string>, size_t> join_selectors(std::span<const std::string_view> words) {
  std::vector<std::string> joined;
  std::optional<size_t> open;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (open) {
      joined.back() += " " + std::string(word);
      if (word.ends_with(')')) open.reset();
      continue;
    }
    joined.emplace_back(word);
    if (word.starts_with('(') && !word.ends_with(')')) open = i;
  }
  if (open) return std::unexpected(*open);
  return joined;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    words.push_back(word);
    line.remove_prefix(std::min(line.size(), word.size() + 1));
  }
  return words;
}

// The rules of one line of a file. Unknown commands are all told, of other errors the first.
std::string apply_line(const Rules& rules, User& user, std::span<const std::string_view> words,
                       const std::string& where) {
  const auto joined = join_selectors(words);
  if (!joined) return where + ": Unmatched parenthesis in selector definition.";
  std::string errors;
  bool other = false;
  for (const std::string& rule : *joined) {
    const Status done = user.apply(rules, rule);
    if (done) continue;
    const std::string& why = done.error().text;
    if (why.starts_with("Unknown command")) {
      errors += fmt::format("{}: Error in applying operation '{}': {}. ", where, rule, why);
    } else if (!other) {
      errors += fmt::format("{}: {}. ", where, why);
      other = true;
    }
  }
  return errors;
}

}  // namespace

Users::Users(const Rules& rules) {
  put(User::all_powerful(rules));
}

void Users::put(User user) {
  const std::string name = user.name();
  const UserRef shared = std::make_shared<const User>(std::move(user));
  if (name == kDefaultUser) default_ = shared;
  users_.insert_or_assign(name, shared);
}

UserRef Users::find(std::string_view name) const {
  const auto it = users_.find(name);
  return it == users_.end() ? nullptr : it->second;
}

UserRef Users::authenticate(std::string_view name, std::string_view password) const {
  UserRef user = find(name);
  return user != nullptr && user->enabled() && user->accepts(password) ? user : nullptr;
}

Status Users::set(const Rules& rules, std::string_view name, std::span<const std::string_view> changes) {
  const auto joined = join_selectors(changes);
  if (!joined) {
    return fail(fmt::format("Unmatched parenthesis in acl selector starting at '{}'.", changes[joined.error()]));
  }
  const UserRef old = find(name);
  User user = old != nullptr ? *old : User(std::string(name), rules.all_channels);
  for (const std::string& rule : *joined) {
    if (Status s = user.apply(rules, rule); !s) {
      return fail(fmt::format("Error in ACL SETUSER modifier '{}': {}", rule, s.error().text));
    }
  }
  put(std::move(user));
  return {};
}

bool Users::remove(std::string_view name) {
  const auto it = users_.find(name);
  if (it == users_.end() || name == kDefaultUser) return false;
  users_.erase(it);
  return true;
}

void Users::set_default_password(const Rules& rules, std::string_view password) {
  User user = *default_;
  (void)user.apply(rules, "resetpass");
  (void)user.apply(rules, password.empty() ? "nopass" : ">" + std::string(password));
  put(std::move(user));
}

Result<Users> Users::parse(const Rules& rules, std::string_view text, const std::string& path) {
  Users users(rules);
  std::map<std::string, bool, std::less<>> seen;
  std::string errors;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    const std::vector<std::string_view> words = words_of(line);
    const std::string where = fmt::format("{}:{}", path, number);
    if (words[0] != "user" || words.size() < 2) {
      errors += where + " should start with user keyword followed by the username. ";
    } else if (has_blanks(words[1])) {
      errors += fmt::format("'{}: username '{}' contains invalid characters. ", where, words[1]);
    } else if (!seen.emplace(words[1], true).second) {
      errors += fmt::format("WARNING: Duplicate user '{}' found on line {}. ", words[1], number);
    } else {
      User user(std::string(words[1]), rules.all_channels);
      errors += apply_line(rules, user, std::span(words).subspan(2), where);
      users.put(std::move(user));
    }
  }
  if (errors.empty()) return users;
  return fail(errors + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed");
}

std::vector<std::string> Users::lines() const {
  std::vector<std::string> lines;
  for (const auto& [name, user] : users_) lines.push_back("user " + name + " " + user->describe());
  return lines;
}

}  // namespace guccho::acl

// CONFIG GET and CONFIG SET over a Config value.
#include "node/config/edit.h"

#include <fmt/core.h>

#include <set>

#include "node/base/glob.h"
#include "node/config/fields.h"
#include "node/config/load.h"

namespace guccho::config {
namespace {

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

bool may_set_protected(const Config& c, bool from_this_machine) {
  return c.enable_protected_configs == Guard::kYes ||
         (c.enable_protected_configs == Guard::kLocal && from_this_machine);
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace

std::vector<NameValue> get(const Config& config, std::span<const std::string_view> patterns) {
  std::vector<NameValue> out;
  std::set<std::string> seen;
  const auto add = [&](const Directive& d, std::string_view name) {
    if (seen.insert(lower(name)).second) out.emplace_back(name, d.print(d, config));
  };
  for (std::string_view pattern : patterns) {
    if (!has_wildcard(pattern)) {
      if (const Directive* d = find_directive(pattern)) add(*d, pattern);
      continue;
    }
    for (const Directive& d : directives()) {
      if (d.has(kHidden)) continue;
      if (glob_match(pattern, d.name, true)) add(d, d.name);
      if (!d.alias.empty() && glob_match(pattern, d.alias, true)) add(d, d.alias);
    }
  }
  return out;
}

Result<Config> set(const Config& config, std::span<const std::pair<std::string_view, std::string_view>> pairs,
                   bool from_this_machine) {
  // All names are judged before any value, as in Redis.
  std::set<std::string> seen;
  for (const auto& [name, value] : pairs) {
    const Directive* d = find_directive(name);
    if (d == nullptr) return fail(fmt::format("ERR Unknown option or number of arguments for CONFIG SET - '{}'", name));
    if (d->has(kProtected) && !may_set_protected(config, from_this_machine)) {
      return fail(set_failed(name, "can't set protected config"));
    }
    if (d->has(kImmutable)) return fail(set_failed(name, "can't set immutable config"));
    if (!seen.insert(lower(name)).second) return fail(set_failed(name, "duplicate parameter"));
  }
  Config changed = config;
  for (const auto& [name, value] : pairs) {
    const Directive& d = *find_directive(name);
    const std::vector<std::string> args =
        d.has(kManyArguments) ? split_blanks(value) : std::vector<std::string>{std::string(value)};
    if (Status s = d.read(d, args, changed); !s) return fail(set_failed(name, s.error().text));
  }
  if (Status s = check_consistency(changed); !s) return fail(set_failed(pairs.back().first, s.error().text));
  return changed;
}

std::string set_failed(std::string_view name, std::string_view reason) {
  return fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - {}", name, reason);
}

bool is_sensitive(std::string_view name) {
  const Directive* d = find_directive(name);
  return d != nullptr && d->has(kSensitive);
}

}  // namespace guccho::config

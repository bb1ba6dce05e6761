// The families of the command table and what every record must satisfy, checked at compile time.
#pragma once

#include <span>
#include <string_view>

#include "node/commands/command.h"

namespace guccho::commands::records {

std::span<const CommandSpec> acl();
std::span<const CommandSpec> bitmap();
std::span<const CommandSpec> cluster();
std::span<const CommandSpec> connection();
std::span<const CommandSpec> generic();
std::span<const CommandSpec> geo();
std::span<const CommandSpec> hash();
std::span<const CommandSpec> hyperloglog();
std::span<const CommandSpec> introspection();
std::span<const CommandSpec> list();
std::span<const CommandSpec> memory();
std::span<const CommandSpec> migrate();
std::span<const CommandSpec> persistence();
std::span<const CommandSpec> pubsub();
std::span<const CommandSpec> scripting();
std::span<const CommandSpec> server();
std::span<const CommandSpec> set();
std::span<const CommandSpec> sort();
std::span<const CommandSpec> sorted_set();
std::span<const CommandSpec> stream();
std::span<const CommandSpec> string();
std::span<const CommandSpec> transaction();

constexpr bool is_command_name(std::string_view name) {
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || c == '-' || c == '_')) return false;
  }
  return !name.empty();
}

// The flags that say what a command does to its keys: exactly one of them. What is no key has none.
constexpr bool has_one_key_class(uint16_t flags) {
  if ((flags & kKeyNotKey) != 0) return flags == kKeyNotKey;
  const unsigned classes = flags & (kKeyRO | kKeyRW | kKeyOW | kKeyRM);
  return classes != 0 && (classes & (classes - 1)) == 0;
}

constexpr bool well_formed(const KeySpec& key) {
  return has_one_key_class(key.flags) && key.step >= 1 && (key.begin != KeySpec::Begin::kIndex || key.index >= 1) &&
         (key.begin == KeySpec::Begin::kKeyword) == !key.keyword.empty();
}

constexpr bool well_formed(const CommandSpec& spec, bool subcommand) {
  if (!is_command_name(spec.name) || spec.arity == 0 || spec.since.empty() || spec.group.empty()) return false;
  if (subcommand && (spec.arity == -1 || spec.arity == 1 || !spec.subcommands.empty())) return false;
  if (spec.has(kWrite) && spec.has(kReadonly)) return false;
  // A container answers without a subcommand only when its arity is -1 (COMMAND). That it has a handler then is checked
  // by a unit test: addresses of functions are no constants under the undefined behaviour sanitizer.
  if (!spec.subcommands.empty() && spec.arity != -1 && spec.arity != -2) return false;
  // Data commands run on the owner of their keys; without keys there is no owner.
  if (spec.where == Where::kOwner && spec.keys.empty()) return false;
  for (const KeySpec& key : spec.keys) {
    if (!well_formed(key)) return false;
  }
  std::string_view previous;
  for (const CommandSpec& sub : spec.subcommands) {
    if (!well_formed(sub, true) || sub.name <= previous) return false;
    previous = sub.name;
  }
  return true;
}

// Records are in the order of their names, each well formed.
constexpr bool well_formed(std::span<const CommandSpec> specs) {
  std::string_view previous;
  for (const CommandSpec& spec : specs) {
    if (!well_formed(spec, false) || spec.name <= previous) return false;
    previous = spec.name;
  }
  return true;
}

}  // namespace guccho::commands::records

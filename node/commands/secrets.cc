// Finding passwords among arguments.
#include "node/commands/secrets.h"

#include "node/commands/text.h"
#include "node/config/edit.h"

namespace guccho::commands {

namespace {

// Whether args[i] is a user or a password among MIGRATE's options, which end where its keys begin.
bool is_secret_of_migrate(std::span<const std::string_view> args, size_t i) {
  for (size_t at = 6; at < i && !equals_ignore_case("keys", args[at]); ++at) {
    const size_t values = equals_ignore_case("auth2", args[at]) ? 2 : equals_ignore_case("auth", args[at]) ? 1 : 0;
    if (i <= at + values) return true;
    at += values;
  }
  return false;
}

// Whether args[i] is a user or a password among HELLO's options. Behind a word that is none, all may be.
bool is_secret_of_hello(std::span<const std::string_view> args, size_t i) {
  size_t at = 2;
  while (at < i) {
    const bool login = equals_ignore_case("auth", args[at]);
    if (!login && !equals_ignore_case("setname", args[at])) return true;
    const size_t next = at + (login ? 3 : 2);
    if (i < next) return login;
    at = next;
  }
  return false;
}

}  // namespace

bool is_secret(const CommandSpec& spec, std::span<const std::string_view> args, size_t i) {
  if (spec.full_name == "auth") return i >= 1;
  if (spec.full_name == "hello") return is_secret_of_hello(args, i);
  if (spec.full_name == "acl|setuser" || spec.full_name == "acl|deluser" || spec.full_name == "acl|getuser")
    return i >= 2;
  if (spec.full_name == "migrate") return is_secret_of_migrate(args, i);
  return spec.full_name == "config|set" && i >= 3 && i % 2 == 1 && config::is_sensitive(args[i - 1]);
}

}  // namespace guccho::commands

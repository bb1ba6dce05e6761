// Finding passwords among arguments.
#include "node/commands/secrets.h"

#include "node/config/edit.h"

namespace guccho::commands {

bool is_secret(const CommandSpec& spec, std::span<const std::string_view> args, size_t i) {
  if (spec.full_name == "auth") return i >= 1;
  if (spec.full_name == "hello") return i >= 2;
  if (spec.full_name == "acl|setuser" || spec.full_name == "acl|deluser" || spec.full_name == "acl|getuser")
    return i >= 2;
  return spec.full_name == "config|set" && i >= 3 && i % 2 == 1 && config::is_sensitive(args[i - 1]);
}

}  // namespace guccho::commands

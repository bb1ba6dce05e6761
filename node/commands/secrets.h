// Which arguments may be passwords: not shown by SLOWLOG and MONITOR.
#pragma once

#include <span>
#include <string_view>

#include "node/commands/command.h"

namespace guccho::commands {

inline constexpr std::string_view kRedacted = "(redacted)";

// Users and rules of ACL SETUSER, DELUSER and GETUSER, the arguments of AUTH, those of HELLO after the version, what
// follows AUTH and AUTH2 in MIGRATE, and values of sensitive directives in CONFIG SET.
bool is_secret(const CommandSpec& spec, std::span<const std::string_view> args, size_t i);

}  // namespace guccho::commands

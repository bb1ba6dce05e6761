// The HELP subcommands: a heading, one line for each form and what it does, and HELP itself; and the error that points
// to them.
#pragma once

#include <initializer_list>
#include <string_view>

#include "node/commands/context.h"

namespace guccho::commands {

// `lines` are the container's own, explanations indented by four blanks.
void reply_help(Context& c, std::initializer_list<std::string_view> lines);

// "ERR unknown subcommand or wrong number of arguments for 'MEET'. Try CLUSTER HELP."
void subcommand_syntax_error(Context& c);

}  // namespace guccho::commands

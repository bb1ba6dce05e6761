// The frame of every HELP reply.
#include "node/commands/help.h"

#include <string>

#include "node/commands/text.h"

namespace guccho::commands {

void reply_help(Context& c, std::initializer_list<std::string_view> lines) {
  std::string heading;
  for (const char letter : c.spec.parent->name) heading += to_upper(letter);
  heading += " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:";
  c.reply.array(lines.size() + 3);
  c.reply.simple(heading);
  for (const std::string_view line : lines) c.reply.simple(line);
  c.reply.simple("HELP");
  c.reply.simple("    Prints this help.");
}

}  // namespace guccho::commands

// The frame of every HELP reply.
#include "node/commands/help.h"

#include <string>

#include "node/commands/text.h"

namespace guccho::commands {
namespace {

std::string container_name(const Context& c) {
  std::string name(c.spec.parent->name);
  for (char& letter : name) letter = to_upper(letter);
  return name;
}

}  // namespace

void reply_help(Context& c, std::initializer_list<std::string_view> lines) {
  c.reply.array(lines.size() + 3);
  c.reply.simple(container_name(c) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const std::string_view line : lines) c.reply.simple(line);
  c.reply.simple("HELP");
  c.reply.simple("    Prints this help.");
}

void subcommand_syntax_error(Context& c) {
  c.reply.error("ERR unknown subcommand or wrong number of arguments for '" + std::string(c.arg(1).substr(0, 128)) +
                "'. Try " + container_name(c) + " HELP.");
}

}  // namespace guccho::commands

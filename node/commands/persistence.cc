// Commands about files, of which this version writes none, and about modules, of which there are none: what they say
// instead is in the order in which redis-server checks its arguments.
#include <string>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/text.h"

namespace guccho::commands::handlers {
namespace {

void no_files(Context& c, std::string_view name) {
  c.reply.error("ERR " + std::string(name) +
                " is not available: this version writes no files, the copies of the data "
                "are its replicas'");
}

void no_modules(Context& c) {
  c.reply.error("ERR MODULE command not allowed. This server has no modules, whatever enable-module-command says.");
}

}  // namespace

void bgrewriteaof(Context& c) {
  no_files(c, "BGREWRITEAOF");
}

void bgsave(Context& c) {
  if (c.argc() > 2 || (c.argc() == 2 && !equals_ignore_case("schedule", c.arg(1)))) return c.syntax_error();
  no_files(c, "BGSAVE");
}

void save(Context& c) {
  no_files(c, "SAVE");
}

// As redis-server before its first save: its start.
void lastsave(Context& c) {
  c.reply.integer(c.host.started().time_since_epoch().count() / 1000);
}

void module_help(Context& c) {
  reply_help(c, {"LIST", "    Return a list of loaded modules.", "LOAD <path> [<arg> ...]",
                 "    Load a module library from <path>, passing to it any optional arguments.",
                 "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
                 "    Load a module library from <path>, while passing it module configurations and optional "
                 "arguments.",
                 "UNLOAD <name>", "    Unload a module."});
}

void module_list(Context& c) {
  c.reply.array(0);
}

void module_load(Context& c) {
  no_modules(c);
}
void module_loadex(Context& c) {
  no_modules(c);
}
void module_unload(Context& c) {
  no_modules(c);
}

}  // namespace guccho::commands::handlers

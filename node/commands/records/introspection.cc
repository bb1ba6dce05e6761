// COMMAND: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr CommandSpec kCommandSubcommands[] = {
    {
        .name = "count",
        .handler = handlers::command_count,
        .arity = 2,
        .flags = kLoading | kStale,
        .categories = kCatConnection,
        .where = Where::kHome,
        .since = "2.8.13",
        .group = "server",
        .summary = "Get total number of Redis commands",
        .complexity = "O(1)",
    },
    {
        .name = "docs",
        .handler = handlers::command_docs,
        .arity = -2,
        .flags = kLoading | kStale,
        .categories = kCatConnection,
        .where = Where::kHome,
        .tips = "nondeterministic_output_order",
        .since = "7.0.0",
        .group = "server",
        .summary = "Get array of specific Redis command documentation",
        .complexity = "O(N) where N is the number of commands to look up",
        .arguments = "command-name/string?*",
    },
    {
        .name = "getkeys",
        .handler = handlers::command_getkeys,
        .arity = -4,
        .flags = kLoading | kStale,
        .categories = kCatConnection,
        .where = Where::kHome,
        .since = "2.8.13",
        .group = "server",
        .summary = "Extract keys given a full Redis command",
        .complexity = "O(N) where N is the number of arguments to the command",
    },
    {
        .name = "getkeysandflags",
        .handler = handlers::command_getkeysandflags,
        .arity = -4,
        .flags = kLoading | kStale,
        .categories = kCatConnection,
        .where = Where::kHome,
        .since = "7.0.0",
        .group = "server",
        .summary = "Extract keys and access flags given a full Redis command",
        .complexity = "O(N) where N is the number of arguments to the command",
    },
    {
        .name = "help",
        .handler = handlers::command_help,
        .arity = 2,
        .flags = kLoading | kStale,
        .categories = kCatConnection,
        .where = Where::kHome,
        .since = "5.0.0",
        .group = "server",
        .summary = "Show helpful text about the different subcommands",
        .complexity = "O(1)",
    },
    {
        .name = "info",
        .handler = handlers::command_info,
        .arity = -2,
        .flags = kLoading | kStale,
        .categories = kCatConnection,
        .where = Where::kHome,
        .tips = "nondeterministic_output_order",
        .since = "2.8.13",
        .group = "server",
        .summary = "Get array of specific Redis command details, or all when no argument is given.",
        .complexity = "O(N) where N is the number of commands to look up",
        .history = "7.0.0 Allowed to be called with no argument to get info on all commands.",
        .arguments = "command-name/string?*",
    },
    {
        .name = "list",
        .handler = handlers::command_list,
        .arity = -2,
        .flags = kLoading | kStale,
        .categories = kCatConnection,
        .where = Where::kHome,
        .tips = "nondeterministic_output_order",
        .since = "7.0.0",
        .group = "server",
        .summary = "Get an array of Redis command names",
        .complexity = "O(N) where N is the total number of Redis commands",
        .arguments =
            "filterby/oneof=FILTERBY?{module-name/string=MODULE category/string=ACLCAT pattern/pattern=PATTERN}",
    },
};

constexpr CommandSpec kRecords[] = {
    {
        .name = "command",
        .handler = handlers::command,
        .arity = -1,
        .flags = kLoading | kStale,
        .categories = kCatConnection,
        .where = Where::kHome,
        .subcommands = kCommandSubcommands,
        .tips = "nondeterministic_output_order",
        .since = "2.8.13",
        .group = "server",
        .summary = "Get array of Redis command details",
        .complexity = "O(N) where N is the total number of Redis commands",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> introspection() {
  return kRecords;
}

}  // namespace guccho::commands::records

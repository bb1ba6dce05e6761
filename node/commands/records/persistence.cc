// Files and modules: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr CommandSpec kModuleSubcommands[] = {
    {
        .name = "help",
        .handler = handlers::module_help,
        .arity = 2,
        .flags = kLoading | kStale,
        .where = Where::kHome,
        .since = "5.0.0",
        .group = "server",
        .summary = "Show helpful text about the different subcommands",
        .complexity = "O(1)",
    },
    {
        .name = "list",
        .handler = handlers::module_list,
        .arity = 2,
        .flags = kAdmin | kNoScript,
        .where = Where::kHome,
        .tips = "nondeterministic_output_order",
        .since = "4.0.0",
        .group = "server",
        .summary = "List all modules loaded by the server",
        .complexity = "O(N) where N is the number of loaded modules.",
    },
    {
        .name = "load",
        .handler = handlers::module_load,
        .arity = -3,
        .flags = kAdmin | kNoScript | kNoAsyncLoading,
        .where = Where::kHome,
        .since = "4.0.0",
        .group = "server",
        .summary = "Load a module",
        .complexity = "O(1)",
        .arguments = "path/string arg/string?*",
    },
    {
        .name = "loadex",
        .handler = handlers::module_loadex,
        .arity = -3,
        .flags = kAdmin | kNoScript | kNoAsyncLoading,
        .where = Where::kHome,
        .since = "7.0.0",
        .group = "server",
        .summary = "Load a module with extended parameters",
        .complexity = "O(1)",
        .arguments = "path/string configs/block=CONFIG?*+{name/string value/string} args/block=ARGS?*{arg/string}",
    },
    {
        .name = "unload",
        .handler = handlers::module_unload,
        .arity = 3,
        .flags = kAdmin | kNoScript | kNoAsyncLoading,
        .where = Where::kHome,
        .since = "4.0.0",
        .group = "server",
        .summary = "Unload a module",
        .complexity = "O(1)",
        .arguments = "name/string",
    },
};

constexpr CommandSpec kRecords[] = {
    {
        .name = "bgrewriteaof",
        .handler = handlers::bgrewriteaof,
        .arity = 1,
        .flags = kAdmin | kNoScript | kNoAsyncLoading,
        .where = Where::kHome,
        .since = "1.0.0",
        .group = "server",
        .summary = "Asynchronously rewrite the append-only file",
        .complexity = "O(1)",
    },
    {
        .name = "bgsave",
        .handler = handlers::bgsave,
        .arity = -1,
        .flags = kAdmin | kNoScript | kNoAsyncLoading,
        .where = Where::kHome,
        .since = "1.0.0",
        .group = "server",
        .summary = "Asynchronously save the dataset to disk",
        .complexity = "O(1)",
        .history = "3.2.2 Added the `SCHEDULE` option.",
        .arguments = "schedule/pure-token=SCHEDULE@3.2.2?",
    },
    {
        .name = "lastsave",
        .handler = handlers::lastsave,
        .arity = 1,
        .flags = kLoading | kStale | kFast,
        .categories = kCatAdmin | kCatDangerous,
        .where = Where::kHome,
        .tips = "nondeterministic_output",
        .since = "1.0.0",
        .group = "server",
        .summary = "Get the UNIX time stamp of the last successful save to disk",
        .complexity = "O(1)",
    },
    {
        .name = "module",
        .arity = -2,
        .where = Where::kHome,
        .subcommands = kModuleSubcommands,
        .since = "4.0.0",
        .group = "server",
        .summary = "A container for module commands",
        .complexity = "Depends on subcommand.",
    },
    {
        .name = "save",
        .handler = handlers::save,
        .arity = 1,
        .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
        .where = Where::kHome,
        .since = "1.0.0",
        .group = "server",
        .summary = "Synchronously save the dataset to disk",
        .complexity = "O(N) where N is the total number of keys in all databases",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> persistence() {
  return kRecords;
}

}  // namespace guccho::commands::records

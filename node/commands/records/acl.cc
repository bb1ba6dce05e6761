// ACL: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr CommandSpec kSubcommands[] = {
    {
        .name = "cat",
        .handler = handlers::acl_cat,
        .arity = -2,
        .flags = kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .since = "6.0.0",
        .group = "server",
        .summary = "List the ACL categories or the commands inside a category",
        .complexity = "O(1) since the categories and commands are a fixed set.",
        .arguments = "categoryname/string?",
    },
    {
        .name = "deluser",
        .handler = handlers::acl_deluser,
        .arity = -3,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kExclusive,
        .since = "6.0.0",
        .group = "server",
        .summary = "Remove the specified ACL users and the associated rules",
        .complexity = "O(1) amortized time considering the typical user.",
        .arguments = "username/string*",
    },
    {
        .name = "dryrun",
        .handler = handlers::acl_dryrun,
        .arity = -4,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .since = "7.0.0",
        .group = "server",
        .summary = "Returns whether the user can execute the given command without executing the command.",
        .complexity = "O(1).",
        .arguments = "username/string command/string arg/string?*",
    },
    {
        .name = "genpass",
        .handler = handlers::acl_genpass,
        .arity = -2,
        .flags = kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .since = "6.0.0",
        .group = "server",
        .summary = "Generate a pseudorandom secure password to use for ACL users",
        .complexity = "O(1)",
        .arguments = "bits/integer?",
    },
    {
        .name = "getuser",
        .handler = handlers::acl_getuser,
        .arity = 3,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .since = "6.0.0",
        .group = "server",
        .summary = "Get the rules for a specific ACL user",
        .complexity = "O(N). Where N is the number of password, command and pattern rules that the user has.",
        .history = "6.2.0 Added Pub/Sub channel patterns.\n"
                   "7.0.0 Added selectors and changed the format of key and channel patterns from a list to their "
                   "rule representation.",
        .arguments = "username/string",
    },
    {
        .name = "help",
        .handler = handlers::acl_help,
        .arity = 2,
        .flags = kLoading | kStale,
        .where = Where::kHome,
        .since = "6.0.0",
        .group = "server",
        .summary = "Show helpful text about the different subcommands",
        .complexity = "O(1)",
    },
    {
        .name = "list",
        .handler = handlers::acl_list,
        .arity = 2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .since = "6.0.0",
        .group = "server",
        .summary = "List the current ACL rules in ACL config file format",
        .complexity = "O(N). Where N is the number of configured users.",
    },
    {
        .name = "load",
        .handler = handlers::acl_load,
        .arity = 2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kExclusive,
        .since = "6.0.0",
        .group = "server",
        .summary = "Reload the ACLs from the configured ACL file",
        .complexity = "O(N). Where N is the number of configured users.",
    },
    {
        .name = "log",
        .handler = handlers::acl_log,
        .arity = -2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .since = "6.0.0",
        .group = "server",
        .summary = "List latest events denied because of ACLs in place",
        .complexity = "O(N) with N being the number of entries shown.",
        .history = "7.2.0 Added entry ID, timestamp created, and timestamp last updated.",
        .arguments = "operation/oneof?{count/integer reset/pure-token=RESET}",
    },
    {
        .name = "save",
        .handler = handlers::acl_save,
        .arity = 2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kExclusive,
        .since = "6.0.0",
        .group = "server",
        .summary = "Save the current ACL rules in the configured ACL file",
        .complexity = "O(N). Where N is the number of configured users.",
    },
    {
        .name = "setuser",
        .handler = handlers::acl_setuser,
        .arity = -3,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kExclusive,
        .since = "6.0.0",
        .group = "server",
        .summary = "Modify or create the rules for a specific ACL user",
        .complexity = "O(N). Where N is the number of rules provided.",
        .history = "6.2.0 Added Pub/Sub channel patterns.\n7.0.0 Added selectors and key based permissions.",
        .arguments = "username/string rule/string?*",
    },
    {
        .name = "users",
        .handler = handlers::acl_users,
        .arity = 2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .since = "6.0.0",
        .group = "server",
        .summary = "List the username of all the configured ACL rules",
        .complexity = "O(N). Where N is the number of configured users.",
    },
    {
        .name = "whoami",
        .handler = handlers::acl_whoami,
        .arity = 2,
        .flags = kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .since = "6.0.0",
        .group = "server",
        .summary = "Return the name of the user associated to the current connection",
        .complexity = "O(1)",
    },
};

constexpr CommandSpec kRecords[] = {
    {
        .name = "acl",
        .arity = -2,
        .where = Where::kHome,
        .subcommands = kSubcommands,
        .since = "6.0.0",
        .group = "server",
        .summary = "A container for Access List Control commands ",
        .complexity = "Depends on subcommand.",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> acl() {
  return kRecords;
}

}  // namespace guccho::commands::records

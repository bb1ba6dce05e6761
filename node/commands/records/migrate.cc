// MIGRATE: the record of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

// find_keys() does not go by the second one, whose word may also be a password (keys.cc).
constexpr KeySpec kMigrateKeys[] = {{.flags = kKeyRW | kKeyAccess | kKeyDelete, .index = 3},
                                    {.flags = kKeyRW | kKeyAccess | kKeyDelete | kKeyIncomplete,
                                     .begin = KeySpec::Begin::kKeyword,
                                     .index = -2,
                                     .keyword = "KEYS",
                                     .last = -1}};

constexpr CommandSpec kRecords[] = {
    {
        .name = "migrate",
        .handler = handlers::migrate,
        .arity = -6,
        .flags = kWrite | kMovableKeys,
        .categories = kCatKeyspace | kCatDangerous,
        .where = Where::kHome,
        .keys = kMigrateKeys,
        .tips = "nondeterministic_output",
        .since = "2.6.0",
        .group = "generic",
        .summary = "Atomically transfer a key from a Redis instance to another one.",
        .complexity =
            "This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the target instance. "
            "See the pages of these commands for time complexity. Also an O(N) data transfer between the two instances "
            "is performed.",
        .history = "3.0.0 Added the `COPY` and `REPLACE` options.\n3.0.6 Added the `KEYS` option.\n4.0.7 Added the "
                   "`AUTH` option.\n6.0.0 Added the `AUTH2` option.",
        .arguments = "host/string port/integer key_or_empty_string/oneof{key/key#0 empty_string/pure-token=\"\"} "
                     "destination-db/integer timeout/integer copy/pure-token=COPY@3.0.0? "
                     "replace/pure-token=REPLACE@3.0.0? authentication/oneof?{password/string=AUTH@4.0.7 "
                     "username_password/block=AUTH2@6.0.0{username/string password/string}} "
                     "key/key#1=KEYS@3.0.6?*",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> migrate() {
  return kRecords;
}

}  // namespace guccho::commands::records

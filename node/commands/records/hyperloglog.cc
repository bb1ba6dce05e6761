// HyperLogLog: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr KeySpec kCountKeys[] = {
    {.flags = kKeyRW | kKeyAccess,
     .index = 1,
     .last = -1,
     .notes = "RW because it may change the internal representation of the key, and propagate to replicas"}};
constexpr KeySpec kDebugKey[] = {{.flags = kKeyRW | kKeyAccess, .index = 2}};
constexpr KeySpec kMergeKeys[] = {{.flags = kKeyRW | kKeyAccess | kKeyInsert, .index = 1},
                                  {.flags = kKeyRO | kKeyAccess, .index = 2, .last = -1}};

constexpr CommandSpec kRecords[] = {
    {
        .name = "pfadd",
        .handler = handlers::pfadd,
        .arity = -2,
        .flags = kWrite | kDenyOom | kFast,
        .categories = kCatHyperLogLog,
        .keys = kInsertKey,
        .since = "2.8.9",
        .group = "hyperloglog",
        .summary = "Adds the specified elements to the specified HyperLogLog.",
        .complexity = "O(1) to add every element.",
        .arguments = "key/key#0 element/string?*",
    },
    {
        .name = "pfcount",
        .handler = handlers::pfcount,
        .arity = -2,
        .flags = kReadonly | kMayReplicate,
        .categories = kCatHyperLogLog,
        .keys = kCountKeys,
        .since = "2.8.9",
        .group = "hyperloglog",
        .summary = "Return the approximated cardinality of the set(s) observed by the HyperLogLog at key(s).",
        .complexity = "O(1) with a very small average constant time when called with a single key. O(N) with N being "
                      "the number of keys, and much bigger constant times, when called with multiple keys.",
        .arguments = "key/key#0*",
    },
    {
        .name = "pfdebug",
        .handler = handlers::pfdebug,
        .arity = 3,
        .flags = kWrite | kDenyOom | kAdmin,
        .categories = kCatHyperLogLog,
        .keys = kDebugKey,
        .since = "2.8.9",
        .group = "hyperloglog",
        .doc_flags = kDocSyscmd,
        .summary = "Internal commands for debugging HyperLogLog values",
        .complexity = "N/A",
        .arguments = "subcommand/string key/key#0",
    },
    {
        .name = "pfmerge",
        .handler = handlers::pfmerge,
        .arity = -2,
        .flags = kWrite | kDenyOom,
        .categories = kCatHyperLogLog,
        .keys = kMergeKeys,
        .since = "2.8.9",
        .group = "hyperloglog",
        .summary = "Merge N different HyperLogLogs into a single one.",
        .complexity = "O(N) to merge N HyperLogLogs, but with high constant times.",
        .arguments = "destkey/key#0 sourcekey/key#1*",
    },
    {
        .name = "pfselftest",
        .handler = handlers::pfselftest,
        .arity = 1,
        .flags = kAdmin,
        .categories = kCatHyperLogLog,
        .where = Where::kHome,
        .since = "2.8.9",
        .group = "hyperloglog",
        .doc_flags = kDocSyscmd,
        .summary = "An internal command for testing HyperLogLog values",
        .complexity = "N/A",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> hyperloglog() {
  return kRecords;
}

}  // namespace guccho::commands::records

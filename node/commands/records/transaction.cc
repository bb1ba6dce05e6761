// Transactions: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr CommandSpec kRecords[] = {
    {
        .name = "discard",
        .handler = handlers::discard,
        .arity = 1,
        .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
        .categories = kCatTransaction,
        .where = Where::kHome,
        .since = "2.0.0",
        .group = "transactions",
        .summary = "Discard all commands issued after MULTI",
        .complexity = "O(N), when N is the number of queued commands",
    },
    {
        .name = "exec",
        .arity = 1,
        .flags = kNoScript | kLoading | kStale | kSkipSlowlog,
        .categories = kCatTransaction,
        .where = Where::kHome,
        .since = "1.2.0",
        .group = "transactions",
        .summary = "Execute all commands issued after MULTI",
        .complexity = "Depends on commands in the transaction",
    },
    {
        .name = "multi",
        .handler = handlers::multi,
        .arity = 1,
        .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
        .categories = kCatTransaction,
        .where = Where::kHome,
        .since = "1.2.0",
        .group = "transactions",
        .summary = "Mark the start of a transaction block",
        .complexity = "O(1)",
    },
    {
        .name = "unwatch",
        .handler = handlers::unwatch,
        .arity = 1,
        .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
        .categories = kCatTransaction,
        .where = Where::kHome,
        .since = "2.2.0",
        .group = "transactions",
        .summary = "Forget about all watched keys",
        .complexity = "O(1)",
    },
    {
        .name = "watch",
        .arity = -2,
        .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
        .categories = kCatTransaction,
        .keys = kProbeKeys,
        .since = "2.2.0",
        .group = "transactions",
        .summary = "Watch the given keys to determine execution of the MULTI/EXEC block",
        .complexity = "O(1) for every key.",
        .arguments = "key/key#0*",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> transaction() {
  return kRecords;
}

}  // namespace guccho::commands::records

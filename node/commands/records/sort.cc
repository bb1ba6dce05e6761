// SORT: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr KeySpec kSortedKey = {.flags = kKeyRO | kKeyAccess, .index = 1};
constexpr KeySpec kPatternKeys = {
    .flags = kKeyRO | kKeyAccess,
    .begin = KeySpec::Begin::kUnknown,
    .find = KeySpec::Find::kUnknown,
    .notes =
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of "
        "the key we sort"};
constexpr KeySpec kStoredKey = {
    .flags = kKeyOW | kKeyUpdate,
    .begin = KeySpec::Begin::kUnknown,
    .find = KeySpec::Find::kUnknown,
    .notes =
        "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the "
        "argument array"};
constexpr KeySpec kSortKeys[] = {kSortedKey, kPatternKeys, kStoredKey};
constexpr KeySpec kSortRoKeys[] = {kSortedKey, kPatternKeys};

constexpr CommandSpec kRecords[] = {
    {
        .name = "sort",
        .handler = handlers::sort,
        .arity = -2,
        .flags = kWrite | kDenyOom | kMovableKeys,
        .categories = kCatSet | kCatSortedSet | kCatList | kCatDangerous,
        .keys = kSortKeys,
        .since = "1.0.0",
        .group = "generic",
        .summary = "Sort the elements in a list, set or sorted set",
        .complexity = "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number "
                      "of returned elements. When the elements are not sorted, complexity is O(N).",
        .arguments = "key/key#0 pattern/pattern#1=BY? offset_count/block=LIMIT?{offset/integer count/integer} "
                     "pattern/pattern#1=GET?*+ order/oneof?{asc/pure-token=ASC desc/pure-token=DESC} "
                     "sorting/pure-token=ALPHA? destination/key#2=STORE?",
    },
    {
        .name = "sort_ro",
        .handler = handlers::sort_ro,
        .arity = -2,
        .flags = kReadonly | kMovableKeys,
        .categories = kCatSet | kCatSortedSet | kCatList | kCatDangerous,
        .keys = kSortRoKeys,
        .since = "7.0.0",
        .group = "generic",
        .summary = "Sort the elements in a list, set or sorted set. Read-only variant of SORT.",
        .complexity = "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number "
                      "of returned elements. When the elements are not sorted, complexity is O(N).",
        .arguments = "key/key#0 pattern/pattern#1=BY? offset_count/block=LIMIT?{offset/integer count/integer} "
                     "pattern/pattern#1=GET?*+ order/oneof?{asc/pure-token=ASC desc/pure-token=DESC} "
                     "sorting/pure-token=ALPHA?",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> sort() {
  return kRecords;
}

}  // namespace guccho::commands::records

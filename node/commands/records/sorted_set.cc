// Sorted sets: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr KeySpec kBzmpopKeys[] = {
    {.flags = kKeyRW | kKeyAccess | kKeyDelete, .index = 2, .find = KeySpec::Find::kKeynum, .first_key = 1}};
constexpr KeySpec kBzpopmaxKeys[] = {{.flags = kKeyRW | kKeyAccess | kKeyDelete, .index = 1, .last = -2}};
constexpr KeySpec kZdiffKeys[] = {
    {.flags = kKeyRO | kKeyAccess, .index = 1, .find = KeySpec::Find::kKeynum, .first_key = 1}};
constexpr KeySpec kZdiffstoreKeys[] = {
    {.flags = kKeyOW | kKeyUpdate, .index = 1},
    {.flags = kKeyRO | kKeyAccess, .index = 2, .find = KeySpec::Find::kKeynum, .first_key = 1}};
constexpr KeySpec kZmpopKeys[] = {
    {.flags = kKeyRW | kKeyAccess | kKeyDelete, .index = 1, .find = KeySpec::Find::kKeynum, .first_key = 1}};
constexpr KeySpec kZrangestoreKeys[] = {{.flags = kKeyOW | kKeyUpdate, .index = 1},
                                        {.flags = kKeyRO | kKeyAccess, .index = 2}};
constexpr KeySpec kZremKeys[] = {{.flags = kKeyRW | kKeyDelete, .index = 1}};

constexpr CommandSpec kRecords[] = {
    {
        .name = "bzmpop",
        .handler = handlers::bzmpop,
        .arity = -5,
        .flags = kWrite | kBlocking | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kBzmpopKeys,
        .since = "7.0.0",
        .group = "sorted-set",
        .summary = "Remove and return members with scores in a sorted set or block until one is available",
        .complexity = "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in "
                      "the sorted set, and M being the number of elements popped.",
        .arguments = "timeout/double numkeys/integer key/key#0* where/oneof{min/pure-token=MIN max/pure-token=MAX} "
                     "count/integer=COUNT?",
    },
    {
        .name = "bzpopmax",
        .handler = handlers::bzpopmax,
        .arity = -3,
        .flags = kWrite | kNoScript | kBlocking | kFast,
        .categories = kCatSortedSet,
        .keys = kBzpopmaxKeys,
        .since = "5.0.0",
        .group = "sorted-set",
        .summary = "Remove and return the member with the highest score from one or more sorted sets, or block until "
                   "one is available",
        .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
        .history = "6.0.0 `timeout` is interpreted as a double instead of an integer.",
        .arguments = "key/key#0* timeout/double",
    },
    {
        .name = "bzpopmin",
        .handler = handlers::bzpopmin,
        .arity = -3,
        .flags = kWrite | kNoScript | kBlocking | kFast,
        .categories = kCatSortedSet,
        .keys = kBzpopmaxKeys,
        .since = "5.0.0",
        .group = "sorted-set",
        .summary = "Remove and return the member with the lowest score from one or more sorted sets, or block until "
                   "one is available",
        .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
        .history = "6.0.0 `timeout` is interpreted as a double instead of an integer.",
        .arguments = "key/key#0* timeout/double",
    },
    {
        .name = "zadd",
        .handler = handlers::zadd,
        .arity = -4,
        .flags = kWrite | kDenyOom | kFast,
        .categories = kCatSortedSet,
        .keys = kUpdateKey,
        .element = -1,
        .since = "1.2.0",
        .group = "sorted-set",
        .summary = "Add one or more members to a sorted set, or update its score if it already exists",
        .complexity = "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
        .history = "2.4.0 Accepts multiple elements.\n"
                   "3.0.2 Added the `XX`, `NX`, `CH` and `INCR` options.\n"
                   "6.2.0 Added the `GT` and `LT` options.",
        .arguments = "key/key#0 condition/oneof@3.0.2?{nx/pure-token=NX xx/pure-token=XX} "
                     "comparison/oneof@6.2.0?{gt/pure-token=GT lt/pure-token=LT} change/pure-token=CH@3.0.2? "
                     "increment/pure-token=INCR@3.0.2? score_member/block*{score/double member/string}",
    },
    {
        .name = "zcard",
        .handler = handlers::zcard,
        .arity = 2,
        .flags = kReadonly | kFast,
        .categories = kCatSortedSet,
        .keys = kProbeKey,
        .since = "1.2.0",
        .group = "sorted-set",
        .summary = "Get the number of members in a sorted set",
        .complexity = "O(1)",
        .arguments = "key/key#0",
    },
    {
        .name = "zcount",
        .handler = handlers::zcount,
        .arity = 4,
        .flags = kReadonly | kFast,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .since = "2.0.0",
        .group = "sorted-set",
        .summary = "Count the members in a sorted set with scores within the given values",
        .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
        .arguments = "key/key#0 min/double max/double",
    },
    {
        .name = "zdiff",
        .handler = handlers::zdiff,
        .arity = -3,
        .flags = kReadonly | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kZdiffKeys,
        .since = "6.2.0",
        .group = "sorted-set",
        .summary = "Subtract multiple sorted sets",
        .complexity = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the "
                      "size of the first set, and K is the size of the result set.",
        .arguments = "numkeys/integer key/key#0* withscores/pure-token=WITHSCORES?",
    },
    {
        .name = "zdiffstore",
        .handler = handlers::zdiffstore,
        .arity = -4,
        .flags = kWrite | kDenyOom | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kZdiffstoreKeys,
        .since = "6.2.0",
        .group = "sorted-set",
        .summary = "Subtract multiple sorted sets and store the resulting sorted set in a new key",
        .complexity = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the "
                      "size of the first set, and K is the size of the result set.",
        .arguments = "destination/key#0 numkeys/integer key/key#1*",
    },
    {
        .name = "zincrby",
        .handler = handlers::zincrby,
        .arity = 4,
        .flags = kWrite | kDenyOom | kFast,
        .categories = kCatSortedSet,
        .keys = kModifyKey,
        .element = -1,
        .since = "1.2.0",
        .group = "sorted-set",
        .summary = "Increment the score of a member in a sorted set",
        .complexity = "O(log(N)) where N is the number of elements in the sorted set.",
        .arguments = "key/key#0 increment/integer member/string",
    },
    {
        .name = "zinter",
        .handler = handlers::zinter,
        .arity = -3,
        .flags = kReadonly | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kZdiffKeys,
        .since = "6.2.0",
        .group = "sorted-set",
        .summary = "Intersect multiple sorted sets",
        .complexity = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of "
                      "input sorted sets and M being the number of elements in the resulting sorted set.",
        .arguments =
            "numkeys/integer key/key#0* weight/integer=WEIGHTS?* aggregate/oneof=AGGREGATE?{sum/pure-token=SUM "
            "min/pure-token=MIN max/pure-token=MAX} withscores/pure-token=WITHSCORES?",
    },
    {
        .name = "zintercard",
        .handler = handlers::zintercard,
        .arity = -3,
        .flags = kReadonly | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kZdiffKeys,
        .since = "7.0.0",
        .group = "sorted-set",
        .summary = "Intersect multiple sorted sets and return the cardinality of the result",
        .complexity =
            "O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.",
        .arguments = "numkeys/integer key/key#0* limit/integer=LIMIT?",
    },
    {
        .name = "zinterstore",
        .handler = handlers::zinterstore,
        .arity = -4,
        .flags = kWrite | kDenyOom | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kZdiffstoreKeys,
        .since = "2.0.0",
        .group = "sorted-set",
        .summary = "Intersect multiple sorted sets and store the resulting sorted set in a new key",
        .complexity = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of "
                      "input sorted sets and M being the number of elements in the resulting sorted set.",
        .arguments = "destination/key#0 numkeys/integer key/key#1* weight/integer=WEIGHTS?* "
                     "aggregate/oneof=AGGREGATE?{sum/pure-token=SUM min/pure-token=MIN max/pure-token=MAX}",
    },
    {
        .name = "zlexcount",
        .handler = handlers::zlexcount,
        .arity = 4,
        .flags = kReadonly | kFast,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .since = "2.8.9",
        .group = "sorted-set",
        .summary = "Count the number of members in a sorted set between a given lexicographical range",
        .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
        .arguments = "key/key#0 min/string max/string",
    },
    {
        .name = "zmpop",
        .handler = handlers::zmpop,
        .arity = -4,
        .flags = kWrite | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kZmpopKeys,
        .since = "7.0.0",
        .group = "sorted-set",
        .summary = "Remove and return members with scores in a sorted set",
        .complexity = "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in "
                      "the sorted set, and M being the number of elements popped.",
        .arguments =
            "numkeys/integer key/key#0* where/oneof{min/pure-token=MIN max/pure-token=MAX} count/integer=COUNT?",
    },
    {
        .name = "zmscore",
        .handler = handlers::zmscore,
        .arity = -3,
        .flags = kReadonly | kFast,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .element = 2,
        .since = "6.2.0",
        .group = "sorted-set",
        .summary = "Get the score associated with the given members in a sorted set",
        .complexity = "O(N) where N is the number of members being requested.",
        .arguments = "key/key#0 member/string*",
    },
    {
        .name = "zpopmax",
        .handler = handlers::zpopmax,
        .arity = -2,
        .flags = kWrite | kFast,
        .categories = kCatSortedSet,
        .keys = kTakeKey,
        .since = "5.0.0",
        .group = "sorted-set",
        .summary = "Remove and return members with the highest scores in a sorted set",
        .complexity = "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of "
                      "elements popped.",
        .arguments = "key/key#0 count/integer?",
    },
    {
        .name = "zpopmin",
        .handler = handlers::zpopmin,
        .arity = -2,
        .flags = kWrite | kFast,
        .categories = kCatSortedSet,
        .keys = kTakeKey,
        .since = "5.0.0",
        .group = "sorted-set",
        .summary = "Remove and return members with the lowest scores in a sorted set",
        .complexity = "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of "
                      "elements popped.",
        .arguments = "key/key#0 count/integer?",
    },
    {
        .name = "zrandmember",
        .handler = handlers::zrandmember,
        .arity = -2,
        .flags = kReadonly,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .tips = "nondeterministic_output",
        .since = "6.2.0",
        .group = "sorted-set",
        .summary = "Get one or multiple random elements from a sorted set",
        .complexity = "O(N) where N is the number of elements returned",
        .arguments = "key/key#0 options/block?{count/integer withscores/pure-token=WITHSCORES?}",
    },
    {
        .name = "zrange",
        .handler = handlers::zrange,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .since = "1.2.0",
        .group = "sorted-set",
        .summary = "Return a range of members in a sorted set",
        .complexity =
            "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.",
        .history = "6.2.0 Added the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options.",
        .arguments = "key/key#0 start/string stop/string sortby/oneof@6.2.0?{byscore/pure-token=BYSCORE "
                     "bylex/pure-token=BYLEX} rev/pure-token=REV@6.2.0? offset_count/block=LIMIT@6.2.0?{offset/integer "
                     "count/integer} withscores/pure-token=WITHSCORES?",
    },
    {
        .name = "zrangebylex",
        .handler = handlers::zrangebylex,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .since = "2.8.9",
        .group = "sorted-set",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`ZRANGE` with the `BYLEX` argument",
        .summary = "Return a range of members in a sorted set, by lexicographical range",
        .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
                      "being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you "
                      "can consider it O(log(N)).",
        .arguments = "key/key#0 min/string max/string offset_count/block=LIMIT?{offset/integer count/integer}",
    },
    {
        .name = "zrangebyscore",
        .handler = handlers::zrangebyscore,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .since = "1.0.5",
        .group = "sorted-set",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`ZRANGE` with the `BYSCORE` argument",
        .summary = "Return a range of members in a sorted set, by score",
        .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
                      "being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you "
                      "can consider it O(log(N)).",
        .history = "2.0.0 Added the `WITHSCORES` modifier.",
        .arguments = "key/key#0 min/double max/double withscores/pure-token=WITHSCORES@2.0.0? "
                     "offset_count/block=LIMIT?{offset/integer count/integer}",
    },
    {
        .name = "zrangestore",
        .handler = handlers::zrangestore,
        .arity = -5,
        .flags = kWrite | kDenyOom,
        .categories = kCatSortedSet,
        .keys = kZrangestoreKeys,
        .since = "6.2.0",
        .group = "sorted-set",
        .summary = "Store a range of members from sorted set into another key",
        .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
                      "stored into the destination key.",
        .arguments =
            "dst/key#0 src/key#1 min/string max/string sortby/oneof?{byscore/pure-token=BYSCORE "
            "bylex/pure-token=BYLEX} rev/pure-token=REV? offset_count/block=LIMIT?{offset/integer count/integer}",
    },
    {
        .name = "zrank",
        .handler = handlers::zrank,
        .arity = -3,
        .flags = kReadonly | kFast,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .element = 2,
        .since = "2.0.0",
        .group = "sorted-set",
        .summary = "Determine the index of a member in a sorted set",
        .complexity = "O(log(N))",
        .history = "7.2.0 Added the optional `WITHSCORE` argument.",
        .arguments = "key/key#0 member/string withscore/pure-token=WITHSCORE?",
    },
    {
        .name = "zrem",
        .handler = handlers::zrem,
        .arity = -3,
        .flags = kWrite | kFast,
        .categories = kCatSortedSet,
        .keys = kZremKeys,
        .element = 2,
        .since = "1.2.0",
        .group = "sorted-set",
        .summary = "Remove one or more members from a sorted set",
        .complexity = "O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements "
                      "to be removed.",
        .history = "2.4.0 Accepts multiple elements.",
        .arguments = "key/key#0 member/string*",
    },
    {
        .name = "zremrangebylex",
        .handler = handlers::zremrangebylex,
        .arity = 4,
        .flags = kWrite,
        .categories = kCatSortedSet,
        .keys = kZremKeys,
        .since = "2.8.9",
        .group = "sorted-set",
        .summary = "Remove all members in a sorted set between the given lexicographical range",
        .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
                      "removed by the operation.",
        .arguments = "key/key#0 min/string max/string",
    },
    {
        .name = "zremrangebyrank",
        .handler = handlers::zremrangebyrank,
        .arity = 4,
        .flags = kWrite,
        .categories = kCatSortedSet,
        .keys = kZremKeys,
        .since = "2.0.0",
        .group = "sorted-set",
        .summary = "Remove all members in a sorted set within the given indexes",
        .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
                      "removed by the operation.",
        .arguments = "key/key#0 start/integer stop/integer",
    },
    {
        .name = "zremrangebyscore",
        .handler = handlers::zremrangebyscore,
        .arity = 4,
        .flags = kWrite,
        .categories = kCatSortedSet,
        .keys = kZremKeys,
        .since = "1.2.0",
        .group = "sorted-set",
        .summary = "Remove all members in a sorted set within the given scores",
        .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
                      "removed by the operation.",
        .arguments = "key/key#0 min/double max/double",
    },
    {
        .name = "zrevrange",
        .handler = handlers::zrevrange,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .since = "1.2.0",
        .group = "sorted-set",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`ZRANGE` with the `REV` argument",
        .summary = "Return a range of members in a sorted set, by index, with scores ordered from high to low",
        .complexity =
            "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.",
        .arguments = "key/key#0 start/integer stop/integer withscores/pure-token=WITHSCORES?",
    },
    {
        .name = "zrevrangebylex",
        .handler = handlers::zrevrangebylex,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .since = "2.8.9",
        .group = "sorted-set",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`ZRANGE` with the `REV` and `BYLEX` arguments",
        .summary = "Return a range of members in a sorted set, by lexicographical range, ordered from higher to lower "
                   "strings.",
        .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
                      "being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you "
                      "can consider it O(log(N)).",
        .arguments = "key/key#0 max/string min/string offset_count/block=LIMIT?{offset/integer count/integer}",
    },
    {
        .name = "zrevrangebyscore",
        .handler = handlers::zrevrangebyscore,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .since = "2.2.0",
        .group = "sorted-set",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`ZRANGE` with the `REV` and `BYSCORE` arguments",
        .summary = "Return a range of members in a sorted set, by score, with scores ordered from high to low",
        .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
                      "being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you "
                      "can consider it O(log(N)).",
        .history = "2.1.6 `min` and `max` can be exclusive.",
        .arguments = "key/key#0 max/double min/double withscores/pure-token=WITHSCORES? "
                     "offset_count/block=LIMIT?{offset/integer count/integer}",
    },
    {
        .name = "zrevrank",
        .handler = handlers::zrevrank,
        .arity = -3,
        .flags = kReadonly | kFast,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .element = 2,
        .since = "2.0.0",
        .group = "sorted-set",
        .summary = "Determine the index of a member in a sorted set, with scores ordered from high to low",
        .complexity = "O(log(N))",
        .history = "7.2.0 Added the optional `WITHSCORE` argument.",
        .arguments = "key/key#0 member/string withscore/pure-token=WITHSCORE?",
    },
    {
        .name = "zscan",
        .handler = handlers::zscan,
        .arity = -3,
        .flags = kReadonly,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .tips = "nondeterministic_output",
        .since = "2.8.0",
        .group = "sorted-set",
        .summary = "Incrementally iterate sorted sets elements and associated scores",
        .complexity = "O(1) for every call. O(N) for a complete iteration, including enough command calls for the "
                      "cursor to return back to 0. N is the number of elements inside the collection..",
        .arguments = "key/key#0 cursor/integer pattern/pattern=MATCH? count/integer=COUNT?",
    },
    {
        .name = "zscore",
        .handler = handlers::zscore,
        .arity = 3,
        .flags = kReadonly | kFast,
        .categories = kCatSortedSet,
        .keys = kReadKey,
        .element = 2,
        .since = "1.2.0",
        .group = "sorted-set",
        .summary = "Get the score associated with the given member in a sorted set",
        .complexity = "O(1)",
        .arguments = "key/key#0 member/string",
    },
    {
        .name = "zunion",
        .handler = handlers::zunion,
        .arity = -3,
        .flags = kReadonly | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kZdiffKeys,
        .since = "6.2.0",
        .group = "sorted-set",
        .summary = "Add multiple sorted sets",
        .complexity = "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the "
                      "number of elements in the resulting sorted set.",
        .arguments =
            "numkeys/integer key/key#0* weight/integer=WEIGHTS?* aggregate/oneof=AGGREGATE?{sum/pure-token=SUM "
            "min/pure-token=MIN max/pure-token=MAX} withscores/pure-token=WITHSCORES?",
    },
    {
        .name = "zunionstore",
        .handler = handlers::zunionstore,
        .arity = -4,
        .flags = kWrite | kDenyOom | kMovableKeys,
        .categories = kCatSortedSet,
        .keys = kZdiffstoreKeys,
        .since = "2.0.0",
        .group = "sorted-set",
        .summary = "Add multiple sorted sets and store the resulting sorted set in a new key",
        .complexity = "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the "
                      "number of elements in the resulting sorted set.",
        .arguments = "destination/key#0 numkeys/integer key/key#1* weight/integer=WEIGHTS?* "
                     "aggregate/oneof=AGGREGATE?{sum/pure-token=SUM min/pure-token=MIN max/pure-token=MAX}",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> sorted_set() {
  return kRecords;
}

}  // namespace guccho::commands::records

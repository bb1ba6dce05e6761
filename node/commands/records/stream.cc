// Streams: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr KeySpec kAddKey[] = {
    {.flags = kKeyRW | kKeyUpdate,
     .index = 1,
     .notes = "UPDATE instead of INSERT because of the optional trimming feature"},
};
constexpr KeySpec kDeleteKey[] = {{.flags = kKeyRW | kKeyDelete, .index = 1}};
constexpr KeySpec kReadSecond[] = {{.flags = kKeyRO | kKeyAccess, .index = 2}};
constexpr KeySpec kInsertSecond[] = {{.flags = kKeyRW | kKeyInsert, .index = 2}};
constexpr KeySpec kUpdateSecond[] = {{.flags = kKeyRW | kKeyUpdate, .index = 2}};
constexpr KeySpec kDeleteSecond[] = {{.flags = kKeyRW | kKeyDelete, .index = 2}};

// The first half of what follows STREAMS.
constexpr KeySpec after_streams(int16_t from) {
  return {.flags = kKeyRO | kKeyAccess,
          .begin = KeySpec::Begin::kKeyword,
          .index = from,
          .keyword = "STREAMS",
          .last = -1,
          .limit = 2};
}
constexpr KeySpec kReadKeysAfterStreams[] = {after_streams(1)};
constexpr KeySpec kGroupReadKeys[] = {after_streams(4)};

constexpr CommandSpec kGroup[] = {
    {
        .name = "create",
        .handler = handlers::xgroup_create,
        .arity = -5,
        .flags = kWrite | kDenyOom,
        .categories = kCatStream,
        .keys = kInsertSecond,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Create a consumer group.",
        .complexity = "O(1)",
        .history = "7.0.0 Added the `entries_read` named argument.",
        .arguments = "key/key#0 groupname/string id/oneof{id/string new_id/pure-token=$} "
                     "mkstream/pure-token=MKSTREAM? entries_read/integer=ENTRIESREAD?",
    },
    {
        .name = "createconsumer",
        .handler = handlers::xgroup_createconsumer,
        .arity = 5,
        .flags = kWrite | kDenyOom,
        .categories = kCatStream,
        .keys = kInsertSecond,
        .since = "6.2.0",
        .group = "stream",
        .summary = "Create a consumer in a consumer group.",
        .complexity = "O(1)",
        .arguments = "key/key#0 groupname/string consumername/string",
    },
    {
        .name = "delconsumer",
        .handler = handlers::xgroup_delconsumer,
        .arity = 5,
        .flags = kWrite,
        .categories = kCatStream,
        .keys = kDeleteSecond,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Delete a consumer from a consumer group.",
        .complexity = "O(1)",
        .arguments = "key/key#0 groupname/string consumername/string",
    },
    {
        .name = "destroy",
        .handler = handlers::xgroup_destroy,
        .arity = 4,
        .flags = kWrite,
        .categories = kCatStream,
        .keys = kDeleteSecond,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Destroy a consumer group.",
        .complexity = "O(N) where N is the number of entries in the group's pending entries list (PEL).",
        .arguments = "key/key#0 groupname/string",
    },
    {
        .name = "help",
        .handler = handlers::xgroup_help,
        .arity = 2,
        .flags = kLoading | kStale,
        .categories = kCatStream,
        .where = Where::kHome,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Show helpful text about the different subcommands",
        .complexity = "O(1)",
    },
    {
        .name = "setid",
        .handler = handlers::xgroup_setid,
        .arity = -5,
        .flags = kWrite,
        .categories = kCatStream,
        .keys = kUpdateSecond,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Set a consumer group to an arbitrary last delivered ID value.",
        .complexity = "O(1)",
        .history = "7.0.0 Added the optional `entries_read` argument.",
        .arguments = "key/key#0 groupname/string id/oneof{id/string new_id/pure-token=$} "
                     "entries_read/integer=ENTRIESREAD?",
    },
};

constexpr CommandSpec kInfo[] = {
    {
        .name = "consumers",
        .handler = handlers::xinfo_consumers,
        .arity = 4,
        .flags = kReadonly,
        .categories = kCatStream,
        .keys = kReadSecond,
        .tips = "nondeterministic_output",
        .since = "5.0.0",
        .group = "stream",
        .summary = "List the consumers in a consumer group",
        .complexity = "O(1)",
        .history = "7.2.0 Added the `inactive` field.",
        .arguments = "key/key#0 groupname/string",
    },
    {
        .name = "groups",
        .handler = handlers::xinfo_groups,
        .arity = 3,
        .flags = kReadonly,
        .categories = kCatStream,
        .keys = kReadSecond,
        .since = "5.0.0",
        .group = "stream",
        .summary = "List the consumer groups of a stream",
        .complexity = "O(1)",
        .history = "7.0.0 Added the `entries-read` and `lag` fields",
        .arguments = "key/key#0",
    },
    {
        .name = "help",
        .handler = handlers::xinfo_help,
        .arity = 2,
        .flags = kLoading | kStale,
        .categories = kCatStream,
        .where = Where::kHome,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Show helpful text about the different subcommands",
        .complexity = "O(1)",
    },
    {
        .name = "stream",
        .handler = handlers::xinfo_stream,
        .arity = -3,
        .flags = kReadonly,
        .categories = kCatStream,
        .keys = kReadSecond,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Get information about a stream",
        .complexity = "O(1)",
        .history = "6.0.0 Added the `FULL` modifier.\n7.0.0 Added the `max-deleted-entry-id`, `entries-added`, "
                   "`recorded-first-entry-id`, `entries-read` and `lag` fields\n7.2.0 Added the `active-time` field, "
                   "and changed the meaning of `seen-time`.",
        .arguments = "key/key#0 full/block=FULL?{count/integer=COUNT?}",
    },
};

constexpr CommandSpec kRecords[] = {
    {
        .name = "xack",
        .handler = handlers::xack,
        .arity = -4,
        .flags = kWrite | kFast,
        .categories = kCatStream,
        .keys = kUpdateKey,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Marks a pending message as correctly processed, effectively removing it from the pending entries "
                   "list of the consumer group. Return value of the command is the number of messages successfully "
                   "acknowledged, that is, the IDs we were actually able to resolve in the PEL.",
        .complexity = "O(1) for each message ID processed.",
        .arguments = "key/key#0 group/string id/string*",
    },
    {
        .name = "xadd",
        .handler = handlers::xadd,
        .arity = -5,
        .flags = kWrite | kDenyOom | kFast,
        .categories = kCatStream,
        .keys = kAddKey,
        .tips = "nondeterministic_output",
        .since = "5.0.0",
        .group = "stream",
        .summary = "Appends a new entry to a stream",
        .complexity = "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
        .history = "6.2.0 Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option.\n7.0.0 "
                   "Added support for the `<ms>-*` explicit ID form.",
        .arguments = "key/key#0 nomkstream/pure-token=NOMKSTREAM@6.2.0? "
                     "trim/block?{strategy/oneof{maxlen/pure-token=MAXLEN minid/pure-token=MINID@6.2.0} "
                     "operator/oneof?{equal/pure-token== approximately/pure-token=~} threshold/string "
                     "count/integer=LIMIT@6.2.0?} id_or_auto/oneof{auto_id/pure-token=* id/string} "
                     "field_value/block*{field/string value/string}",
    },
    {
        .name = "xautoclaim",
        .handler = handlers::xautoclaim,
        .arity = -6,
        .flags = kWrite | kFast,
        .categories = kCatStream,
        .keys = kDeleteKey,
        .tips = "nondeterministic_output",
        .since = "6.2.0",
        .group = "stream",
        .summary = "Changes (or acquires) ownership of messages in a consumer group, as if the messages were "
                   "delivered to the specified consumer.",
        .complexity = "O(1) if COUNT is small.",
        .history = "7.0.0 Added an element to the reply array, containing deleted entries the command cleared from "
                   "the PEL",
        .arguments = "key/key#0 group/string consumer/string min-idle-time/string start/string count/integer=COUNT? "
                     "justid/pure-token=JUSTID?",
    },
    {
        .name = "xclaim",
        .handler = handlers::xclaim,
        .arity = -6,
        .flags = kWrite | kFast,
        .categories = kCatStream,
        .keys = kUpdateKey,
        .tips = "nondeterministic_output",
        .since = "5.0.0",
        .group = "stream",
        .summary = "Changes (or acquires) ownership of a message in a consumer group, as if the message was delivered "
                   "to the specified consumer.",
        .complexity = "O(log N) with N being the number of messages in the PEL of the consumer group.",
        .arguments = "key/key#0 group/string consumer/string min-idle-time/string id/string* ms/integer=IDLE? "
                     "unix-time-milliseconds/unix-time=TIME? count/integer=RETRYCOUNT? force/pure-token=FORCE? "
                     "justid/pure-token=JUSTID? id/string=LASTID?",
    },
    {
        .name = "xdel",
        .handler = handlers::xdel,
        .arity = -3,
        .flags = kWrite | kFast,
        .categories = kCatStream,
        .keys = kDeleteKey,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Removes the specified entries from the stream. Returns the number of items actually deleted, that "
                   "may be different from the number of IDs passed in case certain IDs do not exist.",
        .complexity = "O(1) for each single item to delete in the stream, regardless of the stream size.",
        .arguments = "key/key#0 id/string*",
    },
    {
        .name = "xgroup",
        .arity = -2,
        .where = Where::kHome,
        .subcommands = kGroup,
        .since = "5.0.0",
        .group = "stream",
        .summary = "A container for consumer groups commands",
        .complexity = "Depends on subcommand.",
    },
    {
        .name = "xinfo",
        .arity = -2,
        .where = Where::kHome,
        .subcommands = kInfo,
        .since = "5.0.0",
        .group = "stream",
        .summary = "A container for stream introspection commands",
        .complexity = "Depends on subcommand.",
    },
    {
        .name = "xlen",
        .handler = handlers::xlen,
        .arity = 2,
        .flags = kReadonly | kFast,
        .categories = kCatStream,
        .keys = kProbeKey,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Return the number of entries in a stream",
        .complexity = "O(1)",
        .arguments = "key/key#0",
    },
    {
        .name = "xpending",
        .handler = handlers::xpending,
        .arity = -3,
        .flags = kReadonly,
        .categories = kCatStream,
        .keys = kReadKey,
        .tips = "nondeterministic_output",
        .since = "5.0.0",
        .group = "stream",
        .summary = "Return information and entries from a stream consumer group pending entries list, that are "
                   "messages fetched but never acknowledged.",
        .complexity = "O(N) with N being the number of elements returned, so asking for a small fixed number of "
                      "entries per call is O(1). O(M), where M is the total number of entries scanned when used with "
                      "the IDLE filter. When the command returns just the summary and the list of consumers is small, "
                      "it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.",
        .history = "6.2.0 Added the `IDLE` option and exclusive range intervals.",
        .arguments = "key/key#0 group/string filters/block?{min-idle-time/integer=IDLE@6.2.0? start/string end/string "
                     "count/integer consumer/string?}",
    },
    {
        .name = "xrange",
        .handler = handlers::xrange,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatStream,
        .keys = kReadKey,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Return a range of elements in a stream, with IDs matching the specified IDs interval",
        .complexity = "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking "
                      "for the first 10 elements with COUNT), you can consider it O(1).",
        .history = "6.2.0 Added exclusive ranges.",
        .arguments = "key/key#0 start/string end/string count/integer=COUNT?",
    },
    {
        .name = "xread",
        .handler = handlers::xread,
        .arity = -4,
        .flags = kReadonly | kBlocking | kMovableKeys,
        .categories = kCatStream,
        .keys = kReadKeysAfterStreams,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Return never seen elements in multiple streams, with IDs greater than the ones reported by the "
                   "caller for each stream. Can block.",
        .complexity = "For each stream mentioned: O(N) with N being the number of elements being returned, it means "
                      "that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will "
                      "pay O(M) time in order to serve the M clients blocked on the stream getting new data.",
        .arguments = "count/integer=COUNT? milliseconds/integer=BLOCK? streams/block=STREAMS{key/key#0* id/string*}",
    },
    {
        .name = "xreadgroup",
        .handler = handlers::xreadgroup,
        .arity = -7,
        .flags = kWrite | kBlocking | kMovableKeys,
        .categories = kCatStream,
        .keys = kGroupReadKeys,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Return new entries from a stream using a consumer group, or access the history of the pending "
                   "entries for a given consumer. Can block.",
        .complexity = "For each stream mentioned: O(M) with M being the number of elements returned. If M is constant "
                      "(e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the "
                      "other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients "
                      "blocked on the stream getting new data.",
        .arguments = "group_consumer/block=GROUP{group/string consumer/string} count/integer=COUNT? "
                     "milliseconds/integer=BLOCK? noack/pure-token=NOACK? streams/block=STREAMS{key/key#0* id/string*}",
    },
    {
        .name = "xrevrange",
        .handler = handlers::xrevrange,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatStream,
        .keys = kReadKey,
        .since = "5.0.0",
        .group = "stream",
        .summary = "Return a range of elements in a stream, with IDs matching the specified IDs interval, in reverse "
                   "order (from greater to smaller IDs) compared to XRANGE",
        .complexity = "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for "
                      "the first 10 elements with COUNT), you can consider it O(1).",
        .history = "6.2.0 Added exclusive ranges.",
        .arguments = "key/key#0 end/string start/string count/integer=COUNT?",
    },
    {
        .name = "xsetid",
        .handler = handlers::xsetid,
        .arity = -3,
        .flags = kWrite | kDenyOom | kFast,
        .categories = kCatStream,
        .keys = kUpdateKey,
        .since = "5.0.0",
        .group = "stream",
        .summary = "An internal command for replicating stream values",
        .complexity = "O(1)",
        .history = "7.0.0 Added the `entries_added` and `max_deleted_entry_id` arguments.",
        .arguments = "key/key#0 last-id/string entries_added/integer=ENTRIESADDED@7.0.0? "
                     "max_deleted_entry_id/string=MAXDELETEDID@7.0.0?",
    },
    {
        .name = "xtrim",
        .handler = handlers::xtrim,
        .arity = -4,
        .flags = kWrite,
        .categories = kCatStream,
        .keys = kDeleteKey,
        .tips = "nondeterministic_output",
        .since = "5.0.0",
        .group = "stream",
        .summary = "Trims the stream to (approximately if '~' is passed) a certain size",
        .complexity = "O(N), with N being the number of evicted entries. Constant times are very small however, since "
                      "entries are organized in macro nodes containing multiple entries that can be released with a "
                      "single deallocation.",
        .history = "6.2.0 Added the `MINID` trimming strategy and the `LIMIT` option.",
        .arguments = "key/key#0 trim/block{strategy/oneof{maxlen/pure-token=MAXLEN minid/pure-token=MINID@6.2.0} "
                     "operator/oneof?{equal/pure-token== approximately/pure-token=~} threshold/string "
                     "count/integer=LIMIT@6.2.0?}",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> stream() {
  return kRecords;
}

}  // namespace guccho::commands::records

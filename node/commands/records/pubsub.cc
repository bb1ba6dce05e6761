// Pub/sub: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

// A shard channel decides on the slot, and is no key.
constexpr KeySpec kShardChannel[] = {{.flags = kKeyNotKey, .index = 1}};
constexpr KeySpec kShardChannels[] = {{.flags = kKeyNotKey, .index = 1, .last = -1}};

constexpr uint32_t kSubscribeFlags = kPubsub | kNoScript | kLoading | kStale;

constexpr CommandSpec kPubsubSubcommands[] = {
    {
        .name = "channels",
        .handler = handlers::pubsub_channels,
        .arity = -2,
        .flags = kPubsub | kLoading | kStale,
        .where = Where::kHome,
        .since = "2.8.0",
        .group = "pubsub",
        .summary = "List active channels",
        .complexity = "O(N) where N is the number of active channels, and assuming constant time pattern matching "
                      "(relatively short channels and patterns)",
        .arguments = "pattern/pattern?",
    },
    {
        .name = "help",
        .handler = handlers::pubsub_help,
        .arity = 2,
        .flags = kLoading | kStale,
        .where = Where::kHome,
        .since = "6.2.0",
        .group = "pubsub",
        .summary = "Show helpful text about the different subcommands",
        .complexity = "O(1)",
    },
    {
        .name = "numpat",
        .handler = handlers::pubsub_numpat,
        .arity = 2,
        .flags = kPubsub | kLoading | kStale,
        .where = Where::kHome,
        .since = "2.8.0",
        .group = "pubsub",
        .summary = "Get the count of unique patterns pattern subscriptions",
        .complexity = "O(1)",
    },
    {
        .name = "numsub",
        .handler = handlers::pubsub_numsub,
        .arity = -2,
        .flags = kPubsub | kLoading | kStale,
        .where = Where::kHome,
        .since = "2.8.0",
        .group = "pubsub",
        .summary = "Get the count of subscribers for channels",
        .complexity = "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
        .arguments = "channel/string?*",
    },
    {
        .name = "shardchannels",
        .handler = handlers::pubsub_shardchannels,
        .arity = -2,
        .flags = kPubsub | kLoading | kStale,
        .where = Where::kHome,
        .since = "7.0.0",
        .group = "pubsub",
        .summary = "List active shard channels",
        .complexity =
            "O(N) where N is the number of active shard channels, and assuming constant time pattern matching "
            "(relatively short shard channels).",
        .arguments = "pattern/pattern?",
    },
    {
        .name = "shardnumsub",
        .handler = handlers::pubsub_shardnumsub,
        .arity = -2,
        .flags = kPubsub | kLoading | kStale,
        .where = Where::kHome,
        .since = "7.0.0",
        .group = "pubsub",
        .summary = "Get the count of subscribers for shard channels",
        .complexity = "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
        .arguments = "shardchannel/string?*",
    },
};

constexpr CommandSpec kRecords[] = {
    {
        .name = "psubscribe",
        .handler = handlers::psubscribe,
        .arity = -2,
        .flags = kSubscribeFlags,
        .where = Where::kHome,
        .since = "2.0.0",
        .group = "pubsub",
        .summary = "Listen for messages published to channels matching the given patterns",
        .complexity = "O(N) where N is the number of patterns the client is already subscribed to.",
        .arguments = "pattern/block*{pattern/pattern}",
    },
    {
        .name = "publish",
        .handler = handlers::publish,
        .arity = 3,
        .flags = kPubsub | kLoading | kStale | kFast | kMayReplicate,
        .where = Where::kHome,
        .since = "2.0.0",
        .group = "pubsub",
        .summary = "Post a message to a channel",
        .complexity = "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total "
                      "number of subscribed patterns (by any client).",
        .arguments = "channel/string message/string",
    },
    {
        .name = "pubsub",
        .arity = -2,
        .where = Where::kHome,
        .subcommands = kPubsubSubcommands,
        .since = "2.8.0",
        .group = "pubsub",
        .summary = "A container for Pub/Sub commands",
        .complexity = "Depends on subcommand.",
    },
    {
        .name = "punsubscribe",
        .handler = handlers::punsubscribe,
        .arity = -1,
        .flags = kSubscribeFlags,
        .where = Where::kHome,
        .since = "2.0.0",
        .group = "pubsub",
        .summary = "Stop listening for messages posted to channels matching the given patterns",
        .complexity =
            "O(N+M) where N is the number of patterns the client is already subscribed and M is the number of "
            "total patterns subscribed in the system (by any client).",
        .arguments = "pattern/pattern?*",
    },
    {
        .name = "spublish",
        .handler = handlers::spublish,
        .arity = 3,
        .flags = kPubsub | kLoading | kStale | kFast | kMayReplicate,
        .keys = kShardChannel,
        .since = "7.0.0",
        .group = "pubsub",
        .summary = "Post a message to a shard channel",
        .complexity = "O(N) where N is the number of clients subscribed to the receiving shard channel.",
        .arguments = "shardchannel/string message/string",
    },
    {
        .name = "ssubscribe",
        .handler = handlers::ssubscribe,
        .arity = -2,
        .flags = kSubscribeFlags,
        .where = Where::kHome,
        .keys = kShardChannels,
        .since = "7.0.0",
        .group = "pubsub",
        .summary = "Listen for messages published to the given shard channels",
        .complexity = "O(N) where N is the number of shard channels to subscribe to.",
        .arguments = "shardchannel/string*",
    },
    {
        .name = "subscribe",
        .handler = handlers::subscribe,
        .arity = -2,
        .flags = kSubscribeFlags,
        .where = Where::kHome,
        .since = "2.0.0",
        .group = "pubsub",
        .summary = "Listen for messages published to the given channels",
        .complexity = "O(N) where N is the number of channels to subscribe to.",
        .arguments = "channel/string*",
    },
    {
        .name = "sunsubscribe",
        .handler = handlers::sunsubscribe,
        .arity = -1,
        .flags = kSubscribeFlags,
        .where = Where::kHome,
        .keys = kShardChannels,
        .since = "7.0.0",
        .group = "pubsub",
        .summary = "Stop listening for messages posted to the given shard channels",
        .complexity = "O(N) where N is the number of clients already subscribed to a shard channel.",
        .arguments = "shardchannel/string?*",
    },
    {
        .name = "unsubscribe",
        .handler = handlers::unsubscribe,
        .arity = -1,
        .flags = kSubscribeFlags,
        .where = Where::kHome,
        .since = "2.0.0",
        .group = "pubsub",
        .summary = "Stop listening for messages posted to the given channels",
        .complexity = "O(N) where N is the number of clients already subscribed to a channel.",
        .arguments = "channel/string?*",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> pubsub() {
  return kRecords;
}

}  // namespace guccho::commands::records

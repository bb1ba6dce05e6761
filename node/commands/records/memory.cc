// MEMORY and LATENCY: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr CommandSpec kLatencySubcommands[] = {
    {
        .name = "doctor",
        .handler = handlers::latency_doctor,
        .arity = 2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .tips = "nondeterministic_output request_policy:all_nodes response_policy:special",
        .since = "2.8.13",
        .group = "server",
        .summary = "Return a human readable latency analysis report.",
        .complexity = "O(1)",
    },
    {
        .name = "graph",
        .handler = handlers::latency_graph,
        .arity = 3,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .tips = "nondeterministic_output request_policy:all_nodes response_policy:special",
        .since = "2.8.13",
        .group = "server",
        .summary = "Return a latency graph for the event.",
        .complexity = "O(1)",
        .arguments = "event/string",
    },
    {
        .name = "help",
        .handler = handlers::latency_help,
        .arity = 2,
        .flags = kLoading | kStale,
        .where = Where::kHome,
        .since = "2.8.13",
        .group = "server",
        .summary = "Show helpful text about the different subcommands.",
        .complexity = "O(1)",
    },
    {
        .name = "histogram",
        .handler = handlers::latency_histogram,
        .arity = -2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .tips = "nondeterministic_output request_policy:all_nodes response_policy:special",
        .since = "7.0.0",
        .group = "server",
        .summary = "Return the cumulative distribution of latencies of a subset of commands or all.",
        .complexity = "O(N) where N is the number of commands with latency information being retrieved.",
        .arguments = "command/string?*",
    },
    {
        .name = "history",
        .handler = handlers::latency_history,
        .arity = 3,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .tips = "nondeterministic_output request_policy:all_nodes response_policy:special",
        .since = "2.8.13",
        .group = "server",
        .summary = "Return timestamp-latency samples for the event.",
        .complexity = "O(1)",
        .arguments = "event/string",
    },
    {
        .name = "latest",
        .handler = handlers::latency_latest,
        .arity = 2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .tips = "nondeterministic_output request_policy:all_nodes response_policy:special",
        .since = "2.8.13",
        .group = "server",
        .summary = "Return the latest latency samples for all events.",
        .complexity = "O(1)",
    },
    {
        .name = "reset",
        .handler = handlers::latency_reset,
        .arity = -2,
        .flags = kAdmin | kNoScript | kLoading | kStale,
        .where = Where::kHome,
        .tips = "request_policy:all_nodes response_policy:all_succeeded",
        .since = "2.8.13",
        .group = "server",
        .summary = "Reset latency data for one or more events.",
        .complexity = "O(1)",
        .arguments = "event/string?*",
    },
};

constexpr CommandSpec kMemorySubcommands[] = {
    {
        .name = "doctor",
        .handler = handlers::memory_doctor,
        .arity = 2,
        .where = Where::kHome,
        .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
        .since = "4.0.0",
        .group = "server",
        .summary = "Outputs memory problems report",
        .complexity = "O(1)",
    },
    {
        .name = "help",
        .handler = handlers::memory_help,
        .arity = 2,
        .flags = kLoading | kStale,
        .where = Where::kHome,
        .since = "4.0.0",
        .group = "server",
        .summary = "Show helpful text about the different subcommands",
        .complexity = "O(1)",
    },
    {
        .name = "malloc-stats",
        .handler = handlers::memory_malloc_stats,
        .arity = 2,
        .where = Where::kHome,
        .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
        .since = "4.0.0",
        .group = "server",
        .summary = "Show allocator internal stats",
        .complexity = "Depends on how much memory is allocated, could be slow",
    },
    {
        .name = "purge",
        .handler = handlers::memory_purge,
        .arity = 2,
        .where = Where::kHome,
        .tips = "request_policy:all_shards response_policy:all_succeeded",
        .since = "4.0.0",
        .group = "server",
        .summary = "Ask the allocator to release memory",
        .complexity = "Depends on how much memory is allocated, could be slow",
    },
    {
        .name = "stats",
        .handler = handlers::memory_stats,
        .arity = 2,
        .where = Where::kHome,
        .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
        .since = "4.0.0",
        .group = "server",
        .summary = "Show memory usage details",
        .complexity = "O(1)",
    },
    {
        .name = "usage",
        .handler = handlers::memory_usage,
        .arity = -3,
        .flags = kReadonly,
        .keys = kProbeSecond,
        .since = "4.0.0",
        .group = "server",
        .summary = "Estimate the memory usage of a key",
        .complexity = "O(N) where N is the number of samples.",
        .arguments = "key/key#0 count/integer=SAMPLES?",
    },
};

constexpr CommandSpec kRecords[] = {
    {
        .name = "latency",
        .arity = -2,
        .where = Where::kHome,
        .subcommands = kLatencySubcommands,
        .since = "2.8.13",
        .group = "server",
        .summary = "A container for latency diagnostics commands",
        .complexity = "Depends on subcommand.",
    },
    {
        .name = "memory",
        .arity = -2,
        .where = Where::kHome,
        .subcommands = kMemorySubcommands,
        .since = "4.0.0",
        .group = "server",
        .summary = "A container for memory diagnostics commands",
        .complexity = "Depends on subcommand.",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> memory() {
  return kRecords;
}

}  // namespace guccho::commands::records

// XINFO: what a stream, its groups and their consumers are like.
#include <algorithm>
#include <string>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/stream_arguments.h"
#include "node/commands/text.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::IdTree;
using store::KeyRef;
using store::PendingEntry;
using store::Stream;
using store::StreamConsumer;
using store::StreamGroup;
using store::StreamId;
using store::StreamValue;
using store::StreamWalk;
using Direction = StreamWalk::Direction;

// Entries of each list in FULL unless COUNT says otherwise.
constexpr int64_t kDefaultCount = 10;

// The stream at the second argument; without an entry after an error reply.
StreamValue find_stream(Context& c) {
  const KeyRef key = c.key(2);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) {
    c.reply.error("ERR no such key");
  } else if (!is_stream_or_missing(c, entry)) {
    entry = nullptr;
  }
  return StreamValue(c.data, key, entry);
}

void reply_field(Context& c, std::string_view name, int64_t value) {
  c.reply.bulk(name);
  c.reply.integer(value);
}
void reply_field(Context& c, std::string_view name, size_t value) {
  reply_field(c, name, static_cast<int64_t>(value));
}
void reply_field(Context& c, std::string_view name, const StreamId& id) {
  c.reply.bulk(name);
  reply_stream_id(c.reply, id);
}
void reply_field(Context& c, std::string_view name, std::optional<int64_t> value) {
  c.reply.bulk(name);
  value ? c.reply.integer(*value) : c.reply.null();
}

std::optional<int64_t> known(int64_t entries_read) {
  if (entries_read == StreamGroup::kUnknown) return std::nullopt;
  return entries_read;
}

int64_t millis(UnixMillis when) {
  return when.time_since_epoch().count();
}

// The first or the last entry, or null.
void reply_edge(Context& c, std::string_view name, const Stream& stream, Direction direction) {
  c.reply.bulk(name);
  StreamWalk walk(stream, StreamId::min(), StreamId::max(), direction);
  store::StreamEntry entry;
  walk.next(entry) ? reply_stream_entry(c.reply, entry) : c.reply.null();
}

// Up to `count` pending entries (0: all), with their consumer when it is the group's list.
void reply_pending(Context& c, const IdTree& pending, uint64_t count, bool with_consumer) {
  c.reply.bulk("pending");
  const size_t mark = c.reply.begin_deferred();
  uint64_t found = 0;
  for (auto at = pending.first(); at && (count == 0 || found < count); at.next(), ++found) {
    const PendingEntry& entry = *StreamGroup::entry(at);
    c.reply.array(with_consumer ? 4 : 3);
    reply_stream_id(c.reply, at.id());
    if (with_consumer) c.reply.bulk(entry.consumer->name());
    c.reply.integer(millis(entry.delivered));
    c.reply.integer(static_cast<int64_t>(entry.deliveries));
  }
  c.reply.end_array(mark, found);
}

void reply_full_group(Context& c, const Stream& stream, const StreamGroup& group, uint64_t count) {
  c.reply.map(7);
  c.reply.bulk("name");
  c.reply.bulk(group.name());
  reply_field(c, "last-delivered-id", group.last_id);
  reply_field(c, "entries-read", known(group.entries_read));
  reply_field(c, "lag", stream.lag(group));
  reply_field(c, "pel-count", group.pending().size());
  reply_pending(c, group.pending(), count, true);
  c.reply.bulk("consumers");
  c.reply.array(group.consumers().size());
  for (const StreamConsumer* consumer : group.consumers()) {
    c.reply.map(5);
    c.reply.bulk("name");
    c.reply.bulk(consumer->name());
    reply_field(c, "seen-time", millis(consumer->seen));
    reply_field(c, "active-time", millis(consumer->active));
    reply_field(c, "pel-count", consumer->pending().size());
    reply_pending(c, consumer->pending(), count, false);
  }
}

// What XINFO STREAM says with FULL and without. Redis counts the nodes of its radix tree: one for each block and one
// more is what that is when there is one block.
void reply_numbers(Context& c, const Stream& stream) {
  reply_field(c, "length", static_cast<size_t>(stream.length));
  reply_field(c, "radix-tree-keys", stream.blocks().size());
  reply_field(c, "radix-tree-nodes", stream.blocks().size() + 1);
  reply_field(c, "last-generated-id", stream.last_id);
  reply_field(c, "max-deleted-entry-id", stream.max_deleted_id);
  reply_field(c, "entries-added", static_cast<size_t>(stream.entries_added));
  reply_field(c, "recorded-first-entry-id", stream.first_id);
}

void reply_full(Context& c, const Stream& stream, uint64_t count) {
  c.reply.map(9);
  reply_numbers(c, stream);
  c.reply.bulk("entries");
  reply_stream_range(c.reply, stream, StreamId::min(), StreamId::max(), Direction::kForward, count);
  c.reply.bulk("groups");
  c.reply.array(stream.groups().size());
  for (const StreamGroup* group : stream.groups()) reply_full_group(c, stream, *group, count);
}

}  // namespace

void xinfo_stream(Context& c) {
  const StreamValue stream = find_stream(c);
  if (!stream) return;
  if (c.argc() == 3) {
    c.reply.map(10);
    reply_numbers(c, *stream);
    reply_field(c, "groups", stream->groups().size());
    reply_edge(c, "first-entry", *stream, Direction::kForward);
    return reply_edge(c, "last-entry", *stream, Direction::kReverse);
  }
  const bool with_count = c.argc() == 6 && equals_ignore_case("count", c.arg(4));
  if (!equals_ignore_case("full", c.arg(3)) || (c.argc() != 4 && !with_count)) return subcommand_syntax_error(c);
  int64_t count = kDefaultCount;
  if (with_count) {
    const auto given = read_integer(c, c.arg(5));
    if (!given) return;
    if (*given >= 0) count = *given;
  }
  reply_full(c, *stream, static_cast<uint64_t>(count));
}

void xinfo_groups(Context& c) {
  const StreamValue stream = find_stream(c);
  if (!stream) return;
  c.reply.array(stream->groups().size());
  for (const StreamGroup* group : stream->groups()) {
    c.reply.map(6);
    c.reply.bulk("name");
    c.reply.bulk(group->name());
    reply_field(c, "consumers", group->consumers().size());
    reply_field(c, "pending", group->pending().size());
    reply_field(c, "last-delivered-id", group->last_id);
    reply_field(c, "entries-read", known(group->entries_read));
    reply_field(c, "lag", stream->lag(*group));
  }
}

void xinfo_consumers(Context& c) {
  const StreamValue stream = find_stream(c);
  if (!stream) return;
  const StreamGroup* group = stream->find_group(c.arg(3));
  if (group == nullptr) {
    return c.reply.error("NOGROUP No such consumer group '" + std::string(c.arg(3)) + "' for key name '" +
                         std::string(c.arg(2)) + "'");
  }
  c.reply.array(group->consumers().size());
  for (const StreamConsumer* consumer : group->consumers()) {
    c.reply.map(4);
    c.reply.bulk("name");
    c.reply.bulk(consumer->name());
    reply_field(c, "pending", consumer->pending().size());
    reply_field(c, "idle", std::max<int64_t>((c.now - consumer->seen).count(), 0));
    const bool never = consumer->active == StreamConsumer::kNever;
    reply_field(c, "inactive", never ? -1 : (c.now - consumer->active).count());
  }
}

void xinfo_help(Context& c) {
  reply_help(c, {"CONSUMERS <key> <groupname>", "    Show consumers of <groupname>.", "GROUPS <key>",
                 "    Show the stream consumer groups.", "STREAM <key> [FULL [COUNT <count>]",
                 "    Show information about the stream."});
}

}  // namespace guccho::commands::handlers

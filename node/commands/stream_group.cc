// Consumer groups of streams: XGROUP, and XACK.
#include <string>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/stream_arguments.h"
#include "node/commands/text.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;
using store::SlabAllocator;
using store::Stream;
using store::StreamConsumer;
using store::StreamGroup;
using store::StreamId;
using store::StreamValue;

// What CREATE and SETID have behind the id.
struct GroupOptions {
  bool make_stream = false;
  int64_t entries_read = StreamGroup::kUnknown;
};

bool read_group_options(Context& c, bool create, GroupOptions& options) {
  for (size_t i = 5; i < c.argc(); ++i) {
    if (create && equals_ignore_case("mkstream", c.arg(i))) {
      options.make_stream = true;
    } else if (equals_ignore_case("entriesread", c.arg(i)) && i + 1 < c.argc()) {
      const auto read = read_integer(c, c.arg(++i));
      if (!read) return false;
      if (*read < StreamGroup::kUnknown) {
        c.reply.error("ERR value for ENTRIESREAD must be positive or -1");
        return false;
      }
      options.entries_read = *read;
    } else {
      subcommand_syntax_error(c);
      return false;
    }
  }
  return true;
}

// The stream at the second argument; false after an error reply, which a missing key is too unless `make`.
bool find_stream(Context& c, const KeyRef& key, bool make, Entry*& entry) {
  entry = c.find_for_write(key);
  if (!is_stream_or_missing(c, entry)) return false;
  if (entry != nullptr || make) return true;
  c.reply.error(
      "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM "
      "option to create an empty stream automatically.");
  return false;
}

// The group named by the third argument; null after an error reply.
StreamGroup* find_group(Context& c, const StreamValue& stream) {
  StreamGroup* group = stream->find_group(c.arg(3));
  if (group == nullptr) {
    c.reply.error("NOGROUP No such consumer group '" + std::string(c.arg(3)) + "' for key name '" +
                  std::string(c.arg(2)) + "'");
  }
  return group;
}

}  // namespace

void xgroup_create(Context& c) {
  GroupOptions options;
  if (!read_group_options(c, true, options)) return;
  const KeyRef key = c.key(2);
  Entry* entry = nullptr;
  if (!find_stream(c, key, options.make_stream, entry)) return;
  if (c.argc() > 8) return subcommand_syntax_error(c);
  StreamValue stream(c.data, key, entry);
  StreamId id;
  if (c.arg(4) == "$") {
    if (stream) id = stream->last_id;
  } else {
    const auto given = read_strict_id(c, c.arg(4));
    if (!given) return;
    id = *given;
  }
  if (stream && stream->find_group(c.arg(3)) != nullptr) {
    return c.reply.error("BUSYGROUP Consumer Group name already exists");
  }
  if (!stream) {
    stream.create();
    c.created(key.bytes);
  }
  stream.change([&](Stream& s, SlabAllocator& alloc) {
    StreamGroup* group = s.add_group(c.arg(3), alloc);
    group->last_id = id;
    group->entries_read = options.entries_read;
  });
  c.changed(key.bytes, config::kNotifyStream, "xgroup-create");
  c.reply.ok();
}

void xgroup_setid(Context& c) {
  GroupOptions options;
  if (!read_group_options(c, false, options)) return;
  const KeyRef key = c.key(2);
  Entry* entry = nullptr;
  if (!find_stream(c, key, false, entry)) return;
  StreamValue stream(c.data, key, entry);
  StreamGroup* group = find_group(c, stream);
  if (group == nullptr) return;
  if (c.argc() != 5 && c.argc() != 7) return subcommand_syntax_error(c);
  const auto id = c.arg(4) == "$" ? stream->last_id : read_id(c, c.arg(4));
  if (!id) return;
  stream.change([&](Stream&, SlabAllocator&) {
    group->last_id = *id;
    group->entries_read = options.entries_read;
  });
  c.changed(key.bytes, config::kNotifyStream, "xgroup-setid");
  c.reply.ok();
}

void xgroup_destroy(Context& c) {
  const KeyRef key = c.key(2);
  Entry* entry = nullptr;
  if (!find_stream(c, key, false, entry)) return;
  StreamValue stream(c.data, key, entry);
  StreamGroup* group = stream->find_group(c.arg(3));
  if (group == nullptr) return c.reply.integer(0);
  stream.change([&](Stream& s, SlabAllocator& alloc) { s.remove_group(group, alloc); });
  c.changed(key.bytes, config::kNotifyStream, "xgroup-destroy");
  c.reply.integer(1);
}

void xgroup_createconsumer(Context& c) {
  const KeyRef key = c.key(2);
  Entry* entry = nullptr;
  if (!find_stream(c, key, false, entry)) return;
  StreamValue stream(c.data, key, entry);
  StreamGroup* group = find_group(c, stream);
  if (group == nullptr) return;
  if (group->consumers().find(c.arg(4)) != nullptr) return c.reply.integer(0);
  stream.change([&](Stream&, SlabAllocator& alloc) { group->add_consumer(c.arg(4), c.now, alloc); });
  c.changed(key.bytes, config::kNotifyStream, "xgroup-createconsumer");
  c.reply.integer(1);
}

void xgroup_delconsumer(Context& c) {
  const KeyRef key = c.key(2);
  Entry* entry = nullptr;
  if (!find_stream(c, key, false, entry)) return;
  StreamValue stream(c.data, key, entry);
  StreamGroup* group = find_group(c, stream);
  if (group == nullptr) return;
  StreamConsumer* consumer = group->consumers().find(c.arg(4));
  if (consumer == nullptr) return c.reply.integer(0);
  const size_t pending = consumer->pending().size();
  stream.change([&](Stream&, SlabAllocator& alloc) { group->remove_consumer(consumer, alloc); });
  c.changed(key.bytes, config::kNotifyStream, "xgroup-delconsumer");
  c.reply.integer(static_cast<int64_t>(pending));
}

void xgroup_help(Context& c) {
  reply_help(
      c, {"CREATE <key> <groupname> <id|$> [option]", "    Create a new consumer group. Options are:", "    * MKSTREAM",
          "      Create the empty stream if it does not exist.", "    * ENTRIESREAD entries_read",
          "      Set the group's entries_read counter (internal use).", "CREATECONSUMER <key> <groupname> <consumer>",
          "    Create a new consumer in the specified group.", "DELCONSUMER <key> <groupname> <consumer>",
          "    Remove the specified consumer.", "DESTROY <key> <groupname>", "    Remove the specified group.",
          "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
          "    Set the current group ID and entries_read counter."});
}

// Neither WATCH nor keyspace events know of acknowledgements.
void xack(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_stream_or_missing(c, entry)) return;
  StreamValue stream(c.data, key, entry);
  StreamGroup* group = stream ? stream->find_group(c.arg(2)) : nullptr;
  if (group == nullptr) return c.reply.integer(0);
  std::optional<StreamId> first = read_strict_id(c, c.arg(3));
  if (!first) return;
  std::vector<StreamId> more;
  for (const std::string_view text : c.args.subspan(4)) {
    const auto id = read_strict_id(c, text);
    if (!id) return;
    more.push_back(*id);
  }
  int64_t acknowledged = 0;
  stream.change([&](Stream&, SlabAllocator& alloc) {
    acknowledged += group->acknowledge(*first, alloc) ? 1 : 0;
    for (const StreamId& id : more) acknowledged += group->acknowledge(id, alloc) ? 1 : 0;
  });
  if (acknowledged > 0) c.mark_dirty();
  c.reply.integer(acknowledged);
}

}  // namespace guccho::commands::handlers

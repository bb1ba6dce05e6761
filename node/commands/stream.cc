// Streams: entries. XREAD and XREADGROUP are in stream_read.cc, groups in stream_group.cc and stream_claim.cc, XINFO in
// stream_info.cc.
#include <algorithm>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/stream_arguments.h"
#include "node/commands/text.h"
#include "node/store/integer.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;
using store::SlabAllocator;
using store::Stream;
using store::StreamId;
using store::StreamValue;
using store::StreamWalk;

// The id that XADD gives its entry; nothing when it would not be greater than all before.
std::optional<StreamId> next_id(const Context& c, const StreamAddOptions& options, const StreamId& last) {
  StreamId id = last;
  if (options.id) {
    id = *options.id;
    if (!options.seq_given && id.ms == last.ms) {
      if (last.seq == UINT64_MAX) return std::nullopt;
      id.seq = last.seq + 1;
    }
  } else if (const auto now = static_cast<uint64_t>(c.now.time_since_epoch().count()); now > last.ms) {
    id = {now, 0};
  } else {
    id.increment();
  }
  if (id <= last) return std::nullopt;
  return id;
}

// XADD's change is replicated with the id that was given, and with an exact trim.
void replicate_add(Context& c, const StreamAddOptions& options, const StreamId& id, const Stream& stream) {
  const bool exact_id = options.id && options.seq_given;
  if (exact_id && !options.trim.approximate) return;
  RewrittenRequest request(c.args);
  StreamIdText id_text;
  ExactTrim trim;
  if (!exact_id) request[options.id_at] = print_stream_id(id, id_text);
  if (options.trim.approximate) trim.rewrite(request, options, stream);
  c.replicate_as(request.args());
}

void reply_range(Context& c, StreamWalk::Direction direction) {
  const bool forward = direction == StreamWalk::Direction::kForward;
  StreamId start, end;
  if (!read_range_start(c, c.arg(forward ? 2 : 3), start) || !read_range_end(c, c.arg(forward ? 3 : 2), end)) return;
  std::optional<int64_t> count;
  for (size_t i = 4; i < c.argc(); i += 2) {
    if (!equals_ignore_case("count", c.arg(i)) || i + 1 == c.argc()) return c.syntax_error();
    count = read_integer(c, c.arg(i + 1));
    if (!count) return;
  }
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return c.reply.array(0);
  if (!is_stream_or_missing(c, entry)) return;
  if (count && *count <= 0) return c.reply.null_array();
  reply_stream_range(c.reply, *StreamValue(c.data, key, entry), start, end, direction,
                     static_cast<uint64_t>(count.value_or(0)));
}

}  // namespace

void xadd(Context& c) {
  StreamAddOptions options;
  if (!read_add_options(c, true, options)) return;
  const auto texts = c.args.subspan(std::min(options.id_at + 1, c.argc()));
  if (texts.size() < 2 || texts.size() % 2 == 1) return c.wrong_arity();
  if (options.id && options.seq_given && options.id->is_zero()) {
    return c.reply.error("ERR The ID specified in XADD must be greater than 0-0");
  }
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_stream_or_missing(c, entry)) return;
  if (entry == nullptr && !options.create) return c.reply.null();
  StreamValue stream(c.data, key, entry);
  const StreamId last = entry != nullptr ? stream->last_id : StreamId::min();
  if (last == StreamId::max()) {
    return c.reply.error("ERR The stream has exhausted the last possible ID, unable to add more items");
  }
  const auto id = next_id(c, options, last);
  if (!id) {
    return c.reply.error("ERR The ID specified in XADD is equal or smaller than the target stream top item");
  }
  size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  if (bytes > store::StreamBlock::kMaxBytes) return c.reply.error("ERR Elements are too large to be stored");

  if (entry == nullptr) {
    stream.create();
    c.created(key.bytes);
  }
  const uint64_t removed = stream.change([&](Stream& s, SlabAllocator& alloc) {
    s.append(*id, texts, c.data.packed_limits(), alloc);
    return s.trim(options.trim, alloc);
  });
  c.changed(key.bytes, config::kNotifyStream, "xadd");
  if (removed > 0) c.changed(key.bytes, config::kNotifyStream, "xtrim");
  replicate_add(c, options, *id, *stream);
  reply_stream_id(c.reply, *id);
}

void xtrim(Context& c) {
  StreamAddOptions options;
  if (!read_add_options(c, false, options)) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_stream_or_missing(c, entry)) return;
  StreamValue stream(c.data, key, entry);
  const uint64_t removed = stream.change([&](Stream& s, SlabAllocator& alloc) { return s.trim(options.trim, alloc); });
  if (removed > 0) {
    c.changed(key.bytes, config::kNotifyStream, "xtrim");
    if (options.trim.approximate) {
      RewrittenRequest request(c.args);
      ExactTrim exact;
      exact.rewrite(request, options, *stream);
      c.replicate_as(request.args());
    }
  }
  c.reply.integer(static_cast<int64_t>(removed));
}

void xlen(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_stream_or_missing(c, entry)) return;
  c.reply.integer(static_cast<int64_t>(StreamValue(c.data, key, entry)->length));
}

void xrange(Context& c) {
  reply_range(c, StreamWalk::Direction::kForward);
}
void xrevrange(Context& c) {
  reply_range(c, StreamWalk::Direction::kReverse);
}

void xdel(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_stream_or_missing(c, entry)) return;
  std::vector<StreamId> ids;
  for (const std::string_view text : c.args.subspan(2)) {
    const auto id = read_strict_id(c, text);
    if (!id) return;
    ids.push_back(*id);
  }
  int64_t deleted = 0;
  StreamValue(c.data, key, entry).change([&](Stream& s, SlabAllocator& alloc) {
    for (const StreamId& id : ids) deleted += s.erase(id, alloc) ? 1 : 0;
  });
  if (deleted > 0) c.changed(key.bytes, config::kNotifyStream, "xdel");
  c.reply.integer(deleted);
}

void xsetid(Context& c) {
  const auto id = read_strict_id(c, c.arg(2));
  if (!id) return;
  std::optional<int64_t> added;
  StreamId max_deleted;
  for (size_t i = 3; i < c.argc(); i += 2) {
    if (i + 1 < c.argc() && equals_ignore_case("entriesadded", c.arg(i))) {
      added = read_integer(c, c.arg(i + 1));
      if (!added) return;
      if (*added < 0) return c.reply.error("ERR entries_added must be positive");
    } else if (i + 1 < c.argc() && equals_ignore_case("maxdeletedid", c.arg(i))) {
      const auto deleted = read_strict_id(c, c.arg(i + 1));
      if (!deleted) return;
      max_deleted = *deleted;
      if (*id < max_deleted) {
        return c.reply.error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
      }
    } else {
      return c.syntax_error();
    }
  }
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.error("ERR no such key");
  if (!is_stream_or_missing(c, entry)) return;
  StreamValue stream(c.data, key, entry);
  if (*id < stream->max_deleted_id) {
    return c.reply.error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  }
  if (stream->length > 0) {
    if (*id < stream->last_entry_id()) {
      return c.reply.error("ERR The ID specified in XSETID is smaller than the target stream top item");
    }
    if (added && stream->length > static_cast<uint64_t>(*added)) {
      return c.reply.error("ERR The entries_added specified in XSETID is smaller than the target stream length");
    }
  }
  stream.change([&](Stream& s, SlabAllocator& alloc) {
    s.set_last_id(*id, alloc);
    if (added) s.entries_added = static_cast<uint64_t>(*added);
    if (!max_deleted.is_zero()) s.max_deleted_id = max_deleted;
  });
  c.changed(key.bytes, config::kNotifyStream, "xsetid");
  c.reply.ok();
}

}  // namespace guccho::commands::handlers

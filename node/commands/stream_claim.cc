// Pending entries of consumer groups: XPENDING, XCLAIM, XAUTOCLAIM.
#include <algorithm>
#include <string>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/stream_arguments.h"
#include "node/commands/text.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::IdTree;
using store::KeyRef;
using store::PendingEntry;
using store::SlabAllocator;
using store::Stream;
using store::StreamConsumer;
using store::StreamEntry;
using store::StreamGroup;
using store::StreamId;
using store::StreamValue;
using store::StreamWalk;

// Milliseconds since the entry was last delivered; negative when that is in the future.
int64_t idle(const Context& c, const PendingEntry& pending) {
  return (c.now - pending.delivered).count();
}

// The group that the second argument names in the stream at the first; null after an error reply.
StreamGroup* find_group(Context& c, const StreamValue& stream) {
  StreamGroup* group = stream ? stream->find_group(c.arg(2)) : nullptr;
  if (group == nullptr) no_such_group(c, c.arg(1), c.arg(2));
  return group;
}

// ---- XPENDING ----

struct PendingQuery {
  StreamId start, end;
  int64_t count = 0;
  int64_t min_idle = 0;
  std::optional<std::string_view> consumer;
};

// [IDLE ms] start end count [consumer]. False after an error reply.
bool read_pending_query(Context& c, PendingQuery& query) {
  size_t at = 3;
  if (equals_ignore_case("idle", c.arg(3))) {
    const auto min_idle = read_integer(c, c.arg(4));
    if (!min_idle) return false;
    query.min_idle = *min_idle;
    if (c.argc() < 8) {
      c.syntax_error();
      return false;
    }
    at = 5;
  }
  const auto count = read_integer(c, c.arg(at + 2));
  if (!count) return false;
  query.count = std::max<int64_t>(*count, 0);
  if (!read_range_start(c, c.arg(at), query.start) || !read_range_end(c, c.arg(at + 1), query.end)) return false;
  if (at + 3 < c.argc()) query.consumer = c.arg(at + 3);
  return true;
}

void reply_summary(Context& c, const StreamGroup& group) {
  const IdTree& pending = group.pending();
  c.reply.array(4);
  c.reply.integer(static_cast<int64_t>(pending.size()));
  if (pending.empty()) {
    c.reply.null();
    c.reply.null();
    return c.reply.null_array();
  }
  reply_stream_id(c.reply, pending.first().id());
  reply_stream_id(c.reply, pending.last().id());
  const size_t mark = c.reply.begin_deferred();
  size_t found = 0;
  for (const StreamConsumer* consumer : group.consumers()) {
    if (consumer->pending().empty()) continue;
    c.reply.array(2);
    c.reply.bulk(consumer->name());
    c.reply.bulk_integer(static_cast<int64_t>(consumer->pending().size()));
    ++found;
  }
  c.reply.end_array(mark, found);
}

void reply_pending(Context& c, const IdTree& pending, const PendingQuery& query) {
  const size_t mark = c.reply.begin_deferred();
  int64_t found = 0;
  for (auto at = pending.at_or_after(query.start); at && found < query.count && at.id() <= query.end; at.next()) {
    const PendingEntry& entry = *StreamGroup::entry(at);
    if (query.min_idle != 0 && idle(c, entry) < query.min_idle) continue;
    c.reply.array(4);
    reply_stream_id(c.reply, at.id());
    c.reply.bulk(entry.consumer->name());
    c.reply.integer(std::max<int64_t>(idle(c, entry), 0));
    c.reply.integer(static_cast<int64_t>(entry.deliveries));
    ++found;
  }
  c.reply.end_array(mark, static_cast<size_t>(found));
}

// ---- XCLAIM ----

struct ClaimOptions {
  int64_t min_idle = 0;
  std::vector<StreamId> ids;
  UnixMillis delivered{};
  std::optional<int64_t> deliveries;
  bool force = false;
  bool just_id = false;
  StreamId last_id;
};

// What follows the ids. False after an error reply.
bool read_claim_option(Context& c, size_t& i, std::optional<int64_t>& delivered, ClaimOptions& options) {
  const std::string_view option = c.arg(i);
  const bool more = i + 1 < c.argc();
  if (equals_ignore_case("force", option)) {
    options.force = true;
  } else if (equals_ignore_case("justid", option)) {
    options.just_id = true;
  } else if (more && equals_ignore_case("idle", option)) {
    const auto ago = read_integer(c, c.arg(++i), "ERR Invalid IDLE option argument for XCLAIM");
    if (!ago) return false;
    const int64_t now = c.now.time_since_epoch().count();
    delivered = static_cast<int64_t>(static_cast<uint64_t>(now) - static_cast<uint64_t>(*ago));
  } else if (more && equals_ignore_case("time", option)) {
    delivered = read_integer(c, c.arg(++i), "ERR Invalid TIME option argument for XCLAIM");
    if (!delivered) return false;
  } else if (more && equals_ignore_case("retrycount", option)) {
    const auto count = read_integer(c, c.arg(++i), "ERR Invalid RETRYCOUNT option argument for XCLAIM");
    if (!count) return false;
    options.deliveries = *count >= 0 ? count : std::nullopt;
  } else if (more && equals_ignore_case("lastid", option)) {
    const auto id = read_strict_id(c, c.arg(++i));
    if (!id) return false;
    options.last_id = *id;
  } else {
    c.reply.error("ERR Unrecognized XCLAIM option '" + std::string(option) + "'");
    return false;
  }
  return true;
}

bool read_claim(Context& c, ClaimOptions& options) {
  const auto min_idle = read_integer(c, c.arg(4), "ERR Invalid min-idle-time argument for XCLAIM");
  if (!min_idle) return false;
  options.min_idle = std::max<int64_t>(*min_idle, 0);
  size_t i = 5;
  for (; i < c.argc(); ++i) {
    if (c.arg(i) == "-" || c.arg(i) == "+") break;
    const auto id = parse_stream_id(c.arg(i), 0);
    if (!id) break;
    options.ids.push_back(*id);
  }
  std::optional<int64_t> delivered;
  for (; i < c.argc(); ++i) {
    if (!read_claim_option(c, i, delivered, options)) return false;
  }
  // A time in the future, or before all time, is some client's clock: not worth an error.
  const int64_t now = c.now.time_since_epoch().count();
  const bool sane = delivered && *delivered >= 0 && *delivered <= now;
  options.delivered = sane ? UnixMillis(Millis(*delivered)) : c.now;
  return true;
}

// Claims of one command for one consumer: replies and replication.
class Claimer {
 public:
  Claimer(Context& c, const KeyRef& key, StreamGroup& group, StreamConsumer& consumer, const Stream& stream,
          SlabAllocator& alloc)
      : c_(c), key_(key), group_(group), consumer_(consumer), stream_(stream), alloc_(alloc) {}

  bool exists(const StreamId& id) { return StreamWalk(stream_, id, id).next(entry_); }

  // An entry that XDEL or XTRIM took away is no longer pending.
  void forget(const StreamId& id, const PendingEntry& pending) {
    replicate_claim(c_, key_.bytes, group_, id, pending);
    group_.acknowledge(id, alloc_);
    c_.mark_dirty();
  }

  // The id, for which exists() was just asked, is the consumer's. Its counters are the caller's.
  PendingEntry& take(const StreamId& id) { return *group_.assign(id, &consumer_, alloc_); }

  void finish(const StreamId& id, const PendingEntry& pending, bool just_id) {
    just_id ? reply_stream_id(c_.reply, id) : reply_stream_entry(c_.reply, entry_);
    consumer_.active = c_.now;
    replicate_claim(c_, key_.bytes, group_, id, pending);
    c_.mark_dirty();
  }

 private:
  Context& c_;
  const KeyRef& key_;
  StreamGroup& group_;
  StreamConsumer& consumer_;
  const Stream& stream_;
  SlabAllocator& alloc_;
  StreamEntry entry_;
};

void claim(Context& c, const KeyRef& key, StreamGroup& group, const ClaimOptions& options, Stream& stream,
           SlabAllocator& alloc) {
  bool moved = options.last_id > group.last_id;
  if (moved) group.last_id = options.last_id;
  StreamConsumer* consumer = touch_consumer(c, key, group, c.arg(3), alloc);
  Claimer claimer(c, key, group, *consumer, stream, alloc);
  const size_t mark = c.reply.begin_deferred();
  size_t claimed = 0;
  for (const StreamId& id : options.ids) {
    PendingEntry* pending = group.find(id);
    if (!claimer.exists(id)) {
      if (pending == nullptr) continue;
      claimer.forget(id, *pending);
      moved = false;  // the claim that was replicated says where the group is
      continue;
    }
    if (pending == nullptr && !options.force) continue;
    const bool fresh = pending == nullptr;
    if (!fresh && options.min_idle > 0 && idle(c, *pending) < options.min_idle) continue;
    pending = &claimer.take(id);
    if (fresh) pending->deliveries = 1;
    pending->delivered = options.delivered;
    if (options.deliveries) {
      pending->deliveries = static_cast<uint64_t>(*options.deliveries);
    } else if (!options.just_id) {
      ++pending->deliveries;
    }
    claimer.finish(id, *pending, options.just_id);
    moved = false;
    ++claimed;
  }
  if (moved) {
    replicate_position(c, key.bytes, group);
    c.mark_dirty();
  }
  c.reply.end_array(mark, claimed);
}

// ---- XAUTOCLAIM ----

struct AutoClaimOptions {
  int64_t min_idle = 0;
  StreamId start;
  int64_t count = 100;
  bool just_id = false;
};

// So many pending entries are looked at for each that may be claimed.
constexpr int64_t kAttempts = 10;

bool read_auto_claim(Context& c, AutoClaimOptions& options) {
  const auto min_idle = read_integer(c, c.arg(4), "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (!min_idle) return false;
  options.min_idle = std::max<int64_t>(*min_idle, 0);
  if (!read_range_start(c, c.arg(5), options.start)) return false;
  for (size_t i = 6; i < c.argc(); ++i) {
    if (i + 1 < c.argc() && equals_ignore_case("count", c.arg(i))) {
      constexpr std::string_view kError = "ERR COUNT must be > 0";
      const auto count = read_integer(c, c.arg(++i), kError);
      if (!count) return false;
      if (*count < 1 || *count > INT64_MAX / 16) {
        c.reply.error(kError);
        return false;
      }
      options.count = *count;
    } else if (equals_ignore_case("justid", c.arg(i))) {
      options.just_id = true;
    } else {
      c.syntax_error();
      return false;
    }
  }
  return true;
}

void auto_claim(Context& c, const KeyRef& key, StreamGroup& group, const AutoClaimOptions& options, Stream& stream,
                SlabAllocator& alloc) {
  StreamConsumer* consumer = touch_consumer(c, key, group, c.arg(3), alloc);
  Claimer claimer(c, key, group, *consumer, stream, alloc);
  resp::Buffer claimed_bytes;
  resp::ReplyWriter outer = c.reply;
  std::vector<StreamId> deleted;
  size_t claimed = 0;
  int64_t attempts = options.count * kAttempts;
  int64_t left = options.count;
  c.reply = resp::ReplyWriter(claimed_bytes, outer.version());
  auto at = group.pending().at_or_after(options.start);
  for (; at && attempts > 0 && left > 0; --attempts) {
    const StreamId id = at.id();
    PendingEntry* pending = StreamGroup::entry(at);
    if (!claimer.exists(id)) {
      claimer.forget(id, *pending);
      deleted.push_back(id);
      --left;
      at = group.pending().at_or_after(id);
      continue;
    }
    at.next();
    if (options.min_idle > 0 && idle(c, *pending) < options.min_idle) continue;
    pending = &claimer.take(id);
    pending->delivered = c.now;
    if (!options.just_id) ++pending->deliveries;
    claimer.finish(id, *pending, options.just_id);
    ++claimed;
    --left;
  }
  c.reply = outer;
  c.reply.array(3);
  reply_stream_id(c.reply, at ? at.id() : StreamId::min());
  c.reply.array(claimed);
  c.reply.raw(claimed_bytes.view());
  c.reply.array(deleted.size());
  for (const StreamId& id : deleted) reply_stream_id(c.reply, id);
}

}  // namespace

void xpending(Context& c) {
  if (c.argc() != 3 && (c.argc() < 6 || c.argc() > 9)) return c.syntax_error();
  const bool summary = c.argc() == 3;
  PendingQuery query;
  if (!summary && !read_pending_query(c, query)) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_stream_or_missing(c, entry)) return;
  const StreamValue stream(c.data, key, entry);
  const StreamGroup* group = find_group(c, stream);
  if (group == nullptr) return;
  if (summary) return reply_summary(c, *group);
  if (!query.consumer) return reply_pending(c, group->pending(), query);
  const StreamConsumer* consumer = group->consumers().find(*query.consumer);
  if (consumer == nullptr) return c.reply.array(0);
  reply_pending(c, consumer->pending(), query);
}

// Both are replicated as the XCLAIM of each entry that they came to.
void xclaim(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_stream_or_missing(c, entry)) return;
  StreamValue stream(c.data, key, entry);
  StreamGroup* group = find_group(c, stream);
  if (group == nullptr) return;
  ClaimOptions options;
  if (!read_claim(c, options)) return;
  c.replicate_nothing();
  stream.change([&](Stream& s, SlabAllocator& alloc) { claim(c, key, *group, options, s, alloc); });
}

void xautoclaim(Context& c) {
  AutoClaimOptions options;
  if (!read_auto_claim(c, options)) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_stream_or_missing(c, entry)) return;
  StreamValue stream(c.data, key, entry);
  StreamGroup* group = find_group(c, stream);
  if (group == nullptr) return;
  c.replicate_nothing();
  stream.change([&](Stream& s, SlabAllocator& alloc) { auto_claim(c, key, *group, options, s, alloc); });
}

}  // namespace guccho::commands::handlers

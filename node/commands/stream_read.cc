// XREAD and XREADGROUP: entries of many streams, waited for if need be.
#include <algorithm>
#include <string>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/stream_arguments.h"
#include "node/commands/text.h"
#include "node/commands/times.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
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

// In XREADGROUP this id stands for ">", what was never delivered to the group; given as a number it means the same.
constexpr StreamId kUndelivered = StreamId::max();

struct Options {
  std::optional<Millis> block;
  uint64_t count = 0;  // 0: any number
  bool no_ack = false;
  std::string_view group;
  std::string_view consumer;
  bool has_group = false;
  size_t streams_at = 0;  // the first key
  size_t streams = 0;
};

// One of the streams, with its id resolved.
struct Source {
  KeyRef key;
  StreamValue stream;  // without an entry: the key is missing
  StreamId after;
  StreamGroup* group = nullptr;
};

// BLOCK, COUNT and STREAMS, and for XREADGROUP also GROUP and NOACK. False after an error reply.
bool read_options(Context& c, bool grouped, Options& options) {
  for (size_t i = 1; i < c.argc(); ++i) {
    const std::string_view option = c.arg(i);
    const size_t more = c.argc() - i - 1;
    if (more >= 1 && equals_ignore_case("block", option)) {
      options.block = read_timeout(c, c.arg(++i));
      if (!options.block) return false;
    } else if (more >= 1 && equals_ignore_case("count", option)) {
      const auto count = read_integer(c, c.arg(++i));
      if (!count) return false;
      options.count = static_cast<uint64_t>(std::max<int64_t>(*count, 0));
    } else if (more >= 1 && equals_ignore_case("streams", option)) {
      options.streams_at = i + 1;
      options.streams = more / 2;
      if (more % 2 == 0) break;
      c.reply.error("ERR Unbalanced '" + std::string(c.spec.full_name) +
                    "' list of streams: for each stream key an ID or '" + (grouped ? ">" : "$") +
                    "' must be specified.");
      return false;
    } else if (more >= 2 && equals_ignore_case("group", option)) {
      if (!grouped) {
        c.reply.error("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
        return false;
      }
      options.has_group = true;
      options.group = c.arg(i + 1);
      options.consumer = c.arg(i + 2);
      i += 2;
    } else if (equals_ignore_case("noack", option)) {
      if (!grouped) {
        c.reply.error("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
        return false;
      }
      options.no_ack = true;
    } else {
      c.syntax_error();
      return false;
    }
  }
  if (options.streams_at == 0) {
    c.syntax_error();
    return false;
  }
  if (grouped && !options.has_group) {
    c.reply.error("ERR Missing GROUP option for XREADGROUP");
    return false;
  }
  return true;
}

// The id after which a stream is read. Nothing after an error reply.
std::optional<StreamId> read_position(Context& c, std::string_view text, bool grouped, const StreamValue& stream) {
  if (text == "$") {
    if (!grouped) return stream ? stream->last_id : StreamId::min();
    c.reply.error(
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
        "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result "
        "set.");
    return std::nullopt;
  }
  if (text == ">") {
    if (grouped) return kUndelivered;
    c.reply.error(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.");
    return std::nullopt;
  }
  return read_strict_id(c, text);
}

// The streams and from where on to read them. False after an error reply.
bool find_sources(Context& c, const Options& options, std::vector<Source>& sources) {
  sources.reserve(options.streams);
  for (size_t i = 0; i < options.streams; ++i) {
    const KeyRef key = c.key(options.streams_at + i);
    Entry* entry = c.find_for_read(key);
    if (!is_stream_or_missing(c, entry)) return false;
    Source source{key, StreamValue(c.data, key, entry), {}};
    if (options.has_group) {
      source.group = entry != nullptr ? source.stream->find_group(options.group) : nullptr;
      if (source.group == nullptr) {
        no_such_group(c, key.bytes, options.group, " in XREADGROUP with GROUP option");
        return false;
      }
    }
    const auto after =
        read_position(c, c.arg(options.streams_at + options.streams + i), options.has_group, source.stream);
    if (!after) return false;
    source.after = *after;
    sources.push_back(source);
  }
  return true;
}

// The header of a stream's part of the reply.
void reply_stream_name(Context& c, std::string_view key) {
  if (!c.reply.resp3()) c.reply.array(2);
  c.reply.bulk(key);
}

void end_reply(Context& c, size_t mark, size_t streams) {
  c.reply.resp3() ? c.reply.end_map(mark, streams) : c.reply.end_array(mark, streams);
}

// With "$" replaced by what it stands for now: when the command runs again that would be behind what it waits for.
void block(Context& c, const Options& options, std::span<const Source> sources) {
  const auto keys = c.args.subspan(options.streams_at, options.streams);
  const Block wait{.keys = keys,
                   .type = store::Type::kStream,
                   .timeout = *options.block,
                   .null_array = true,
                   .when_gone = options.has_group};
  if (options.has_group) return c.block(wait);
  RewrittenRequest request(c.args);
  std::vector<StreamIdText> texts(sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    request[options.streams_at + options.streams + i] = print_stream_id(sources[i].after, texts[i]);
  }
  Block again = wait;
  again.request = request.args();
  c.block(again);
}

// ---- XREADGROUP ----

class GroupRead {
 public:
  GroupRead(Context& c, const Options& options, Source& source, StreamConsumer& consumer, Stream& stream,
            SlabAllocator& alloc)
      : c_(c), options_(options), source_(source), consumer_(consumer), stream_(stream), alloc_(alloc) {}

  // What the group was not given yet.
  void read_new() {
    StreamGroup& group = *source_.group;
    StreamId from = group.last_id;
    from.increment();
    const size_t mark = c_.reply.begin_deferred();
    StreamWalk walk(stream_, from, StreamId::max());
    StreamEntry entry;
    uint64_t found = 0;
    while ((options_.count == 0 || found < options_.count) && walk.next(entry)) {
      stream_.advance(group, entry.id);
      reply_stream_entry(c_.reply, entry);
      if (!options_.no_ack) deliver(entry.id);
      ++found;
    }
    c_.reply.end_array(mark, found);
    replicate_position(c_, source_.key.bytes, group);
    c_.mark_dirty();
  }

  // What the consumer was given and did not acknowledge.
  void read_history() {
    StreamId from = source_.after;
    from.increment();
    const size_t mark = c_.reply.begin_deferred();
    uint64_t found = 0;
    for (auto at = consumer_.pending().at_or_after(from); at && (options_.count == 0 || found < options_.count);
         at.next(), ++found) {
      StreamEntry entry;
      if (StreamWalk(stream_, at.id(), at.id()).next(entry)) {
        reply_stream_entry(c_.reply, entry);
        PendingEntry& pending = *StreamGroup::entry(at);
        pending.delivered = c_.now;
        ++pending.deliveries;
      } else {
        c_.reply.array(2);
        reply_stream_id(c_.reply, at.id());
        c_.reply.null_array();
      }
    }
    c_.reply.end_array(mark, found);
    c_.mark_dirty();
  }

 private:
  // The id may be pending already, when XGROUP SETID took the group back: then it changes hands.
  void deliver(const StreamId& id) {
    PendingEntry& pending = *source_.group->assign(id, &consumer_, alloc_);
    pending.delivered = c_.now;
    pending.deliveries = 1;
    consumer_.active = c_.now;
    replicate_claim(c_, source_.key.bytes, *source_.group, id, pending);
  }

  Context& c_;
  const Options& options_;
  Source& source_;
  StreamConsumer& consumer_;
  Stream& stream_;
  SlabAllocator& alloc_;
};

bool has_new(const Source& source) {
  return source.stream->length > 0 && source.stream->last_entry_id() > source.group->last_id;
}

// Whether something was answered.
bool serve(Context& c, const Options& options, Source& source) {
  return source.stream.change([&](Stream& stream, SlabAllocator& alloc) {
    StreamConsumer* consumer = touch_consumer(c, source.key, *source.group, options.consumer, alloc);
    const bool history = source.after != kUndelivered;
    if (!history && !has_new(source)) return false;
    reply_stream_name(c, source.key.bytes);
    GroupRead read(c, options, source, *consumer, stream, alloc);
    history ? read.read_history() : read.read_new();
    return true;
  });
}

}  // namespace

void xread(Context& c) {
  Options options;
  std::vector<Source> sources;
  if (!read_options(c, false, options) || !find_sources(c, options, sources)) return;
  const size_t mark = c.reply.begin_deferred();
  size_t served = 0;
  for (const Source& source : sources) {
    if (!source.stream || source.stream->length == 0 || source.stream->last_entry_id() <= source.after) continue;
    ++served;
    StreamId from = source.after;
    from.increment();
    reply_stream_name(c, source.key.bytes);
    reply_stream_range(c.reply, *source.stream, from, StreamId::max(), StreamWalk::Direction::kForward, options.count);
  }
  if (served > 0) return end_reply(c, mark, served);
  if (options.block && c.may_block()) return block(c, options, sources);
  c.reply.null_array();
}

// Replicated as what became of each entry. Consumers that are served their history only have their own counters
// changed, which replicas do not know.
void xreadgroup(Context& c) {
  Options options;
  std::vector<Source> sources;
  if (!read_options(c, true, options) || !find_sources(c, options, sources)) return;
  c.replicate_nothing();
  const size_t mark = c.reply.begin_deferred();
  size_t served = 0;
  for (Source& source : sources) served += serve(c, options, source) ? 1 : 0;
  if (served > 0) return end_reply(c, mark, served);
  if (options.block && c.may_block()) return block(c, options, sources);
  c.reply.null_array();
}

}  // namespace guccho::commands::handlers

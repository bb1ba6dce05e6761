// Reading and printing what the stream commands have in common.
#include "node/commands/stream_arguments.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "node/commands/numbers.h"
#include "node/commands/text.h"

namespace guccho::commands {

using store::Stream;
using store::StreamId;
using store::StreamTrim;

namespace {

// A part of an id: a canonical number, or whatever strtoull takes as a whole ("007", " 7"), as redis-server does.
std::optional<uint64_t> parse_part(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text[0] >= '1' && text[0] <= '9') {
    uint64_t value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  if (const auto integer = parse_integer(text)) {
    if (*integer < 0) return std::nullopt;
    return static_cast<uint64_t>(*integer);
  }
  const std::string copy(text);
  char* end = nullptr;
  errno = 0;
  const unsigned long long value = std::strtoull(copy.c_str(), &end, 10);
  if (errno == EINVAL || errno == ERANGE || end != copy.c_str() + copy.size()) return std::nullopt;
  return value;
}

// "ms" or "ms-seq"; "ms-*" if `seq_given` is there to say so.
std::optional<StreamId> parse_id(std::string_view text, uint64_t missing_seq, bool* seq_given) {
  if (text.size() > 127) return std::nullopt;
  text = text.substr(0, text.find('\0'));
  if (seq_given != nullptr) *seq_given = true;
  const size_t dash = text.find('-');
  const auto ms = parse_part(text.substr(0, dash));
  if (!ms) return std::nullopt;
  if (dash == std::string_view::npos) return StreamId{*ms, missing_seq};
  const std::string_view seq_text = text.substr(dash + 1);
  if (seq_given != nullptr && seq_text == "*") {
    *seq_given = false;
    return StreamId{*ms, 0};
  }
  const auto seq = parse_part(seq_text);
  if (!seq) return std::nullopt;
  return StreamId{*ms, *seq};
}

std::optional<StreamId> invalid_id(Context& c) {
  c.reply.error("ERR Invalid stream ID specified as stream command argument");
  return std::nullopt;
}

bool is_exclusive(std::string_view text) {
  return text.size() > 1 && text[0] == '(';
}

// MAXLEN and MINID with their operator; `i` comes to the threshold.
bool read_threshold(Context& c, StreamTrim::By by, size_t& i, StreamAddOptions& options) {
  StreamTrim& trim = options.trim;
  if (trim.by != StreamTrim::By::kNothing) {
    c.reply.error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    return false;
  }
  trim.approximate = false;
  const std::string_view next = c.arg(i + 1);
  if (c.argc() - i > 2 && (next == "~" || next == "=")) {
    trim.approximate = next == "~";
    ++i;
  }
  ++i;
  if (by == StreamTrim::By::kMaxLength) {
    const auto length = read_integer(c, c.arg(i));
    if (!length) return false;
    if (*length < 0) {
      c.reply.error("ERR The MAXLEN argument must be >= 0.");
      return false;
    }
    trim.max_length = static_cast<uint64_t>(*length);
  } else {
    const auto id = read_strict_id(c, c.arg(i));
    if (!id) return false;
    trim.min_id = *id;
  }
  trim.by = by;
  options.trim_at = i;
  return true;
}

// How much one command may trim when whole blocks will do: what the client says, else a hundred blocks.
bool set_limit(Context& c, std::optional<int64_t> limit, bool add, StreamTrim& trim) {
  if (limit.value_or(0) != 0 && trim.by == StreamTrim::By::kNothing) {
    c.reply.error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
    return false;
  }
  if (!add && trim.by == StreamTrim::By::kNothing) {
    c.reply.error("ERR syntax error, XTRIM must be called with a trimming strategy");
    return false;
  }
  // The primary rewrote it as what it came to.
  if (c.caller.from_primary) return true;
  if (limit) {
    if (!trim.approximate) {
      c.reply.error("ERR syntax error, LIMIT cannot be used without the special ~ option");
      return false;
    }
    trim.limit = static_cast<uint64_t>(*limit);
  } else if (trim.approximate) {
    const uint64_t entries = c.data.packed_limits().stream_node_max_entries;
    trim.limit = entries == 0 ? 10000 : std::min<uint64_t>(entries, 10000) * 100;
  }
  return true;
}

}  // namespace

std::string_view print_stream_id(const StreamId& id, StreamIdText& scratch) {
  char* const end = scratch.data() + scratch.size();
  char* p = std::to_chars(scratch.data(), end, id.ms).ptr;
  *p++ = '-';
  p = std::to_chars(p, end, id.seq).ptr;
  return {scratch.data(), static_cast<size_t>(p - scratch.data())};
}

void reply_stream_id(resp::ReplyWriter& reply, const StreamId& id) {
  StreamIdText scratch;
  reply.bulk(print_stream_id(id, scratch));
}

std::optional<StreamId> parse_stream_id(std::string_view text, uint64_t missing_seq) {
  if (text == "-") return StreamId::min();
  if (text == "+") return StreamId::max();
  return parse_id(text, missing_seq, nullptr);
}

std::optional<StreamId> read_strict_id(Context& c, std::string_view text) {
  const auto id = parse_id(text, 0, nullptr);
  return id ? id : invalid_id(c);
}

std::optional<StreamId> read_id(Context& c, std::string_view text) {
  const auto id = parse_stream_id(text, 0);
  return id ? id : invalid_id(c);
}

bool read_range_start(Context& c, std::string_view text, StreamId& start) {
  const bool exclusive = is_exclusive(text);
  const auto id = exclusive ? parse_id(text.substr(1), 0, nullptr) : parse_stream_id(text, 0);
  if (!id) {
    invalid_id(c);
    return false;
  }
  start = *id;
  if (exclusive && !start.increment()) {
    c.reply.error("ERR invalid start ID for the interval");
    return false;
  }
  return true;
}

bool read_range_end(Context& c, std::string_view text, StreamId& end) {
  const bool exclusive = is_exclusive(text);
  const auto id = exclusive ? parse_id(text.substr(1), UINT64_MAX, nullptr) : parse_stream_id(text, UINT64_MAX);
  if (!id) {
    invalid_id(c);
    return false;
  }
  end = *id;
  if (exclusive && !end.decrement()) {
    c.reply.error("ERR invalid end ID for the interval");
    return false;
  }
  return true;
}

std::optional<int64_t> read_integer(Context& c, std::string_view text, std::string_view error) {
  const auto number = parse_integer(text);
  if (!number) error.empty() ? c.not_an_integer() : c.reply.error(error);
  return number;
}

bool read_add_options(Context& c, bool add, StreamAddOptions& options) {
  std::optional<int64_t> limit;
  size_t i = 2;
  for (; i < c.argc(); ++i) {
    const std::string_view option = c.arg(i);
    const bool more = i + 1 < c.argc();
    if (add && option == "*") break;
    if (more && equals_ignore_case("maxlen", option)) {
      if (!read_threshold(c, StreamTrim::By::kMaxLength, i, options)) return false;
    } else if (more && equals_ignore_case("minid", option)) {
      if (!read_threshold(c, StreamTrim::By::kMinId, i, options)) return false;
    } else if (more && equals_ignore_case("limit", option)) {
      limit = read_integer(c, c.arg(++i));
      if (!limit) return false;
      if (*limit < 0) {
        c.reply.error("ERR The LIMIT argument must be >= 0.");
        return false;
      }
    } else if (add && equals_ignore_case("nomkstream", option)) {
      options.create = false;
    } else if (add) {
      options.id = parse_id(option, 0, &options.seq_given);
      if (!options.id) return invalid_id(c).has_value();
      break;
    } else {
      c.syntax_error();
      return false;
    }
  }
  options.id_at = i;
  return set_limit(c, limit, add, options.trim);
}

RewrittenRequest::RewrittenRequest(std::span<const std::string_view> args) {
  if (args.size() <= few_.size()) {
    std::ranges::copy(args, few_.begin());
    args_ = std::span(few_).first(args.size());
  } else {
    many_.assign(args.begin(), args.end());
    args_ = many_;
  }
}

void ExactTrim::rewrite(RewrittenRequest& request, const StreamAddOptions& options, const Stream& stream) {
  request[options.trim_at - 1] = "=";
  if (options.trim.by == StreamTrim::By::kMinId) {
    const StreamId id = stream.length > 0 ? stream.first_id : StreamId::max();
    request[options.trim_at] = print_stream_id(id, scratch_);
  } else {
    const auto [end, error] = std::to_chars(scratch_.data(), scratch_.data() + scratch_.size(), stream.length);
    request[options.trim_at] = {scratch_.data(), static_cast<size_t>(end - scratch_.data())};
  }
}

bool is_stream_or_missing(Context& c, const store::Entry* entry) {
  if (entry == nullptr || entry->type() == store::Type::kStream) return true;
  c.wrong_type();
  return false;
}

void no_such_group(Context& c, std::string_view key, std::string_view group, std::string_view rest) {
  std::string text = "NOGROUP No such key '";
  text.append(key).append("' or consumer group '").append(group).append("'").append(rest);
  c.reply.error(text);
}

void reply_stream_entry(resp::ReplyWriter& reply, const store::StreamEntry& entry) {
  reply.array(2);
  reply_stream_id(reply, entry.id);
  reply.array(entry.field_count() * 2);
  entry.for_each_field([&reply](const store::ListpackElement& field, const store::ListpackElement& value) {
    store::IntText scratch;
    reply.bulk(field.text(scratch));
    reply.bulk(value.text(scratch));
  });
}

void reply_stream_range(resp::ReplyWriter& reply, const Stream& stream, const StreamId& first, const StreamId& last,
                        store::StreamWalk::Direction direction, uint64_t count) {
  const size_t mark = reply.begin_deferred();
  store::StreamWalk walk(stream, first, last, direction);
  store::StreamEntry entry;
  uint64_t found = 0;
  while ((count == 0 || found < count) && walk.next(entry)) {
    reply_stream_entry(reply, entry);
    ++found;
  }
  reply.end_array(mark, found);
}

void replicate_claim(Context& c, std::string_view key, const store::StreamGroup& group, const StreamId& id,
                     const store::PendingEntry& pending) {
  StreamIdText id_text, last_text;
  store::IntText time_text, count_text;
  c.replicate_as({"XCLAIM", key, group.name(), pending.consumer->name(), "0", print_stream_id(id, id_text), "TIME",
                  store::print_integer(pending.delivered.time_since_epoch().count(), time_text), "RETRYCOUNT",
                  store::print_integer(static_cast<int64_t>(pending.deliveries), count_text), "FORCE", "JUSTID",
                  "LASTID", print_stream_id(group.last_id, last_text)});
}

void replicate_position(Context& c, std::string_view key, const store::StreamGroup& group) {
  StreamIdText id_text;
  store::IntText read_text;
  c.replicate_as({"XGROUP", "SETID", key, group.name(), print_stream_id(group.last_id, id_text), "ENTRIESREAD",
                  store::print_integer(group.entries_read, read_text)});
}

store::StreamConsumer* touch_consumer(Context& c, const store::KeyRef& key, store::StreamGroup& group,
                                      std::string_view name, store::SlabAllocator& alloc) {
  store::StreamConsumer* consumer = group.consumers().find(name);
  if (consumer == nullptr) {
    consumer = group.add_consumer(name, c.now, alloc);
    c.changed(key.bytes, config::kNotifyStream, "xgroup-createconsumer");
    c.replicate_as({"XGROUP", "CREATECONSUMER", key.bytes, group.name(), name});
  }
  consumer->seen = c.now;
  return consumer;
}

}  // namespace guccho::commands

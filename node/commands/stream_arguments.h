// What the stream commands share: ids and ranges in arguments, the options of XADD and XTRIM, entries in replies.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "node/commands/context.h"
#include "node/store/stream_value.h"

namespace guccho::commands {

using StreamIdText = std::array<char, 44>;
// "ms-seq", in `scratch`.
std::string_view print_stream_id(const store::StreamId& id, StreamIdText& scratch);
void reply_stream_id(resp::ReplyWriter& reply, const store::StreamId& id);

// "ms" or "ms-seq", also "-" and "+" for the least and the greatest id; nothing when it is no id.
std::optional<store::StreamId> parse_stream_id(std::string_view text, uint64_t missing_seq);

// These answer an error and return nothing when the text is no id. Strict: "-" and "+" are none.
std::optional<store::StreamId> read_strict_id(Context& c, std::string_view text);
std::optional<store::StreamId> read_id(Context& c, std::string_view text);

// Start and end of a range, each "(" in front to leave the id itself out. False after an error reply.
bool read_range_start(Context& c, std::string_view text, store::StreamId& start);
bool read_range_end(Context& c, std::string_view text, store::StreamId& end);

// An integer of an option; answers an error (of this text, or the usual one) and returns nothing when it is none.
std::optional<int64_t> read_integer(Context& c, std::string_view text, std::string_view error = {});

// XADD's and XTRIM's options, and XADD's id.
struct StreamAddOptions {
  store::StreamTrim trim;
  size_t trim_at = 0;  // argument with the threshold
  bool create = true;
  size_t id_at = 0;  // argument with the id
  std::optional<store::StreamId> id;
  bool seq_given = true;
};
// False after an error reply.
bool read_add_options(Context& c, bool add, StreamAddOptions& options);

// The request as it was sent, of which some arguments may be changed before it is replicated.
class RewrittenRequest {
 public:
  explicit RewrittenRequest(std::span<const std::string_view> args);
  std::string_view& operator[](size_t i) { return args_[i]; }
  std::span<const std::string_view> args() const { return args_; }

 private:
  std::array<std::string_view, 32> few_;
  std::vector<std::string_view> many_;
  std::span<std::string_view> args_;
};

// A trim that stopped at whole blocks or at its limit is replicated as the exact one that it came to.
class ExactTrim {
 public:
  void rewrite(RewrittenRequest& request, const StreamAddOptions& options, const store::Stream& stream);

 private:
  StreamIdText scratch_;
};

// False after a WRONGTYPE reply; a missing key is none.
bool is_stream_or_missing(Context& c, const store::Entry* entry);
// "NOGROUP No such key 'k' or consumer group 'g'", and what follows.
void no_such_group(Context& c, std::string_view key, std::string_view group, std::string_view rest = {});

// [id, [field, value, ...]]
void reply_stream_entry(resp::ReplyWriter& reply, const store::StreamEntry& entry);
// An array of entries, at most `count` (0: any number).
void reply_stream_range(resp::ReplyWriter& reply, const store::Stream& stream, const store::StreamId& first,
                        const store::StreamId& last, store::StreamWalk::Direction direction, uint64_t count);

// Replicates what became of a pending entry, and where a group stands.
void replicate_claim(Context& c, std::string_view key, const store::StreamGroup& group, const store::StreamId& id,
                     const store::PendingEntry& pending);
void replicate_position(Context& c, std::string_view key, const store::StreamGroup& group);
// The consumer, made if need be, which is announced and replicated. It was seen now.
store::StreamConsumer* touch_consumer(Context& c, const store::KeyRef& key, store::StreamGroup& group,
                                      std::string_view name, store::SlabAllocator& alloc);

}  // namespace guccho::commands

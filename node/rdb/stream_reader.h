// The parts of a stream in RDB (types 15, 19, 21), read unit by unit, each checked as it comes.
//
//   number of blocks | (master id as a string of 16 bytes, listpack) x blocks
//   length | last id | from type 19 on: first id, greatest deleted id, entries added
//   number of groups | groups
//   group:    name | last id | from type 19 on: entries read | number of pending entries
//             | (id as 16 bytes, delivered i64, deliveries) x pending | number of consumers | consumers
//   consumer: name | seen i64 | from type 21 on: active i64 | number of pending ids | (id as 16 bytes) x pending
//
// Ids as bytes are big-endian, ids and counts else are lengths, times are milliseconds, little-endian.
#pragma once

#include <string>
#include <utility>

#include "node/base/result.h"
#include "node/rdb/format.h"
#include "node/store/stream_image.h"

namespace guccho::rdb {

class StreamReader {
 public:
  void start(ValueType type) {
    *this = {};
    has_history_ = type != ValueType::kStream;
    has_active_ = type == ValueType::kStream3;
    image_.has_history = has_history_;
  }
  // Reads one unit of `in`, the reader's input; nothing is taken for read when its bytes did not suffice.
  template <class Input>
  Status read(Input& in);
  bool done() const { return part_ == Part::kDone; }
  store::StreamImage take() { return std::move(image_); }

 private:
  enum class Part : uint8_t {
    kBlockCount,
    kBlock,
    kNumbers,
    kGroup,
    kPending,
    kConsumerCount,
    kConsumer,
    kOwned,
    kDone
  };

  static store::StreamId id_of(std::string_view bytes);
  template <class Input>
  static store::StreamId read_id(Input& in) {
    const uint64_t ms = in.length();
    return {ms, in.length()};
  }
  template <class Input>
  static UnixMillis read_time(Input& in) {
    return UnixMillis(Millis(static_cast<int64_t>(in.little_endian(8))));
  }
  template <class Input>
  Status read_block(Input& in);
  template <class Input>
  Status read_numbers(Input& in);
  template <class Input>
  Status read_group(Input& in);
  template <class Input>
  Status read_consumer(Input& in);
  Status end_group();
  Status end_consumer() { return --consumers_left_ > 0 ? go_to(Part::kConsumer) : end_group(); }
  Status go_to(Part part) {
    part_ = part;
    return {};
  }
  static Status checked(std::optional<std::string> damage) {
    if (damage) return fail(std::move(*damage));
    return {};
  }

  Part part_ = Part::kBlockCount;
  bool has_history_ = true;
  bool has_active_ = false;
  uint64_t blocks_left_ = 0;
  uint64_t groups_left_ = 0;
  uint64_t pending_left_ = 0;
  uint64_t consumers_left_ = 0;
  uint64_t owned_left_ = 0;
  store::StreamImage image_;
  store::StreamCheck check_;
};

template <class Input>
Status StreamReader::read(Input& in) {
  const auto whole = [&in] { return !in.short_of_bytes() && !in.error(); };
  switch (part_) {
    case Part::kBlockCount: {
      const uint64_t count = in.length();
      if (!whole()) return {};
      blocks_left_ = count;
      return go_to(count > 0 ? Part::kBlock : Part::kNumbers);
    }
    case Part::kBlock:
      return read_block(in);
    case Part::kNumbers:
      return read_numbers(in);
    case Part::kGroup:
      return read_group(in);
    case Part::kPending: {
      const std::string_view id = in.take(16);
      const UnixMillis delivered = read_time(in);
      const uint64_t deliveries = in.length();
      if (!whole()) return {};
      image_.groups.back().pending.push_back({id_of(id), delivered, deliveries});
      return go_to(--pending_left_ > 0 ? Part::kPending : Part::kConsumerCount);
    }
    case Part::kConsumerCount: {
      const uint64_t count = in.length();
      if (!whole()) return {};
      consumers_left_ = count;
      return count > 0 ? go_to(Part::kConsumer) : end_group();
    }
    case Part::kConsumer:
      return read_consumer(in);
    case Part::kOwned: {
      const std::string_view id = in.take(16);
      if (!whole()) return {};
      image_.groups.back().consumers.back().pending.push_back(id_of(id));
      return --owned_left_ > 0 ? go_to(Part::kOwned) : end_consumer();
    }
    case Part::kDone:
      break;
  }
  return {};
}

template <class Input>
Status StreamReader::read_block(Input& in) {
  const std::string master = in.string();
  std::string listpack = in.string();
  if (in.short_of_bytes() || in.error()) return {};
  if (master.size() != 16) return fail("a stream with a master id that is not 16 bytes");
  store::StreamImage::Block block{id_of(master), std::move(listpack)};
  if (Status status = checked(check_.block(block)); !status) return status;
  image_.blocks.push_back(std::move(block));
  return go_to(--blocks_left_ > 0 ? Part::kBlock : Part::kNumbers);
}

template <class Input>
Status StreamReader::read_numbers(Input& in) {
  const uint64_t length = in.length();
  const store::StreamId last = read_id(in);
  store::StreamId first;
  store::StreamId max_deleted;
  uint64_t added = 0;
  if (has_history_) {
    first = read_id(in);
    max_deleted = read_id(in);
    added = in.length();
  }
  const uint64_t groups = in.length();
  if (in.short_of_bytes() || in.error()) return {};
  image_.length = length;
  image_.last_id = last;
  image_.first_id = first;
  image_.max_deleted_id = max_deleted;
  image_.entries_added = added;
  groups_left_ = groups;
  if (Status status = checked(check_.numbers(image_)); !status) return status;
  return go_to(groups > 0 ? Part::kGroup : Part::kDone);
}

template <class Input>
Status StreamReader::read_group(Input& in) {
  store::StreamImage::Group group;
  group.name = in.string();
  group.last_id = read_id(in);
  if (has_history_) group.entries_read = static_cast<int64_t>(in.length());
  const uint64_t pending = in.length();
  if (in.short_of_bytes() || in.error()) return {};
  image_.groups.push_back(std::move(group));
  pending_left_ = pending;
  return go_to(pending > 0 ? Part::kPending : Part::kConsumerCount);
}

template <class Input>
Status StreamReader::read_consumer(Input& in) {
  store::StreamImage::Consumer consumer;
  consumer.name = in.string();
  consumer.seen = read_time(in);
  // Older versions do not say when a consumer last got something: the best guess is when it was last seen.
  consumer.active = has_active_ ? read_time(in) : consumer.seen;
  const uint64_t owned = in.length();
  if (in.short_of_bytes() || in.error()) return {};
  image_.groups.back().consumers.push_back(std::move(consumer));
  owned_left_ = owned;
  return owned > 0 ? go_to(Part::kOwned) : end_consumer();
}

inline Status StreamReader::end_group() {
  if (Status status = checked(check_.group(image_.groups.back())); !status) return status;
  if (--groups_left_ > 0) return go_to(Part::kGroup);
  std::vector<std::string_view> names;
  for (const store::StreamImage::Group& group : image_.groups) names.push_back(group.name);
  if (!store::StreamCheck::distinct(std::move(names))) return fail("a stream with a group twice");
  return go_to(Part::kDone);
}

inline store::StreamId StreamReader::id_of(std::string_view bytes) {
  if (bytes.size() != 16) return {};
  const auto number = [bytes](size_t at) {
    uint64_t value = 0;
    for (size_t i = 0; i < 8; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[at + i]);
    return value;
  };
  return {number(0), number(8)};
}

}  // namespace guccho::rdb

// Reading the parts of a stream.
#include "node/rdb/stream_reader.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guccho::rdb {

namespace {

store::StreamId id_of(std::string_view bytes) {
  if (bytes.size() != 16) return {};
  const auto number = [bytes](size_t at) {
    uint64_t value = 0;
    for (size_t i = 0; i < 8; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[at + i]);
    return value;
  };
  return {number(0), number(8)};
}

store::StreamId read_id(Input& in) {
  const uint64_t ms = in.length();
  return {ms, in.length()};
}

UnixMillis read_time(Input& in) {
  return UnixMillis(Millis(static_cast<int64_t>(in.little_endian(8))));
}

Status checked(std::optional<std::string> damage) {
  if (damage) return fail(std::move(*damage));
  return {};
}

}  // namespace

Status StreamReader::read(Input& in) {
  switch (part_) {
    case Part::kBlockCount: {
      const uint64_t count = in.length();
      if (!in.whole()) return {};
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
      if (!in.whole()) return {};
      image_.groups.back().pending.push_back({id_of(id), delivered, deliveries});
      return go_to(--pending_left_ > 0 ? Part::kPending : Part::kConsumerCount);
    }
    case Part::kConsumerCount: {
      const uint64_t count = in.length();
      if (!in.whole()) return {};
      consumers_left_ = count;
      return count > 0 ? go_to(Part::kConsumer) : end_group();
    }
    case Part::kConsumer:
      return read_consumer(in);
    case Part::kOwned: {
      const std::string_view id = in.take(16);
      if (!in.whole()) return {};
      image_.groups.back().consumers.back().pending.push_back(id_of(id));
      return --owned_left_ > 0 ? go_to(Part::kOwned) : end_consumer();
    }
    case Part::kDone:
      break;
  }
  return {};
}

Status StreamReader::read_block(Input& in) {
  const std::string master = in.string();
  std::string listpack = in.string();
  if (!in.whole()) return {};
  if (master.size() != 16) return fail("a stream with a master id that is not 16 bytes");
  store::StreamImage::Block block{id_of(master), std::move(listpack)};
  if (Status status = checked(check_.block(block)); !status) return status;
  image_.blocks.push_back(std::move(block));
  return go_to(--blocks_left_ > 0 ? Part::kBlock : Part::kNumbers);
}

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
  if (!in.whole()) return {};
  image_.length = length;
  image_.last_id = last;
  image_.first_id = first;
  image_.max_deleted_id = max_deleted;
  image_.entries_added = added;
  groups_left_ = groups;
  if (Status status = checked(check_.numbers(image_)); !status) return status;
  return go_to(groups > 0 ? Part::kGroup : Part::kDone);
}

Status StreamReader::read_group(Input& in) {
  store::StreamImage::Group group;
  group.name = in.string();
  group.last_id = read_id(in);
  if (has_history_) group.entries_read = static_cast<int64_t>(in.length());
  const uint64_t pending = in.length();
  if (!in.whole()) return {};
  image_.groups.push_back(std::move(group));
  pending_left_ = pending;
  return go_to(pending > 0 ? Part::kPending : Part::kConsumerCount);
}

Status StreamReader::read_consumer(Input& in) {
  store::StreamImage::Consumer consumer;
  consumer.name = in.string();
  consumer.seen = read_time(in);
  // Older versions do not say when a consumer last got something: the best guess is when it was last seen.
  consumer.active = has_active_ ? read_time(in) : consumer.seen;
  const uint64_t owned = in.length();
  if (!in.whole()) return {};
  image_.groups.back().consumers.push_back(std::move(consumer));
  owned_left_ = owned;
  return owned > 0 ? go_to(Part::kOwned) : end_consumer();
}

Status StreamReader::end_group() {
  if (Status status = checked(check_.group(image_.groups.back())); !status) return status;
  if (--groups_left_ > 0) return go_to(Part::kGroup);
  std::vector<std::string_view> names;
  for (const store::StreamImage::Group& group : image_.groups) names.push_back(group.name);
  if (!store::StreamCheck::distinct(std::move(names))) return fail("a stream with a group twice");
  return go_to(Part::kDone);
}

}  // namespace guccho::rdb

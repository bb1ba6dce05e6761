// Checking images of streams, and making streams of them.
#include "node/store/stream_image.h"

#include <algorithm>

#include "node/store/stream_value.h"

namespace guccho::store {

namespace {

std::string text_of(const StreamId& id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.seq);
}

// Times are subtracted from one another.
UnixMillis sane(UnixMillis when) {
  return std::max(when, UnixMillis(Millis(0)));
}

}  // namespace

std::optional<std::string> StreamCheck::block(const StreamImage::Block& block) {
  StreamBlock::Bounds bounds;
  std::optional<std::string_view> damage = StreamBlock::damage(block.listpack, block.master, bounds);
  if (!damage && any_ && bounds.first <= last_) damage = "ids that do not ascend";
  if (!damage && any_ && block.master <= last_) damage = "a master id inside the block before";
  if (damage) return "a stream whose block " + text_of(block.master) + " is damaged: " + std::string(*damage);
  any_ = true;
  last_ = bounds.last;
  if (bounds.last_valid) last_valid_ = bounds.last_valid;
  entries_ += bounds.entries;
  return std::nullopt;
}

std::optional<std::string> StreamCheck::numbers(const StreamImage& image) const {
  if (image.length != entries_) {
    return "a stream said to have " + std::to_string(image.length) + " entries that has " + std::to_string(entries_);
  }
  // Before deleted ones it may be: redis-server's XSETID leaves them where they are.
  if (last_valid_ && image.last_id < *last_valid_) {
    return "a stream whose last id " + text_of(image.last_id) + " is before an entry";
  }
  return std::nullopt;
}

bool StreamCheck::distinct(std::vector<std::string_view> names) {
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) == names.end();
}

std::optional<std::string> StreamCheck::group(const StreamImage::Group& group) const {
  const auto wrong = [&group](std::string_view what) {
    return "a stream whose group '" + group.name.substr(0, 64) + "' has " + std::string(what);
  };
  const auto before = [](const StreamImage::Pending& a, const StreamImage::Pending& b) { return a.id < b.id; };
  for (size_t i = 1; i < group.pending.size(); ++i) {
    if (!before(group.pending[i - 1], group.pending[i])) return wrong("pending entries out of order");
  }
  std::vector<bool> owned(group.pending.size());
  std::vector<std::string_view> names;
  size_t owned_count = 0;
  for (const StreamImage::Consumer& consumer : group.consumers) {
    names.push_back(consumer.name);
    for (const StreamId& id : consumer.pending) {
      const auto at = std::lower_bound(group.pending.begin(), group.pending.end(), StreamImage::Pending{id}, before);
      if (at == group.pending.end() || at->id != id)
        return wrong("a consumer with " + text_of(id) + ", which is not pending");
      const auto index = static_cast<size_t>(at - group.pending.begin());
      if (owned[index]) return wrong("two consumers with " + text_of(id));
      owned[index] = true;
      ++owned_count;
    }
  }
  if (owned_count != group.pending.size()) return wrong("a pending entry without a consumer");
  if (!distinct(std::move(names))) return wrong("a consumer twice");
  return std::nullopt;
}

namespace {

// In the order in which they are kept, so that each is added at the end: RDB promises none.
template <class Named>
void sort_by_name(std::vector<Named>& items) {
  if (!std::ranges::is_sorted(items, {}, &Named::name)) std::ranges::sort(items, {}, &Named::name);
}

void adopt_group(Stream& stream, const StreamImage& image, StreamImage::Group& group, SlabAllocator& alloc) {
  StreamGroup* made = stream.add_group(group.name, alloc);
  made->last_id = group.last_id;
  made->entries_read = std::max(group.entries_read, StreamGroup::kUnknown);
  if (!image.has_history) made->entries_read = stream.entries_up_to(group.last_id);
  sort_by_name(group.consumers);
  for (const StreamImage::Consumer& consumer : group.consumers) {
    StreamConsumer* owner = made->add_consumer(consumer.name, sane(consumer.seen), alloc);
    owner->active = std::max(consumer.active, StreamConsumer::kNever);
    for (const StreamId& id : consumer.pending) {
      const auto at = std::ranges::lower_bound(group.pending, id, {}, &StreamImage::Pending::id);
      PendingEntry* pending = made->assign(id, owner, alloc);
      pending->delivered = sane(at->delivered);
      pending->deliveries = at->deliveries;
    }
  }
}

}  // namespace

Entry* adopt_stream(Keyspace& keyspace, const KeyRef& key, StreamImage&& image) {
  StreamValue value(keyspace, key, nullptr);
  value.create();
  value.change([&](Stream& stream, SlabAllocator& alloc) {
    for (StreamImage::Block& block : image.blocks) {
      stream.adopt_block(block.master, block.listpack, alloc);
      std::string().swap(block.listpack);
    }
    stream.length = image.length;
    stream.set_last_id(image.last_id, alloc);
    stream.first_id = stream.first_entry_id();
    stream.max_deleted_id = image.max_deleted_id;
    stream.entries_added =
        std::clamp<uint64_t>(image.has_history ? image.entries_added : 0, image.length, Stream::kMaxAdded);
    sort_by_name(image.groups);
    for (StreamImage::Group& group : image.groups) adopt_group(stream, image, group, alloc);
  });
  return value.entry();
}

}  // namespace guccho::store

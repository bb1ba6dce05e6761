// Pending entries and the consumers that have them.
#include "node/store/stream_group.h"

#include <algorithm>
#include <new>

namespace guccho::store {

namespace {

// Of a consumer's tree, whose entries are its group's.
size_t free_elsewhere(void*) {
  return 1;
}

}  // namespace

StreamGroup* StreamGroup::make(std::string_view name, SlabAllocator& alloc) {
  const auto size = static_cast<uint32_t>(name.size());
  auto* group = new (alloc.allocate(sizeof(StreamGroup) + size)) StreamGroup(size);
  std::ranges::copy(name, reinterpret_cast<char*>(group + 1));
  return group;
}

StreamConsumer* StreamGroup::add_consumer(std::string_view name, UnixMillis now, SlabAllocator& alloc) {
  const auto size = static_cast<uint32_t>(name.size());
  auto* consumer = new (alloc.allocate(sizeof(StreamConsumer) + size)) StreamConsumer(size);
  std::ranges::copy(name, reinterpret_cast<char*>(consumer + 1));
  consumer->seen = now;
  consumers_.insert(consumer, alloc);
  return consumer;
}

void StreamGroup::remove_consumer(StreamConsumer* consumer, SlabAllocator& alloc) {
  for (auto at = consumer->pending_.first(); at; at.next()) {
    pending_.erase(at.id(), alloc);
    alloc.free(at.value(), sizeof(PendingEntry));
  }
  size_t budget = SIZE_MAX;
  consumer->pending_.drain(budget, alloc, free_elsewhere);
  consumers_.remove(consumer, alloc);
  alloc.free(consumer, consumer->allocation_size());
}

PendingEntry* StreamGroup::assign(const StreamId& id, StreamConsumer* consumer, SlabAllocator& alloc) {
  PendingEntry* entry = nullptr;
  // Mostly the id is behind all others.
  if (pending_.empty() || pending_.last().id() < id || (entry = find(id)) == nullptr) {
    entry = new (alloc.allocate(sizeof(PendingEntry))) PendingEntry;
    pending_.insert(id, entry, alloc);
  } else if (entry->consumer == consumer) {
    return entry;
  } else {
    entry->consumer->pending_.erase(id, alloc);
  }
  entry->consumer = consumer;
  consumer->pending_.insert(id, entry, alloc);
  return entry;
}

bool StreamGroup::acknowledge(const StreamId& id, SlabAllocator& alloc) {
  auto* entry = static_cast<PendingEntry*>(pending_.erase(id, alloc));
  if (entry == nullptr) return false;
  entry->consumer->pending_.erase(id, alloc);
  alloc.free(entry, sizeof(PendingEntry));
  return true;
}

StreamGroup* StreamGroup::copy(SlabAllocator& alloc) const {
  StreamGroup* made = make(name(), alloc);
  made->last_id = last_id;
  made->entries_read = entries_read;
  for (const StreamConsumer* consumer : consumers_) {
    StreamConsumer* fresh = made->add_consumer(consumer->name(), consumer->seen, alloc);
    fresh->active = consumer->active;
    for (auto at = consumer->pending_.first(); at; at.next()) {
      PendingEntry* pending = made->assign(at.id(), fresh, alloc);
      pending->delivered = entry(at)->delivered;
      pending->deliveries = entry(at)->deliveries;
    }
  }
  return made;
}

bool StreamGroup::drain(size_t& budget, SlabAllocator& alloc) {
  const auto free_entry = [&alloc](void* pending) {
    alloc.free(pending, sizeof(PendingEntry));
    return free_cost(sizeof(PendingEntry));
  };
  if (pending_.drain(budget, alloc, free_entry)) return true;
  while (consumers_.size() > 0) {
    StreamConsumer* consumer = consumers_[consumers_.size() - 1];
    if (consumer->pending_.drain(budget, alloc, free_elsewhere)) return true;
    if (budget == 0) return true;
    --budget;
    consumers_.take_last(alloc);
    alloc.free(consumer, consumer->allocation_size());
  }
  if (budget > 0) --budget;
  alloc.free(this, allocation_size());
  return false;
}

StreamConsumer* StreamGroup::relocate_consumer(StreamConsumer* consumer, const IdTree::Move& move) {
  consumer->pending_.relocate(move);
  auto* moved = static_cast<StreamConsumer*>(move(consumer, consumer->allocation_size()));
  for (auto at = moved->pending_.first(); at; at.next()) entry(at)->consumer = moved;
  return moved;
}

StreamGroup* StreamGroup::relocate(const IdTree::Move& move) {
  consumers_.relocate(move, [&](StreamConsumer* consumer) { return relocate_consumer(consumer, move); });
  pending_.relocate(move);
  for (auto at = pending_.first(); at; at.next()) {
    auto* moved = static_cast<PendingEntry*>(move(at.value(), sizeof(PendingEntry)));
    if (moved == at.value()) continue;
    at.set_value(moved);
    moved->consumer->pending_.at_or_after(at.id()).set_value(moved);
  }
  return static_cast<StreamGroup*>(move(this, allocation_size()));
}

}  // namespace guccho::store

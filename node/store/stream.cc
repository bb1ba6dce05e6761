// Entries of a stream: walking, appending, deleting, trimming; and what is known of a group's lag.
#include "node/store/stream.h"

#include <new>

#include "node/store/keyspace.h"
#include "node/store/stream_parts.h"

namespace guccho::store {

namespace {

StreamBlock* block_at(const IdTree::Cursor& at) {
  return static_cast<StreamBlock*>(at.value());
}

// Of all its entries, deleted or not; a block has at least one.
StreamId last_id_of(const StreamBlock& block, const StreamId& master) {
  StreamBlockWalk walk(block, master);
  walk.to_end();
  StreamEntry entry;
  walk.previous(entry);
  return entry.id;
}

}  // namespace

Stream* Stream::make(SlabAllocator& alloc) {
  return new (alloc.allocate(sizeof(Stream))) Stream;
}

// ---- walking ----

StreamWalk::StreamWalk(const Stream& stream, const StreamId& first, const StreamId& last, Direction direction)
    : first_(first), last_(last), direction_(direction) {
  if (first > last) return;
  if (direction == Direction::kReverse) {
    at_ = stream.blocks_.at_or_before(last);
    if (!at_) return;
    enter_block();
  } else {
    at_ = stream.blocks_.at_or_before(first);
    if (!at_) at_ = stream.blocks_.first();
    if (!at_) return;
    enter_block();
    if (first > at_.id()) seek_in_block();
  }
}

void StreamWalk::enter_block() {
  walk_.emplace(Stream::block(at_), at_.id());
  if (direction_ == Direction::kReverse) walk_->to_end();
}

// Forwards: to the first entry that is not before the range, from the nearer end of the block.
void StreamWalk::seek_in_block() {
  walk_->to_end();
  StreamEntry entry;
  if (!walk_->previous(entry)) return;
  if (entry.id < first_) return walk_->to_end();
  const StreamId master = at_.id();
  const bool near_end = entry.id.ms != master.ms ? entry.id.ms - first_.ms < first_.ms - master.ms
                                                 : entry.id.seq - first_.seq < first_.seq - master.seq;
  if (!near_end) return walk_->to_start();
  while (walk_->previous(entry)) {
    if (entry.id >= first_) continue;
    walk_->resume_after(entry);
    return;
  }
}

bool StreamWalk::next(StreamEntry& entry) {
  while (at_) {
    if (direction_ == Direction::kForward) {
      while (walk_->next(entry)) {
        if (entry.id > last_) {
          at_ = {};
          return false;
        }
        if (!entry.deleted && entry.id >= first_) return true;
      }
      at_.next();
    } else {
      while (walk_->previous(entry)) {
        if (entry.id < first_) {
          at_ = {};
          return false;
        }
        if (!entry.deleted && entry.id <= last_) return true;
      }
      at_.previous();
    }
    if (at_) enter_block();
  }
  return false;
}

bool Stream::contains(const StreamId& id) const {
  StreamEntry entry;
  return StreamWalk(*this, id, id).next(entry);
}

StreamId Stream::first_entry_id() const {
  StreamEntry entry;
  return StreamWalk(*this, StreamId::min(), StreamId::max()).next(entry) ? entry.id : StreamId::min();
}

StreamId Stream::last_entry_id() const {
  StreamEntry entry;
  StreamWalk walk(*this, StreamId::min(), StreamId::max(), StreamWalk::Direction::kReverse);
  return walk.next(entry) ? entry.id : StreamId::min();
}

// ---- changing ----

// A running snapshot takes what it has not taken yet.
void Stream::before_block_change(const IdTree::Cursor& at) {
  if (walk() != nullptr) static_cast<StreamParts*>(walk())->before_change(at.id(), block(at));
}

void Stream::append(const StreamId& id, std::span<const std::string_view> fields_and_values, const PackedLimits& limits,
                    SlabAllocator& alloc) {
  size_t bytes = 0;
  for (const std::string_view text : fields_and_values) bytes += text.size();
  const size_t max_bytes = limits.stream_node_max_bytes == 0
                               ? StreamBlock::kMaxBytes
                               : std::min<size_t>(limits.stream_node_max_bytes, StreamBlock::kMaxBytes);
  IdTree::Cursor at = blocks_.last();
  StreamBlock* block = nullptr;
  StreamId master = id;
  if (at) {
    block = block_at(at);
    const bool full =
        block->size() + bytes >= max_bytes ||
        (limits.stream_node_max_entries > 0 && block->entries() + block->deleted() >= limits.stream_node_max_entries);
    if (full) {
      at.set_value(block->shrink(alloc));
      block = nullptr;
    } else {
      master = at.id();
      before_block_change(at);
      StreamBlock* grown = block->reserve(fields_and_values, alloc);
      if (grown != block) at.set_value(grown);
      block = grown;
    }
  }
  if (block == nullptr) {
    block = StreamBlock::make(fields_and_values, alloc);
    blocks_.insert(id, block, alloc);
    if (walk() != nullptr) static_cast<StreamParts*>(walk())->added(id);
  }
  block->add(master, id, fields_and_values);
  ++length;
  if (entries_added < kMaxAdded) ++entries_added;
  last_id = id;
  if (length == 1) first_id = id;
}

bool Stream::erase(const StreamId& id, SlabAllocator& alloc) {
  IdTree::Cursor at = blocks_.at_or_before(id);
  if (!at) return false;
  StreamBlock* block = block_at(at);
  StreamEntry entry;
  if (!StreamWalk(*this, id, id).next(entry)) return false;
  before_block_change(at);
  if (block->entries() == 1) {
    blocks_.erase(at.id(), alloc);
    block->free(alloc);
  } else {
    block->mark_deleted(entry);
    at.set_value(block->count_deleted(1, alloc));
  }
  --length;
  if (id > max_deleted_id) max_deleted_id = id;
  if (length == 0 || id == first_id) set_first_id();
  return true;
}

uint64_t Stream::trim(const StreamTrim& trim, SlabAllocator& alloc) {
  if (trim.by == StreamTrim::By::kNothing) return 0;
  uint64_t removed = 0;
  for (IdTree::Cursor at = blocks_.first(); at; at = blocks_.first()) {
    const bool by_length = trim.by == StreamTrim::By::kMaxLength;
    if (by_length && length <= trim.max_length) break;
    StreamBlock* block = block_at(at);
    const uint64_t entries = block->entries();
    if (trim.limit > 0 && removed + entries > trim.limit) break;
    const bool whole = by_length ? length - entries >= trim.max_length : last_id_of(*block, at.id()) < trim.min_id;
    if (!whole) {
      if (!trim.approximate) removed += trim_block(trim, at, alloc);
      break;
    }
    before_block_change(at);
    blocks_.erase(at.id(), alloc);
    block->free(alloc);
    length -= entries;
    removed += entries;
  }
  if (removed > 0 || length == 0) set_first_id();
  return removed;
}

uint64_t Stream::trim_block(const StreamTrim& trim, IdTree::Cursor at, SlabAllocator& alloc) {
  before_block_change(at);
  StreamBlock* block = block_at(at);
  StreamBlockWalk walk(*block, at.id());
  uint64_t removed = 0;
  StreamEntry entry;
  while (walk.next(entry)) {
    if (trim.by == StreamTrim::By::kMaxLength ? length <= trim.max_length : entry.id >= trim.min_id) break;
    if (entry.deleted) continue;
    block->mark_deleted(entry);
    --length;
    ++removed;
  }
  at.set_value(block->count_deleted(removed, alloc));
  return removed;
}

void Stream::set_last_id(const StreamId& id, SlabAllocator& alloc) {
  last_id = id;
  for (IdTree::Cursor at = blocks_.last(); at && last_id_of(*block_at(at), at.id()) > id; at = blocks_.last()) {
    before_block_change(at);
    StreamBlock* block = block_at(at);
    StreamBlockWalk walk(*block, at.id());
    StreamEntry entry;
    uint64_t kept = 0;
    while (walk.next(entry) && entry.id <= id) ++kept;
    if (kept == 0) {
      blocks_.erase(at.id(), alloc);
      block->free(alloc);
    } else {
      block->cut_deleted(entry, block->entries() + block->deleted() - kept);
    }
  }
}

void Stream::adopt_block(const StreamId& master, std::string_view listpack, SlabAllocator& alloc) {
  blocks_.insert(master, StreamBlock::adopt(listpack, alloc), alloc);
}

// ---- groups ----

StreamGroup* Stream::add_group(std::string_view name, SlabAllocator& alloc) {
  StreamGroup* group = StreamGroup::make(name, alloc);
  groups_.insert(group, alloc);
  return group;
}

void Stream::remove_group(StreamGroup* group, SlabAllocator& alloc) {
  groups_.remove(group, alloc);
  size_t budget = SIZE_MAX;
  group->drain(budget, alloc);
}

bool Stream::may_have_holes_from(const StreamId& id) const {
  if (length == 0 || max_deleted_id.is_zero()) return false;
  // The last hole is before all that is there.
  if (first_id > max_deleted_id) return false;
  return id <= max_deleted_id;
}

int64_t Stream::entries_up_to(const StreamId& id) const {
  if (entries_added == 0) return 0;
  const auto added = static_cast<int64_t>(entries_added);
  const auto here = static_cast<int64_t>(length);
  if (length == 0 && id <= last_id) return added;
  if (id == last_id) return added;
  if (id > last_id) return StreamGroup::kUnknown;
  if (max_deleted_id.is_zero() || max_deleted_id < first_id) {
    // No hole among what is there, so what came before it is what is missing.
    if (id < first_id) return added - here;
    if (id == first_id) return added - here + 1;
  }
  return StreamGroup::kUnknown;
}

std::optional<int64_t> Stream::lag(const StreamGroup& group) const {
  if (entries_added == 0) return 0;
  int64_t read = group.entries_read;
  if (read == StreamGroup::kUnknown || may_have_holes_from(group.last_id)) read = entries_up_to(group.last_id);
  if (read == StreamGroup::kUnknown) return std::nullopt;
  return static_cast<int64_t>(entries_added) - read;
}

void Stream::advance(StreamGroup& group, const StreamId& id) const {
  if (group.entries_read != StreamGroup::kUnknown && !may_have_holes_from(id)) {
    if (group.entries_read < kMaxAdded) ++group.entries_read;
  } else if (entries_added > 0) {
    group.entries_read = entries_up_to(id);
  }
  group.last_id = id;
}

// ---- the structure ----

size_t Stream::elements() const {
  size_t elements = length;
  for (const StreamGroup* group : groups_) elements += 1 + group->consumers().size() + group->pending().size();
  return elements;
}

Stream* Stream::copy(SlabAllocator& alloc) const {
  const size_t before = alloc.used();
  Stream* made = make(alloc);
  made->length = length;
  made->entries_added = entries_added;
  made->last_id = last_id;
  made->first_id = first_id;
  made->max_deleted_id = max_deleted_id;
  for (auto at = blocks_.first(); at; at.next()) made->blocks_.insert(at.id(), block(at).copy(alloc), alloc);
  for (const StreamGroup* group : groups_) made->groups_.insert(group->copy(alloc), alloc);
  made->allocated = alloc.used() - before;
  return made;
}

bool Stream::drain(size_t& budget, SlabAllocator& alloc) {
  // What is left counts down with it, so that elements() does too.
  length = 0;
  const auto free_block = [&alloc](void* item) {
    auto* block = static_cast<StreamBlock*>(item);
    const size_t cost = free_cost(block->allocation_size());
    block->free(alloc);
    return cost;
  };
  if (blocks_.drain(budget, alloc, free_block)) return true;
  while (groups_.size() > 0) {
    if (budget == 0) return true;
    if (groups_[groups_.size() - 1]->drain(budget, alloc)) return true;
    groups_.take_last(alloc);
  }
  this->~Stream();
  alloc.free(this, sizeof(Stream));
  return false;
}

void Stream::defragment(const Move& move, SlabAllocator&) {
  for (auto at = blocks_.first(); at; at.next()) {
    at.set_value(move(at.value(), block(at).allocation_size()));
  }
  blocks_.relocate(move);
  groups_.relocate(move, [&](StreamGroup* group) { return group->relocate(move); });
}

}  // namespace guccho::store

// Consumer groups of a stream: what was delivered to whom and not acknowledged yet.
//
// A pending entry is one object in two trees: its group's, by which everything is found, and its consumer's.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "node/base/time.h"
#include "node/store/id_tree.h"
#include "node/store/slab.h"
#include "node/store/stream_id.h"

namespace guccho::store {

class StreamConsumer;

struct PendingEntry {
  UnixMillis delivered{};
  uint64_t deliveries = 0;
  StreamConsumer* consumer = nullptr;
};

// Named objects in the order of their names: finding is O(log n), adding and removing moves pointers, n at most.
template <class T>
class NameArray {
 public:
  size_t size() const { return count_; }
  T* operator[](size_t i) const { return items_[i]; }
  T* const* begin() const { return items_; }
  T* const* end() const { return items_ + count_; }

  T* find(std::string_view name) const {
    const size_t i = place_of(name);
    return i < count_ && items_[i]->name() == name ? items_[i] : nullptr;
  }
  // The name must not be there.
  void insert(T* item, SlabAllocator& alloc) {
    if (count_ == capacity_) resize(capacity_ == 0 ? 1 : capacity_ + capacity_ / 2 + 1, alloc);
    const size_t i = place_of(item->name());
    for (size_t k = count_; k > i; --k) items_[k] = items_[k - 1];
    items_[i] = item;
    ++count_;
  }
  // It must be there.
  void remove(T* item, SlabAllocator& alloc) {
    for (size_t i = place_of(item->name()) + 1; i < count_; ++i) items_[i - 1] = items_[i];
    --count_;
    if (count_ == 0 || count_ < capacity_ / 4) resize(count_, alloc);
  }
  // The last one, taken out; nullptr when there is none.
  T* take_last(SlabAllocator& alloc) {
    if (count_ == 0) return nullptr;
    T* item = items_[--count_];
    if (count_ == 0) resize(0, alloc);
    return item;
  }
  template <class Relocate>
  void relocate(const IdTree::Move& move, Relocate item) {
    for (size_t i = 0; i < count_; ++i) items_[i] = item(items_[i]);
    if (capacity_ > 0) items_ = static_cast<T**>(move(items_, capacity_ * sizeof(T*)));
  }

 private:
  size_t place_of(std::string_view name) const {
    size_t low = 0;
    size_t high = count_;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      items_[middle]->name() < name ? low = middle + 1 : high = middle;
    }
    return low;
  }
  void resize(size_t capacity, SlabAllocator& alloc) {
    T** fresh = capacity > 0 ? static_cast<T**>(alloc.allocate(capacity * sizeof(T*))) : nullptr;
    for (size_t i = 0; i < count_; ++i) fresh[i] = items_[i];
    if (capacity_ > 0) alloc.free(items_, capacity_ * sizeof(T*));
    items_ = fresh;
    capacity_ = static_cast<uint32_t>(capacity);
  }

  T** items_ = nullptr;
  uint32_t count_ = 0;
  uint32_t capacity_ = 0;
};

// The name follows the object in its allocation.
class StreamConsumer {
 public:
  static constexpr UnixMillis kNever{Millis{-1}};

  UnixMillis seen{};           // the last attempt to read or claim
  UnixMillis active = kNever;  // the last that brought something into its pending entries

  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_size_}; }
  const IdTree& pending() const { return pending_; }

 private:
  friend class StreamGroup;
  explicit StreamConsumer(uint32_t name_size) : name_size_(name_size) {}
  size_t allocation_size() const { return sizeof(StreamConsumer) + name_size_; }

  IdTree pending_;
  uint32_t name_size_;
};

class StreamGroup {
 public:
  static constexpr int64_t kUnknown = -1;

  StreamId last_id;                 // the last delivered
  int64_t entries_read = kUnknown;  // how many entries the stream ever had up to last_id

  static StreamGroup* make(std::string_view name, SlabAllocator& alloc);
  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_size_}; }
  const IdTree& pending() const { return pending_; }
  const NameArray<StreamConsumer>& consumers() const { return consumers_; }

  static PendingEntry* entry(const IdTree::Cursor& cursor) { return static_cast<PendingEntry*>(cursor.value()); }
  PendingEntry* find(const StreamId& id) const { return static_cast<PendingEntry*>(pending_.find(id)); }

  StreamConsumer* add_consumer(std::string_view name, UnixMillis now, SlabAllocator& alloc);
  // With its pending entries.
  void remove_consumer(StreamConsumer* consumer, SlabAllocator& alloc);
  // The entry of this id belongs to `consumer` then, new or not. What it had is left as it was: a new one is zero.
  PendingEntry* assign(const StreamId& id, StreamConsumer* consumer, SlabAllocator& alloc);
  // True when it was there.
  bool acknowledge(const StreamId& id, SlabAllocator& alloc);

  StreamGroup* copy(SlabAllocator& alloc) const;
  // Frees about `budget` allocations, and at last the group itself: false then.
  bool drain(size_t& budget, SlabAllocator& alloc);
  // Offers all allocations, this one too: where the group then lies.
  StreamGroup* relocate(const IdTree::Move& move);

 private:
  explicit StreamGroup(uint32_t name_size) : name_size_(name_size) {}
  size_t allocation_size() const { return sizeof(StreamGroup) + name_size_; }
  StreamConsumer* relocate_consumer(StreamConsumer* consumer, const IdTree::Move& move);

  IdTree pending_;
  NameArray<StreamConsumer> consumers_;
  uint32_t name_size_;
};

}  // namespace guccho::store

// A block of a stream: some entries in a row in one listpack, bit for bit the node of RDB types 15, 19 and 21. The
// index of the stream knows the block by its master id, which is not later than any id in it.
//
//   master:  number of entries | number of deleted entries | number of fields | the fields | 0
//   entries: flags | id's ms - master's ms | id's seq - master's seq | number of fields, fields and values in turn |
//            number of elements before this one, to walk backwards
//            with kSameFields: the values only, as the fields are the master's
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "node/store/listpack.h"
#include "node/store/listpack_codec.h"
#include "node/store/slab.h"
#include "node/store/stream_id.h"

namespace guccho::store {

// One entry as it lies in its block; good until the block changes.
class StreamEntry {
 public:
  StreamId id;
  bool deleted = false;

  uint64_t field_count() const { return field_count_; }
  // Visits each (field, value), both as ListpackElement.
  template <class Visit>
  void for_each_field(Visit visit) const {
    ListpackReader values(values_);
    ListpackReader fields(master_fields_);
    for (uint64_t i = 0; i < field_count_; ++i) {
      const ListpackElement field = same_fields_ ? fields.read() : values.read();
      visit(field, values.read());
    }
  }

 private:
  friend class StreamBlock;
  friend class StreamBlockWalk;
  bool same_fields_ = false;
  uint64_t field_count_ = 0;
  const char* values_ = nullptr;
  const char* master_fields_ = nullptr;
  const char* start_ = nullptr;  // the flags
  const char* end_ = nullptr;    // behind the last element
};

// Lives in memory of the allocator, with its listpack behind it. Moves when it grows or shrinks, so that the functions
// that change it say where it now lies.
class StreamBlock {
 public:
  // The largest listpack, and the largest sum of an entry's texts.
  static constexpr size_t kMaxBytes = size_t{1} << 30;

  // A block without entries, with room for a first one of these texts, whose fields are the master's.
  static StreamBlock* make(std::span<const std::string_view> fields_and_values, SlabAllocator& alloc);
  // Of a listpack that is valid().
  static StreamBlock* adopt(std::string_view listpack, SlabAllocator& alloc);
  StreamBlock* copy(SlabAllocator& alloc) const;
  void free(SlabAllocator& alloc) { alloc.free(this, allocation_size()); }

  std::string_view listpack() const { return {pack(), size()}; }
  size_t size() const;
  size_t allocation_size() const { return sizeof(StreamBlock) + capacity_; }
  uint64_t entries() const;  // without the deleted ones
  uint64_t deleted() const;

  // Makes room for what add() of these texts may write.
  StreamBlock* reserve(std::span<const std::string_view> fields_and_values, SlabAllocator& alloc);
  // Behind the last; needs room, and an id not below the master's.
  void add(const StreamId& master, const StreamId& id, std::span<const std::string_view> fields_and_values);
  // Gives back room that is not used.
  StreamBlock* shrink(SlabAllocator& alloc);
  // Deleting: first each entry, none of them deleted before, then once their number. The count of entries may come to
  // 0.
  void mark_deleted(const StreamEntry& entry);
  StreamBlock* count_deleted(uint64_t marked, SlabAllocator& alloc);
  // Forgets the last `entries` entries, which begin at `first` and are all deleted. Another must be left.
  void cut_deleted(const StreamEntry& first, uint64_t entries);

  // What is wrong with untrusted bytes as a block with this master id; nothing when they are well formed, with ids in
  // ascending order, at least one entry, deleted or not, and right counts.
  struct Bounds {
    StreamId first, last;                             // deleted or not
    std::optional<StreamId> first_valid, last_valid;  // not deleted
    uint64_t entries = 0;
  };
  static std::optional<std::string_view> damage(std::string_view listpack, const StreamId& master, Bounds& bounds);

 private:
  friend class StreamBlockWalk;
  enum : int64_t { kDeleted = 1, kSameFields = 2 };
  explicit StreamBlock(uint32_t capacity) : capacity_(capacity) {}

  char* pack() { return reinterpret_cast<char*>(this + 1); }
  const char* pack() const { return reinterpret_cast<const char*>(this + 1); }
  static StreamBlock* allocate(size_t capacity, SlabAllocator& alloc);
  StreamBlock* resize(size_t capacity, SlabAllocator& alloc);
  void finish(char* end, size_t added_elements);
  void replace_integer(size_t offset, int64_t value);

  uint32_t capacity_;  // of the listpack
};

// A walk through the entries of a block, deleted ones included, forwards from its start or backwards from its end.
class StreamBlockWalk {
 public:
  StreamBlockWalk(const StreamBlock& block, const StreamId& master);

  // The next entry; false behind the last. Mix with previous() only after start() or finish().
  bool next(StreamEntry& entry);
  bool previous(StreamEntry& entry);
  void to_start() { at_ = first_; }
  void to_end() { at_ = end_; }
  // Goes on behind this entry.
  void resume_after(const StreamEntry& entry) { at_ = entry.end_; }

 private:
  void parse(StreamEntry& entry);

  StreamId master_;
  uint64_t master_count_;
  const char* master_fields_;
  const char* first_;  // the first entry
  const char* end_;
  const char* at_;
};

}  // namespace guccho::store

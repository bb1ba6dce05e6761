// A stream: entries in the order of their ids, packed into blocks under an index by id, and its consumer groups.
//
// Appending, finding an id, and trimming a block away cost O(log n); inside of a block the walk is linear, and a block
// has at most stream-node-max-entries entries and about stream-node-max-bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "node/store/id_tree.h"
#include "node/store/stream_block.h"
#include "node/store/stream_group.h"
#include "node/store/structure.h"

namespace guccho::store {

struct PackedLimits;

// What XADD and XTRIM remove from the front.
struct StreamTrim {
  enum class By : uint8_t { kNothing, kMaxLength, kMinId };
  By by = By::kNothing;
  bool approximate = false;  // whole blocks only
  uint64_t max_length = 0;
  StreamId min_id;
  uint64_t limit = 0;  // at most so many entries; 0: any number
};

class Stream final : public Structure {
 public:
  // Counters that XSETID and XGROUP set end here: beyond, Redis' become negative, and are then refused by replicas.
  static constexpr int64_t kMaxAdded = INT64_MAX;

  uint64_t length = 0;
  uint64_t entries_added = 0;  // ever; at most kMaxAdded, where it stays
  StreamId last_id;            // the greatest ever given out, or as XSETID said; nothing in a block is behind it
  StreamId first_id;           // 0-0 when empty
  StreamId max_deleted_id;     // the greatest that XDEL removed
  // Footprints of all allocations; kept by whoever changes something (StreamValue::change).
  size_t allocated = 0;

  static Stream* make(SlabAllocator& alloc);

  const IdTree& blocks() const { return blocks_; }
  static const StreamBlock& block(const IdTree::Cursor& cursor) { return *static_cast<StreamBlock*>(cursor.value()); }
  const NameArray<StreamGroup>& groups() const { return groups_; }

  bool contains(const StreamId& id) const;
  // Of the entries that are there; 0-0 without any.
  StreamId first_entry_id() const;
  StreamId last_entry_id() const;

  // `id` must be greater than last_id, and the texts at most StreamBlock::kMaxBytes in all.
  void append(const StreamId& id, std::span<const std::string_view> fields_and_values, const PackedLimits& limits,
              SlabAllocator& alloc);
  // True when it was there. The ids of the first entry and of the greatest deleted one are brought up to date.
  bool erase(const StreamId& id, SlabAllocator& alloc);
  // How many were removed.
  uint64_t trim(const StreamTrim& trim, SlabAllocator& alloc);
  // Where the ids go on. No entry that is there may be behind `id`; deleted ones that are leave their blocks, so that
  // ids ascend in these whatever is appended. Linear in the entries of such a block.
  void set_last_id(const StreamId& id, SlabAllocator& alloc);

  StreamGroup* find_group(std::string_view name) const { return groups_.find(name); }
  // The name must be free.
  StreamGroup* add_group(std::string_view name, SlabAllocator& alloc);
  void remove_group(StreamGroup* group, SlabAllocator& alloc);

  // Whether XDEL may have removed an entry at or after this id.
  bool may_have_holes_from(const StreamId& id) const;
  // How many entries the stream ever had up to this id; kUnknown when entries deleted in between hide it.
  int64_t entries_up_to(const StreamId& id) const;
  // How many entries the group has not been given yet; nothing when that cannot be known.
  std::optional<int64_t> lag(const StreamGroup& group) const;
  // Moves the group's position to an entry that it is being given.
  void advance(StreamGroup& group, const StreamId& id) const;

  // For loading: a block behind all others, valid as StreamBlock::damage says.
  void adopt_block(const StreamId& master, std::string_view listpack, SlabAllocator& alloc);

  // Entries and pending entries; linear in the number of groups.
  size_t elements() const override;
  size_t bytes() const override { return allocated; }
  Stream* copy(SlabAllocator& alloc) const override;
  bool drain(size_t& budget, SlabAllocator& alloc) override;
  void defragment(const Move& move, SlabAllocator& alloc) override;

 private:
  friend class StreamWalk;

  void before_block_change(const IdTree::Cursor& at);
  void set_first_id() { first_id = length == 0 ? StreamId::min() : first_entry_id(); }
  uint64_t trim_block(const StreamTrim& trim, IdTree::Cursor at, SlabAllocator& alloc);

  IdTree blocks_;
  NameArray<StreamGroup> groups_;
};

// The entries with ids in [first, last] that are not deleted, in their order or in reverse. The stream must not change
// meanwhile; its groups may.
class StreamWalk {
 public:
  enum class Direction : bool { kForward, kReverse };

  StreamWalk(const Stream& stream, const StreamId& first, const StreamId& last,
             Direction direction = Direction::kForward);
  bool next(StreamEntry& entry);

 private:
  void enter_block();
  void seek_in_block();

  const StreamId first_;
  const StreamId last_;
  const Direction direction_;
  IdTree::Cursor at_;
  std::optional<StreamBlockWalk> walk_;
};

}  // namespace guccho::store

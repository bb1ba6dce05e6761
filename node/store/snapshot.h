// What a snapshot of a Keyspace delivers, and to whom. See Keyspace::begin_snapshot.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "node/slots/slots.h"
#include "node/store/entry.h"

namespace guccho::store {

struct ListBlock;
struct StreamId;

// Receives each entry that existed at the cut exactly once, with the value it had then, in no promised order (an entry
// about to be changed is delivered out of turn). Entries and items are valid during the call only; the sink copies or
// serialises them, and must not call back into the Keyspace.
//
// A big value comes in parts, with other entries and parts of other values between them, so that a write to it serialises
// only what it touches: begin_value (with the entry as it was at the cut), then its parts, then end_value. `id` names the
// value meanwhile. Hashes, sets and sorted sets: each element once in no promised order. Lists and streams: each block once,
// in the order of the value.
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  virtual void entry(Slot slot, const Entry& entry) = 0;
  virtual void begin_value(uint64_t id, const Entry& entry) = 0;
  // Items of the structure's element_table(): FieldPairs of a hash, Members of a set, ScoredItems of a sorted set.
  virtual void elements(uint64_t id, Type type, std::span<void* const> items) = 0;
  virtual void list_block(uint64_t id, const ListBlock& block) = 0;
  virtual void stream_block(uint64_t id, const StreamId& master, std::string_view listpack) = 0;
  virtual void end_value(uint64_t id) = 0;
};

}  // namespace guccho::store

// What a snapshot of a Keyspace delivers, and to whom. See Keyspace::begin_snapshot.
#pragma once

#include <cstdint>
#include <span>

#include "node/slots/slots.h"
#include "node/store/entry.h"

namespace guccho::store {

// Receives each entry that existed at the cut exactly once, with the value it had then, in no promised order (an entry
// about to be changed is delivered out of turn). Entries and items are valid during the call only; the sink copies or
// serialises them, and must not call back into the Keyspace.
//
// A big value comes in parts, with other entries and parts of other values between them, so that a write to it serialises
// only what it touches: begin_value (with the key, the expiry and the number of elements of the cut), then each element
// once in no promised order, then end_value. `id` names the value meanwhile.
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  virtual void entry(Slot slot, const Entry& entry) = 0;
  virtual void begin_value(uint64_t id, const Entry& entry) = 0;
  // Items of the structure's element_table(): FieldPairs of a hash, Members of a set, ScoredItems of a sorted set.
  virtual void elements(uint64_t id, Type type, std::span<void* const> items) = 0;
  virtual void end_value(uint64_t id) = 0;
};

}  // namespace guccho::store

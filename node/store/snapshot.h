// What a snapshot of a Keyspace delivers, and to whom. See Keyspace::begin_snapshot.
#pragma once

#include "node/slots/slots.h"
#include "node/store/entry.h"

namespace guccho::store {

// Receives each entry that existed at the cut exactly once, with the value it had then, in no promised order (an entry
// about to be changed is delivered out of turn). The entry is valid during the call only; the sink copies or
// serialises it, and must not call back into the Keyspace.
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  virtual void entry(Slot slot, const Entry& entry) = 0;
};

}  // namespace guccho::store

// Which walk goes through which kind of value.
#include "node/store/value_walk.h"

#include "node/store/element_walk.h"
#include "node/store/list_walk.h"
#include "node/store/stream_parts.h"

namespace guccho::store {

std::unique_ptr<ValueWalk> ValueWalk::begin(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink) {
  switch (entry.type()) {
    case Type::kList:
      return std::make_unique<ListWalk>(id, slot, entry, sink);
    case Type::kStream:
      return std::make_unique<StreamParts>(id, slot, entry, sink);
    default:
      return std::make_unique<ElementWalk>(id, slot, entry, sink);
  }
}

}  // namespace guccho::store

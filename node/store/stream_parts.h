// A snapshot's walk through the blocks of a big stream, in the order of their ids. A block ahead of the walk is copied
// for it just before its first change or its removal; one that is made later is passed over. What else there is of a
// stream (its counters, its groups and what is pending in them) the sink takes when the value is announced.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "node/store/stream.h"
#include "node/store/value_walk.h"

namespace guccho::store {

class StreamParts final : public ValueWalk {
 public:
  StreamParts(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink);

  void before_change(const StreamId& master, const StreamBlock& block);
  // A block was made.
  void added(const StreamId& master);
  size_t step(size_t budget_bytes) override;

 private:
  bool ahead(const StreamId& master) const {
    return !done() && master <= last_ && (!delivered_ || master > *delivered_);
  }

  StreamId last_;                      // master id of the last block of the cut
  std::optional<StreamId> delivered_;  // the last one
  std::map<StreamId, std::string> kept_;
  // Made since, and yet not behind the last block of the cut: XSETID may lower the last id once entries are gone.
  std::set<StreamId> fresh_;
};

}  // namespace guccho::store

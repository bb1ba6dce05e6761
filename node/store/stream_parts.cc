// Delivering a stream's blocks as they were.
#include "node/store/stream_parts.h"

#include <algorithm>

namespace guccho::store {

StreamParts::StreamParts(uint64_t id, Slot slot, const Entry& entry, SnapshotSink& sink)
    : ValueWalk(id, slot, entry, sink) {
  const auto last = static_cast<const Stream*>(structure())->blocks().last();
  if (last) {
    last_ = last.id();
  } else {
    finish();
  }
}

void StreamParts::before_change(const StreamId& master, const StreamBlock& block) {
  if (ahead(master) && !fresh_.contains(master)) kept_.emplace(master, block.listpack());
}

void StreamParts::added(const StreamId& master) {
  if (ahead(master)) fresh_.insert(master);
}

size_t StreamParts::step(size_t budget_bytes) {
  size_t spent = 0;
  const auto& stream = *static_cast<const Stream*>(structure());
  auto live = delivered_ ? stream.blocks().at_or_after(*delivered_) : stream.blocks().first();
  if (live && delivered_ && live.id() == *delivered_) live.next();
  while (spent < budget_bytes && !done()) {
    while (live && (fresh_.contains(live.id()) || kept_.contains(live.id()))) live.next();
    const bool from_live = live && live.id() <= last_ && (kept_.empty() || live.id() < kept_.begin()->first);
    if (from_live) {
      const std::string_view bytes = Stream::block(live).listpack();
      sink_.stream_block(id_, live.id(), bytes);
      spent += bytes.size();
      delivered_ = live.id();
      live.next();
    } else if (!kept_.empty()) {
      const auto first = kept_.extract(kept_.begin());
      sink_.stream_block(id_, first.key(), first.mapped());
      spent += first.mapped().size();
      delivered_ = first.key();
      if (live && live.id() == *delivered_) live.next();
    } else {
      finish();
    }
  }
  return std::max<size_t>(1, spent);
}

}  // namespace guccho::store

// Records of a snapshot, whole or put together from parts.
#include "node/rdb/snapshot_writer.h"

#include <utility>

namespace guccho::rdb {

void SnapshotWriter::entry(Slot, const store::Entry& entry) {
  append_entry(records_, entry, options_);
  grew();
}

void SnapshotWriter::begin_value(uint64_t id, const store::Entry& entry) {
  std::string& value = unfinished_[id];
  append_head(value, entry, options_);
  unfinished_bytes_ += value.size();
  grew();
}

void SnapshotWriter::elements(uint64_t id, store::Type type, std::span<void* const> items) {
  std::string& value = unfinished_[id];
  unfinished_bytes_ -= value.size();
  append_elements(value, type, items, options_);
  unfinished_bytes_ += value.size();
  grew();
}

void SnapshotWriter::end_value(uint64_t id) {
  const auto value = unfinished_.extract(id);
  unfinished_bytes_ -= value.mapped().size();
  records_ += value.mapped();
  grew();
}

std::string SnapshotWriter::take_records() {
  return std::exchange(records_, {});
}

}  // namespace guccho::rdb

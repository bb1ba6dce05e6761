// Records of a snapshot, whole or put together from parts.
#include "node/rdb/snapshot_writer.h"

#include <utility>

namespace guccho::rdb {

void SnapshotWriter::entry(Slot, const store::Entry& entry) {
  append_entry(records_, entry, options_);
  grew();
}

void SnapshotWriter::begin_value(uint64_t id, const store::Entry& entry) {
  Unfinished& value = unfinished_[id];
  value.form = append_head(value.bytes, entry, options_);
  unfinished_bytes_ += value.bytes.size();
  grew();
}

void SnapshotWriter::elements(uint64_t id, store::Type, std::span<void* const> items) {
  Unfinished& value = unfinished_[id];
  unfinished_bytes_ -= value.bytes.size();
  append_elements(value.bytes, value.form, items, options_);
  unfinished_bytes_ += value.bytes.size();
  grew();
}

void SnapshotWriter::end_value(uint64_t id) {
  const auto value = unfinished_.extract(id);
  unfinished_bytes_ -= value.mapped().bytes.size();
  records_ += value.mapped().bytes;
  grew();
}

std::string SnapshotWriter::take_records() {
  return std::exchange(records_, {});
}

}  // namespace guccho::rdb

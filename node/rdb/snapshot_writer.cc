// Records of a snapshot, whole or put together from parts.
#include "node/rdb/snapshot_writer.h"

#include <utility>

namespace guccho::rdb {

void SnapshotWriter::entry(Slot, const store::Entry& entry) {
  append_entry(records_, entry, options_);
  grew();
}

void SnapshotWriter::begin_value(uint64_t id, const store::Entry& entry) {
  grow(id, [&](Unfinished& value) { value.form = append_head(value.bytes, entry, options_); });
}

template <class Append>
void SnapshotWriter::grow(uint64_t id, Append append) {
  Unfinished& value = unfinished_[id];
  unfinished_bytes_ -= value.bytes.size();
  append(value);
  unfinished_bytes_ += value.bytes.size();
  grew();
}

void SnapshotWriter::elements(uint64_t id, store::Type, std::span<void* const> items) {
  grow(id, [&](Unfinished& value) { append_elements(value.bytes, value.form, items, options_); });
}

void SnapshotWriter::list_block(uint64_t id, const store::ListBlock& block) {
  grow(id, [&](Unfinished& value) { append_block(value.bytes, block, options_); });
}

void SnapshotWriter::stream_block(uint64_t id, const store::StreamId& master, std::string_view listpack) {
  grow(id, [&](Unfinished& value) { append_block(value.bytes, master, listpack, options_); });
}

void SnapshotWriter::end_value(uint64_t id) {
  const auto value = unfinished_.extract(id);
  unfinished_bytes_ -= value.mapped().bytes.size();
  records_ += value.mapped().bytes;
  records_ += value.mapped().form.tail;
  grew();
}

std::string SnapshotWriter::take_records() {
  return std::exchange(records_, {});
}

}  // namespace guccho::rdb

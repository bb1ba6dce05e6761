// Records of a snapshot, whole or put together from parts.
#include "node/rdb/snapshot_writer.h"

namespace guccho::rdb {

void SnapshotWriter::entry(Slot, const store::Entry& entry) {
  append_entry(records_.tail(), entry, options_);
  grew();
}

void SnapshotWriter::begin_value(uint64_t id, const store::Entry& entry) {
  grow(id, [&](Unfinished& value) { value.form = append_head(value.bytes.tail(), entry, options_); });
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
  grow(id, [&](Unfinished& value) { append_elements(value.bytes.tail(), value.form, items, options_); });
}

void SnapshotWriter::list_block(uint64_t id, const store::ListBlock& block) {
  grow(id, [&](Unfinished& value) { append_block(value.bytes.tail(), block, options_); });
}

void SnapshotWriter::stream_block(uint64_t id, const store::StreamId& master, std::string_view listpack) {
  grow(id, [&](Unfinished& value) { append_block(value.bytes.tail(), master, listpack, options_); });
}

void SnapshotWriter::end_value(uint64_t id) {
  const auto at = unfinished_.find(id);
  Unfinished& value = at->second;
  unfinished_bytes_ -= value.bytes.size();
  value.bytes.tail() += value.form.tail;
  if (in_parts_ && at == unfinished_.begin()) {
    value.whole = true;
    unfinished_bytes_ += value.bytes.size();
  } else {
    records_.append(std::move(value.bytes));
    unfinished_.erase(at);
  }
  grew();
}

SnapshotWriter::Part SnapshotWriter::take_part() {
  const auto oldest = unfinished_.begin();
  unfinished_bytes_ -= oldest->second.bytes.size();
  Part part{.chunks = oldest->second.bytes.take(), .last = oldest->second.whole};
  in_parts_ = !part.last;
  if (part.last) unfinished_.erase(oldest);
  return part;
}

}  // namespace guccho::rdb

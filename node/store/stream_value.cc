// Making and reading the stream of a key.
#include "node/store/stream_value.h"

namespace guccho::store {

void StreamValue::create() {
  keyspace_.before_change(key_);
  const Keyspace::Charge charge(keyspace_, key_.slot);
  SlabAllocator& alloc = keyspace_.allocator();
  entry_ = keyspace_.create(key_, Type::kStream, 0, sizeof(External));
  const size_t before = alloc.used();
  Stream* stream = Stream::make(alloc);
  stream->allocated = alloc.used() - before;
  entry_->set_external(External::of(stream));
}

const Stream& stream_of(const Entry& entry) {
  return *static_cast<const Stream*>(entry.external().structure());
}

}  // namespace guccho::store

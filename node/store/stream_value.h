// The stream value of a key.
#pragma once

#include <span>
#include <string_view>

#include "node/store/keyspace.h"
#include "node/store/stream.h"

namespace guccho::store {

// Reads and changes the stream at a key. A missing key (entry == nullptr) is made by create(). The entry must be of
// type stream and not expired. A stream may be empty: it goes only when its key is deleted. Unlike other values, its
// entry does not move when it changes.
class StreamValue {
 public:
  StreamValue(Keyspace& keyspace, const KeyRef& key, Entry* entry) : keyspace_(keyspace), key_(key), entry_(entry) {}

  Entry* entry() const { return entry_; }
  explicit operator bool() const { return entry_ != nullptr; }
  // All need an entry, but for create(), which needs that there is none.
  const Stream& operator*() const { return stream(); }
  const Stream* operator->() const { return &stream(); }
  void create();

  // Changes the stream: change(Stream&, SlabAllocator&) may call whatever it likes of the stream and its groups.
  template <class Change>
  auto change(Change change) {
    keyspace_.before_change(key_);
    const Keyspace::Charge charge(keyspace_, key_.slot);
    const Account account{stream(), keyspace_.allocator()};
    return change(stream(), keyspace_.allocator());
  }

 private:
  // What the change allocates and frees is the stream's.
  struct Account {
    Stream& stream;
    SlabAllocator& alloc;
    const size_t before = alloc.used();
    ~Account() { stream.allocated += alloc.used() - before; }
  };

  Stream& stream() const { return *static_cast<Stream*>(entry_->external().structure()); }

  Keyspace& keyspace_;
  const KeyRef key_;
  Entry* entry_;
};

// The stream of a stream entry; for those who only read (snapshot sinks).
const Stream& stream_of(const Entry& entry);

}  // namespace guccho::store

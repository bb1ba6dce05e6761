// Records into keys.
#include "node/rdb/load.h"

#include "node/store/hash_value.h"
#include "node/store/listpack.h"
#include "node/store/stream_image.h"

namespace guccho::rdb {

Status load(store::Keyspace& keyspace, Record&& record) {
  const store::KeyRef key(key_slot(record.key), record.key);
  store::Entry* entry = nullptr;
  if (const auto* string = std::get_if<std::string>(&record.value)) {
    entry = keyspace.set_string(key, *string);
  } else {
    keyspace.erase(key);
    if (const auto* packed = std::get_if<PackedHash>(&record.value)) {
      entry = store::adopt_packed_hash(keyspace, key, packed->listpack);
    } else if (auto* stream = std::get_if<store::StreamImage>(&record.value)) {
      entry = store::adopt_stream(keyspace, key, std::move(*stream));
    } else {
      store::HashValue hash(keyspace, key, nullptr);
      for (const auto& [field, value] : std::get<FieldList>(record.value)) {
        if (!hash.set(field, value)) return fail("a hash with a field twice");
      }
      entry = hash.entry();
    }
  }
  if (record.expiry) entry = keyspace.set_expiry(key, entry, *record.expiry);
  if (record.idle_seconds && !keyspace.access_policy().lfu) {
    keyspace.set_idle_seconds(*entry, static_cast<int64_t>(*record.idle_seconds));
  }
  if (record.frequency && keyspace.access_policy().lfu) keyspace.set_frequency(*entry, *record.frequency);
  return {};
}

}  // namespace guccho::rdb

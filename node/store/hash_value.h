// The hash value of a key: a packed block while it is small (hash-max-listpack-entries and -value), a table after that.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "node/base/random.h"
#include "node/store/keyspace.h"

namespace guccho::store {

class HashTable;

// Reads and changes the hash at a key. A missing key (entry == nullptr) reads as empty and is made by the first set().
// The entry must be of type hash and not expired. Erasing the last field leaves an empty hash behind: the caller, who
// also has to announce the deletion, then calls Keyspace::erase. After a change entry() is where the entry now lies;
// views handed out before are stale. A packed hash never turns back from a table, as in Redis.
class HashValue {
 public:
  using Visit = std::function<void(std::string_view field, std::string_view value)>;

  HashValue(Keyspace& keyspace, const KeyRef& key, Entry* entry) : keyspace_(keyspace), key_(key), entry_(entry) {}

  Entry* entry() const { return entry_; }
  size_t size() const;
  // The value's bytes; packed integers are printed into `scratch`.
  std::optional<std::string_view> get(std::string_view field, IntText& scratch) const;
  bool contains(std::string_view field) const;

  // True when the field is new. Neither view may point into this hash.
  bool set(std::string_view field, std::string_view value);
  // True when the field was there.
  bool erase(std::string_view field);

  // Each field once, in insertion order while packed, in hash order after. `visit` must not change the hash.
  void for_each(const Visit& visit) const;
  // HSCAN: visits at least `count` fields where there are as many (all of a packed hash), returns the next cursor, 0 at
  // the end. A field that is there throughout a scan is visited at least once; growth in between does not matter.
  uint64_t scan(uint64_t cursor, size_t count, const Visit& visit) const;
  // Visits one field, chosen evenly. Linear while packed, constant time after; nothing when empty.
  void random(Rng& rng, const Visit& visit) const;

 private:
  bool packed() const { return entry_->repr() == uint8_t(Entry::HashRepr::kPacked); }
  HashTable& table() const;
  bool set_packed(std::string_view field, std::string_view value);
  bool set_in_table(std::string_view field, std::string_view value);
  void convert_to_table();

  Keyspace& keyspace_;
  const KeyRef key_;
  Entry* entry_;
};

// For loading (RDB): makes the key from a well-formed listpack of distinct fields and their values, as it is if the
// limits allow it, else as a table. The key must be absent.
Entry* adopt_packed_hash(Keyspace& keyspace, const KeyRef& key, std::string_view listpack);
// The listpack of a packed hash; nothing for a table.
std::optional<std::string_view> packed_hash_bytes(const Entry& entry);
// Number of fields, and each field, of a hash entry; for those who only read (snapshot sinks).
size_t hash_size(const Entry& entry);
void for_each_field(const Entry& entry, const HashValue::Visit& visit);

}  // namespace guccho::store

// The hash value of a key: a packed block while it is small (hash-max-listpack-entries and -value), a table after that.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "node/base/random.h"
#include "node/store/keyspace.h"

namespace guccho::store {

class HashTable;

// Reads and changes the hash at a key. A missing key (entry == nullptr) reads as empty and is made by the first set().
// The entry must be of type hash and not expired. Erasing the last field leaves an empty hash behind: the caller, who
// also has to announce the deletion, then calls Keyspace::erase. After a change entry() is where the entry now lies;
// views handed out before are stale. A packed hash never turns back from a table, as in Redis.
//
// A field may have an expiry. Who may delete what has expired is the caller's: size(), set() and erase() know all
// fields, what reads knows those that hide_expired() leaves. A packed hash with its first expiry turns into triples of
// field, value and expiry, the earliest first and those without one last, which is RDB's form and OBJECT ENCODING's
// "listpackex"; it stays so, as in Redis. hash_table.h says how a table keeps them.
class HashValue {
 public:
  using Visit = std::function<void(std::string_view field, std::string_view value)>;
  using VisitNames = std::function<void(std::span<const std::string_view> fields)>;
  static constexpr int64_t kNoExpiry = 0;
  // The latest expiry that a field can have, in milliseconds since 1970.
  static constexpr int64_t kMaxExpiry = (int64_t{1} << 48) - 1;

  HashValue(Keyspace& keyspace, const KeyRef& key, Entry* entry) : keyspace_(keyspace), key_(key), entry_(entry) {}

  Entry* entry() const { return entry_; }
  // From here on fields that have expired by `now` are not seen by what reads.
  void hide_expired(UnixMillis now) { hidden_before_ = now.time_since_epoch().count(); }
  // Whether some field has an expiry.
  bool timed() const { return entry_ != nullptr && entry_->has_timed_fields(); }
  size_t size() const;
  // Not packed any more: a field's bytes stay where they are until the hash is changed.
  bool is_table() const { return entry_ != nullptr && is_table(*entry_); }
  // Without hidden fields. Costs reading the parts of the hash that have such.
  size_t visible_size() const;
  // The value's bytes; packed integers are printed into `scratch`.
  std::optional<std::string_view> get(std::string_view field, IntText& scratch) const;
  bool contains(std::string_view field) const;
  // Milliseconds since 1970, or kNoExpiry; nothing when the field is not there.
  std::optional<int64_t> expiry(std::string_view field) const;
  // Whether the field is there, but hidden.
  bool hides(std::string_view field) const;

  // True when the field is new (hidden or not). Neither view may point into this hash.
  bool set(std::string_view field, std::string_view value, Ttl ttl = Ttl::clear());
  // True when the field was there (hidden or not).
  bool erase(std::string_view field);
  // The field must be there.
  void set_expiry(std::string_view field, UnixMillis when);
  void persist(std::string_view field);
  // Erases fields that have expired by `now`, hidden or not, reading about `budget` of them at most; goes on where the
  // last call ended. `visit` gets their names, in parts, just before. Returns how many it has read.
  size_t expire(UnixMillis now, size_t budget, const VisitNames& visit);

  // Each field once, in insertion order while packed, in hash order after. `visit` must not change the hash.
  void for_each(const Visit& visit) const;
  // HSCAN: visits at least `count` fields where there are as many (all of a packed hash), returns the next cursor, 0 at
  // the end. A field that is there throughout a scan is visited at least once; growth in between does not matter.
  uint64_t scan(uint64_t cursor, size_t count, const Visit& visit) const;
  // Visits one field, chosen evenly. Linear while packed, constant time after (expected, unless most fields are
  // hidden); nothing when empty.
  void random(Rng& rng, const Visit& visit) const;

 private:
  bool packed() const { return entry_->repr() == uint8_t(Entry::HashRepr::kPacked); }
  static bool is_table(const Entry& entry) {
    // Of the representations these two are odd.
    static_assert(uint8_t(Entry::HashRepr::kTable) == 1 && uint8_t(Entry::HashRepr::kTableTimed) == 3);
    return (entry.repr() & 1) != 0;
  }
  bool hidden(int64_t expiry) const { return expiry != kNoExpiry && expiry < hidden_before_; }
  HashTable& table() const;
  bool set_packed(std::string_view field, std::string_view value);
  bool set_triple(std::string_view field, std::string_view value, Ttl ttl);
  bool set_in_table(std::string_view field, std::string_view value, Ttl ttl);
  void change_expiry(std::string_view field, int64_t expiry);
  void convert_to_triples();
  void convert_to_table();
  // After a change: the representation that says whether a field has an expiry.
  void settle();
  size_t expire_triples(int64_t limit, size_t budget, const VisitNames& visit);
  size_t expire_in_table(int64_t limit, size_t budget, const VisitNames& visit);

  Keyspace& keyspace_;
  const KeyRef key_;
  Entry* entry_;
  int64_t hidden_before_ = std::numeric_limits<int64_t>::min();
};

// For loading (RDB): makes the key from a well-formed listpack of distinct fields and their values, as it is if the
// limits allow it, else as a table. The key must be absent.
Entry* adopt_packed_hash(Keyspace& keyspace, const KeyRef& key, std::string_view listpack);
// The listpack of a packed hash; nothing for a table.
std::optional<std::string_view> packed_hash_bytes(const Entry& entry);
// As an expiry is stored: at least 1, at most HashValue::kMaxExpiry.
int64_t stored_expiry(UnixMillis when);
// The listpack of triples of a packed hash with expiries; nothing for other hashes.
std::optional<std::string_view> timed_hash_bytes(const Entry& entry);
// Number of fields, and each field, of a hash entry, whatever its expiry; for those who only read (snapshot sinks).
size_t hash_size(const Entry& entry);
void for_each_field(const Entry& entry, const HashValue::Visit& visit);
// With the expiry, or HashValue::kNoExpiry.
using VisitTimed = std::function<void(std::string_view field, std::string_view value, int64_t expiry)>;
void for_each_timed_field(const Entry& entry, const VisitTimed& visit);
// No field expires earlier; exact for a packed hash. The hash has timed fields.
int64_t field_expiry_bound(const Entry& entry);

}  // namespace guccho::store

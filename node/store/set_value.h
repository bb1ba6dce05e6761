// The set value of a key: sorted integers in a packed block (set-max-intset-entries), a packed block of any members
// (set-max-listpack-entries and -value), or a table. The steps between them are those of Redis 7.2; none leads back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "node/base/random.h"
#include "node/store/keyspace.h"

namespace guccho::store {

class SetTable;

// A set entry for those who only read; entry == nullptr reads as empty. Members that are views into the set are valid
// until the next change of its key, printed integers during the call.
class SetView {
 public:
  using Visit = std::function<void(std::string_view member)>;

  explicit SetView(const Entry* entry) : entry_(entry) {}

  size_t size() const;
  // Linear in a packed set, logarithmic among integers, constant in a table.
  bool contains(std::string_view member) const;
  // Each member once: integers ascending, in insertion order while packed, in hash order after. `visit` must not change
  // the set.
  void for_each(const Visit& visit) const;
  // As for_each, until `visit` answers false.
  void for_each_while(const std::function<bool(std::string_view member)>& visit) const;
  // SSCAN: as HashValue::scan.
  uint64_t scan(uint64_t cursor, size_t count, const Visit& visit) const;
  // Visits one member, chosen evenly. Linear in a packed set, else constant time; nothing when empty.
  void random(Rng& rng, const Visit& visit) const;
  // Whether members are views into the set, so that addresses tell them apart.
  bool is_table() const;
  // The bytes of a set of integers.
  std::optional<std::string_view> intset() const;

 private:
  const SetTable& table() const;
  const Entry* entry_;
};

// Reads and changes the set at a key. A missing key (entry == nullptr) reads as empty and is made by the first add().
// The entry must be of type set and not expired. Erasing the last member leaves an empty set behind: the caller, who
// also has to announce the deletion, then calls Keyspace::erase. After a change entry() is where the entry now lies;
// views handed out before are stale.
class SetValue {
 public:
  SetValue(Keyspace& keyspace, const KeyRef& key, Entry* entry) : keyspace_(keyspace), key_(key), entry_(entry) {}

  Entry* entry() const { return entry_; }
  SetView view() const { return SetView(entry_); }
  size_t size() const { return view().size(); }

  // Chooses the form for `members` more, of which this is the first, as Redis does from the number of SADD's arguments.
  void expect(std::string_view first, size_t members);
  // True when the member is new. It must not point into this set.
  bool add(std::string_view member);
  // True when the member was there.
  bool erase(std::string_view member);

 private:
  Entry::SetRepr repr() const { return static_cast<Entry::SetRepr>(entry_->repr()); }
  SetTable& table() const;
  void make(Entry::SetRepr repr);
  void convert_to_packed();
  void convert_to_table();

  Keyspace& keyspace_;
  const KeyRef key_;
  Entry* entry_;
};

// For loading (RDB): makes the key from a well-formed block, as it is if the limits allow it. The key must be absent,
// the block not empty, the members of a listpack distinct.
Entry* adopt_intset(Keyspace& keyspace, const KeyRef& key, std::string_view intset);
Entry* adopt_packed_set(Keyspace& keyspace, const KeyRef& key, std::string_view listpack);

}  // namespace guccho::store

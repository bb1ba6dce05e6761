// The string value of a key: reading it in any representation, and changing it in place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "node/store/integer.h"
#include "node/store/keyspace.h"

namespace guccho::store {

// The bytes of a string entry. An integer is printed into `scratch`, which must outlive the view; other representations
// are viewed where they lie, until the next change of the key.
std::string_view string_bytes(const Entry& entry, IntText& scratch);
// The number, when the bytes are exactly the canonical decimal text of an int64_t (what INCR accepts).
std::optional<int64_t> string_integer(const Entry& entry);
// STRLEN, without printing integers.
size_t string_size(const Entry& entry);
// Changes the string at a key; a missing key (entry == nullptr) is made by the first change, without expiry. The
// expiry of an existing key is kept. The entry must be of type string and not expired. After a change entry() is where
// the key's entry now lies; other pointers and views of it are stale.
//
//   StringValue value(keyspace, key, keyspace.find_live(key, now));
//   reply(value.append(tail));
class StringValue {
 public:
  StringValue(Keyspace& keyspace, const KeyRef& key, Entry* entry) : keyspace_(keyspace), key_(key), entry_(entry) {}

  Entry* entry() const { return entry_; }
  size_t size() const { return entry_ ? string_size(*entry_) : 0; }

  // Stores the number as an integer (INCR and its family). Constant time; in place when the width allows.
  void assign(int64_t number);
  // Replaces the bytes, choosing the representation as SET does (INCRBYFLOAT, GETSET).
  void assign(std::string_view bytes);
  // Replaces the bytes, kept as plain text even where an integer or a short form could hold them (PFADD, PFMERGE).
  void assign_text(std::string_view bytes);
  // Adds at the end and returns the new size. Amortised constant time a byte: large strings double up to 1 MiB of
  // slack.
  size_t append(std::string_view tail);
  // Writes at `offset`, padding with zero bytes, and returns the new size. An empty `bytes` changes nothing
  // and makes no key. Neither this nor append() may be given a view into the same value.
  size_t set_range(size_t offset, std::string_view bytes);
  // At least `min_size` writable bytes (padded with zeros) as plain text representation: SETBIT, BITFIELD, PFADD. The
  // span covers the whole value and is valid until the next change of the key.
  std::span<char> writable(size_t min_size);

 private:
  std::span<char> reshape(size_t size);

  Keyspace& keyspace_;
  const KeyRef key_;
  Entry* entry_;
};

}  // namespace guccho::store

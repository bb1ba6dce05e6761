// One key of the data set: a single allocation that holds header, optional expiry, key, and the value or a reference
// to it.
//
//   bytes 0-2   access clock, 24 bits: seconds (LRU) or minutes and a counter (LFU), as Redis' `lru` field
//   byte  3     type (3 bits), representation (3 bits), has an expiry (1 bit), wide lengths (1 bit)
//   then        narrow: key length u8, payload length u8      (6 bytes of header: 16 + 16 bytes fill 38, a class of 40)
//               wide:   key length u32, payload length u32    (12 bytes)
//   then        expiry, i64 milliseconds since 1970, when the bit says so
//   then        the key's bytes, the payload's bytes
//
// The payload of a string is its bytes, an integer in 0 to 8 little-endian bytes, or an External; that of any other
// type is an External. Nothing here is aligned: fields are read with memcpy.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "node/base/time.h"
#include "node/store/slab.h"

namespace guccho::store {

// The order is that of the RDB value types for the first five; the numbers are ours and are stored nowhere else.
enum class Type : uint8_t { kString, kList, kSet, kZset, kHash, kStream };

// What OBJECT ENCODING answers.
enum class Encoding : uint8_t {
  kInt,
  kEmbstr,
  kRaw,
  kListpack,
  kListpackEx,
  kHashtable,
  kQuicklist,
  kIntset,
  kSkiplist,
  kStream,
};

// "string", "hash": the answers of TYPE.
std::string_view type_name(Type type);
// "int", "embstr", "raw", "listpack", "listpackex", "hashtable", "quicklist", "intset", "skiplist", "stream": the
// answers of OBJECT ENCODING. A big sorted set says "skiplist", since that is what clients know, whatever it is here.
std::string_view encoding_name(Encoding encoding);

// Room for the decimal text of any int64_t; views of integers point into one that the caller provides.
using IntText = std::array<char, 24>;

class Structure;

// A value too large, or of too much structure, for the entry's own allocation.
struct External {
  void* data = nullptr;
  uint32_t size = 0;      // strings: bytes in use; packed collections: bytes of the block
  uint32_t capacity = 0;  // bytes allocated at `data`; 0: it is a Structure

  static External of(Structure* structure) { return {structure, 0, 0}; }
  bool is_structure() const { return capacity == 0; }
  Structure* structure() const { return static_cast<Structure*>(data); }
};
static_assert(sizeof(External) == 16);

// Lives in memory of the Keyspace's allocator and is made, resized and freed by it alone. A pointer to an Entry is
// valid until the next change of that key (a change may move it); changes of other keys leave it where it is.
class Entry {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  Type type() const { return static_cast<Type>(kind() & kTypeMask); }
  Encoding encoding() const;
  std::string_view key() const { return {bytes() + key_offset(), key_size()}; }

  bool has_expiry() const { return (kind() & kExpiryBit) != 0; }
  std::optional<UnixMillis> expiry() const;
  // Redis' rule: a key lives through its last millisecond (now > when).
  bool expired(UnixMillis now) const { return has_expiry() && now.time_since_epoch().count() > expiry_millis(); }

  // The 24-bit access clock; meaning by policy, see access.h.
  uint32_t access() const { return load32(0) & 0xffffff; }

  // ---- below: for the store's own files ----

  // Representations: how the payload is to be read. Values are per type.
  enum class StringRepr : uint8_t { kInt, kEmbstr, kRawInline, kRawExternal };
  // Of a hash: fields and values in turn; a table; field, value and expiry in turn with an expiry at least; a table
  // with an expiry at least; field, value and expiry in turn, none of them set any more.
  enum class HashRepr : uint8_t { kPacked, kTable, kPackedTimed, kTableTimed, kTriples };
  enum class ListRepr : uint8_t { kPacked, kBlocks };
  enum class SetRepr : uint8_t { kIntegers, kPacked, kTable };
  enum class ZsetRepr : uint8_t { kPacked, kTree };

  // Longer strings lie outside their entry, where they can grow without moving it.
  static constexpr size_t kMaxInlineString = 512;

  uint8_t repr() const { return (kind() >> kReprShift) & 7; }
  std::string_view payload() const { return {bytes() + payload_offset(), payload_size()}; }
  char* payload_data() { return bytes() + payload_offset(); }
  External external() const;
  void set_external(const External& external);
  // A hash with fields that expire.
  bool has_timed_fields() const { return type() == Type::kHash && (repr() & ~1) == uint8_t(HashRepr::kPackedTimed); }
  bool is_external() const { return type() != Type::kString || repr() == uint8_t(StringRepr::kRawExternal); }

  void set_access(uint32_t clock) { store32(0, (load32(0) & 0xff000000u) | (clock & 0xffffff)); }
  void set_repr(uint8_t repr) { set_kind((kind() & ~(7u << kReprShift)) | (repr << kReprShift)); }
  void set_expiry_in_place(UnixMillis when);  // the entry already has room for one
  int64_t expiry_millis() const;              // the entry has one

  // Bytes of the allocation that this entry fills; what a sized free needs.
  size_t allocation_size() const { return payload_offset() + payload_size(); }
  // Bytes of the allocation that may be used without a new one.
  size_t usable_size() const { return SlabAllocator::usable(allocation_size()); }
  static size_t allocation_size(size_t key_size, size_t payload_size, bool has_expiry);
  // Whether a payload of this size, with or without expiry, has the layout that this entry has.
  bool can_hold(size_t payload_size, bool with_expiry) const;
  void set_payload_size(size_t size);  // can_hold() it, and the allocation has the room
  // Writes a header with the given lengths into fresh memory of allocation_size() bytes; copies the key, leaves the
  // payload to the caller.
  static Entry* format(void* memory, Type type, uint8_t repr, std::string_view key, size_t payload_size,
                       std::optional<UnixMillis> expiry);

 private:
  Entry() = default;

  static constexpr uint8_t kTypeMask = 7;
  static constexpr int kReprShift = 3;
  static constexpr uint8_t kExpiryBit = 0x40;
  static constexpr uint8_t kWideBit = 0x80;
  static constexpr size_t kNarrowHeader = 6;
  static constexpr size_t kWideHeader = 12;
  static constexpr size_t kExpirySize = 8;

  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  char* bytes() { return reinterpret_cast<char*>(this); }
  uint32_t load32(size_t at) const {
    uint32_t v;
    std::memcpy(&v, bytes() + at, 4);
    return v;
  }
  void store32(size_t at, uint32_t v) { std::memcpy(bytes() + at, &v, 4); }
  uint8_t kind() const { return static_cast<uint8_t>(bytes()[3]); }
  void set_kind(uint32_t kind) { bytes()[3] = static_cast<char>(kind); }
  static bool needs_wide(size_t key_size, size_t payload_size);
  bool wide() const { return (kind() & kWideBit) != 0; }
  size_t header_size() const { return wide() ? kWideHeader : kNarrowHeader; }
  size_t key_size() const { return wide() ? load32(4) : static_cast<uint8_t>(bytes()[4]); }
  size_t payload_size() const { return wide() ? load32(8) : static_cast<uint8_t>(bytes()[5]); }
  size_t key_offset() const { return header_size() + (has_expiry() ? kExpirySize : 0); }
  size_t payload_offset() const { return key_offset() + key_size(); }
};

}  // namespace guccho::store

// The numbers of the RDB format: versions, opcodes, value types, length encodings. Redis' rdb.h; unchanged since 7.0
// up to version 10, which is the one written.
//
//   "REDIS" and four digits of version
//   records: opcode with its arguments | [expiry] [idle or frequency] value type, key, value
//   0xff, then CRC-64/Jones of everything before as u64 little-endian (0: not computed)
//
// Lengths: 00xxxxxx 6 bits | 01xxxxxx + 1 byte 14 bits | 0x80 + u32 big-endian | 0x81 + u64 big-endian | 11xxxxxx
// special string encodings: 0, 1, 2 an integer of 8, 16, 32 bits little-endian, 3 LZF (compressed size, size, bytes).
//
// Hashes with fields that expire (types 24 and 25; times in milliseconds since 1970) begin with their earliest expiry
// as u64 little-endian. In type 24 each pair has a length in front: 0 without expiry, else 1 + its distance from the
// earliest. In type 25 the listpack has triples of field, value and expiry (0: none), the earliest first, none last.
#pragma once

#include <cstdint>
#include <string_view>

namespace guccho::rdb {

inline constexpr int kWrittenVersion = 10;
// Written when hashes with fields that expire are among the data, which redis-server reads from 7.4 (version 12) on.
inline constexpr int kTimedFieldsVersion = 12;
inline constexpr int kNewestReadVersion = 12;

enum class Opcode : uint8_t {
  kSlotInfo = 244,
  kFunction2 = 245,
  kFunctionPreGa = 246,
  kModuleAux = 247,
  kIdle = 248,
  kFrequency = 249,
  kAux = 250,
  kResizeDb = 251,
  kExpireMillis = 252,
  kExpireSeconds = 253,
  kSelectDb = 254,
  kEof = 255,
};

enum class ValueType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kZset = 3,
  kHash = 4,
  kZset2 = 5,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kZsetZiplist = 12,
  kHashZiplist = 13,
  kListQuicklist = 14,
  kStream = 15,
  kHashListpack = 16,
  kZsetListpack = 17,
  kListQuicklist2 = 18,
  kStream2 = 19,
  kSetListpack = 20,
  kStream3 = 21,
  kHashTimed = 24,
  kHashTimedListpack = 25,
};

// How the bytes of a value follow its key.
enum class Shape : uint8_t {
  kUnsupported,  // known by name, refused
  kOneString,    // one string, plain or packed
  kStrings,      // a count, then as many strings
  kPairs,        // a count, then twice as many strings
  kScored,       // a count, then as many strings, each followed by a score
  kTimedPairs,   // the earliest expiry (u64), a count, then as many of: a length, a string, a string
  kTimedString,  // the earliest expiry (u64), then one string
  kNodes,        // a count, then as many pairs of a container (a length) and a string
  kStream,       // see stream_reader.h
};

struct TypeInfo {
  uint8_t type;
  std::string_view name;
  Shape shape;
};

// What a node of a list (type 18) holds.
enum class Container : uint8_t { kPlain = 1, kPacked = 2 };

// All value types up to version 12; nothing for other numbers.
const TypeInfo* type_info(uint8_t type);

enum class StringEncoding : uint8_t { kInt8 = 0, kInt16 = 1, kInt32 = 2, kLzf = 3 };

}  // namespace guccho::rdb

// What an RDB holds: keys with their values, in the forms in which they come. Strings in packed forms were checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "node/base/time.h"
#include "node/store/stream_image.h"

namespace guccho::rdb {

struct PackedHash {
  std::string listpack;  // checked: well-formed, distinct fields
};
// A field may come twice: load() refuses that, at no cost of its own.
using FieldList = std::vector<std::pair<std::string, std::string>>;
// Fields that expire. Checked: expiries that the store can hold. A field may come twice: load() refuses that.
struct TimedField {
  std::string field;
  std::string value;
  int64_t expiry = 0;  // milliseconds since 1970; 0: none
};
using TimedFieldList = std::vector<TimedField>;
// A list is a row of nodes: listpacks (checked, not empty), or single elements.
struct ListNode {
  std::string bytes;
  bool listpack = false;
};
using ListNodes = std::vector<ListNode>;
struct PackedSet {
  std::string listpack;  // checked: well-formed, distinct members
};
struct IntegerSet {
  std::string intset;  // checked
};
// A member may come twice: load() refuses that.
using MemberList = std::vector<std::string>;
struct PackedZset {
  std::string listpack;  // checked: well-formed, distinct members in order
};
// Checked: no NaN. In any order; a member may come twice: load() refuses that.
using ScoredList = std::vector<std::pair<std::string, double>>;
// A string's bytes; a hash, a list, a set, a sorted set in one of their forms; a stream that was checked.
using Value = std::variant<std::string, PackedHash, FieldList, TimedFieldList, ListNodes, PackedSet, IntegerSet,
                           MemberList, PackedZset, ScoredList, store::StreamImage>;

struct Record {
  std::string key;
  std::optional<UnixMillis> expiry;
  std::optional<uint64_t> idle_seconds;
  std::optional<uint8_t> frequency;
  Value value;
};

}  // namespace guccho::rdb

// The table of RDB value types.
#include "node/rdb/format.h"

#include <array>

namespace guccho::rdb {

namespace {

// A type becomes readable by naming its shape here and its decoder in Reader::finish_value.
constexpr std::array kTypes = {
    TypeInfo{0, "string", Shape::kOneString},
    TypeInfo{1, "list", Shape::kStrings},
    TypeInfo{2, "set", Shape::kStrings},
    TypeInfo{3, "sorted set with text scores", Shape::kScored},
    TypeInfo{4, "hash", Shape::kPairs},
    TypeInfo{5, "sorted set", Shape::kScored},
    TypeInfo{6, "module value (before version 4.0)", Shape::kUnsupported},
    TypeInfo{7, "module value", Shape::kUnsupported},
    TypeInfo{9, "hash as zipmap", Shape::kOneString},
    TypeInfo{10, "list as ziplist", Shape::kOneString},
    TypeInfo{11, "set as intset", Shape::kOneString},
    TypeInfo{12, "sorted set as ziplist", Shape::kOneString},
    TypeInfo{13, "hash as ziplist", Shape::kOneString},
    TypeInfo{14, "list as quicklist of ziplists", Shape::kStrings},
    TypeInfo{15, "stream", Shape::kStream},
    TypeInfo{16, "hash as listpack", Shape::kOneString},
    TypeInfo{17, "sorted set as listpack", Shape::kOneString},
    TypeInfo{18, "list as quicklist", Shape::kNodes},
    TypeInfo{19, "stream (second form)", Shape::kStream},
    TypeInfo{20, "set as listpack", Shape::kOneString},
    TypeInfo{21, "stream (third form)", Shape::kStream},
    TypeInfo{22, "hash with field expiry (pre-release)", Shape::kUnsupported},
    TypeInfo{23, "hash with field expiry as listpack (pre-release)", Shape::kUnsupported},
    TypeInfo{24, "hash with field expiry", Shape::kTimedPairs},
    TypeInfo{25, "hash with field expiry as listpack", Shape::kTimedString},
};

}  // namespace

const TypeInfo* type_info(uint8_t type) {
  for (const TypeInfo& info : kTypes) {
    if (info.type == type) return &info;
  }
  return nullptr;
}

}  // namespace guccho::rdb

// Reading RDB: a push parser. Bytes go in as they arrive, whole records come out; nothing is ever read twice.
//
// Reads versions 1 to 12. Input is untrusted: every length is checked against what is there or a stated limit before
// memory is taken, and an error names the offset in the stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "node/base/result.h"
#include "node/base/time.h"
#include "node/rdb/format.h"
#include "node/rdb/stream_reader.h"
#include "node/store/stream_image.h"

namespace guccho::rdb {

// The largest string accepted, compressed or not: what the store can hold. Nothing is allocated ahead of the bytes but
// for LZF, whose size is checked against the most that its input can expand to.
inline constexpr uint64_t kMaxString = 0xffffffffu;

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

// Receives what was read, in the order of the stream. An error stops the reader and is what feed() returns.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual Status record(Record&& record) = 0;
  virtual Status aux(std::string_view name, std::string_view value) = 0;
  // The source of a function library (FUNCTION2).
  virtual Status function(std::string_view code) = 0;
};

class Reader {
 public:
  explicit Reader(RecordSink& sink) : sink_(sink) {}

  // Takes the next bytes; returns how many of them belong to the RDB: all, until its end was among them. After an
  // error, or after the end, the reader takes no more.
  Result<size_t> feed(std::string_view bytes);
  // Whether the end was read and the checksum was right.
  bool finished() const { return state_ == State::kDone; }
  // Bytes taken so far.
  uint64_t offset() const { return offset_; }
  // What to say when the input ended: an error that names the offset unless finished().
  Status end_of_input() const;
  // One value as it follows its key in a stream, all of it: type byte and value (DUMP). For a fresh reader, which is of
  // no further use. An empty collection reaches no sink.
  Status read_value(std::string_view type_and_value);

  // Keys left out because their collection was empty, as Redis leaves them out.
  uint64_t empty_keys() const { return empty_keys_; }

 private:
  enum class State : uint8_t {
    kHeader,
    kOpcode,
    kKey,
    kEarliest,
    kCount,
    kString,
    kTimed,
    kScored,
    kStream,
    kChecksum,
    kDone,
    kFailed
  };

  class Input;
  // One step: reads one unit, or leaves the input where it was and returns false for want of bytes.
  Result<bool> step();
  Status read_header(Input& in);
  Status read_opcode(Input& in);
  Status read_special(Input& in, Opcode opcode);
  Status read_key(Input& in);
  Status read_count(Input& in);
  Status read_value_string(Input& in);
  Status read_scored(Input& in);
  Status read_earliest(Input& in);
  Status read_timed(Input& in);
  Status read_stream(Input& in);
  Status read_checksum(Input& in);
  Status start_value(uint8_t type);
  Status finish_value();
  Status finish_hash();
  Status finish_timed_hash();
  Status finish_list();
  Status finish_set();
  Status finish_zset();
  Status deliver();

  RecordSink& sink_;
  State state_ = State::kHeader;
  std::string buffer_;   // bytes not yet taken
  size_t taken_ = 0;     // of buffer_
  uint64_t offset_ = 0;  // of the stream, at taken_
  uint64_t crc_ = 0;
  int version_ = 0;

  // The record being read.
  Record record_;
  const TypeInfo* type_ = nullptr;
  uint64_t strings_left_ = 0;
  std::vector<std::string> strings_;
  ScoredList scored_;
  int64_t earliest_ = 0;
  TimedFieldList timed_;
  std::vector<Container> containers_;  // of the strings, where each has one
  StreamReader stream_;
  uint64_t empty_keys_ = 0;
};

}  // namespace guccho::rdb

// Reading RDB: a push parser. Bytes go in as they arrive, whole records come out; nothing is ever read twice.
//
// Reads versions 1 to 12. Input is untrusted: every length is checked against what is there or a stated limit before
// memory is taken, and an error names the offset in the stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/rdb/format.h"
#include "node/rdb/input.h"
#include "node/rdb/record.h"
#include "node/rdb/stream_reader.h"
#include "node/rdb/values.h"

namespace guccho::rdb {

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
  ValueParts parts_;
  int64_t earliest_ = 0;
  StreamReader stream_;
  uint64_t empty_keys_ = 0;
};

}  // namespace guccho::rdb

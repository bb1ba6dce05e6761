// The parts of a stream in RDB (types 15, 19, 21), read unit by unit, each checked as it comes.
//
//   number of blocks | (master id as a string of 16 bytes, listpack) x blocks
//   length | last id | from type 19 on: first id, greatest deleted id, entries added
//   number of groups | groups
//   group:    name | last id | from type 19 on: entries read | number of pending entries
//             | (id as 16 bytes, delivered i64, deliveries) x pending | number of consumers | consumers
//   consumer: name | seen i64 | from type 21 on: active i64 | number of pending ids | (id as 16 bytes) x pending
//
// Ids as bytes are big-endian, ids and counts else are lengths, times are milliseconds, little-endian.
#pragma once

#include <cstdint>
#include <utility>

#include "node/base/result.h"
#include "node/rdb/format.h"
#include "node/rdb/input.h"
#include "node/store/stream_image.h"

namespace guccho::rdb {

class StreamReader {
 public:
  void start(ValueType type) {
    *this = {};
    has_history_ = type != ValueType::kStream;
    has_active_ = type == ValueType::kStream3;
    image_.has_history = has_history_;
  }
  // Reads one unit of `in`, the reader's input; nothing is taken for read when its bytes did not suffice.
  Status read(Input& in);
  bool done() const { return part_ == Part::kDone; }
  store::StreamImage take() { return std::move(image_); }

 private:
  enum class Part : uint8_t {
    kBlockCount,
    kBlock,
    kNumbers,
    kGroup,
    kPending,
    kConsumerCount,
    kConsumer,
    kOwned,
    kDone
  };

  Status read_block(Input& in);
  Status read_numbers(Input& in);
  Status read_group(Input& in);
  Status read_consumer(Input& in);
  Status end_group();
  Status end_consumer() { return --consumers_left_ > 0 ? go_to(Part::kConsumer) : end_group(); }
  Status go_to(Part part) {
    part_ = part;
    return {};
  }

  Part part_ = Part::kBlockCount;
  bool has_history_ = true;
  bool has_active_ = false;
  uint64_t blocks_left_ = 0;
  uint64_t groups_left_ = 0;
  uint64_t pending_left_ = 0;
  uint64_t consumers_left_ = 0;
  uint64_t owned_left_ = 0;
  store::StreamImage image_;
  store::StreamCheck check_;
};

}  // namespace guccho::rdb

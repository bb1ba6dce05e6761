// The sink of a snapshot that makes RDB records: whole ones as they come. A record is one piece of the stream, so a
// value that comes in parts is kept here until it is whole: in memory, and counted. The one that was begun first may be
// taken before that, part by part, by who then lets nothing else into the stream until its last part.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/rdb/writer.h"
#include "node/store/snapshot.h"

namespace guccho::rdb {

// Bytes in a row, in pieces: growing copies nothing of what is there, and neither does passing them on.
using Chunks = std::vector<std::string>;

// Chunks that grow.
class ChunkedBytes {
 public:
  size_t size() const { return full_ + (chunks_.empty() ? 0 : chunks_.back().size()); }
  // To append to, before the next call of anything here.
  std::string& tail() {
    if (chunks_.empty() || chunks_.back().size() >= kChunkBytes) {
      full_ = size();
      chunks_.emplace_back();
    }
    return chunks_.back();
  }
  void append(ChunkedBytes&& more) {
    if (more.chunks_.empty()) return;
    full_ = size() + more.full_;
    for (std::string& chunk : more.chunks_) chunks_.push_back(std::move(chunk));
    more = {};
  }
  Chunks take() {
    full_ = 0;
    return std::exchange(chunks_, {});
  }

 private:
  static constexpr size_t kChunkBytes = size_t{64} << 10;  // a chunk that is longer ends

  Chunks chunks_;
  size_t full_ = 0;  // bytes of all but the last
};

class SnapshotWriter : public store::SnapshotSink {
 public:
  explicit SnapshotWriter(WriteOptions options = {}) : options_(options) {}

  void entry(Slot slot, const store::Entry& entry) override;
  void begin_value(uint64_t id, const store::Entry& entry) override;
  void elements(uint64_t id, store::Type type, std::span<void* const> items) override;
  void list_block(uint64_t id, const store::ListBlock& block) override;
  void stream_block(uint64_t id, const store::StreamId& master, std::string_view listpack) override;
  void end_value(uint64_t id) override;

  // Whole records since the last take_records().
  size_t record_bytes() const { return records_.size(); }
  Chunks take_records() { return records_.take(); }
  // Of values that are not whole, or not taken, yet.
  size_t unfinished_bytes() const { return unfinished_bytes_; }

  // ---- the value that was begun first, in parts ----

  // What there is of it; 0 without any.
  size_t oldest_bytes() const { return unfinished_.empty() ? 0 : unfinished_.begin()->second.bytes.size(); }
  // It is taken in parts, and only the last is missing.
  bool last_part_is_there() const { return in_parts_ && unfinished_.begin()->second.whole; }
  struct Part {
    Chunks chunks;
    bool last;
  };
  // There must be such a value. From the first part on until the last, its bytes come here and not among the records.
  Part take_part();

 protected:
  // After each of the sink's calls.
  virtual void grew() {}

 private:
  struct Unfinished {
    ChunkedBytes bytes;
    ValueForm form;
    bool whole = false;
  };
  // What `append` adds to the value.
  template <class Append>
  void grow(uint64_t id, Append append);

  const WriteOptions options_;
  ChunkedBytes records_;
  std::map<uint64_t, Unfinished> unfinished_;  // their ids ascend in the order in which they were begun
  size_t unfinished_bytes_ = 0;
  bool in_parts_ = false;  // a part of the first of them was taken
};

}  // namespace guccho::rdb

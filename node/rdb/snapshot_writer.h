// The sink of a snapshot that makes RDB records: whole ones as they come. A record is one piece of the stream, so a
// value that comes in parts is kept here until it is whole: in memory, and counted.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "node/rdb/writer.h"
#include "node/store/snapshot.h"

namespace guccho::rdb {

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
  std::string take_records();
  // Of values that are not whole yet.
  size_t unfinished_bytes() const { return unfinished_bytes_; }

 protected:
  // After each of the above.
  virtual void grew() {}

 private:
  const WriteOptions options_;
  std::string records_;
  struct Unfinished {
    std::string bytes;
    ValueForm form;
  };
  // What `append` adds to the value.
  template <class Append>
  void grow(uint64_t id, Append append);

  std::unordered_map<uint64_t, Unfinished> unfinished_;
  size_t unfinished_bytes_ = 0;
};

}  // namespace guccho::rdb

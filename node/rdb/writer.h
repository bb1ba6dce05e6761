// Writing RDB version 10, which redis-server 7.0 and later read; 12 where fields of hashes expire.
//
// Entries are serialised where they are (a worker, as a snapshot's sink), the file is put together where the stream
// leaves: append_entry() makes the bytes of one key, StreamWriter frames chunks of them and keeps the checksum.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/store/entry.h"
#include "node/store/list_blocks.h"
#include "node/store/stream_id.h"

namespace guccho::rdb {

struct WriteOptions {
  bool compress = true;  // rdbcompression: strings of 21 bytes to 1 MiB by LZF where that makes them smaller
};

// Appends key, expiry and value of one entry.
void append_entry(std::string& out, const store::Entry& entry, const WriteOptions& options);

// The same in steps, for a value that comes in parts (store::SnapshotSink): everything up to the number of elements or
// blocks, then these, then the tail. append_head() returns what is needed later and may not be the value's own any more
// then.
struct ValueForm {
  store::Type type;
  std::optional<int64_t> earliest_expiry;  // of a hash whose fields expire
  std::string tail;                        // of a stream: its counters and groups
};
ValueForm append_head(std::string& out, const store::Entry& entry, const WriteOptions& options);
// Of a hash, set or sorted set, in any order.
void append_elements(std::string& out, const ValueForm& form, std::span<void* const> items,
                     const WriteOptions& options);
// Of a list or stream, in its order.
void append_block(std::string& out, const store::ListBlock& block, const WriteOptions& options);
void append_block(std::string& out, const store::StreamId& master, std::string_view listpack,
                  const WriteOptions& options);

// Where a stream goes: a file, a socket's buffer. Errors are the sink's to keep; the writer never looks back.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void write(std::string_view bytes) = 0;
};

// Name and value of the auxiliary fields, in order. Names that Redis writes: redis-ver, redis-bits, ctime, used-mem,
// repl-stream-db, repl-id, repl-offset, aof-base.
using AuxFields = std::vector<std::pair<std::string, std::string>>;

// Call in this order: begin, entries any number of times, finish.
class StreamWriter {
 public:
  // Without a checksum (rdbchecksum no) the trailer is eight zero bytes, as Redis writes it.
  explicit StreamWriter(ByteSink& sink, bool checksum = true) : sink_(sink), checksum_(checksum) {}

  // Header, auxiliary fields, function libraries as append_function made them, database 0. `keys` and `expires` are
  // hints of size (RESIZEDB). `timed_fields`: there are hashes with fields that expire, so older servers must refuse
  // the stream.
  void begin(const AuxFields& aux, std::string_view functions, uint64_t keys, uint64_t expires, bool timed_fields);
  // Whole records as append_entry made them.
  void entries(std::string_view records) { write(records); }
  void finish();
  // Bytes written so far.
  uint64_t size() const { return size_; }

 private:
  void write(std::string_view bytes);

  ByteSink& sink_;
  const bool checksum_;
  uint64_t crc_ = 0;
  uint64_t size_ = 0;
};

// Building blocks, for those who frame their own payloads (DUMP).
void append_length(std::string& out, uint64_t length);
void append_string(std::string& out, std::string_view bytes, bool compress);

}  // namespace guccho::rdb

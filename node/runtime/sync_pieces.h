// What the workers have made of a full sync's stream and the replication thread has not sent yet.
//
// Records come whole, of all workers in any order. One value at a time may come in parts, so that none is too large to
// be sent; what else is made meanwhile waits behind its last part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include "node/rdb/snapshot_writer.h"

namespace guccho::runtime {

// Any thread.
class SyncPieces {
 public:
  struct Limits {
    size_t pause;  // bytes waiting above which workers pause the snapshot (not the writes)
    size_t abort;  // above which it is given up: reached only by writes that push old values out
  };
  explicit SyncPieces(const Limits& limits) : limits_(limits) {}

  // ---- workers, by their index ----

  // Before anything else: how many there are.
  void begin(size_t workers) { workers_left_ = workers; }
  enum class State : uint8_t {
    kGo,
    kWait,  // too much waits: ask again later
    kOver,  // given up, or nobody wants it any more
  };
  State state(size_t worker) const;
  // Records, each as a whole. One that is larger than the limits is taken once what was there before has become less.
  void add(rdb::Chunks records);
  // Lets the worker's value come in parts; false while another's does.
  bool open(size_t worker);
  // Of the open value.
  void add_part(rdb::Chunks part, bool last);
  // The worker has no more.
  void finished();
  // More memory is taken elsewhere than is allowed.
  void give_up();

  // ---- the replication thread ----

  struct Taken {
    rdb::Chunks pieces;  // to be sent in this order
    bool last = false;   // no more come
  };
  // All that may be sent; nothing: the snapshot was given up.
  std::optional<Taken> take();
  // Nobody wants it any more.
  void cancel();
  size_t bytes() const;

 private:
  const Limits limits_;
  mutable std::mutex mutex_;
  rdb::Chunks ready_;
  rdb::Chunks held_;  // records behind the open value
  size_t ready_bytes_ = 0;
  size_t held_bytes_ = 0;
  std::optional<size_t> open_;  // whose value comes in parts
  size_t workers_left_ = 0;
  bool over_ = false;  // given up
  bool cancelled_ = false;
};

}  // namespace guccho::runtime

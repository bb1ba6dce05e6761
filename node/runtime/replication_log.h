// The one ordered log: every write of every worker, in one stream with one offset. The backlog, replicas and (later)
// files are readers of it. Per slot its order is the order of execution, since one worker executes a slot's commands
// and appends its batches in order.
//
// Offsets are positions: `committed()` bytes have been written, the byte at position p is Redis' byte number p + 1, and
// committed() is Redis' master_repl_offset.
//
// Writers reserve a range with one atomic step and copy in parallel; readers see only the prefix in which nothing is
// missing. There is one reader thread, which also trims.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace guccho::runtime {

class ReplicationLog {
 public:
  static constexpr size_t kSegmentBytes = 256 * 1024;
  static constexpr size_t kMaxSegments = 65536;  // 16 GiB

  // `writers`: how many different writer indexes append. `segments`: how many are between the oldest kept byte and the
  // head at most; a writer that would pass that waits for the reader to trim, which must see to it that this is rare.
  explicit ReplicationLog(size_t writers, size_t segments = kMaxSegments);
  ~ReplicationLog();
  ReplicationLog(const ReplicationLog&) = delete;
  ReplicationLog& operator=(const ReplicationLog&) = delete;

  // While inactive nothing is kept and the offset stands still, as in Redis before the first replica.
  bool active() const { return active_.load(std::memory_order_acquire); }

  // Inside the exclusive section (or before any writer runs): starts anew at `offset` with nothing kept.
  void restart(int64_t offset);
  void deactivate() { active_.store(false, std::memory_order_release); }
  // The most bytes that it can keep.
  int64_t capacity() const { return static_cast<int64_t>(segments_.size() * kSegmentBytes); }
  // Whether what begins at `position` can be kept no longer: the last eighth is for what writers append until the
  // reader has looked again.
  bool is_full_from(int64_t position) const { return head() - position > capacity() - capacity() / 8; }

  // A writer's thread: adds bytes; returns the position after them. Nothing happens while inactive (returns the head).
  // No reply of the batch may leave before this has returned.
  int64_t append(size_t writer, std::string_view bytes);

  // Any thread: everything below is complete. A later call may answer less; what was once complete stays so.
  int64_t committed() const;
  // Where the next reservation will start.
  int64_t head() const { return head_.load(std::memory_order_seq_cst); }

  // The reader's thread: the oldest position that is still kept.
  int64_t first() const { return first_.load(std::memory_order_acquire); }
  // The reader's thread: bytes at `from` as far as one segment holds them; empty when from == until.
  std::string_view read(int64_t from, int64_t until) const;
  // The reader's thread: forgets whole segments below `keep_from`.
  void trim(int64_t keep_from);

 private:
  struct Segment {
    int64_t number;
    char bytes[kSegmentBytes];
  };
  struct alignas(64) InFlight {
    // A position up to which nothing is missing in the range that this writer is copying; kIdle when it copies none.
    std::atomic<int64_t> from;
  };
  static constexpr int64_t kIdle = INT64_MAX;

  Segment* segment_for_writing(int64_t number);
  void drop_segments();

  std::atomic<bool> active_{false};
  std::atomic<int64_t> head_{0};
  std::atomic<int64_t> first_{0};
  std::vector<InFlight> in_flight_;
  std::vector<std::atomic<Segment*>> segments_;
  std::atomic<Segment*> spare_{nullptr};
};

}  // namespace guccho::runtime

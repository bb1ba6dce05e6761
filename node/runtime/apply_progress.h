// How far one worker of a replica is with its part of the primary's stream.
//
// Batches are told apart by their number, not by where they end in the stream: several may be handed over at one
// position, since what is not of one worker (FLUSHALL) is applied as soon as it is cut out of what was read, and the
// position moves only when all of that was cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace guccho::runtime {

class ApplyProgress {
 public:
  // `applied`: how many batches the worker has applied since it began, of whatever stream; none is under way.
  explicit ApplyProgress(uint64_t applied) : applied_(applied) {}

  // One more batch is under way to the worker. Its commands come from behind `start`, before which everything of this
  // worker is in earlier batches.
  void handed_over(int64_t start, size_t bytes) {
    under_way_.push_back({start, bytes});
    bytes_ += bytes;
  }
  // The worker has applied so many batches since it began.
  void applied(uint64_t count) {
    for (; applied_ < count && !under_way_.empty(); ++applied_) {
      bytes_ -= under_way_.front().bytes;
      under_way_.pop_front();
    }
  }

  bool all_applied(uint64_t count) const { return count - applied_ >= under_way_.size(); }
  // Up to where the worker's part of the stream is applied, when it has applied so many batches since it began;
  // nothing: as far as it was handed over.
  std::optional<int64_t> applied_until(uint64_t count) const {
    if (all_applied(count)) return std::nullopt;
    return under_way_[count - applied_].start;
  }
  // Of the batches under way, as of the last applied().
  size_t bytes() const { return bytes_; }

 private:
  struct Batch {
    int64_t start;
    size_t bytes;
  };
  uint64_t applied_;
  std::deque<Batch> under_way_;  // oldest first
  size_t bytes_ = 0;
};

}  // namespace guccho::runtime

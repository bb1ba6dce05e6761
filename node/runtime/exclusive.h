// The exclusive section: the one primitive for everything that is not of one slot. It parks all workers at a batch
// boundary (within one turn of their loops), runs the work on one of them, and lets them go on. Used for FLUSHALL,
// CONFIG SET, EXEC that reaches further than one worker, the cut of a snapshot, a change of slot ownership.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace guccho::runtime {

class ExclusiveSection {
 public:
  using Work = std::function<void()>;
  // `wake(i)` makes worker i's loop turn. `measured(nanos)` is told, inside the section, how long the section took from
  // its first request until now.
  ExclusiveSection(size_t workers, std::function<void(size_t)> wake, std::function<void(uint64_t)> measured);

  // Any thread; returns at once. Works run in the order of their requests; a work may request another one, which runs
  // in the next section. When no worker runs (before start, after stop) it runs at once on the caller.
  void request(Work work);

  // Called by each worker at its batch boundary: no reply computed but not yet covered by the log, no half-done batch.
  bool requested() const { return requested_.load(std::memory_order_acquire); }
  void park();

  // A worker's loop begins or ends.
  void join();
  void leave();

 private:
  void run_if_complete(std::unique_lock<std::mutex>& lock);

  const size_t workers_;
  const std::function<void(size_t)> wake_;
  const std::function<void(uint64_t)> measured_;
  std::atomic<bool> requested_{false};
  std::mutex mutex_;
  std::condition_variable released_;
  std::vector<Work> works_;
  uint64_t requested_at_ = 0;
  size_t running_ = 0;  // workers whose loops run
  size_t parked_ = 0;
  uint64_t generation_ = 0;
};

}  // namespace guccho::runtime

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
  void park() {
    park([] {});
  }

  // ... and while it waits, and set_serving(true) holds, calls `serve` again and again: a work, or who seized the section,
  // takes long, and its clients want an answer.
  void park(const std::function<void()>& serve);
  // From within the section only. false returns when no worker serves any more.
  void set_serving(bool serving);
  // Whether works run now. For those who are inside.
  bool inside() const { return inside_.load(std::memory_order_relaxed); }

  // A worker in the middle of its turn (a script that needs another worker's data) takes the section: returns when all
  // others are parked. False: another worker is doing the same, and waits for this one to park. The data of this worker
  // is as far as its turn has come; its part of the log must be appended before release().
  bool seize();
  void release();

  // A worker will not park for long: the section is put off, and those who wait for it go on. In pairs.
  void suspend();
  void resume();

  // A worker's loop begins or ends.
  void join();
  void leave();

 private:
  void run_if_complete(std::unique_lock<std::mutex>& lock);
  void update_requested();
  void let_go();
  void wake_all();

  const size_t workers_;
  const std::function<void(size_t)> wake_;
  const std::function<void(uint64_t)> measured_;
  std::atomic<bool> requested_{false};
  std::atomic<bool> inside_{false};
  std::mutex mutex_;
  std::condition_variable released_;
  std::condition_variable arrived_;  // for seize() and set_serving()
  std::vector<Work> works_;
  uint64_t requested_at_ = 0;
  size_t running_ = 0;  // workers whose loops run
  size_t parked_ = 0;
  bool seized_ = false;
  size_t suspended_ = 0;
  bool serving_ = false;
  size_t servers_ = 0;  // parked workers that are in `serve`
  uint64_t generation_ = 0;
};

}  // namespace guccho::runtime

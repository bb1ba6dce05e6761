// A thread for one slow job at a time, which any thread may ask for: the hand-over of the primary role.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace guccho::runtime {

class SingleJob {
 public:
  SingleJob() = default;
  ~SingleJob() { stop(); }
  SingleJob(const SingleJob&) = delete;
  SingleJob& operator=(const SingleJob&) = delete;

  // Runs `job`, then `afterwards`, on the thread, and returns at once. False, with nothing run: another job is under
  // way, or stop() was called. While `afterwards` runs the next job may be begun already; it waits for the end of it.
  bool begin(std::function<void()> job, std::function<void()> afterwards);
  // Waits for the job under way; none is begun any more.
  void stop();

 private:
  std::mutex mutex_;  // guards thread_ and stopped_
  std::thread thread_;
  bool stopped_ = false;
  std::atomic<bool> busy_{false};
};

}  // namespace guccho::runtime

// Beginning and ending the one thread.
#include "node/runtime/single_job.h"

#include <utility>

namespace guccho::runtime {

bool SingleJob::begin(std::function<void()> job, std::function<void()> afterwards) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || busy_.load()) return false;
  if (thread_.joinable()) thread_.join();
  busy_.store(true);
  thread_ = std::thread([this, job = std::move(job), afterwards = std::move(afterwards)] {
    job();
    busy_.store(false);
    afterwards();
  });
  return true;
}

void SingleJob::stop() {
  std::thread last;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    last = std::move(thread_);
  }
  if (last.joinable()) last.join();
}

}  // namespace guccho::runtime

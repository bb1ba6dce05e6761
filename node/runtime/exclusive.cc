// Parking the workers.
#include "node/runtime/exclusive.h"

#include <utility>

#include "node/runtime/clock.h"

namespace guccho::runtime {

ExclusiveSection::ExclusiveSection(size_t workers, std::function<void(size_t)> wake,
                                   std::function<void(uint64_t)> measured)
    : workers_(workers), wake_(std::move(wake)), measured_(std::move(measured)) {}

void ExclusiveSection::request(Work work) {
  {
    std::unique_lock lock(mutex_);
    if (running_ == 0) {
      lock.unlock();
      work();
      return;
    }
    if (works_.empty()) requested_at_ = nanos_now();
    works_.push_back(std::move(work));
    requested_.store(true, std::memory_order_release);
  }
  for (size_t i = 0; i < workers_; ++i) wake_(i);
}

void ExclusiveSection::park() {
  std::unique_lock lock(mutex_);
  if (works_.empty()) return;
  ++parked_;
  const uint64_t mine = generation_;
  run_if_complete(lock);
  released_.wait(lock, [&] { return generation_ != mine; });
}

void ExclusiveSection::join() {
  std::lock_guard lock(mutex_);
  ++running_;
}

void ExclusiveSection::leave() {
  std::unique_lock lock(mutex_);
  --running_;
  run_if_complete(lock);
}

// The last worker to arrive runs the works for all; the mutex is released meanwhile so that works may request more.
void ExclusiveSection::run_if_complete(std::unique_lock<std::mutex>& lock) {
  if (works_.empty() || parked_ != running_) return;
  std::vector<Work> works = std::exchange(works_, {});
  const uint64_t since = requested_at_;
  lock.unlock();
  for (Work& work : works) work();
  measured_(nanos_now() - since);
  lock.lock();
  requested_.store(!works_.empty(), std::memory_order_release);
  parked_ = 0;
  ++generation_;
  released_.notify_all();
}

}  // namespace guccho::runtime

// Parking the workers.
#include "node/runtime/exclusive.h"

#include <utility>

#include "node/runtime/clock.h"

namespace guccho::runtime {

ExclusiveSection::ExclusiveSection(size_t workers, std::function<void(size_t)> wake,
                                   std::function<void(uint64_t)> measured)
    : workers_(workers), wake_(std::move(wake)), measured_(std::move(measured)) {}

void ExclusiveSection::wake_all() {
  for (size_t i = 0; i < workers_; ++i) wake_(i);
}

void ExclusiveSection::update_requested() {
  requested_.store(seized_ || (!works_.empty() && suspended_ == 0), std::memory_order_release);
}

// All who are parked go on.
void ExclusiveSection::let_go() {
  parked_ = 0;
  ++generation_;
  released_.notify_all();
}

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
    update_requested();
  }
  wake_all();
}

void ExclusiveSection::park(const std::function<void()>& serve) {
  std::unique_lock lock(mutex_);
  if (!requested_.load(std::memory_order_relaxed)) return;
  ++parked_;
  const uint64_t mine = generation_;
  run_if_complete(lock);
  arrived_.notify_all();
  for (;;) {
    released_.wait(lock, [&] { return generation_ != mine || serving_; });
    if (generation_ != mine) return;
    ++servers_;
    lock.unlock();
    serve();
    lock.lock();
    --servers_;
    arrived_.notify_all();
  }
}

void ExclusiveSection::set_serving(bool serving) {
  std::unique_lock lock(mutex_);
  serving_ = serving;
  if (serving) {
    released_.notify_all();
    return;
  }
  wake_all();
  arrived_.wait(lock, [&] { return servers_ == 0; });
}

bool ExclusiveSection::seize() {
  std::unique_lock lock(mutex_);
  if (seized_) return false;
  seized_ = true;
  update_requested();
  lock.unlock();
  wake_all();
  lock.lock();
  arrived_.wait(lock, [&] { return parked_ + 1 == running_; });
  return true;
}

void ExclusiveSection::release() {
  const std::lock_guard lock(mutex_);
  seized_ = false;
  update_requested();
  // With works waiting the others stay parked; the caller parks soon.
  if (!requested_.load(std::memory_order_relaxed)) let_go();
}

void ExclusiveSection::suspend() {
  const std::lock_guard lock(mutex_);
  ++suspended_;
  update_requested();
  if (!requested_.load(std::memory_order_relaxed)) let_go();
}

void ExclusiveSection::resume() {
  {
    const std::lock_guard lock(mutex_);
    --suspended_;
    update_requested();
  }
  wake_all();
}

void ExclusiveSection::join() {
  std::lock_guard lock(mutex_);
  ++running_;
}

void ExclusiveSection::leave() {
  std::unique_lock lock(mutex_);
  --running_;
  run_if_complete(lock);
  arrived_.notify_all();
}

// The last worker to arrive runs the works for all; the mutex is released meanwhile so that works may request more.
void ExclusiveSection::run_if_complete(std::unique_lock<std::mutex>& lock) {
  if (works_.empty() || seized_ || suspended_ != 0 || parked_ != running_) return;
  std::vector<Work> works = std::exchange(works_, {});
  const uint64_t since = requested_at_;
  lock.unlock();
  inside_.store(true, std::memory_order_relaxed);
  for (Work& work : works) work();
  inside_.store(false, std::memory_order_relaxed);
  measured_(nanos_now() - since);
  lock.lock();
  update_requested();
  let_go();
}

}  // namespace guccho::runtime

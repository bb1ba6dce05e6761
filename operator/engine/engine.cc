// The threads of the reconcile loop.
#include "operator/engine/engine.h"

#include <thread>
#include <vector>

namespace guccho::ops {
namespace {

constexpr Millis kNothingToDo{60'000};

}  // namespace

void Engine::wake(const ObjectKey& key) {
  {
    const std::lock_guard lock(mutex_);
    queue_.add(key, parts_.clock.now());
    ++changes_;
  }
  changed_.notify_one();
}

void Engine::run(int threads, std::stop_token stop) {
  const auto subscription = parts_.resources.watch([this](const ObjectKey& key) { wake(key); });
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back([this, stop] { work(stop); });
  }
  reconciler_.flush();
}

void Engine::work(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const Instant now = parts_.clock.now();
    const auto key = queue_.take(now);
    if (!key) {
      const auto next = queue_.next_time();
      // Every change of the queue ends the wait, since it may have made the next time an earlier one; so does a stop.
      const uint64_t seen = changes_;
      changed_.wait_for(lock, stop, next ? *next - now : Micros(kNothingToDo), [&] { return changes_ != seen; });
      continue;
    }
    lock.unlock();
    const Outcome outcome = reconciler_.reconcile(*key, stop);
    if (observer_) observer_(*key, outcome);
    lock.lock();
    const Instant end = parts_.clock.now();
    if (outcome.failed) {
      queue_.failed(*key, end);
    } else {
      queue_.done(*key, outcome.again ? std::optional<Instant>(end + *outcome.again) : std::nullopt, end);
    }
    ++changes_;
    changed_.notify_one();
  }
}

}  // namespace guccho::ops

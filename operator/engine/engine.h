// The reconcile loop: a few threads that take objects from the queue until a stop is asked for.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string_view>

#include "operator/engine/reconciler.h"
#include "operator/engine/work_queue.h"

namespace guccho::ops {

class Engine {
 public:
  // Called after each round, from the worker's thread: the live table and the log.
  using Observer = std::function<void(const ObjectKey&, const Outcome&)>;

  Engine(const Parts& parts, const EngineOptions& options, Observer observer = {})
      : parts_(parts), reconciler_(parts, options), observer_(std::move(observer)) {}

  // Blocks until the stop. Calls under way end within their time limits; statuses not yet written are written.
  void run(int threads, std::stop_token stop);
  // Something about this object changed. Any thread.
  void wake(const ObjectKey& key);

 private:
  void work(std::stop_token stop);

  Parts parts_;
  Reconciler reconciler_;
  Observer observer_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  WorkQueue queue_;       // guarded by mutex_
  uint64_t changes_ = 0;  // of the queue; guarded by mutex_
};

}  // namespace guccho::ops

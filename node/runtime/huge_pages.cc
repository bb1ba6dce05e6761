// The thread behind huge_pages.h.
#include "node/runtime/huge_pages.h"

#include <utility>

#include "node/base/log.h"
#include "node/base/pages.h"

namespace guccho::runtime {

void HugePages::start() {
  if (!may_have_huge_pages()) {
    log::verbose(
        "This machine allows no huge pages (transparent_hugepage is \"never\"): random reads cost a little more");
    return;
  }
  running_ = true;
  thread_ = std::thread([this] { run(); });
}

void HugePages::stop() {
  {
    std::lock_guard lock(mutex_);
    running_ = false;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void HugePages::add(std::vector<void*> parts) {
  {
    std::lock_guard lock(mutex_);
    if (!running_) return;
    waiting_.insert(waiting_.end(), parts.begin(), parts.end());
  }
  changed_.notify_one();
}

void HugePages::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !running_ || !waiting_.empty(); });
    if (!running_) return;
    void* part = waiting_.back();
    waiting_.pop_back();
    lock.unlock();
    make_huge_page(part);  // if the system has none to spare, the part stays as it is
    lock.lock();
  }
}

}  // namespace guccho::runtime

// The thread that runs MIGRATE, one after the other.
#include "node/runtime/migration.h"

#include "node/base/log.h"
#include "node/runtime/migration_run.h"
#include "node/runtime/node.h"

namespace guccho::runtime {

void Migrations::start() {
  thread_ = std::thread([this] { run(); });
}

void Migrations::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify();
  news_.notify_one();
  thread_.join();
}

void Migrations::submit(commands::Migration migration, commands::Deferred reply_to) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(migration), reply_to});
  }
  news_.notify_one();
}

void Migrations::run() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    node_.complete(job.reply_to, MigrationRun(node_, job.migration, stop_).run());
  }
}

}  // namespace guccho::runtime

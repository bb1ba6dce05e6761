// The primary's stream on a worker of a replica: its share, which the link's thread hands over in batches.
#include "node/base/log.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {
namespace {

// After which the clients have their turn. What is left makes the next turn come at once.
constexpr uint64_t kApplyNanos = 1'000'000;

}  // namespace

void Worker::take_applies() {
  if (applies_.empty()) return;
  const uint64_t end = nanos_now() + kApplyNanos;
  std::unique_ptr<TaskBatch> batch;
  while (applies_.pop(batch)) {
    ArgumentReader reader(*batch);
    for (const Task& task : batch->tasks) apply(*task.spec, reader.next(task), task.slot);
    applied_batches_.fetch_add(1, std::memory_order_release);
    finish_unit();
    if (nanos_now() >= end) break;
  }
  node_.replication().progress();
}

void Worker::apply(const commands::CommandSpec& spec, std::span<const std::string_view> args, Slot slot) {
  commands::Caller caller;
  caller.from_primary = true;
  caller.may_block = false;
  apply_reply_.clear();
  execute(spec, args, slot, caller, nullptr, apply_reply_);
  if (!apply_reply_.empty() && apply_reply_.data()[0] == '-') {
    log::warning("A command of the primary's stream failed here: {}: {}", spec.full_name,
                 apply_reply_.view().substr(1, apply_reply_.size() - 3));
  }
}

}  // namespace guccho::runtime

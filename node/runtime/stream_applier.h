// Applying the primary's stream on a replica: commands are dealt out to the workers by slot, in batches. A transaction
// of one worker is one stretch of its batch, which nothing interrupts; what is not of one worker takes the exclusive
// section, after everything before it was applied. Of the replication thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/commands/command.h"
#include "node/runtime/apply_progress.h"
#include "node/runtime/handoff.h"
#include "node/runtime/poller.h"

namespace guccho::runtime {

class Node;

class StreamApplier {
 public:
  // `wakeup` is notified when a worker has applied something; waiting ends when `stopping` is set, and calls
  // `while_waiting` at least every 10 ms.
  StreamApplier(Node& node, Wakeup& wakeup, const std::atomic<bool>& stopping, std::function<void()> while_waiting);

  // One command of the stream; what is not known is logged and passed over.
  void take(std::span<const std::string_view> args);
  // Between MULTI and EXEC nothing of the transaction is applied yet.
  bool in_transaction() const { return in_transaction_; }
  // Forgets a transaction whose end has not come: the stream was lost.
  void drop_transaction();
  // What was taken reaches to this many bytes more: hands the batches over.
  void advance(int64_t bytes);
  // Hands over what workers had no room for; false when something is left.
  bool push();
  bool has_undelivered() const;
  // Hands over all that was taken; blocks until the workers have applied it.
  void settle();
  // Blocks until the workers have applied what was handed over, or the node stops.
  void wait_until_applied();
  // The stream goes on at this offset with another data set; all that was handed over is applied.
  void restart(int64_t offset) { read_offset_ = offset; }

  // Received and cut into commands; the contiguous prefix of it that all workers applied.
  int64_t read_offset() const { return read_offset_; }
  int64_t applied_offset() const;
  // Memory of what was handed over and is not applied, as of the last push().
  size_t unapplied_bytes() const;
  // The primary asked for an acknowledgement (REPLCONF GETACK) that acknowledged() has not followed yet.
  bool acknowledgement_requested() const { return acknowledgement_requested_; }
  void acknowledged() { acknowledgement_requested_ = false; }
  // For CLIENT LIST; null: none, or one that is not known.
  const commands::CommandSpec* last_command() const { return last_command_; }
  void reset_last_command() { last_command_ = nullptr; }

 private:
  using Request = std::vector<std::string>;
  // The way of one worker's batches.
  struct Way {
    std::unique_ptr<TaskBatch> filling;
    std::deque<std::unique_ptr<TaskBatch>> waiting;  // for room in the worker's queue
    ApplyProgress progress;
  };

  void apply(const commands::CommandSpec& spec, std::span<const std::string_view> args);
  void apply_transaction();
  void apply_everywhere(std::span<const Request> requests);
  void deliver(int64_t start);

  Node& node_;
  Wakeup& wakeup_;
  const std::atomic<bool>& stopping_;
  const std::function<void()> while_waiting_;
  int64_t read_offset_;
  bool in_transaction_ = false;
  std::vector<Request> transaction_;
  std::vector<Way> ways_;  // by worker
  bool acknowledgement_requested_ = false;
  const commands::CommandSpec* last_command_ = nullptr;
};

}  // namespace guccho::runtime

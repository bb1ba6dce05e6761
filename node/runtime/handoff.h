// What workers send each other: commands for slots of another worker, and their replies, in batches of one loop turn.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/commands/command.h"
#include "node/commands/session.h"
#include "node/resp/buffer.h"
#include "node/runtime/watch_table.h"
#include "node/slots/slots.h"

namespace guccho::runtime {

inline std::vector<std::string_view> views_of(const commands::QueuedCommand& command) {
  return {command.args.begin(), command.args.end()};
}

// EXEC, to be run as a unit where its keys are.
struct ExecJob {
  std::vector<commands::QueuedCommand> queue;
  std::shared_ptr<Watch> watch;  // null: nothing was watched
  bool effect = false;           // ExecNeeds::effect: a pause of writes holds it back
  // For a run away from the connection: the error of each command that its user may no longer run, empty for the
  // others; no elements when it may run all.
  std::vector<std::string> denials = {};
  // For MONITOR, while somebody does: whose it is, and the word EXEC as it was sent.
  struct Shown {
    std::string client;
    std::string word;
  };
  std::optional<Shown> shown = {};
};

// The queue as another node is sent it, from MULTI to EXEC; and back, null for what does not begin with MULTI.
std::string request_of(const ExecJob& job);
std::unique_ptr<ExecJob> exec_job_of(std::string_view request);

// WATCH: keys to be observed on the worker that owns them.
struct WatchJob {
  std::shared_ptr<Watch> watch;
};

struct Task {
  uint64_t client_id = 0;
  uint64_t sequence = 0;  // place in the client's reply order
  const commands::CommandSpec* spec = nullptr;
  Slot slot;
  uint32_t argc = 0;  // arguments lie in TaskBatch::arguments, each as u32 length and bytes
  commands::Caller caller;
  bool route_here = false;  // the slot is moving: look for the keys before serving
  bool answered = false;    // refused, before its turn came, for a script that took long
  std::unique_ptr<ExecJob> exec;
  std::unique_ptr<WatchJob> watch;
};

struct TaskBatch {
  std::vector<Task> tasks;
  resp::Buffer arguments;
  uint64_t routes_version = 0;  // of the routes by which the first of them was sent, or of older ones

  // Ready to be filled again; false when it is not worth to be kept.
  bool reset() {
    tasks.clear();
    arguments.clear();
    return tasks.capacity() <= 4096 && arguments.capacity() <= (size_t{1} << 20);
  }
  void add_arguments(Task& task, std::span<const std::string_view> args) {
    task.argc = static_cast<uint32_t>(args.size());
    for (const std::string_view a : args) {
      const uint32_t length = static_cast<uint32_t>(a.size());
      arguments.append({reinterpret_cast<const char*>(&length), sizeof length});
      arguments.append(a);
    }
  }
};

// A task from worker `from` that waits at its slot's worker until writes are no longer paused.
struct HeldTask {
  uint16_t from = 0;
  Task task;
  std::vector<std::string> args;
};

// Reads the arguments of a batch's tasks in order.
class ArgumentReader {
 public:
  explicit ArgumentReader(const TaskBatch& batch) : at_(batch.arguments.data()) {}
  std::span<const std::string_view> next(const Task& task) {
    args_.clear();
    for (uint32_t i = 0; i < task.argc; ++i) {
      uint32_t length;
      std::memcpy(&length, at_, sizeof length);
      args_.emplace_back(at_ + sizeof length, length);
      at_ += sizeof length + length;
    }
    return args_;
  }

 private:
  const char* at_;
  std::vector<std::string_view> args_;
};

struct ReplyBatch {
  enum class Kind : uint8_t {
    kReply,
    kLastReply,  // the connection is closed after it
    kRefused,    // an error: nothing was executed, the keys of the moving slot are elsewhere (Task::route_here)
    kRequest,    // no reply but the command itself: it cannot run or wait here, the router port sends it elsewhere
    kMessage,    // no reply but a message, which goes ahead of those that are outstanding
  };
  struct Header {
    uint64_t client_id;
    uint64_t sequence;
    size_t bytes;
    Kind kind = Kind::kReply;
  };
  std::vector<Header> headers;
  resp::Buffer bytes;

  bool reset() {
    headers.clear();
    bytes.clear();
    return headers.capacity() <= 4096 && bytes.capacity() <= (size_t{1} << 20);
  }
};

// Batches that were read go back with the next parcel to the worker that filled them, so that few are ever made, and
// memory is not given back by another thread than took it.
template <class Batch>
class SpareBatches {
 public:
  std::unique_ptr<Batch> take() {
    if (spare_.empty()) return std::make_unique<Batch>();
    std::unique_ptr<Batch> batch = std::move(spare_.back());
    spare_.pop_back();
    return batch;
  }
  void give(std::unique_ptr<Batch> batch) {
    if (batch && spare_.size() < kMost && batch->reset()) spare_.push_back(std::move(batch));
  }
  // For a parcel to the worker that it came from.
  void give_back(std::unique_ptr<Batch>& place, std::unique_ptr<Batch> batch) {
    if (place) return give(std::move(batch));
    if (batch->reset()) place = std::move(batch);
  }

 private:
  static constexpr size_t kMost = 8;
  std::vector<std::unique_ptr<Batch>> spare_;
};

// A message of PUBLISH or SPUBLISH on its way to a worker's subscribers; shared by all workers that get it.
struct PublishedMessage {
  bool sharded = false;
  std::string channel;
  std::string message;
};

// Client-side caching: a key changed that a client of the other worker has read. `origin` is the client that changed
// it, 0 when it was none.
struct Invalidation {
  uint64_t client = 0;
  uint64_t origin = 0;
  std::string key;
};
// Likewise for all clients that asked for keys with a prefix: the keys of one turn, with who changed each last.
struct BroadcastKeys {
  std::string prefix;
  std::map<std::string, uint64_t, std::less<>> keys;
};

// Read in the order of its members: a reply precedes the messages that its command caused, and who is gone was there
// when the tasks were sent. The tasks come after what only has to be delivered, since a script among them may take
// long, and the parcels that come meanwhile are read within its turn (nested_turn.h).
struct Parcel {
  // Of those of a turn that has news for anyone: it is read once that turn's parcels have been sent to all
  // (Worker::sent_turn_), so that nobody has the reply to a change while the news of it are on their way. 0: at once.
  uint64_t turn = 0;
  std::unique_ptr<ReplyBatch> replies;
  std::vector<std::shared_ptr<const PublishedMessage>> messages;
  std::vector<Invalidation> invalidations;
  std::vector<std::shared_ptr<const BroadcastKeys>> broadcasts;
  std::unique_ptr<TaskBatch> tasks;
  std::vector<uint64_t> gone;  // clients whose blocking commands wait no more
  // Read, and empty again; no reason to send a parcel.
  std::unique_ptr<TaskBatch> read_tasks;
  std::unique_ptr<ReplyBatch> read_replies;

  bool has_news() const { return !messages.empty() || !invalidations.empty() || !broadcasts.empty(); }
  bool empty() const { return !tasks && !replies && !has_news() && gone.empty(); }
};

}  // namespace guccho::runtime

// Dealing out the primary's commands.
#include "node/runtime/stream_applier.h"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "node/base/log.h"
#include "node/commands/text.h"
#include "node/runtime/node.h"

namespace guccho::runtime {
namespace {

constexpr int kLook = 10;  // milliseconds; a worker whose wake-up was taken by somebody else is seen then

}  // namespace

StreamApplier::StreamApplier(Node& node, Wakeup& wakeup, const std::atomic<bool>& stopping,
                             std::function<void()> while_waiting)
    : node_(node),
      wakeup_(wakeup),
      stopping_(stopping),
      while_waiting_(std::move(while_waiting)),
      read_offset_(node.log().head()) {
  for (uint16_t i = 0; i < node_.worker_count(); ++i) {
    ways_.push_back({.filling = {}, .waiting = {}, .progress = ApplyProgress(node_.worker(i).applied_batches())});
  }
}

// ---- taking ----

void StreamApplier::take(std::span<const std::string_view> args) {
  if (commands::same_word(args[0], "multi")) {
    in_transaction_ = true;
    return;
  }
  if (commands::same_word(args[0], "exec")) {
    in_transaction_ = false;
    return apply_transaction();
  }
  if (in_transaction_) {
    transaction_.emplace_back(args.begin(), args.end());
    return;
  }
  const commands::CommandSpec* spec = commands::resolve(args);
  last_command_ = spec;
  if (commands::same_word(args[0], "ping")) return;
  if (commands::same_word(args[0], "replconf")) {
    acknowledgement_requested_ |= args.size() > 1 && commands::same_word(args[1], "getack");
    return;
  }
  if (spec == nullptr) {
    log::warning("The primary sent a command that is not known here and was not applied: '{}'", args[0]);
    return;
  }
  apply(*spec, args);
}

void StreamApplier::drop_transaction() {
  in_transaction_ = false;
  transaction_.clear();
}

void StreamApplier::apply(const commands::CommandSpec& spec, std::span<const std::string_view> args) {
  if (commands::same_word(spec.name, "select")) return;  // there is one database
  std::vector<commands::KeyPosition> keys;
  if (spec.keys.empty() || !commands::find_keys(spec, args, keys) || keys.empty()) {
    const Request request(args.begin(), args.end());
    return apply_everywhere({&request, 1});
  }
  Task task;
  task.spec = &spec;
  task.slot = key_slot(args[keys.front().index]);
  task.caller.from_primary = true;
  task.caller.may_block = false;
  std::unique_ptr<TaskBatch>& batch = ways_[node_.owner_of(task.slot)].filling;
  if (!batch) batch = std::make_unique<TaskBatch>();
  batch->add_arguments(task, args);
  batch->tasks.push_back(std::move(task));
}

void StreamApplier::apply_transaction() {
  const std::vector<Request> requests = std::exchange(transaction_, {});
  std::optional<uint16_t> owner;
  bool one_worker = true;
  std::vector<commands::KeyPosition> keys;
  for (const Request& r : requests) {
    const std::vector<std::string_view> args(r.begin(), r.end());
    const commands::CommandSpec* spec = commands::resolve(args);
    if (spec == nullptr || spec->keys.empty() || !commands::find_keys(*spec, args, keys) || keys.empty()) {
      one_worker = false;
      break;
    }
    const uint16_t o = node_.owner_of(key_slot(args[keys.front().index]));
    one_worker &= !owner || *owner == o;
    owner = o;
  }
  if (!one_worker) return apply_everywhere(requests);
  for (const Request& r : requests) {
    const std::vector<std::string_view> args(r.begin(), r.end());
    apply(*commands::resolve(args), args);
  }
}

void StreamApplier::apply_everywhere(std::span<const Request> requests) {
  settle();
  node_.run_exclusively([&] {
    std::vector<commands::KeyPosition> keys;
    for (const Request& r : requests) {
      const std::vector<std::string_view> args(r.begin(), r.end());
      const commands::CommandSpec* spec = commands::resolve(args);
      if (spec == nullptr || spec->handler == nullptr) continue;
      Slot slot;
      if (!spec->keys.empty() && commands::find_keys(*spec, args, keys) && !keys.empty()) {
        slot = key_slot(args[keys.front().index]);
      }
      Worker& owner = node_.worker(node_.owner_of(slot));
      owner.apply(*spec, args, slot);
      owner.wake();  // for what follows from it: keyspace events, clients that wait for the key
    }
  });
}

// ---- handing over ----

void StreamApplier::advance(int64_t bytes) {
  const int64_t start = std::exchange(read_offset_, read_offset_ + bytes);
  deliver(start);
}

void StreamApplier::deliver(int64_t start) {
  for (Way& way : ways_) {
    if (!way.filling) continue;
    const size_t tasks = way.filling->tasks.size() * sizeof(Task);
    way.progress.handed_over(start, tasks + way.filling->arguments.size());
    way.waiting.push_back(std::move(way.filling));
  }
  push();
}

bool StreamApplier::push() {
  bool all = true;
  for (uint16_t i = 0; i < ways_.size(); ++i) {
    Worker& worker = node_.worker(i);
    auto& waiting = ways_[i].waiting;
    while (!waiting.empty() && worker.push_apply(waiting.front())) waiting.pop_front();
    all &= waiting.empty();
    ways_[i].progress.applied(worker.applied_batches());
  }
  return all;
}

bool StreamApplier::has_undelivered() const {
  return std::ranges::any_of(ways_, [](const Way& way) { return !way.waiting.empty(); });
}

int64_t StreamApplier::applied_offset() const {
  int64_t prefix = read_offset_;
  for (uint16_t i = 0; i < ways_.size(); ++i) {
    const auto until = ways_[i].progress.applied_until(node_.worker(i).applied_batches());
    prefix = std::min(prefix, until.value_or(prefix));
  }
  return prefix;
}

size_t StreamApplier::unapplied_bytes() const {
  size_t bytes = 0;
  for (const Way& way : ways_) bytes += way.progress.bytes();
  return bytes;
}

void StreamApplier::settle() {
  deliver(read_offset_);
  wait_until_applied();
}

void StreamApplier::wait_until_applied() {
  const auto done = [this] {
    if (!push()) return false;
    for (uint16_t i = 0; i < ways_.size(); ++i) {
      if (!ways_[i].progress.all_applied(node_.worker(i).applied_batches())) return false;
    }
    return true;
  };
  while (!done() && !stopping_.load()) {
    pollfd p{.fd = wakeup_.fd(), .events = POLLIN, .revents = 0};
    if (poll(&p, 1, kLook) > 0) wakeup_.on_events(POLLIN);
    while_waiting_();
  }
}

}  // namespace guccho::runtime

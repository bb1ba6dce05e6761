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

StreamApplier::StreamApplier(Node& node, Wakeup& wakeup, const std::atomic<bool>& stopping)
    : node_(node),
      wakeup_(wakeup),
      stopping_(stopping),
      read_offset_(node.log().head()),
      filling_(node.worker_count()),
      waiting_(node.worker_count()),
      sent_to_(node.worker_count()) {
  for (uint16_t i = 0; i < node_.worker_count(); ++i) sent_to_[i] = node_.worker(i).applied_offset();
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
  const uint16_t owner = node_.owner_of(task.slot);
  if (!filling_[owner]) filling_[owner] = std::make_unique<ApplyBatch>();
  filling_[owner]->batch.add_arguments(task, args);
  filling_[owner]->batch.tasks.push_back(std::move(task));
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
  read_offset_ += bytes;
  deliver();
}

void StreamApplier::deliver() {
  for (size_t i = 0; i < filling_.size(); ++i) {
    if (!filling_[i]) continue;
    filling_[i]->end_offset = read_offset_;
    sent_to_[i] = read_offset_;
    waiting_[i].push_back(std::move(filling_[i]));
  }
  push();
}

bool StreamApplier::push() {
  bool all = true;
  for (uint16_t i = 0; i < waiting_.size(); ++i) {
    while (!waiting_[i].empty() && node_.worker(i).push_apply(waiting_[i].front())) waiting_[i].pop_front();
    all &= waiting_[i].empty();
  }
  return all;
}

bool StreamApplier::has_undelivered() const {
  return std::ranges::any_of(waiting_, [](const auto& q) { return !q.empty(); });
}

int64_t StreamApplier::applied_offset() const {
  int64_t prefix = read_offset_;
  for (uint16_t i = 0; i < sent_to_.size(); ++i) {
    const int64_t applied = node_.worker(i).applied_offset();
    if (applied != sent_to_[i]) prefix = std::min(prefix, applied);
  }
  return prefix;
}

void StreamApplier::settle() {
  deliver();
  wait_until_applied();
}

void StreamApplier::wait_until_applied() {
  const auto done = [this] {
    if (!push()) return false;
    for (uint16_t i = 0; i < sent_to_.size(); ++i) {
      if (node_.worker(i).applied_offset() != sent_to_[i]) return false;
    }
    return true;
  };
  while (!done() && !stopping_.load()) {
    pollfd p{.fd = wakeup_.fd(), .events = POLLIN, .revents = 0};
    if (poll(&p, 1, 10) > 0) wakeup_.on_events(POLLIN);
  }
}

void StreamApplier::restart(int64_t offset) {
  read_offset_ = offset;
  std::ranges::fill(sent_to_, offset);
}

}  // namespace guccho::runtime

// What workers hand each other: commands for slots of another worker, their replies, and what rides along.
//
// A command may still be on its way to its slot's worker when the cluster takes the slot away, or when writes are
// paused. Whoever changes that does so inside the exclusive section and relies on it from then on, so that it is the
// receiver who looks again: a batch bears the version of the routes by which its commands were sent, and a write that
// finds a pause waits for its end as it would have on its connection.
#include <algorithm>
#include <utility>

#include "node/commands/command.h"
#include "node/runtime/node.h"
#include "node/runtime/router.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {

void Worker::hand_over(uint16_t to, Connection& connection, Task task, std::span<const std::string_view> args) {
  Parcel& parcel = outgoing_[to];
  if (!parcel.tasks) {
    parcel.tasks = spare_tasks_.take();
    parcel.tasks->routes_version = routes_version_;
  }
  task.client_id = connection.id;
  connection.handed_over = true;
  connection.routes_version = routes_version_;
  const size_t before = parcel.tasks->arguments.size();
  parcel.tasks->add_arguments(task, args);
  handed_bytes_.add(parcel.tasks->arguments.size() - before);
  parcel.tasks->tasks.push_back(std::move(task));
  stats_.handover_commands.add();
}

void Worker::take_parcels() {
  if (!held_tasks_.empty()) [[unlikely]]
    run_held_tasks();
  run_arrived();
  receive_parcels();
  run_arrived();
}

bool Worker::take_parcel(uint16_t from, Parcel& parcel) {
  const Parcel* next = inbox_[from]->front();
  if (next == nullptr) return false;
  if (next->turn != 0 && next->turn > node_.worker(from).sent_turn_.load(std::memory_order_acquire)) return false;
  return inbox_[from]->pop(parcel);
}

// Runs before the input of clients does, too: a message that was published before its publisher had an answer comes
// before the replies to what is sent after that answer, on whichever connection; likewise an invalidation.
void Worker::receive_parcels() {
  for (uint16_t from = 0; from < count_; ++from) {
    Parcel parcel;
    while (take_parcel(from, parcel)) {
      spare_tasks_.give(std::move(parcel.read_tasks));
      spare_replies_.give(std::move(parcel.read_replies));
      if (parcel.replies) {
        deliver_replies(*parcel.replies);
        spare_replies_.give_back(outgoing_[from].read_replies, std::move(parcel.replies));
      }
      deliver_news(parcel);
      if (parcel.tasks) {
        arrived_.push_back({.from = from, .tasks = std::move(parcel.tasks), .gone = std::move(parcel.gone)});
      } else {
        forget_blocked(parcel.gone);
      }
    }
  }
}

void Worker::run_arrived() {
  while (arrived_run_ < arrived_.size()) {
    Arrived& a = arrived_[arrived_run_++];
    run_tasks(a.from, *a.tasks);
    spare_tasks_.give_back(outgoing_[a.from].read_tasks, std::move(a.tasks));
    forget_blocked(a.gone);
  }
  arrived_.clear();
  arrived_run_ = 0;
}

void Worker::run_tasks(uint16_t from, TaskBatch& batch) {
  ReplyBatch& replies = replies_to(from);
  const bool look_again = batch.routes_version != routes_version_;
  const bool may_hold = !held_tasks_.empty() || node_.paused(now_, true);
  ArgumentReader reader(batch);
  ArgumentReader ahead(batch);
  size_t number = 0;
  for (Task& task : batch.tasks) {
    if (number++ % resp::CommandBatch::kMaxCommands == 0) prefetch(ahead, std::span(batch.tasks).subspan(number - 1));
    const std::span<const std::string_view> args = reader.next(task);
    if (task.answered) continue;
    if (may_hold && must_wait(task, args)) [[unlikely]] {
      held_clients_.insert(task.client_id);
      held_tasks_.push_back({.from = from, .task = std::move(task), .args = {args.begin(), args.end()}});
      task.answered = true;  // not here and now: nobody else may answer it
      continue;
    }
    tasks_behind_ = {.from = from, .tasks = std::span(batch.tasks).subspan(number), .client = task.client_id};
    run_task(from, task, args, look_again, replies);
  }
  tasks_behind_ = {};
  taken_bytes_.add(batch.arguments.size());
}

ReplyBatch& Worker::replies_to(uint16_t worker) {
  std::unique_ptr<ReplyBatch>& replies = outgoing_[worker].replies;
  if (!replies) replies = spare_replies_.take();
  return *replies;
}

void Worker::run_task(uint16_t from, const Task& task, std::span<const std::string_view> args, bool look_again,
                      ReplyBatch& replies) {
  const size_t mark = replies.bytes.size();
  bool answered = true;
  std::string refusal;
  if (look_again) [[unlikely]]
    refusal = why_no_longer_here(task, args);
  if (refusal.empty() && task.route_here) {
    refusal = task.exec ? route_exec(*task.exec, task.slot, task.caller)
                        : route_by_keys(task.slot, task.caller, *task.spec, args);
  }
  auto kind = ReplyBatch::Kind::kReply;
  if (!refusal.empty()) {
    kind = refuse_task(task, args, refusal, replies);
  } else if (task.exec) {
    execute_exec(*task.exec, task.caller, nullptr, replies.bytes);
  } else if (task.watch) {
    execute_watch(*task.watch, args);
    resp::ReplyWriter(replies.bytes, task.caller.resp).ok();
  } else if (task.spec->has(commands::kBlocking)) {
    const ReplyPlace place{.worker = from, .client = task.client_id, .sequence = task.sequence};
    answered = execute_blocking(*task.spec, args, task.slot, task.caller, nullptr, place, replies.bytes);
  } else {
    execute(*task.spec, args, task.slot, task.caller, nullptr, replies.bytes);
  }
  if (answered) replies.headers.push_back({task.client_id, task.sequence, replies.bytes.size() - mark, kind});
  finish_unit();
}

// A client of the router port does not learn of it: its command goes back, to be sent elsewhere. What the router itself
// sent here to try (Task::route_here) it has kept.
ReplyBatch::Kind Worker::refuse_task(const Task& task, std::span<const std::string_view> args, std::string_view refusal,
                                     ReplyBatch& replies) {
  resp::ReplyWriter reply(replies.bytes, task.caller.resp);
  if (!task.caller.router || task.route_here) {
    reply.error(refusal);
    return ReplyBatch::Kind::kRefused;
  }
  if (task.exec && task.exec->watch) {
    reply.error(kWatchElsewhere);
    return ReplyBatch::Kind::kReply;
  }
  if (task.exec) {
    replies.bytes.append(request_of(*task.exec));
  } else {
    resp::append_request(replies.bytes, args);
  }
  return ReplyBatch::Kind::kRequest;
}

// The redirection of a command that was sent by routes which are not, or not yet, this worker's; empty: it runs.
std::string Worker::why_no_longer_here(const Task& task, std::span<const std::string_view> args) {
  if (task.watch) return {};  // its EXEC is routed by itself
  const std::string error =
      task.exec ? route_exec(*task.exec, task.slot, task.caller) : why_no_longer(*task.spec, args, task.caller);
  if (error.starts_with("MOVED ")) stats_.redirects_moved.add();
  return error;
}

// Whether clients are paused for this command, or its client has an earlier one that waits.
bool Worker::must_wait(const Task& task, std::span<const std::string_view> args) {
  if (held_clients_.contains(task.client_id)) return true;
  if (task.watch) return false;
  return node_.paused(now_, task.exec ? task.exec->effect : may_write(*task.spec, args));
}

void Worker::run_held_tasks() {
  if (node_.paused(now_, true)) return;
  held_clients_.clear();
  for (HeldTask& held : std::exchange(held_tasks_, {})) {
    const std::vector<std::string_view> args(held.args.begin(), held.args.end());
    run_task(held.from, held.task, args, true, replies_to(held.from));
  }
}

void Worker::deliver_replies(ReplyBatch& batch) {
  std::string_view bytes = batch.bytes.view();
  uint64_t id = 0;  // of `c`; replies to one client often come together
  Connection* c = nullptr;
  for (const ReplyBatch::Header& h : batch.headers) {
    const std::string_view reply = bytes.substr(0, h.bytes);
    if (h.client_id != id) c = find_connection(id = h.client_id);
    deliver_reply(h, reply, c);
    bytes.remove_prefix(h.bytes);
  }
}

void Worker::deliver_reply(const ReplyBatch::Header& h, std::string_view reply, Connection* c) {
  using Kind = ReplyBatch::Kind;
  if (h.kind == Kind::kRequest) return router_->take_back(h.client_id, h.sequence, reply);
  const bool refused = h.kind == Kind::kRefused;
  if (h.kind != Kind::kMessage && router_->take_local_reply(h.client_id, h.sequence, reply, refused)) return;
  if (c == nullptr) return;
  if (h.kind == Kind::kMessage) return c->push_message(reply);
  c->close_after_reply |= h.kind == Kind::kLastReply;
  c->fill_reply(h.sequence, reply);
}

void Worker::deliver_news(const Parcel& parcel) {
  for (const auto& message : parcel.messages) deliver(*message);
  for (const Invalidation& i : parcel.invalidations) deliver_invalidation(i);
  for (const auto& b : parcel.broadcasts) deliver_broadcast(*b);
}

void Worker::send_parcels() {
  const bool news = std::ranges::any_of(outgoing_, &Parcel::has_news);
  const uint64_t turn = sent_turn_.load(std::memory_order_relaxed) + 1;
  for (uint16_t to = 0; to < count_; ++to) {
    Parcel& parcel = outgoing_[to];
    std::deque<Parcel>& waiting = overflow_[to];
    if (parcel.empty() && waiting.empty()) continue;
    SpscQueue<Parcel, kQueueCapacity>& queue = *node_.worker(to).inbox_[index_];
    while (!waiting.empty() && queue.push(waiting.front())) {
      waiting.pop_front();
      stats_.handover_batches.add();
    }
    if (!parcel.empty()) {
      if (news) parcel.turn = turn;
      if (waiting.empty() && queue.push(parcel)) {
        stats_.handover_batches.add();
      } else {
        waiting.push_back(std::move(parcel));
      }
      parcel = {};
    }
    if (!waiting.empty()) stats_.handover_full.add();
    if (!news) node_.worker(to).wake();
  }
  if (!news) return;
  sent_turn_.store(turn, std::memory_order_release);
  for (uint16_t to = 0; to < count_; ++to) {
    if (!node_.worker(to).inbox_[index_]->empty()) node_.worker(to).wake();
  }
}

}  // namespace guccho::runtime

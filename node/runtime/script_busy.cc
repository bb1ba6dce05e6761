// A script that runs for longer than busy-reply-threshold: from then on its worker looks after its clients between the
// script's instructions, as redis-server does, and answers them -BUSY. Other workers go on; only when the script holds
// the exclusive section do they answer -BUSY, too, while they are parked.
#include <optional>
#include <shared_mutex>
#include <utility>

#include "node/base/log.h"
#include "node/runtime/clock.h"
#include "node/runtime/nested_turn.h"
#include "node/runtime/node.h"
#include "node/runtime/script_run.h"

namespace guccho::runtime {

std::string_view ScriptRun::interrupt() {
  if (node_.ending()) {
    // Nothing of it is kept: what was not replicated as a whole is not replicated.
    const size_t begin = worker_.exec_open_ ? worker_.exec_mark_ : mark_;
    worker_.log_batch_.truncate(begin);
    effects_ = 0;
    return "The server is shutting down";
  }
  if (!busy_) {
    const int64_t limit = worker_.config_->busy_reply_threshold.count();
    if (limit <= 0 || nanos_now() - started_ < static_cast<uint64_t>(limit) * 1'000'000) return {};
    enter_busy();
  }
  if (Worker* here = current_worker; here != nullptr) here->serve_while_busy(Millis(0));
  if (!busy_->killed()) return {};
  log::notice("{}", busy_->kill_text());
  return busy_->kill_text();
}

void ScriptRun::enter_busy() {
  const bool function = call_.kind == commands::ScriptCall::Kind::kFunction;
  log::warning(
      "Slow script detected: still in execution after {} milliseconds. You can try killing the script using the {} "
      "command.",
      (nanos_now() - started_) / 1'000'000, function ? "FUNCTION KILL" : "SCRIPT KILL");
  busy_ = std::make_shared<scripting::BusyScript>();
  busy_->is_function = function;
  busy_->from_primary = from_primary_;
  if (function) busy_->name = call_.what;
  busy_->command.assign(context_.args.begin(), context_.args.end());
  busy_->started = std::chrono::steady_clock::now() - std::chrono::nanoseconds(nanos_now() - started_);
  if (written_) busy_->begin_write();
  node_.busy_scripts().add(busy_);
  // Replies of earlier commands of this turn may leave once the log has what those commands wrote.
  worker_.append_finished_units();
  holds_section_ = worker_.seized_ || node_.exclusive().inside();
  if (holds_section_) {
    node_.exclusive().set_serving(true);
  } else {
    node_.exclusive().suspend();
  }
}

// ---- turns within the turn ----

NestedTurn::NestedTurn(Worker& worker, scripting::BusyScriptPtr script)
    : worker_(worker), outside_(worker.count_), now_(worker.now_), gathering_(worker.gathering_) {
  worker_.serving_busy_ = std::move(script);
  outside_.swap(worker_.outgoing_);
  for (uint16_t to = 0; to < worker_.count_; ++to) send_finished(to);
  worker_.now_ = wall_now();
  worker_.command_start_ = nanos_now();
  worker_.gathering_ = false;
  worker_.expected_.clear();  // views of buffers that may be read into from now on
}

NestedTurn::~NestedTurn() {
  worker_.outgoing_.swap(outside_);
  worker_.now_ = now_;
  worker_.gathering_ = gathering_;
  worker_.last_turn_.store(nanos_now(), std::memory_order_relaxed);
  worker_.serving_busy_ = nullptr;
}

// Bytes of replies stay where they are, of nobody.
void NestedTurn::send_finished(uint16_t to) {
  Parcel& before = outside_[to];
  Parcel& now = worker_.outgoing_[to];
  std::swap(before, now);
  before.replies.swap(now.replies);
  if (!before.replies) return;
  std::string_view bytes = before.replies->bytes.view();
  for (ReplyBatch::Header& h : before.replies->headers) {
    if (h.client_id != 0) {
      if (!now.replies) now.replies = worker_.spare_replies_.take();
      now.replies->bytes.append(bytes.substr(0, h.bytes));
      now.replies->headers.push_back(h);
      h.client_id = 0;
      h.kind = ReplyBatch::Kind::kReply;
    }
    bytes.remove_prefix(h.bytes);
  }
}

void Worker::serve_while_busy(Millis timeout) {
  const scripting::BusyScriptPtr script = node_.busy_scripts().one();
  if (!script) return;
  std::shared_lock quiet(node_.nested_turns(), std::defer_lock);
  std::optional<NestedTurn> turn;
  poller_.wait_for_clients(timeout, [&] {
    quiet.lock();
    turn.emplace(*this, script);
    run_rest_of_gathered();
  });
  // What is served stays as it is for the script: where that has changed, end_absence() waits for its end.
  if (fenced_ && !node_.fenced() && has_current_role()) end_absence();
  const TasksBehind behind = std::exchange(tasks_behind_, {});
  if (!behind.tasks.empty()) refuse_tasks(behind.from, behind.tasks, behind.client);
  take_mail();
  refuse_parcels();
  tell_of_dead();
  send_parcels();
  flush_connections();
}

void Worker::refuse_tasks(uint16_t from, std::span<Task> tasks, uint64_t but_of_client) {
  std::unique_ptr<ReplyBatch>& replies = outgoing_[from].replies;
  if (!replies) replies = spare_replies_.take();
  for (Task& task : tasks) {
    if (task.answered || task.client_id == but_of_client) continue;
    task.answered = true;
    const size_t mark = replies->bytes.size();
    std::string text(serving_busy_->refusal());
    if (task.exec) text = "EXECABORT Transaction discarded because of: " + text;
    resp::ReplyWriter(replies->bytes, task.caller.resp).error(text);
    stats_.commands[task.spec->id].rejected.add();
    replies->headers.push_back({task.client_id, task.sequence, replies->bytes.size() - mark});
  }
}

// As take_parcels(), but that no task runs.
void Worker::refuse_parcels() {
  for (size_t i = arrived_run_; i < arrived_.size(); ++i) {
    refuse_tasks(arrived_[i].from, arrived_[i].tasks->tasks, 0);
    forget_blocked(arrived_[i].gone);
  }
  for (uint16_t from = 0; from < count_; ++from) {
    Parcel parcel;
    while (take_parcel(from, parcel)) {
      if (parcel.replies) {
        std::string_view bytes = parcel.replies->bytes.view();
        for (const ReplyBatch::Header& h : parcel.replies->headers) {
          late_replies_.push_back({h, std::string(bytes.substr(0, h.bytes))});
          bytes.remove_prefix(h.bytes);
        }
        deliver_late_replies();
      }
      deliver_news(parcel);
      if (parcel.tasks) {
        refuse_tasks(from, parcel.tasks->tasks, 0);
        taken_bytes_.add(parcel.tasks->arguments.size());
      }
      forget_blocked(parcel.gone);
    }
  }
}

void Worker::put_off_message(const Connection& c, std::string_view bytes) {
  late_replies_.push_back(
      {{.client_id = c.id, .sequence = 0, .bytes = bytes.size(), .kind = ReplyBatch::Kind::kMessage},
       std::string(bytes)});
}

// All but those for a connection in the middle of a command: that writes to its output.
void Worker::deliver_late_replies() {
  for (LateReply& r : std::exchange(late_replies_, {})) {
    Connection* c = find_connection(r.header.client_id);
    if (c != nullptr && c->processing() && script_ != nullptr) {
      late_replies_.push_back(std::move(r));
    } else {
      deliver_reply(r.header, r.bytes, c);
    }
  }
}

void Worker::tell_of_dead() {
  for (; dead_told_ < dead_.size(); ++dead_told_) {
    const Connection* c = find_connection(dead_[dead_told_]);
    if (c == nullptr || c->blocked_at == Connection::kNowhere || c->blocked_at == index_) continue;
    outgoing_[c->blocked_at].gone.push_back(c->id);
  }
}

}  // namespace guccho::runtime

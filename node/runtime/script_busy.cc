// A script that runs for longer than busy-reply-threshold: from then on its worker looks after its clients between the
// script's instructions, as redis-server does, and answers them -BUSY. Other workers go on; only when the script holds
// the exclusive section do they answer -BUSY, too, while they are parked.
#include "node/base/log.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/router.h"
#include "node/runtime/script_run.h"

namespace guccho::runtime {

std::string_view ScriptRun::interrupt() {
  const bool function = call_.kind == commands::ScriptCall::Kind::kFunction;
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
  if (!busy_->killed.load()) return {};
  const std::string_view text =
      function ? "Script killed by user with FUNCTION KILL." : "Script killed by user with SCRIPT KILL.";
  log::notice("{}", text);
  return text;
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
  busy_->written.store(written_);
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

// A turn for clients only, within the turn of the script, or while parked.
void Worker::serve_while_busy(Millis timeout) {
  serving_busy_ = node_.busy_scripts().one();
  if (!serving_busy_) return;
  // What waits to be sent belongs to the turn outside; handlers down the stack hold references into it.
  std::vector<Parcel> outside(count_);
  outside.swap(outgoing_);
  for (uint16_t to = 0; to < count_; ++to) send_finished(to, outside[to].replies.get());
  const UnixMillis now = now_;
  now_ = wall_now();
  poller_.wait_for_clients(timeout);
  command_start_ = nanos_now();
  // What was taken before the script began, and would have had its turn after it. Its own client waits for it.
  if (!gathering_) run_rest_of_gathered();
  const TasksBehind behind = std::exchange(tasks_behind_, {});
  if (!behind.tasks.empty()) refuse_tasks(behind.from, behind.tasks, behind.client);
  take_mail();
  refuse_parcels();
  send_parcels();
  flush_connections();
  now_ = now;
  outside.swap(outgoing_);
  last_turn_.store(nanos_now(), std::memory_order_relaxed);
  serving_busy_ = nullptr;
}

void Worker::refuse_tasks(uint16_t from, std::span<Task> tasks, uint64_t but_of_client) {
  std::unique_ptr<ReplyBatch>& replies = outgoing_[from].replies;
  if (!replies) replies = spare_replies_.take();
  for (Task& task : tasks) {
    if (task.client_id == but_of_client) continue;
    task.answered = true;
    const size_t mark = replies->bytes.size();
    std::string text(serving_busy_->refusal());
    if (task.exec) text = "EXECABORT Transaction discarded because of: " + text;
    resp::ReplyWriter(replies->bytes, task.caller.resp).error(text);
    stats_.commands[task.spec->id].rejected.add();
    replies->headers.push_back({task.client_id, task.sequence, replies->bytes.size() - mark});
  }
}

// Replies of what ran before the script in this turn leave now. The bytes stay where they are, of nobody.
void Worker::send_finished(uint16_t to, ReplyBatch* finished) {
  if (finished == nullptr) return;
  std::string_view bytes = finished->bytes.view();
  for (ReplyBatch::Header& h : finished->headers) {
    if (h.client_id != 0) {
      std::unique_ptr<ReplyBatch>& now = outgoing_[to].replies;
      if (!now) now = spare_replies_.take();
      now->bytes.append(bytes.substr(0, h.bytes));
      now->headers.push_back(h);
      h.client_id = 0;
      h.kind = ReplyBatch::Kind::kReply;
    }
    bytes.remove_prefix(h.bytes);
  }
}

// Commands that other workers handed over are refused, replies are delivered.
void Worker::refuse_parcels() {
  for (uint16_t from = 0; from < count_; ++from) {
    Parcel parcel;
    while (inbox_[from]->pop(parcel)) {
      if (parcel.tasks) {
        refuse_tasks(from, parcel.tasks->tasks, 0);
        taken_bytes_.add(parcel.tasks->arguments.size());
      }
      if (!parcel.replies) continue;
      std::string_view bytes = parcel.replies->bytes.view();
      for (const ReplyBatch::Header& h : parcel.replies->headers) {
        late_replies_.push_back(
            {h.client_id, h.sequence, std::string(bytes.substr(0, h.bytes)), h.kind == ReplyBatch::Kind::kRefused});
        bytes.remove_prefix(h.bytes);
      }
    }
  }
  deliver_late_replies();
}

// Those for the connection whose script runs wait: it writes to that connection's replies.
void Worker::deliver_late_replies() {
  std::vector<LateReply> waiting;
  for (LateReply& r : std::exchange(late_replies_, {})) {
    Connection* c = find_connection(r.client_id);
    if (c != nullptr && c->processing() && script_ != nullptr) {
      waiting.push_back(std::move(r));
    } else if (router_->take_local_reply(r.client_id, r.sequence, r.bytes, r.refused)) {
      // The router passes it on, or asks another node.
    } else if (c != nullptr) {
      c->fill_reply(r.sequence, r.bytes);
    }
  }
  late_replies_.insert(late_replies_.end(), std::make_move_iterator(waiting.begin()),
                       std::make_move_iterator(waiting.end()));
}

}  // namespace guccho::runtime

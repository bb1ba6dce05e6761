// Blocking commands on the worker that owns their keys: waiting, being served, giving up.
#include <algorithm>
#include <limits>
#include <variant>

#include "node/base/log.h"
#include "node/routing/routing.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"
#include "node/runtime/router.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {

using commands::CommandSpec;

namespace {

constexpr std::string_view kByRequest = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

std::string error_reply(std::string_view text) {
  return "-" + std::string(text) + "\r\n";
}

std::string timeout_reply(const BlockedCommand& command) {
  resp::Buffer out;
  resp::ReplyWriter reply(out, command.caller.resp);
  command.null_array ? reply.null_array() : reply.null();
  return std::string(out.view());
}

}  // namespace

// ---- beginning to wait ----

bool Worker::run_blocking(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
                          const commands::Caller& caller) {
  // Nothing is outstanding: a blocking command is a barrier.
  const ReplyPlace place{.worker = index_, .client = c.id, .sequence = c.next_sequence()};
  if (execute_blocking(spec, args, slot, caller, &c, place, c.reply_target())) return true;
  c.reserve_reply();
  c.blocked_at = index_;
  c.hold(Hold::kDrain);
  return true;
}

bool Worker::execute_blocking(const CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
                              const commands::Caller& caller, commands::Session* session, const ReplyPlace& place,
                              resp::Buffer& out) {
  blocking_place_ = &place;
  const bool answered = execute(spec, args, slot, caller, session, out);
  blocking_place_ = nullptr;
  return answered;
}

void Worker::block(const commands::Context& context, const commands::Block& block) {
  blocked_now_ = true;
  if (serving_) return;  // it keeps its place and its deadline
  if (blocking_place_ == nullptr) {
    log::warning("{} cannot wait here", context.spec.full_name);
    std::abort();
  }
  BlockedCommand command;
  command.place = *blocking_place_;
  command.spec = &context.spec;
  const std::span<const std::string_view> request = block.request.empty() ? context.args : block.request;
  command.args.assign(request.begin(), request.end());
  command.slot = context.slot;
  command.caller = context.caller;
  command.keys.assign(block.keys.begin(), block.keys.end());
  command.type = block.type;
  command.null_array = block.null_array;
  command.when_gone = block.when_gone;
  command.since = nanos_now();
  // A deadline further away than the clock reaches is none.
  constexpr uint64_t kNanosPerMilli = 1'000'000;
  const auto timeout = static_cast<uint64_t>(block.timeout.count());
  const uint64_t room = (std::numeric_limits<uint64_t>::max() - command.since) / kNanosPerMilli;
  if (timeout != 0 && timeout < room) command.deadline = command.since + timeout * kNanosPerMilli;
  blocked_.add(std::move(command));
  count_blocked();
}

// ---- being served ----

// Serving changes keys too (BLMOVE), for which others may wait.
void Worker::serve_blocked() {
  if (serving_ || serving_busy_) return;  // the latter: the script is not over
  while (blocked_.has_ready()) {
    const std::string key = blocked_.take_ready();
    const Slot slot = key_slot(key);
    BlockedClients::Ticket last = 0;
    while (const auto ticket = blocked_.next(key, last)) {
      last = *ticket;
      const store::Entry* entry = keyspace_.find_live({slot, key}, now_, store::Touch::kNo);
      // However many wait for it, the first who finds it gone is the last who looks.
      if (entry == nullptr && !blocked_.wanted_when_gone(key)) break;
      const BlockedCommand& command = *blocked_.find(*ticket);
      if (command.when_gone || (entry != nullptr && entry->type() == command.type)) serve(*ticket);
    }
  }
}

void Worker::serve(BlockedClients::Ticket ticket) {
  const BlockedCommand& command = *blocked_.find(ticket);
  // Nothing is taken for a connection that is about to be forgotten.
  const bool ours = command.place.worker == index_;
  const Connection* c = ours ? find_connection(command.place.client) : nullptr;
  if (ours && (c == nullptr || c->closing())) {
    blocked_.remove(ticket);
    return count_blocked();
  }
  const CommandSpec& spec = *command.spec;
  const std::vector<std::string_view> args(command.args.begin(), command.args.end());
  // Since it began to wait, its user's rules may have changed, too.
  std::string refusal = denial(command.caller, spec, args, acl::LogContext::kTopLevel);
  if (!refusal.empty()) refusal.insert(0, "NOPERM ");
  if (refusal.empty()) refusal = node_refusal(spec.flags);
  if (refusal.empty() && !routes_->served.contains(command.slot)) {
    refusal = route_by_keys(command.slot, command.caller, spec, args);
  }
  if (!refusal.empty()) {
    stats_.commands[spec.id].rejected.add();
    stats_.errors.record(refusal.substr(0, refusal.find(' ')));
    return end_block(ticket, error_reply(refusal));
  }
  served_reply_.clear();
  serving_ = true;
  const bool answered = execute(spec, args, command.slot, command.caller, nullptr, served_reply_);
  serving_ = false;
  if (answered) end_block(ticket, served_reply_.view());
}

// ---- the end of waiting ----

void Worker::end_block(BlockedClients::Ticket ticket, std::string_view reply, ReplyBatch::Kind kind) {
  const BlockedCommand command = blocked_.remove(ticket);
  count_blocked();
  std::unique_ptr<ReplyBatch>& replies = outgoing_[command.place.worker].replies;
  if (!replies) replies = spare_replies_.take();
  replies->bytes.append(reply);
  replies->headers.push_back({command.place.client, command.place.sequence, reply.size(), kind});
}

void Worker::time_out_blocked() {
  const uint64_t now = nanos_now();
  while (const auto ticket = blocked_.due(now)) {
    const BlockedCommand& command = *blocked_.find(*ticket);
    stats_.commands[command.spec->id].record(0);
    stats_.commands_processed.add();
    end_block(*ticket, timeout_reply(command));
  }
}

bool Worker::unblock(uint64_t client, bool with_error) {
  const auto ticket = blocked_.of_client(client);
  if (!ticket) return false;
  end_block(*ticket, with_error ? error_reply(kByRequest) : timeout_reply(*blocked_.find(*ticket)));
  wake();  // the reply waits for the next turn
  return true;
}

void Worker::end_blocked(uint64_t client) {
  blocked_.end(client);
  count_blocked();
}

void Worker::forget_blocked(uint64_t client) {
  std::erase_if(held_tasks_, [client](const HeldTask& held) {
    return held.task.client_id == client && held.task.spec->has(commands::kBlocking);
  });
  held_clients_.erase(client);  // nothing more comes from it
  blocked_.forget(client);
  count_blocked();
}

// The connection is about to be forgotten: so is its command, wherever it waits.
void Worker::leave_blocked(const Connection& c) {
  if (c.held() == Hold::kDeferred) node_.replication().forget_waiter(c.id);
  if (c.blocked_at == Connection::kNowhere) return;
  router_->client_gone(c.id);
  if (c.blocked_at == index_) return forget_blocked(c.id);
  outgoing_[c.blocked_at].gone.push_back(c.id);
  wake();
}

// The role of this node or the owner of a slot has changed.
void Worker::recheck_blocked(bool was_primary) {
  const bool lost_role = was_primary && !routes_->is_primary;
  for (const BlockedClients::Ticket ticket : blocked_.all()) {
    const BlockedCommand& command = *blocked_.find(ticket);
    const std::string error = lost_role ? std::string(kUnblockedByRole) : why_not_here(command);
    if (error.empty()) continue;
    stats_.errors.record(error.substr(0, error.find(' ')));
    if (command.caller.router) {
      send_elsewhere(ticket);
    } else {
      end_block(ticket, error_reply(error), lost_role ? ReplyBatch::Kind::kLastReply : ReplyBatch::Kind::kReply);
    }
  }
  wake();
}

// A client of the router port does not learn of it: its command waits at another node from now on.
void Worker::send_elsewhere(BlockedClients::Ticket ticket) {
  const BlockedCommand& command = *blocked_.find(ticket);
  const std::vector<std::string_view> args(command.args.begin(), command.args.end());
  resp::Buffer request;
  resp::append_request(request, args);
  end_block(ticket, request.view(), ReplyBatch::Kind::kRequest);
}

// The error for a command whose keys cannot come to be here any more; empty while they may.
std::string Worker::why_not_here(const BlockedCommand& command) const {
  const cluster::View& view = *routes_->view;
  const auto is_slot = [&](const auto& moving) { return moving.slot == command.slot; };
  const bool importing = std::any_of(view.slots->importing.begin(), view.slots->importing.end(), is_slot);
  if (view.cluster_ok && (importing || view.owner_of(command.slot) == &view.self())) return {};
  const routing::Query query{.slot = command.slot,
                             .writes = command.spec->has(commands::kWrite),
                             .readonly_connection = command.caller.readonly};
  const routing::Decision decision = routing::route(view, query);
  if (std::holds_alternative<routing::Serve>(decision)) return {};
  return routing::error_text(view, decision, {.tls = false, .ipv6 = false});
}

void Worker::count_blocked() {
  // As in redis-server, who waits for the end of a pause counts as well.
  stats_.blocked_clients.set(deferred_ + paused_.size() + blocked_.size() + router_->blocked_count());
  stats_.blocking_keys.set(blocked_.keys());
  stats_.blocking_keys_when_gone.set(blocked_.keys_when_gone());
}

// Those who were served and whose connections live here go on with their next commands, which may serve others.
void Worker::deliver_own_replies() {
  while (outgoing_[index_].replies) {
    const std::unique_ptr<ReplyBatch> batch = std::move(outgoing_[index_].replies);
    deliver_replies(*batch);
    finish_unit();
  }
}

}  // namespace guccho::runtime

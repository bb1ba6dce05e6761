// MULTI, EXEC, DISCARD, WATCH, UNWATCH: queueing, and choosing where a transaction runs.
//
// A transaction runs as one unit on the worker that owns its slot. When it needs more than that worker (node-wide
// commands, or a WATCH on a key of another worker) it runs in the exclusive section.
#include <algorithm>
#include <set>

#include "node/commands/permission.h"
#include "node/commands/scripting.h"
#include "node/routing/routing.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/router.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {

using commands::CommandSpec;
using commands::QueuedCommand;
using commands::Where;

namespace {

ExecNeeds needs_of(const commands::Transaction& transaction) {
  ExecNeeds needs;
  std::vector<commands::KeyPosition> positions;
  for (const QueuedCommand& q : transaction.queue) {
    needs.writes |= q.spec->has(commands::kWrite);
    // PUBLISH is a barrier of its connection and needs nothing of it.
    needs.session |= q.spec->where == Where::kHome && !q.spec->has(commands::kMayReplicate);
    needs.exclusive |= q.spec->where == Where::kExclusive;
    const std::vector<std::string_view> args = views_of(q);
    if (q.spec->keys.empty() || !commands::find_keys(*q.spec, args, positions)) continue;
    for (const commands::KeyPosition& k : positions) {
      const Slot slot = key_slot(args[k.index]);
      needs.multiple_keys |= needs.slot.has_value();
      needs.crosses_slots |= needs.slot && *needs.slot != slot;
      needs.slot = slot;
    }
  }
  return needs;
}

// The error of a queued command that the user may not run (any more), noted for ACL LOG; empty when it may.
std::string exec_denial(Node& node, commands::Session& session, const acl::User& user, const CommandSpec& spec,
                        std::span<const std::string_view> args) {
  const acl::Verdict verdict = commands::check_permission(user, spec, args);
  if (verdict) return {};
  node.note_denial(session, commands::denial_entry(user, spec, args, verdict, acl::LogContext::kMulti));
  return commands::denial_in_exec(verdict);
}

void end_transaction(Connection& c) {
  c.transaction = {};
}

// What run_watch() made.
std::shared_ptr<Watch> watch_of(const commands::Transaction& transaction) {
  return std::static_pointer_cast<Watch>(transaction.watch_broken);
}

// Adds the keys to those that are watched, which are in order; returns those that were not.
std::vector<std::string_view> note_watched(std::vector<std::string>& watched, std::span<const std::string_view> keys) {
  std::vector<std::string_view> fresh(keys.begin(), keys.end());
  std::ranges::sort(fresh);
  const auto repeated = std::ranges::unique(fresh);
  fresh.erase(repeated.begin(), repeated.end());
  std::erase_if(fresh, [&](std::string_view key) { return std::ranges::binary_search(watched, key, std::less<>()); });
  const auto old = static_cast<std::ptrdiff_t>(watched.size());
  watched.insert(watched.end(), fresh.begin(), fresh.end());
  std::inplace_merge(watched.begin(), watched.begin() + old, watched.end());
  return fresh;
}

}  // namespace

bool Worker::queue_command(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args,
                           uint32_t flags) {
  if (c.transaction.poisoned) {  // it will not run: nothing is kept of it, and EXEC does not look at its slot
    resp::ReplyWriter(c.reply_target(), c.resp).simple("QUEUED");
    return true;
  }
  QueuedCommand queued{.spec = &spec, .args = {args.begin(), args.end()}};
  for (const std::string& a : queued.args) c.transaction.queued_bytes += a.size();
  c.transaction.queue.push_back(std::move(queued));
  c.transaction.flags_of_any |= flags;
  c.transaction.flags_of_all &= (flags & commands::kViewOnly) ? flags | commands::kLoading : flags;
  resp::ReplyWriter(c.reply_target(), c.resp).simple("QUEUED");
  return true;
}

bool Worker::run_transaction_command(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args,
                                     const ExecPlan* plan) {
  resp::ReplyWriter reply(c.reply_target(), c.resp);
  stats_.commands_processed.add();
  stats_.commands[spec.id].record(0);
  if (spec.name == "multi") {
    if (c.transaction.active) {
      reply.error("ERR MULTI calls can not be nested");
      return true;
    }
    c.transaction.active = true;
    reply.ok();
  } else if (spec.name == "discard") {
    if (!c.transaction.active) {
      reply.error("ERR DISCARD without MULTI");
      return true;
    }
    end_transaction(c);
    reply.ok();
  } else if (spec.name == "unwatch") {
    if (c.transaction.active) return queue_command(c, spec, args, spec.flags);
    c.transaction.watch_broken = nullptr;
    c.transaction.watched_keys.clear();
    reply.ok();
  } else if (spec.name == "watch") {
    if (c.transaction.active) {
      reply.error("ERR WATCH inside MULTI is not allowed");
      return true;
    }
    return run_watch(c, args);
  } else if (plan == nullptr) {
    reply.error("ERR EXEC without MULTI");
  } else {
    return run_exec(c, args, *plan);
  }
  return true;
}

bool Worker::run_watch(Connection& c, std::span<const std::string_view> args) {
  const CommandSpec& spec = *commands::find_command("watch");
  const Target target = find_target(caller_of(c), spec, args);
  if (c.router && target.elsewhere) {
    return refuse(c, &spec,
                  "ERR WATCH of a key of another node is not served on the router port; use the cluster port");
  }
  if (!target.error.empty()) return refuse(c, &spec, target.error);
  if (!c.transaction.watch_broken) c.transaction.watch_broken = std::make_shared<Watch>();
  const std::vector<std::string_view> fresh = note_watched(c.transaction.watched_keys, args.subspan(1));
  const uint16_t owner = node_.owner_of(*target.slot);
  WatchJob job{watch_of(c.transaction)};
  if (owner == index_ || fresh.empty()) {
    execute_watch(job, fresh);
    resp::ReplyWriter(c.reply_target(), c.resp).ok();
    return true;
  }
  Task task;
  task.sequence = c.reserve_reply();
  task.spec = &spec;
  task.slot = *target.slot;
  task.caller = caller_of(c);
  task.watch = std::make_unique<WatchJob>(std::move(job));
  hand_over(owner, c, std::move(task), fresh);
  return true;
}

void Worker::execute_watch(const WatchJob& job, std::span<const std::string_view> keys) {
  for (const std::string_view key : keys) {
    const store::Entry* entry = keyspace_.find({key_slot(key), key});
    const auto expiry = entry == nullptr ? std::nullopt : entry->expiry();
    const bool stale = expiry && now_ > *expiry;
    if (expiry && !stale) job.watch->note_expiry(*expiry);
    watches_.add(key, job.watch, stale);
  }
}

ExecPlan Worker::plan_exec(const Connection& c) {
  ExecPlan plan{.needs = needs_of(c.transaction), .error = {}};
  ExecNeeds& needs = plan.needs;
  needs.effect = has_effect(c.transaction.flags_of_any);
  for (const QueuedCommand& q : c.transaction.queue) {
    if (!commands::is_script_call(*q.spec)) continue;
    const std::vector<std::string_view> args = views_of(q);
    needs.writes |= (effective_flags(*q.spec, args) & commands::kWrite) != 0;
    needs.exclusive |= reaches_far(*q.spec, args);
  }
  if (!needs.slot) return plan;
  if (needs.crosses_slots || !routes_->served.contains(*needs.slot)) {
    routing::Query query{.slot = needs.slot,
                         .crosses_slots = needs.crosses_slots,
                         .multiple_keys = needs.multiple_keys,
                         .writes = needs.writes,
                         .asking = c.asking,
                         .readonly_connection = c.readonly};
    plan.route_at_owner = !needs.crosses_slots && routing::must_look_up_keys(*routes_->view, query);
    const routing::Decision decision = routing::route(*routes_->view, query);
    if (!plan.route_at_owner && !std::holds_alternative<routing::Serve>(decision)) {
      plan.forward = c.router && !needs.crosses_slots;
      if (!plan.forward) plan.error = routing::error_text(*routes_->view, decision, {});
    }
  }
  // While the slot moves, it goes where its keys are, if it can go anywhere.
  const bool follows = plan.route_at_owner && portable(needs) && c.transaction.watch_broken == nullptr;
  plan.forward |= c.router && plan.error.empty() && (follows || router_->busy(*needs.slot));
  return plan;
}

uint32_t Worker::exec_flags(const CommandSpec& exec, const commands::Transaction& transaction) {
  constexpr uint32_t kOfAny = commands::kWrite | commands::kDenyOom | commands::kMayReplicate;
  constexpr uint32_t kOfAll = commands::kStale | commands::kLoading;
  return (exec.flags | (transaction.flags_of_any & kOfAny)) & ~(~transaction.flags_of_all & kOfAll);
}

bool Worker::run_exec(Connection& c, std::span<const std::string_view> args, const ExecPlan& plan) {
  const CommandSpec& spec = *commands::find_command("exec");
  resp::ReplyWriter reply(c.reply_target(), c.resp);
  const ExecNeeds& needs = plan.needs;
  const bool route_at_owner = plan.route_at_owner;
  // After the slots of what was queued, as in Redis.
  if (c.transaction.poisoned) {
    end_transaction(c);
    if (node_.has_monitors()) feed_monitors(monitored_name(c), args, spec);
    reply.error("EXECABORT Transaction discarded because of previous errors.");
    return true;
  }
  if (plan.forward) return forward_exec(c, args, needs);
  // Where the watched keys live: 0 workers, one, or several.
  std::set<uint16_t> places;
  for (const std::string& key : c.transaction.watched_keys) places.insert(node_.owner_of(key_slot(key)));
  if (needs.slot) places.insert(node_.owner_of(*needs.slot));
  if (needs.session) places.insert(index_);
  auto job = std::make_unique<ExecJob>();
  job->queue = std::move(c.transaction.queue);
  job->watch = watch_of(c.transaction);
  job->effect = needs.effect;
  if (node_.has_monitors()) job->shown = ExecJob::Shown{.client = monitored_name(c), .word = std::string(args[0])};
  end_transaction(c);
  const commands::Caller caller = caller_of(c);

  const uint16_t place = places.empty() ? index_ : *places.begin();
  if (needs.exclusive || places.size() > 1 || route_at_owner) {
    if (const scripting::BusyScriptPtr busy = node_.busy_scripts().any() ? node_.busy_scripts().one() : nullptr) {
      return refuse(c, &spec, "EXECABORT Transaction discarded because of: " + std::string(busy->refusal()));
    }
    c.hold(Hold::kExclusive);
    const uint16_t owner = needs.slot ? node_.owner_of(*needs.slot) : index_;
    const bool moving = route_at_owner && needs.slot;
    request_section({.client_id = c.id,
                     .writes = needs.effect,
                     .run = [this, caller, owner, moving, needs, version = routes_version_, &spec,
                             job = std::shared_ptr<ExecJob>(std::move(job))](Connection& connection) {
                       Worker& runner = node_.worker(owner);
                       runner.now_ = wall_now();
                       std::string error;
                       if (needs.slot && (moving || version != routes_version_)) {
                         error = runner.route_exec(*job, *needs.slot, caller);
                         if (!error.empty() && connection.router) {
                           if (portable(needs) && !job->watch) return forward_later(connection.id, request_of(*job));
                           error = "TRYAGAIN The slot is changing hands";
                         }
                       } else if (!needs.slot && needs.writes && !routes_->is_primary) {
                         error = "EXECABORT Transaction discarded because of: " + std::string(kReadonlyError);
                       }
                       if (!error.empty()) {
                         refuse(connection, &spec, error);
                       } else {
                         runner.execute_exec(*job, caller, &connection, connection.reply_target());
                       }
                       runner.finish_unit();
                       runner.wake();  // replies to those who waited may lie there
                       runner.append_log_batch();
                       node_.log_grew();
                       release_later(connection.id);
                     }});
  } else if (place == index_) {
    execute_exec(*job, caller, &c, c.reply_target());
  } else {
    job->denials = exec_denials(c, job->queue);
    Task task;
    task.sequence = c.reserve_reply();
    task.spec = &spec;
    task.slot = needs.slot.value_or(Slot());
    task.caller = caller;
    task.exec = std::move(job);
    hand_over(place, c, std::move(task), {});
  }
  return true;
}

// A transaction of the router port on a slot that another node serves: all of it goes there as one unit.
bool Worker::forward_exec(Connection& c, std::span<const std::string_view> args, const ExecNeeds& needs) {
  const CommandSpec& spec = *commands::find_command("exec");
  const bool watches = c.transaction.watch_broken != nullptr;
  auto job = std::make_unique<ExecJob>();
  job->queue = std::move(c.transaction.queue);
  end_transaction(c);
  if (watches) {
    return refuse(c, &spec, kWatchElsewhere);
  }
  if (!portable(needs)) {
    return refuse(c, &spec,
                  "EXECABORT On the router port a transaction on keys of another node may hold only commands "
                  "on keys");
  }
  if (const std::string error = let_go(c, *job, args[0]); !error.empty()) return refuse(c, &spec, error);
  router_->take_exec(c, spec, std::move(job), *needs.slot, needs.effect);
  return true;
}

std::string Worker::let_go(Connection& c, const ExecJob& job, std::string_view word) {
  for (const std::string& denial : exec_denials(c, job.queue)) {
    if (!denial.empty()) return "EXECABORT Transaction discarded because of: " + denial;
  }
  if (node_.has_monitors()) {
    const std::string who = monitored_name(c);
    for (const QueuedCommand& q : job.queue) feed_monitors(who, views_of(q), *q.spec);
    feed_monitors(who, std::array{word}, *commands::find_command("exec"));
  }
  return {};
}

std::vector<std::string> Worker::exec_denials(Connection& c, std::span<const QueuedCommand> queue) {
  std::vector<std::string> denials;
  if (c.user->unrestricted()) return denials;
  for (const QueuedCommand& q : queue) denials.push_back(exec_denial(node_, c, *c.user, *q.spec, views_of(q)));
  return denials;
}

std::string Worker::route_exec(const ExecJob& job, Slot slot, const commands::Caller& caller) {
  routing::Query query{.slot = slot, .asking = caller.asking, .readonly_connection = caller.readonly};
  std::set<std::string_view> seen;
  for (const QueuedCommand& q : job.queue) {
    query.writes |= q.spec->has(commands::kWrite);
    const std::vector<std::string_view> args = views_of(q);
    if (q.spec->keys.empty() || !commands::find_keys(*q.spec, args, key_scratch_)) continue;
    for (const commands::KeyPosition& k : key_scratch_) {
      // The arguments' bytes are the queue's.
      if (!seen.insert(args[k.index]).second) continue;
      const bool here = keyspace_.find_live({slot, args[k.index]}, now_, store::Touch::kNo) != nullptr;
      ++(here ? query.keys_present : query.keys_missing);
      if (leaving_.holds_back(args[k.index], here, true)) return "TRYAGAIN The key is on its way to another node";
    }
  }
  if (seen.empty()) return {};
  query.multiple_keys = seen.size() > 1;
  const routing::Decision decision = routing::route(*routes_->view, query);
  if (std::holds_alternative<routing::Serve>(decision)) return {};
  return routing::error_text(*routes_->view, decision, {});
}

void Worker::execute_exec(const ExecJob& job, commands::Caller caller, commands::Session* session, resp::Buffer& out) {
  resp::ReplyWriter reply(out, caller.resp);
  // To monitors EXEC comes last, as in redis-server, which shows a command after it ran.
  const auto show = [&](std::span<const std::string_view> args, const CommandSpec& spec) {
    if (job.shown) feed_monitors(job.shown->client, args, spec);
  };
  const std::string_view request[] = {job.shown ? std::string_view(job.shown->word) : std::string_view()};
  const CommandSpec& exec = *commands::find_command("exec");
  if (job.watch && job.watch->is_broken(now_)) {
    show(request, exec);
    return reply.null_array();
  }
  caller.in_exec = true;
  caller.may_block = false;
  exec_open_ = true;
  exec_replicated_ = false;
  exec_mark_ = log_batch_.size();
  reply.array(job.queue.size());
  for (size_t i = 0; i < job.queue.size(); ++i) {
    const QueuedCommand& q = job.queue[i];
    const std::vector<std::string_view> args = views_of(q);
    // Beside its connection the user is asked now: the transaction itself may have changed it (AUTH).
    std::string denial = job.denials.empty() ? "" : job.denials[i];
    if (session != nullptr && !session->user->unrestricted()) {
      denial = exec_denial(node_, *session, *session->user, *q.spec, args);
    }
    if (!denial.empty()) {
      stats_.commands[q.spec->id].rejected.add();
      stats_.errors.record(denial.substr(0, denial.find(' ')));
      reply.error(denial);
      continue;
    }
    Slot slot;
    if (!q.spec->keys.empty() && commands::find_keys(*q.spec, args, key_scratch_) && !key_scratch_.empty()) {
      slot = key_slot(args[key_scratch_.front().index]);
    }
    show(args, *q.spec);
    execute(*q.spec, args, slot, caller, session, out);
  }
  show(request, exec);
  if (exec_replicated_) log_batch_.append("*1\r\n$4\r\nEXEC\r\n");
  exec_open_ = false;
  release_seized();
}

}  // namespace guccho::runtime

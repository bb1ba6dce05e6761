// From a parsed command to the place where it runs: checks in redis-server's order, routing, hand-over, execution.
#include <set>
#include <variant>

#include "node/base/log.h"
#include "node/commands/command.h"
#include "node/commands/permission.h"
#include "node/commands/scripting.h"
#include "node/commands/secrets.h"
#include "node/commands/text.h"
#include "node/routing/routing.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/router.h"
#include "node/runtime/router_reply.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {

using commands::CommandSpec;
using commands::Where;

namespace {

// Commands that this file and transaction.cc treat by themselves.
struct Known {
  const CommandSpec* asking = commands::find_command("asking");
  const CommandSpec* client = commands::find_command("client");
  const CommandSpec* discard = commands::find_command("discard");
  const CommandSpec* exec = commands::find_command("exec");
  const CommandSpec* migrate = commands::find_command("migrate");
  const CommandSpec* multi = commands::find_command("multi");
  const CommandSpec* quit = commands::find_command("quit");
  const CommandSpec* reset = commands::find_command("reset");
  const CommandSpec* unwatch = commands::find_command("unwatch");
  const CommandSpec* watch = commands::find_command("watch");
};
const Known& known() {
  static const Known instance;
  return instance;
}

// What a subscriber may send in RESP2, where a reply and a message look alike.
bool allowed_to_subscribers(const CommandSpec& spec) {
  static const std::set<const CommandSpec*> allowed = [] {
    std::set<const CommandSpec*> out;
    for (const std::string_view name : {"subscribe", "ssubscribe", "psubscribe", "unsubscribe", "sunsubscribe",
                                        "punsubscribe", "ping", "quit", "reset"}) {
      out.insert(commands::find_command(name));
    }
    return out;
  }();
  return allowed.contains(&spec);
}

// An EXEC that is refused as such says that its transaction is lost.
std::string rejection(const CommandSpec* spec, std::string_view error) {
  if (spec != known().exec) return std::string(error);
  return "EXECABORT Transaction discarded because of: " + std::string(error.substr(error.starts_with("ERR ") ? 4 : 0));
}

// Administration is not, as in Redis.
bool is_shown_to_monitors(const CommandSpec& spec) {
  return (spec.flags & (commands::kSkipMonitor | commands::kAdmin)) == 0 || commands::is_script_call(spec);
}

// The first word of an HTTP request or header: a browser was made to attack us, and its body may hold commands.
bool is_http(std::string_view word) {
  return commands::equals_ignore_case("post", word) || commands::equals_ignore_case("host:", word);
}

}  // namespace

// Answers with an error before execution. A transaction that was being queued is lost by it.
bool Worker::refuse(Connection& c, const CommandSpec* spec, std::string_view error) {
  if (spec != nullptr) stats_.commands[spec->id].rejected.add();
  stats_.errors.record(error.substr(0, error.find(' ')));
  if (error.starts_with("MOVED ")) stats_.redirects_moved.add();
  if (spec == known().exec) c.transaction = {};
  if (c.transaction.active) c.transaction.poisoned = true;
  resp::ReplyWriter(c.reply_target(), c.resp).error(error);
  return true;
}

commands::Caller Worker::caller_of(const Connection& c) const {
  return {.client_id = c.id,
          .resp = c.resp,
          .readonly = c.readonly,
          .asking = c.asking,
          .from_primary = false,
          .no_touch = c.no_touch,
          .router = c.router,
          .worker = index_,
          .tracked = c.tracking && c.tracking->remembers(),
          .in_exec = false,
          .user = c.user->unrestricted() ? nullptr : c.user};
}

std::string_view Worker::node_refusal(uint32_t flags) {
  memory_wait_ = false;
  if ((flags & commands::kDenyOom) != 0 && config_->maxmemory != 0 && routes_->is_primary) {
    const Memory memory = ensure_memory();
    if (memory == Memory::kNone) return "OOM command not allowed when used memory > 'maxmemory'.";
    memory_wait_ = memory == Memory::kWait;
  }
  if ((flags & commands::kWrite) != 0 && routes_->is_primary && node_.lacks_replicas(*config_)) {
    return "NOREPLICAS Not enough good replicas to write.";
  }
  if (node_.loading() && (flags & (commands::kLoading | commands::kViewOnly)) == 0) {
    return "LOADING Redis is loading the dataset in memory";
  }
  if (!routes_->is_primary && !config_->replica_serve_stale_data && !node_.link_to_primary_up() &&
      (flags & commands::kStale) == 0) {
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  }
  return {};
}

Worker::Target Worker::find_target(const commands::Caller& caller, const CommandSpec& spec,
                                   std::span<const std::string_view> args, std::optional<Slot> first_slot) {
  Target target;
  if (spec.keys.empty()) return target;
  routing::Query query;
  if (spec.one_key) {
    query.slot = first_slot ? *first_slot : key_slot(args[1]);
  } else {
    if (!commands::find_keys(spec, args, key_scratch_)) return target;  // the handler words the error
    for (const commands::KeyPosition& k : key_scratch_) {
      const Slot slot = key_slot(args[k.index]);
      if (query.slot && *query.slot != slot) query.crosses_slots = true;
      if (!query.slot) query.slot = slot;
      query.multiple_keys |= args[k.index] != args[key_scratch_.front().index];
    }
    if (!query.slot) return target;
  }
  target.slot = *query.slot;
  if (routes_->served.contains(*query.slot) && !query.crosses_slots) return target;
  query.writes = (effective_flags(spec, args) & commands::kWrite) != 0;
  query.asking = caller.asking || spec.has(commands::kAsking);
  query.readonly_connection = caller.readonly;
  query.shard_channel = (spec.keys.front().flags & commands::kKeyNotKey) != 0;
  query.migrate_command = &spec == known().migrate;
  if (!query.crosses_slots && routing::must_look_up_keys(*routes_->view, query)) {
    target.route_at_owner = true;
    return target;
  }
  const routing::Decision decision = routing::route(*routes_->view, query);
  if (!std::holds_alternative<routing::Serve>(decision)) {
    target.elsewhere = !std::holds_alternative<routing::CrossSlot>(decision);
    target.error = routing::error_text(*routes_->view, decision, {.tls = false, .ipv6 = false});
  }
  return target;
}

std::string Worker::route_by_keys(Slot slot, const commands::Caller& caller, const CommandSpec& spec,
                                  std::span<const std::string_view> args) {
  routing::Query query{.slot = slot};
  if (!commands::find_keys(spec, args, key_scratch_)) return {};
  for (const commands::KeyPosition& k : key_scratch_) {
    const bool here = keyspace_.find_live({slot, args[k.index]}, now_, store::Touch::kNo) != nullptr;
    ++(here ? query.keys_present : query.keys_missing);
    query.multiple_keys |= args[k.index] != args[key_scratch_.front().index];
    if (!leaving_.empty() && leaving_.holds_back(args[k.index], here, !spec.has(commands::kReadonly))) {
      return "TRYAGAIN The key is on its way to another node";
    }
  }
  query.writes = spec.has(commands::kWrite);
  query.asking = caller.asking || spec.has(commands::kAsking);
  query.readonly_connection = caller.readonly;
  const routing::Decision decision = routing::route(*routes_->view, query);
  if (std::holds_alternative<routing::Serve>(decision)) return {};
  if (std::holds_alternative<routing::Ask>(decision)) stats_.redirects_ask.add();
  return routing::error_text(*routes_->view, decision, {.tls = false, .ipv6 = false});
}

// False: the user may not; it was told and noted.
bool Worker::is_permitted(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args) {
  const acl::Verdict verdict = commands::check_permission(*c.user, spec, args);
  if (verdict) return true;
  c.last_command = &spec;
  const auto context = c.transaction.active ? acl::LogContext::kMulti : acl::LogContext::kTopLevel;
  node_.note_denial(c, commands::denial_entry(*c.user, spec, args, verdict, context));
  refuse(c, &spec, rejection(&spec, "NOPERM " + commands::denial_text(*c.user, spec, args, verdict, false)));
  return false;
}

bool Worker::dispatch(Connection& c, std::span<const std::string_view> args) {
  return dispatch(c, args, {.spec = commands::resolve(args)});
}

// Whether none of what dispatch_once() looks for can be the case, so that the command runs, or is handed over, at once.
// Nearly all do.
bool Worker::is_plain(const Connection& c, const Ahead::Command& known_before, size_t argc) const {
  const CommandSpec* spec = known_before.spec;
  if (!known_before.key || spec == nullptr || !spec->plain || !commands::arity_fits(*spec, argc)) return false;
  if (!c.is_plain() || !c.user->unrestricted() || serving_busy_) return false;
  if (!routes_->is_primary || !routes_->served.contains(known_before.key->slot)) return false;
  if (config_->maxmemory != 0 && spec->has(commands::kDenyOom)) return false;
  if (config_->min_replicas_to_write != 0 && spec->has(commands::kWrite)) return false;
  return !node_.loading() && !node_.fenced() && !node_.has_monitors() &&
         !node_.paused(now_, spec->has(commands::kWrite));
}

bool Worker::dispatch(Connection& c, std::span<const std::string_view> args, const Ahead::Command& known_before) {
  if (is_plain(c, known_before, args.size())) [[likely]] {
    c.last_command = known_before.spec;
    ++c.commands;
    const commands::Caller caller{.client_id = c.id, .resp = c.resp, .readonly = c.readonly, .worker = index_};
    const Slot slot = known_before.key->slot;
    if (!known_before.here) {
      const uint64_t place = c.reserve_reply();
      hand_over(node_.owner_of(slot), c, {.sequence = place, .spec = known_before.spec, .slot = slot, .caller = caller},
                args);
      return true;
    }
    if (!execute(*known_before.spec, args, slot, caller, &c, c.reply_target())) c.hold(Hold::kDeferred);
    finish_unit();
    return true;
  }
  using Mode = commands::ReplyMode;
  if (c.reply_mode == Mode::kSkipNext) [[unlikely]]
    c.reply_mode = Mode::kSkipThis;
  const bool muted = c.muted();
  if (muted) [[unlikely]]
    c.begin_muted();
  const bool done = dispatch_once(c, args, known_before);
  if (muted) [[unlikely]]
    c.end_muted();
  // A command that is held has its reply still before it.
  const bool answered = c.held() != Hold::kDeferred && c.held() != Hold::kExclusive;
  if (c.reply_mode == Mode::kSkipThis && (!done || answered)) [[unlikely]]
    c.reply_mode = done ? Mode::kOn : Mode::kSkipNext;
  // ASKING is about the next command, or transaction.
  if (done && c.asking && !c.transaction.active && known_before.spec != known().asking) c.asking = false;
  return done;
}

bool Worker::dispatch_once(Connection& c, std::span<const std::string_view> args, const Ahead::Command& known_before) {
  const CommandSpec* spec = known_before.spec;
  const std::optional<Slot> first_slot = known_before.key ? std::optional(known_before.key->slot) : std::nullopt;
  if (spec == nullptr && is_http(args[0])) {
    log::warning("Possible SECURITY ATTACK: {} sent an HTTP request. The connection is closed", c.address);
    c.close_soon();
    return false;
  }
  if (spec == nullptr || !commands::arity_fits(*spec, args.size())) {
    return refuse(c, spec, rejection(spec, commands::arity_error(spec, args)));
  }
  if (!c.authenticated && !spec->has(commands::kNoAuth)) {
    if (node_.password_required()) return refuse(c, spec, rejection(spec, "NOAUTH Authentication required."));
    c.authenticated = true;
  }
  if (c.transaction.active && spec->has(commands::kNoMulti)) {
    return refuse(c, spec, "ERR Command not allowed inside a transaction");
  }
  if (!c.user->unrestricted() && !is_permitted(c, *spec, args)) return true;
  const bool runs_queue = spec == known().exec && c.transaction.active;
  const uint32_t flags = runs_queue ? exec_flags(*spec, c.transaction) : effective_flags(*spec, args);
  const bool about_data = spec->where != Where::kHome || spec == known().exec;
  const bool pausable = c.kind == commands::SessionKind::kNormal || c.kind == commands::SessionKind::kPubsub;
  if ((pausable && node_.paused(now_, has_effect(flags))) || (about_data && node_.fenced())) {
    c.hold(Hold::kPaused);
    paused_.push_back(c.id);
    count_blocked();
    fenced_ |= node_.fenced();  // to be released as soon as that ends
    return false;
  }
  if (serving_busy_ && !spec->has(commands::kAllowBusy)) {
    return refuse(c, spec, rejection(spec, serving_busy_->refusal()));
  }
  // Barriers wait for what is under way.
  const bool transaction_command = spec == known().exec || spec == known().multi || spec == known().discard ||
                                   spec == known().watch || spec == known().unwatch;
  const bool queueing = c.transaction.active && !transaction_command && spec != known().quit && spec != known().reset;
  const bool barrier =
      transaction_command ||
      (!queueing && (spec->where != Where::kOwner || (spec->flags & (commands::kBlocking | commands::kPubsub))));
  // So do scripts that are known to need the data of several workers, and those that declare no keys and so may need
  // any.
  const auto may_reach_far = [&] {
    return !queueing && spec->has(commands::kSkipMonitor) && commands::is_script_call(*spec) &&
           (reaches_far(*spec, args) || !find_target(caller_of(c), *spec, args).slot);
  };
  if (c.has_outstanding() && (barrier || may_reach_far())) {
    c.hold(Hold::kDrain);
    return false;
  }
  std::optional<Target> target;
  bool forwarded = false;
  if (c.router) {
    if (const std::string_view error = router_refusal(*spec); !error.empty()) {
      return refuse(c, spec, rejection(spec, error));
    }
    if (spec->where == Where::kOwner) {
      target = find_target(caller_of(c), *spec, args, first_slot);
      forwarded = is_for_router(c, *target);
    }
    if (forwarded) {
      // What went to another worker by other routes may come back to be sent elsewhere, and comes first.
      if (c.has_outstanding() && (router_->full(c) || c.routes_version != routes_version_)) {
        c.hold(Hold::kDrain);
        return false;
      }
      c.routes_version = routes_version_;
    }
    stats_.router_commands.add();
  }
  // Of the commands about the connection some name shard channels, which have a slot too, and MIGRATE names keys.
  const bool subscriber = c.kind == commands::SessionKind::kPubsub && c.resp == resp::Version::kResp2;
  const bool restricted = subscriber && !allowed_to_subscribers(*spec);
  const bool about_keys = spec->where == Where::kOwner || restricted || !spec->keys.empty();
  if (!forwarded && about_keys && spec->where != Where::kExclusive && (!transaction_command || restricted)) {
    if (!target) target = find_target(caller_of(c), *spec, args, first_slot);
    if (c.router && target->elsewhere && !restricted) {
      return refuse(c, spec,
                    "ERR Shard channels of another node are not served on the router port; use the cluster port");
    }
    if (!target->error.empty()) return refuse(c, spec, target->error);
  }
  std::optional<ExecPlan> plan;
  if (runs_queue) {
    plan = plan_exec(c);
    if (!plan->error.empty()) return refuse(c, spec, plan->error);
  }
  // What is executed elsewhere does not depend on the state of this node, and to a client of the router port, which
  // sees one server, a command about its connection does not either.
  const bool about_connection =
      c.router && spec->where == Where::kHome && (spec->categories & commands::kCatConnection);
  if (!forwarded && !about_connection && !(plan && plan->forward)) {
    // What is queued takes memory, whatever it does later.
    const uint32_t refused_for = queueing ? flags | commands::kDenyOom : flags;
    if (const std::string_view error = node_refusal(refused_for); !error.empty()) {
      return refuse(c, spec, rejection(spec, error));
    }
    // Of those with keys, their routing says where the primary is.
    if ((flags & commands::kWrite) != 0 && spec->where != Where::kOwner && spec->keys.empty() && !routes_->is_primary) {
      return refuse(c, spec, kReadonlyError);
    }
    if (memory_wait_) {
      c.hold(Hold::kPaused);
      memory_waiters_.push_back(c.id);
      return false;
    }
  }

  if (restricted) {
    const std::string error =
        "ERR Can't execute '" + std::string(spec->full_name) +
        "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
    return refuse(c, spec, rejection(spec, error));
  }
  // What no pause holds back (a monitor, which to redis-server is a replica of a kind) may not use that.
  if (!pausable && (flags & (commands::kWrite | commands::kReadonly | commands::kMayReplicate)) != 0) {
    return refuse(c, spec, rejection(spec, "ERR Replica can't interact with the keyspace"));
  }

  c.last_command = spec;
  ++c.commands;
  // Commands of a transaction are shown when it runs, and EXEC behind them.
  if (!queueing && !runs_queue && node_.has_monitors()) feed_monitors(monitored_name(c), args, *spec);

  bool done = true;
  if (queueing) {
    done = queue_command(c, *spec, args, flags);
  } else if (transaction_command) {
    done = run_transaction_command(c, *spec, args, plan ? &*plan : nullptr);
  } else {
    switch (spec->where) {
      case Where::kHome:
        done = run_at_home(c, *spec, args);
        break;
      case Where::kExclusive:
        done = run_exclusive(c, *spec, args);
        break;
      case Where::kOwner: {
        if (forwarded) {
          router_->take(c, *spec, args, *target->slot);
          if (spec->has(commands::kBlocking) && c.has_outstanding()) c.hold(Hold::kDrain);
        } else if (reaches_far(*spec, args)) {
          done = run_far_script(c, *spec, args);
        } else {
          done = run_on_owner(c, *spec, args, *target);
        }
        break;
      }
    }
  }
  // CLIENT CACHING is about the next command, or transaction.
  if (c.tracking && c.tracking->caching && !c.transaction.active && spec->parent != known().client) {
    c.tracking->caching = false;
  }
  finish_unit();
  return done;
}

// On the router port: whether the command leaves the ordinary way, since its slot is not served here for certain, or
// since earlier commands of the slot are still with the router.
bool Worker::is_for_router(const Connection& c, const Target& target) const {
  if (!c.router || !target.slot) return false;
  if (target.elsewhere || target.route_at_owner) return true;
  return target.error.empty() && router_->busy(*target.slot);
}

bool Worker::run_at_home(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args) {
  if (!execute(spec, args, Slot(), caller_of(c), &c, c.reply_target())) c.hold(Hold::kDeferred);
  return true;
}

bool Worker::run_on_owner(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args,
                          const Target& target) {
  const commands::Caller caller = caller_of(c);
  const uint16_t owner = target.slot ? node_.owner_of(*target.slot) : index_;
  if (owner != index_) {
    Task task{.sequence = c.reserve_reply(), .spec = &spec, .slot = *target.slot, .caller = caller};
    task.route_here = target.route_at_owner;
    hand_over(owner, c, std::move(task), args);
    if (spec.has(commands::kBlocking)) {
      c.blocked_at = owner;
      c.hold(Hold::kDrain);
    }
    return true;
  }
  if (target.route_at_owner) {
    const std::string error = route_by_keys(*target.slot, caller, spec, args);
    if (!error.empty()) return refuse(c, &spec, error);
  }
  if (spec.has(commands::kBlocking) && target.slot) return run_blocking(c, spec, args, *target.slot, caller);
  if (!execute(spec, args, target.slot.value_or(Slot()), caller, &c, c.reply_target())) c.hold(Hold::kDeferred);
  return true;
}

// A script that is known to need the data of several workers. Like any barrier it waits for what is under way.
bool Worker::run_far_script(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args) {
  if (!c.has_outstanding()) return run_exclusive(c, spec, args);
  c.hold(Hold::kDrain);
  return false;
}

bool Worker::run_exclusive(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args) {
  // The section is put off while a script takes too long.
  if (const scripting::BusyScriptPtr busy = node_.busy_scripts().any() ? node_.busy_scripts().one() : nullptr) {
    return refuse(c, &spec, busy->refusal());
  }
  c.hold(Hold::kExclusive);
  std::vector<std::string> copy(args.begin(), args.end());
  request_section({.client_id = c.id,
                   .writes = may_write(spec, args),
                   .run = [this, &spec, copy = std::move(copy), version = routes_version_](Connection& connection) {
                     const std::vector<std::string_view> views(copy.begin(), copy.end());
                     const commands::Caller caller = caller_of(connection);
                     std::string error;
                     if (version != routes_version_) error = why_no_longer(spec, views, caller);
                     bool done = true;
                     if (!error.empty() && connection.router && !spec.keys.empty()) {
                       resp::Buffer request;
                       resp::append_request(request, views);
                       return forward_later(connection.id, std::string(request.view()));
                     }
                     if (!error.empty()) {
                       refuse(connection, &spec, error);
                     } else {
                       done = execute(spec, views, Slot(), caller, &connection, connection.reply_target());
                     }
                     append_log_batch();
                     node_.log_grew();
                     if (done) {
                       release_later(connection.id);
                     } else {
                       connection.hold(Hold::kDeferred);
                     }
                   }});
  return true;
}

// The command left its connection's buffer, so that what dispatch looked at must be looked at again when its turn
// comes.
void Worker::request_section(SectionJob job) {
  node_.exclusive().request([this, job = std::move(job)] {
    Connection* connection = find_connection(job.client_id);
    if (connection == nullptr || connection->closing()) return;
    now_ = wall_now();
    if (node_.paused(now_, job.writes)) {
      held_jobs_.push_back(job);
    } else {
      job.run(*connection);
    }
  });
}

void Worker::release_later(uint64_t client_id) {
  post([this, client_id] {
    if (Connection* waiting = find_connection(client_id); waiting != nullptr) waiting->release();
  });
}

void Worker::forward_later(uint64_t client_id, std::string request) {
  post([this, client_id, request = std::move(request)] {
    Connection* waiting = find_connection(client_id);
    if (waiting == nullptr) return;
    router_->take_back(client_id, waiting->reserve_reply(), request);
    waiting->release();
  });
}

bool Worker::may_write(const CommandSpec& spec, std::span<const std::string_view> args) {
  return has_effect(effective_flags(spec, args));
}

// Why a command that was let through by other routes than today's may not run, inside the section or on the worker of
// its slot; empty: it runs.
std::string Worker::why_no_longer(const CommandSpec& spec, std::span<const std::string_view> args,
                                  const commands::Caller& caller) {
  if (!spec.keys.empty()) {
    const Target target = find_target(caller, spec, args);
    if (!target.error.empty() || !target.route_at_owner) return target.error;
    return node_.worker(node_.owner_of(*target.slot)).route_by_keys(*target.slot, caller, spec, args);
  }
  if (!routes_->is_primary && (effective_flags(spec, args) & commands::kWrite) != 0) return std::string(kReadonlyError);
  return {};
}

bool Worker::execute_on(store::Keyspace& data, const CommandSpec& spec, std::span<const std::string_view> args,
                        Slot slot, const commands::Caller& caller, commands::Session* session, resp::Buffer& out) {
  const size_t mark = out.size();
  const size_t log_mark = log_batch_.size();
  resp::ReplyWriter writer(out, caller.resp);
  commands::Context context(args, spec, writer, data, slot, now_, *config_, caller, session, node_, *this,
                            routes_->is_primary);
  const uint64_t outer = std::exchange(running_client_, caller.client_id);
  spec.handler(context);
  running_client_ = outer;
  if (blocked_now_) [[unlikely]] {
    blocked_now_ = false;
    command_start_ = nanos_now();
    return false;
  }
  if (context.dirty() && !context.rewritten()) replicate(args);
  if (caller.tracked && spec.has(commands::kReadonly)) [[unlikely]]
    remember_keys(spec, args, slot, caller);
  metrics::CommandStats& command_stats = stats_.commands[spec.id];
  const uint64_t end = nanos_now();
  command_stats.record(end - command_start_);
  stats_.loop_command_nanos.add(end - command_start_);
  const auto micros = static_cast<int64_t>((end - command_start_) / 1000);
  if (config_->slowlog_log_slower_than >= 0 && micros >= config_->slowlog_log_slower_than) {
    node_.note_slow_command(spec, args, now_, Micros(micros), caller.client_id, config_->slowlog_max_len);
  }
  const int64_t latency_threshold = config_->latency_monitor_threshold.count();
  if (latency_threshold != 0 && micros >= latency_threshold * 1000) {
    node_.note_latency(spec.has(commands::kFast) ? "fast-command" : "command", now_, Micros(micros));
  }
  if (config_->cluster_slot_stats_enabled) [[unlikely]]
    count_slot_usage(spec, args, slot, end - command_start_, out.size() - mark, log_mark);
  command_start_ = end;
  stats_.commands_processed.add();
  if (out.size() > mark && out.data()[mark] == '-') {
    command_stats.failed.add();
    const std::string_view text = out.view().substr(mark + 1);
    stats_.errors.record(text.substr(0, text.find_first_of(" \r")));
  }
  return !context.deferred();
}

// What a script calls is part of the script's own cost.
void Worker::count_slot_usage(const CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
                              uint64_t nanos, size_t reply_bytes, size_t log_mark) {
  if (script_ != nullptr || spec.keys.empty()) return;
  if (!commands::find_keys(spec, args, key_scratch_) || key_scratch_.empty()) return;
  const size_t replicated = log_batch_.size() - std::min(log_mark, log_batch_.size());
  stats_.slots.add(slot.value, {.nanos = nanos,
                                .bytes_in = resp::request_bytes(args),
                                .bytes_out = reply_bytes + replicated * node_.good_replicas()});
}

// As monitors see a client.
std::string Worker::monitored_name(const Connection& c) const {
  const std::string& path = config_->unixsocket;
  return !path.empty() && c.address == path + ":0" ? "unix:" + path : c.address;
}

void Worker::feed_monitors(std::string_view who, std::span<const std::string_view> args, const CommandSpec& spec) {
  if (!is_shown_to_monitors(spec)) return;
  const int64_t micros = now_.time_since_epoch().count() * 1000;
  char head[64];
  const int n = std::snprintf(head, sizeof head, "+%lld.%06lld [0 ", static_cast<long long>(micros / 1'000'000),
                              static_cast<long long>(micros % 1'000'000));
  std::string line(head, static_cast<size_t>(n));
  line += who;
  line += ']';
  for (size_t i = 0; i < args.size(); ++i) {
    line += " \"";
    append_escaped(line, commands::is_secret(spec, args, i) ? commands::kRedacted : args[i]);
    line += '"';
  }
  line += "\r\n";
  node_.feed_monitors(line);
}

}  // namespace guccho::runtime

// Scripts on a worker: finding them, the rules that hold for the commands they call, and the data of other workers.
//
// A script runs where its keys are, or where its connection is when it declares none. One that then touches a slot of
// another worker takes the exclusive section in the middle of its turn: nothing has to be undone or run again, and
// scripts that keep to themselves pay nothing. Only when two do so at the same moment must one give way (TRYAGAIN while
// it has written nothing); since a script is remembered once it was seen doing so, and runs in the section from its
// start from then on, that is rare.
#include <mutex>
#include <shared_mutex>

#include "node/base/log.h"
#include "node/commands/host.h"
#include "node/commands/permission.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/script_run.h"

namespace guccho::runtime {

using commands::CommandSpec;
using commands::ScriptCall;
using commands::Where;

thread_local Worker* current_worker = nullptr;

namespace {

constexpr std::string_view kMulti = "*1\r\n$5\r\nMULTI\r\n";
constexpr std::string_view kAnotherReaches =
    "TRYAGAIN Another script is using the keys of several workers at the moment";
// Clients run a script again by themselves when they read TRYAGAIN.
constexpr std::string_view kAnotherReachesLate =
    "ERR Another script is using the keys of several workers at the moment; what this one wrote before stays";
constexpr std::string_view kExec = "*1\r\n$4\r\nEXEC\r\n";

void put_error(resp::Buffer& reply, resp::Version version, std::string_view text) {
  resp::ReplyWriter(reply, version).error(text);
}

// What a script of these flags is as a command, for the checks before it runs.
uint32_t command_flags(uint32_t flags, uint32_t script) {
  if ((script & scripting::kCompatible) != 0) return flags;
  flags &= ~(commands::kStale | commands::kDenyOom | commands::kWrite | commands::kMayReplicate);
  if ((script & (scripting::kAllowOom | scripting::kNoWrites)) == 0) flags |= commands::kDenyOom;
  if ((script & scripting::kNoWrites) == 0) flags |= commands::kWrite;
  if ((script & scripting::kAllowStale) != 0) flags |= commands::kStale;
  return flags;
}

bool is_function(const CommandSpec& spec) {
  return spec.name.starts_with("fcall");
}
bool is_by_sha(const CommandSpec& spec) {
  return spec.name.starts_with("evalsha");
}

}  // namespace

// ---- before it runs ----

Worker& Worker::data_owner(Slot slot) {
  return script_ == nullptr ? *this : node_.worker(node_.owner_of(slot));
}

uint32_t Worker::effective_flags(const CommandSpec& spec, std::span<const std::string_view> args) {
  if (!spec.has(commands::kSkipMonitor) || !commands::is_script_call(spec)) return spec.flags;
  if (is_function(spec)) {
    const scripting::LibrariesPtr libraries = node_.functions().current();
    const auto it = libraries->functions.find(args[1]);
    return it == libraries->functions.end() ? spec.flags : command_flags(spec.flags, it->second.info().flags);
  }
  if (is_by_sha(spec)) {
    const scripting::Evaluator::Compiled* script = evaluator().by_sha(args[1]);
    return script == nullptr ? spec.flags : command_flags(spec.flags, script->script->head.flags);
  }
  if (!args[1].starts_with("#!")) return spec.flags;
  const Result<scripting::ScriptHead> head = scripting::parse_script_head(args[1]);
  return head ? command_flags(spec.flags, head->flags) : spec.flags;
}

bool Worker::reaches_far(const CommandSpec& spec, std::span<const std::string_view> args) {
  if (!node_.has_far_scripts() || !commands::is_script_call(spec) || node_.worker_count() == 1) return false;
  if (is_function(spec)) {
    const scripting::LibrariesPtr libraries = node_.functions().current();
    const auto it = libraries->functions.find(args[1]);
    return it != libraries->functions.end() && it->second.library->reaches_far->load(std::memory_order_relaxed);
  }
  const scripting::Evaluator::Compiled* script =
      is_by_sha(spec) ? evaluator().by_sha(args[1]) : evaluator().by_body(args[1]).value_or(nullptr);
  return script != nullptr && script->script->reaches_far->load(std::memory_order_relaxed);
}

scripting::Evaluator& Worker::evaluator() {
  if (!evaluator_) evaluator_ = std::make_unique<scripting::Evaluator>(node_.scripts());
  return *evaluator_;
}

void Worker::run_script(commands::Context& c, const ScriptCall& call) {
  const auto run = [&](uint32_t flags, std::atomic<bool>& far, const auto& start) {
    ScriptRun script(*this, c, call, flags, far);
    if (const std::string_view error = script.refusal(); !error.empty()) return c.reply.error(error);
    script_reply_.clear();
    resp::ReplyWriter reply(script_reply_, c.reply.version());
    start(script, reply);
    script.finish();
    c.reply.raw(script_reply_.view());
    script_reply_.clear();
    script_reply_.shrink(1 << 20);
  };
  if (call.kind == ScriptCall::Kind::kFunction) {
    if (!functions_) functions_ = std::make_unique<scripting::Functions>(node_.functions());
    const Result<const scripting::Functions::Ready*> function = functions_->find(call.what);
    if (!function) return c.reply.error("ERR " + function.error().text);
    if (*function == nullptr) return c.reply.error("ERR Function not found");
    return run((*function)->place.info().flags, *(*function)->place.library->reaches_far,
               [&](ScriptRun& script, resp::ReplyWriter& reply) {
                 functions_->run(**function, call.keys, call.args, script, reply);
               });
  }
  const scripting::Evaluator::Compiled* compiled = nullptr;
  if (call.kind == ScriptCall::Kind::kSha) {
    compiled = evaluator().by_sha(call.what);
    if (compiled == nullptr) return c.reply.error("NOSCRIPT No matching script. Please use EVAL.");
  } else {
    const Result<const scripting::Evaluator::Compiled*> found = evaluator().by_body(call.what);
    if (!found) return c.reply.error("ERR " + found.error().text);
    compiled = *found;
  }
  run(compiled->script->head.flags, *compiled->script->reaches_far, [&](ScriptRun& script, resp::ReplyWriter& reply) {
    evaluator_->run(*compiled, call.keys, call.args, script, reply);
  });
}

void Worker::append_finished_units() {
  const size_t batch = log_batch_.size();
  const size_t finished = exec_open_ ? exec_mark_ : script_ != nullptr ? script_->mark_ : batch;
  if (finished == 0) return;
  node_.log().append(index_, log_batch_.view().substr(0, finished));
  log_batch_.consume(finished);
  if (exec_open_) {
    exec_mark_ = 0;
  } else if (script_ != nullptr) {
    script_->mark_ = 0;
  }
  node_.log_grew();
}

// The end of a unit (a script, a transaction) in which a script took the section: what it wrote to others' keys must be
// in the log before they go on.
void Worker::release_seized() {
  if (!seized_) return;
  append_log_batch();
  node_.log_grew();
  for (uint16_t i = 0; i < node_.worker_count(); ++i) {
    if (i != index_) node_.worker(i).finish_unit();  // whom the script's writes concern there
  }
  seized_ = false;
  node_.exclusive().release();
}

// ---- a run ----

ScriptRun::ScriptRun(Worker& worker, commands::Context& context, const ScriptCall& call, uint32_t flags,
                     std::atomic<bool>& far)
    : worker_(worker),
      node_(worker.node_),
      context_(context),
      call_(call),
      flags_(flags),
      far_(far),
      compatible_((flags & scripting::kCompatible) != 0),
      read_only_(call.read_only || (!compatible_ && (flags & scripting::kNoWrites) != 0)),
      from_primary_(context.caller.from_primary),
      out_of_memory_(worker.config_->maxmemory != 0 && context.is_primary &&
                     worker.ensure_memory() == Worker::Memory::kNone),
      started_(nanos_now()),
      command_start_(worker.command_start_),
      now_(worker.now_),
      mark_(worker.log_batch_.size()) {
  if (!call.keys.empty()) slot_ = context.slot;
  worker_.script_ = this;
}

ScriptRun::~ScriptRun() {
  finish();
}

bool ScriptRun::is_stale() const {
  return !context_.is_primary && !worker_.config_->replica_serve_stale_data && !node_.link_to_primary_up();
}

std::string_view ScriptRun::refusal() const {
  if (compatible_) {
    if (!is_stale()) return {};
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  }
  if ((flags_ & scripting::kNoCluster) != 0) return "ERR Can not run script on cluster, 'no-cluster' flag is set.";
  if (out_of_memory_ && (flags_ & (scripting::kAllowOom | scripting::kNoWrites)) == 0) {
    return "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'";
  }
  if (is_stale() && (flags_ & scripting::kAllowStale) == 0) {
    return "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not "
           "set on the script.";
  }
  if ((flags_ & scripting::kNoWrites) != 0) return {};
  if (!context_.is_primary && !from_primary_) return "READONLY Can not run script with write flag on readonly replica.";
  if (call_.read_only) return "ERR Can not execute a script with write flag using *_ro command.";
  return {};
}

void ScriptRun::finish() {
  if (finished_) return;
  finished_ = true;
  if (busy_) {
    node_.busy_scripts().remove(busy_);
    if (holds_section_) {
      node_.exclusive().set_serving(false);
    } else {
      node_.exclusive().resume();
    }
  }
  worker_.script_ = nullptr;
  worker_.now_ = now_;
  worker_.command_start_ = command_start_;  // the script's time is that of what it called, too
  if (worker_.exec_open_) return;
  if (effects_ > 1) {
    char* gap = worker_.log_batch_.open_gap(mark_, kMulti.size());
    std::memcpy(gap, kMulti.data(), kMulti.size());
    worker_.log_batch_.append(kExec);
  }
  worker_.release_seized();
}

bool ScriptRun::note_effect() {
  if ((targets_ & scripting::kReplicateToReplicas) == 0) return false;
  ++effects_;
  return true;
}

void ScriptRun::log(int level, std::string_view text) {
  switch (level) {
    case 0:
      return log::debug("{}", text);
    case 1:
      return log::verbose("{}", text);
    case 2:
      return log::notice("{}", text);
    default:
      return log::warning("{}", text);
  }
}

scripting::Permission ScriptRun::may_call(std::span<const std::string_view> args) {
  const CommandSpec* spec = commands::resolve(args);
  if (spec == nullptr) return scripting::Permission::kUnknownCommand;
  const acl::User* user = context_.caller.user.get();
  if (user == nullptr || commands::check_permission(*user, *spec, args)) return scripting::Permission::kAllowed;
  return scripting::Permission::kDenied;
}

// The rules before the keys are looked at, in redis-server's order.
std::string ScriptRun::why_not(const CommandSpec* spec, std::span<const std::string_view> args) const {
  if (spec == nullptr) return "ERR Unknown Redis command called from script";
  if (!commands::arity_fits(*spec, args.size())) return "ERR Wrong number of args calling Redis command from script";
  if (spec->has(commands::kNoScript)) return "ERR This Redis command is not allowed from script";
  if (!spec->has(commands::kStale) && is_stale()) return "ERR Can not execute the command on a stale replica";
  const std::string denial = worker_.denial(context_.caller, *spec, args, acl::LogContext::kLua);
  if (!denial.empty()) return "NOPERM ACL failure in script: " + denial;
  if (read_only_ && has_effect(spec->flags)) return "ERR Write commands are not allowed from read-only scripts.";
  // A script that has written goes on, lest half of it be done.
  if (spec->has(commands::kWrite) && !written_) {
    if (!context_.is_primary && !from_primary_) return std::string(kReadonlyError);
    if (context_.is_primary && node_.lacks_replicas(*worker_.config_)) {
      return "NOREPLICAS Not enough good replicas to write.";
    }
  }
  const bool allows_oom = !compatible_ && (flags_ & scripting::kAllowOom) != 0;
  if (out_of_memory_ && !allows_oom && !written_ && spec->has(commands::kDenyOom)) {
    return "OOM command not allowed when used memory > 'maxmemory'.";
  }
  return {};
}

void ScriptRun::call(std::span<const std::string_view> args, resp::Version version, resp::Buffer& reply) {
  std::unique_lock alone(node_.nested_turns(), std::defer_lock);
  if (holds_section_) alone.lock();
  const CommandSpec* spec = commands::resolve(args);
  if (const std::string error = why_not(spec, args); !error.empty()) return put_error(reply, version, error);
  commands::Caller caller = context_.caller;
  caller.resp = version;
  caller.in_script = true;
  caller.in_exec = true;  // nothing may be answered later
  caller.may_block = false;

  store::Keyspace* data = &worker_.keyspace_;
  Slot slot;
  if (!spec->keys.empty()) {
    const Worker::Target target = worker_.find_target(caller, *spec, args);
    Worker& owner = target.slot ? node_.worker(node_.owner_of(*target.slot)) : worker_;
    std::string error = from_primary_ ? std::string() : target.error;
    if (error.empty() && &owner != &worker_ && !reach()) return put_error(reply, version, another_reaches());
    if (holds_section_ && !alone.owns_lock()) alone.lock();
    if (error.empty() && target.route_at_owner && !from_primary_) {
      error = owner.route_by_keys(*target.slot, caller, *spec, args);
    }
    if (error.starts_with("CLUSTERDOWN The cluster is down and only")) {
      return put_error(reply, version,
                       "ERR Script attempted to execute a write command while the cluster is down and readonly");
    }
    if (error.starts_with("CLUSTERDOWN The cluster")) {
      return put_error(reply, version, "ERR Script attempted to execute a command while the cluster is down");
    }
    if (!error.empty()) {
      return put_error(reply, version, "ERR Script attempted to access a non local key in a cluster node");
    }
    if (target.slot) {
      slot = *target.slot;
      const bool any_slot = compatible_ || (flags_ & scripting::kAllowCrossSlotKeys) != 0;
      if (!any_slot && slot_ && *slot_ != slot) {
        return put_error(reply, version, "ERR Script attempted to access keys that do not hash to the same slot");
      }
      if (!slot_) slot_ = slot;
      data = &owner.keyspace_;
    }
  }
  if (spec->where == Where::kExclusive && !reach()) return put_error(reply, version, another_reaches());
  if (holds_section_ && !alone.owns_lock()) alone.lock();
  if (spec->has(commands::kWrite)) {
    if (busy_ && !busy_->begin_write()) return put_error(reply, version, "ERR " + std::string(busy_->kill_text()));
    written_ = true;
  }
  if (node_.has_monitors() && (spec->flags & (commands::kSkipMonitor | commands::kAdmin)) == 0)
    worker_.feed_monitors("lua", args, *spec);
  commands::Session* session = nullptr;
  if (spec->where != Where::kOwner) {
    if (!worker_.script_session_) worker_.script_session_ = std::make_unique<commands::Session>();
    session = worker_.script_session_.get();
    session->worker = worker_.index_;
    caller.client_id = 0;
  }
  if (!worker_.execute_on(*data, *spec, args, slot, caller, session, reply)) {
    reply.clear();
    put_error(reply, version, "ERR This Redis command is not allowed from script");
  }
}

std::string_view ScriptRun::another_reaches() const {
  return written_ ? kAnotherReachesLate : kAnotherReaches;
}

bool ScriptRun::reach() {
  if (worker_.seized_ || node_.exclusive().inside()) return true;
  far_.store(true, std::memory_order_relaxed);
  node_.note_far_script();
  if (!node_.exclusive().seize()) return false;
  worker_.seized_ = true;
  if (busy_ && !holds_section_) {
    // The others, parked now, must answer their clients.
    node_.exclusive().resume();
    holds_section_ = true;
    node_.exclusive().set_serving(true);
  }
  return true;
}

}  // namespace guccho::runtime

// EVAL, EVALSHA, FCALL, SCRIPT. Running is the worker's part (EffectSink::run_script).
#include "node/commands/scripting.h"

#include <optional>
#include <string>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/scripting/evaluator.h"
#include "node/scripting/running.h"

namespace guccho::commands {

bool is_script_call(const CommandSpec& spec) {
  return spec.where == Where::kOwner && spec.group == "scripting";
}

namespace {

void call(Context& c, ScriptCall::Kind kind, bool read_only) {
  const std::optional<int64_t> keys = parse_integer(c.arg(2));
  if (!keys) {
    return kind == ScriptCall::Kind::kFunction ? c.reply.error("ERR Bad number of keys provided") : c.not_an_integer();
  }
  const size_t rest = c.argc() - 3;
  if (*keys > static_cast<int64_t>(rest)) {
    return c.reply.error("ERR Number of keys can't be greater than number of args");
  }
  if (*keys < 0) return c.reply.error("ERR Number of keys can't be negative");
  const auto count = static_cast<size_t>(*keys);
  c.effects.run_script(c, {.kind = kind,
                           .read_only = read_only,
                           .what = c.arg(1),
                           .keys = c.args.subspan(3, count),
                           .args = c.args.subspan(3 + count)});
}

}  // namespace

namespace handlers {

void eval(Context& c) {
  call(c, ScriptCall::Kind::kBody, false);
}
void eval_ro(Context& c) {
  call(c, ScriptCall::Kind::kBody, true);
}
void evalsha(Context& c) {
  call(c, ScriptCall::Kind::kSha, false);
}
void evalsha_ro(Context& c) {
  call(c, ScriptCall::Kind::kSha, true);
}
void fcall(Context& c) {
  call(c, ScriptCall::Kind::kFunction, false);
}
void fcall_ro(Context& c) {
  call(c, ScriptCall::Kind::kFunction, true);
}

// There is no debugger for scripts in a cluster of nodes that other clients share: only NO, which changes nothing.
void script_debug(Context& c) {
  if (equals_ignore_case("no", c.arg(2))) return c.reply.ok();
  if (!equals_ignore_case("yes", c.arg(2)) && !equals_ignore_case("sync", c.arg(2))) {
    return c.reply.error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
  }
  c.reply.error("ERR SCRIPT DEBUG is not supported: this server has no Lua debugger");
}

void script_exists(Context& c) {
  c.reply.array(c.argc() - 2);
  for (size_t i = 2; i < c.argc(); ++i) c.reply.integer(c.host.scripts().find(c.arg(i)) != nullptr ? 1 : 0);
}

// ASYNC and SYNC are one: what was compiled is dropped by each worker when it next runs a script.
void script_flush(Context& c) {
  const bool known = c.argc() == 2 ||
                     (c.argc() == 3 && (equals_ignore_case("sync", c.arg(2)) || equals_ignore_case("async", c.arg(2))));
  if (!known) return c.reply.error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  c.host.scripts().flush();
  c.reply.ok();
}

void script_kill(Context& c) {
  const std::string_view error = c.host.busy_scripts().kill(false);
  error.empty() ? c.reply.ok() : c.reply.error(error);
}

void script_load(Context& c) {
  const auto compiled = c.effects.evaluator().by_body(c.arg(2));
  if (!compiled) return c.reply.error("ERR " + compiled.error().text);
  c.reply.bulk(scripting::view((*compiled)->script->sha));
}

void script_help(Context& c) {
  reply_help(
      c,
      {"DEBUG (YES|SYNC|NO)", "    Set the debug mode for subsequent scripts executed.", "EXISTS <sha1> [<sha1> ...]",
       "    Return information about the existence of the scripts in the script cache.", "FLUSH [ASYNC|SYNC]",
       "    Flush the Lua scripts cache. Very dangerous on replicas.",
       "    When called without the optional mode argument, the behavior is determined by the",
       "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
       "    * ASYNC: Asynchronously flush the scripts cache.", "    * SYNC: Synchronously flush the scripts cache.",
       "KILL", "    Kill the currently executing Lua script.", "LOAD <script>",
       "    Load a script into the scripts cache without executing it."});
}

}  // namespace handlers
}  // namespace guccho::commands

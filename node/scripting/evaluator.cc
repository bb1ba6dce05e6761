// Compiling and finding scripts.
#include "node/scripting/evaluator.h"

#include <string>

#include "node/scripting/sandbox.h"

namespace guccho::scripting {

Evaluator::Evaluator(ScriptCache& cache) : cache_(cache), generation_(cache.generation()) {
  lua_State* lua = engine_.lua();
  push_redis_table(lua, engine_.calls(), Api::kEval);
  protect(lua);
  lua_setfield(lua, Engine::kGlobals, "redis");
  lua_pushcfunction(lua, error_handler);
  lua_setfield(lua, Engine::kGlobals, "__redis__err__handler");
}

void Evaluator::forget_flushed() {
  const uint64_t now = cache_.generation();
  if (now == generation_) return;
  for (const auto& [sha, compiled] : by_sha_) engine_.release(compiled->function);
  by_body_.clear();
  by_sha_.clear();
  generation_ = now;
}

Result<int> Evaluator::compile_code(std::string_view code) {
  lua_State* lua = engine_.lua();
  if (!compile(lua, code, "@user_script")) {
    std::string text = "Error compiling script (new function): ";
    text += text_at(lua, -1);
    lua_settop(lua, Engine::kHandler);
    return fail(std::move(text));
  }
  return luaL_ref(lua, LUA_REGISTRYINDEX);
}

const Evaluator::Compiled* Evaluator::keep(ScriptCache::Entry script, int function) {
  auto compiled = std::make_unique<Compiled>(Compiled{std::move(script), function});
  const Compiled* kept = compiled.get();
  by_body_.emplace(kept->script->body, kept);
  by_sha_.emplace(view(kept->script->sha), std::move(compiled));
  return kept;
}

Result<const Evaluator::Compiled*> Evaluator::by_body(std::string_view body) {
  forget_flushed();
  if (const auto it = by_body_.find(body); it != by_body_.end()) return it->second;
  Result<ScriptHead> head = parse_script_head(body);
  if (!head) return fail(head.error().text);
  Result<int> function = compile_code(body.substr(head->code_at));
  if (!function) return fail(function.error().text);
  return keep(cache_.add({.sha = sha1_hex(body),
                          .body = std::string(body),
                          .head = *head,
                          .reaches_far = std::make_shared<std::atomic<bool>>(false)}),
              *function);
}

const Evaluator::Compiled* Evaluator::by_sha(std::string_view sha) {
  forget_flushed();
  if (sha.size() != sizeof(Sha1)) return nullptr;
  if (const auto it = by_sha_.find(sha); it != by_sha_.end()) return it->second.get();
  ScriptCache::Entry script = cache_.find(sha);
  if (!script) return nullptr;
  if (const auto it = by_sha_.find(view(script->sha)); it != by_sha_.end()) return it->second.get();  // in capitals
  Result<int> function = compile_code(std::string_view(script->body).substr(script->head.code_at));
  return function ? keep(std::move(script), *function) : nullptr;
}

void Evaluator::run(const Compiled& script, std::span<const std::string_view> keys,
                    std::span<const std::string_view> args, ScriptHost& host, resp::ReplyWriter& reply) {
  lua_State* lua = engine_.lua();
  engine_.push_strings(keys);
  lua_setfield(lua, Engine::kGlobals, "KEYS");
  engine_.push_strings(args);
  lua_setfield(lua, Engine::kGlobals, "ARGV");
  lua_rawgeti(lua, LUA_REGISTRYINDEX, script.function);
  engine_.run(0, view(script.script->sha), host, reply);
}

}  // namespace guccho::scripting

// Running, interrupting, reporting.
#include "node/scripting/engine.h"

#include <new>
#include <string>

#include "node/scripting/sandbox.h"
#include "node/scripting/values.h"

namespace guccho::scripting {
namespace {

// Instructions between two looks at the host; some milliseconds.
constexpr int kHookInterval = 100'000;
const char kEngine = 0;  // its address is the registry's key

}  // namespace

Engine::Engine() : lua_(new_sandbox()) {
  if (lua_ == nullptr) throw std::bad_alloc();
  lua_pushlightuserdata(lua_, const_cast<char*>(&kEngine));
  lua_pushlightuserdata(lua_, this);
  lua_rawset(lua_, LUA_REGISTRYINDEX);
  lua_settop(lua_, 0);
  push_globals(lua_);
  lua_pushcfunction(lua_, error_handler);
  lua_sethook(lua_, hook, LUA_MASKCOUNT, kHookInterval);
}

Engine::~Engine() {
  lua_close(lua_);
}

size_t Engine::memory() const {
  return static_cast<size_t>(lua_gc(lua_, LUA_GCCOUNT, 0)) * 1024 + static_cast<size_t>(lua_gc(lua_, LUA_GCCOUNTB, 0));
}

void Engine::hook(lua_State* lua, lua_Debug*) {
  lua_pushlightuserdata(lua, const_cast<char*>(&kEngine));
  lua_rawget(lua, LUA_REGISTRYINDEX);
  auto* engine = static_cast<Engine*>(lua_touserdata(lua, -1));
  lua_pop(lua, 1);
  if (engine->calls_.host == nullptr) return;
  const std::string_view reason = engine->calls_.host->interrupt();
  if (reason.empty()) return;
  // The script may catch the error; so every line from here on raises it again, until nothing is left that could.
  engine->ending_ = true;
  lua_sethook(lua, hook, LUA_MASKLINE, 0);
  if (lua != engine->lua_) lua_sethook(engine->lua_, hook, LUA_MASKLINE, 0);
  push_error(lua, reason);
  lua_error(lua);
}

void Engine::push_strings(std::span<const std::string_view> strings) {
  lua_createtable(lua_, static_cast<int>(strings.size()), 0);
  for (size_t i = 0; i < strings.size(); ++i) {
    push(lua_, strings[i]);
    lua_rawseti(lua_, -2, static_cast<int>(i + 1));
  }
}

void Engine::run(int arguments, std::string_view name, ScriptHost& host, resp::ReplyWriter& reply) {
  calls_.host = &host;
  calls_.version = resp::Version::kResp2;
  const int status = lua_pcall(lua_, arguments, 1, kHandler);
  if (ending_) {
    ending_ = false;
    lua_sethook(lua_, hook, LUA_MASKCOUNT, kHookInterval);
  }
  error_text_.clear();
  if (status == 0) {
    write_value(lua_, reply, calls_.version == resp::Version::kResp3);
  } else {
    write_failure(name, reply);
  }
  calls_.host = nullptr;
  lua_settop(lua_, kHandler);
}

// The error is on top of the stack: a table by the handler, or a text of Lua's own (no memory, an error in the
// handler).
void Engine::write_failure(std::string_view name, resp::ReplyWriter& reply) {
  std::string text;
  if (lua_istable(lua_, -1)) {
    const int table = lua_gettop(lua_);
    push_field(lua_, table, "err");
    text = lua_isstring(lua_, -1) != 0 ? std::string(text_at(lua_, -1)) : "ERR unknown error";
    error_text_ = text;
    push_field(lua_, table, "source");
    push_field(lua_, table, "line");
    if (lua_isstring(lua_, -2) != 0 && lua_isstring(lua_, -1) != 0) {
      text += " script: ";
      text += name;
      text += ", on ";
      text += text_at(lua_, -2);
      text += ":";
      text += text_at(lua_, -1);
      text += ".";
    }
  } else {
    text = "ERR ";
    text += text_at(lua_, -1);
    error_text_ = text;
  }
  reply.error(text);
}

}  // namespace guccho::scripting

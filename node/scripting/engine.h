// One Lua state and how something is run in it: arguments in, a reply out, errors as redis-server words them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "node/resp/writer.h"
#include "node/scripting/host.h"
#include "node/scripting/lua.h"
#include "node/scripting/redis_api.h"

namespace guccho::scripting {

class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The bottom of the stack between runs: the table of globals, the error handler.
  static constexpr int kGlobals = 1;
  static constexpr int kHandler = 2;

  lua_State* lua() { return lua_; }
  Calls& calls() { return calls_; }
  size_t memory() const;

  // Runs the function that lies on the stack below its arguments. `name` is said in errors.
  void run(int arguments, std::string_view name, ScriptHost& host, resp::ReplyWriter& reply);
  // Whether the last run ended with an error, and which: "CODE text", without the place.
  bool failed() const { return !error_text_.empty(); }
  const std::string& error_text() const { return error_text_; }
  // Pushes a table of strings.
  void push_strings(std::span<const std::string_view> strings);
  // Frees a reference of luaL_ref.
  void release(int reference) { luaL_unref(lua_, LUA_REGISTRYINDEX, reference); }

 private:
  static void hook(lua_State* lua, lua_Debug* where);
  void write_failure(std::string_view name, resp::ReplyWriter& reply);

  lua_State* lua_;
  Calls calls_;
  std::string error_text_;
  bool ending_ = false;  // by the host's interrupt: from now on each line raises
};

}  // namespace guccho::scripting

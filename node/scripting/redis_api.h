// The `redis` table of scripts: redis.call and its kin.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "node/resp/buffer.h"
#include "node/resp/writer.h"
#include "node/scripting/host.h"
#include "node/scripting/lua.h"

namespace guccho::scripting {

// redis.REDIS_VERSION: what INFO reports as redis_version.
inline constexpr std::string_view kVersion = "7.2.0";
inline constexpr int kVersionNumber = 0x00070200;

// What the functions of the table reach from Lua: one per interpreter, set for each run.
struct Calls {
  ScriptHost* host = nullptr;                     // null: no script runs
  resp::Version version = resp::Version::kResp2;  // redis.setresp
  std::vector<std::string_view> args;             // of the call that is being made; kept for its memory
  resp::Buffer reply;
};

enum class Api : uint8_t {
  kEval,      // everything
  kFunction,  // without the parts that only scripts of the old kind have
  kLoad,      // while a library is loaded: the log, and register_function (added by the caller)
};

// Pushes a new `redis` table. `calls` must outlive the interpreter.
void push_redis_table(lua_State* lua, Calls& calls, Api api);

}  // namespace guccho::scripting

// The functions of the `redis` table.
#include "node/scripting/redis_api.h"

#include "node/scripting/sha1.h"
#include "node/scripting/values.h"

namespace guccho::scripting {
namespace {

Calls& calls_of(lua_State* lua) {
  return *static_cast<Calls*>(lua_touserdata(lua, lua_upvalueindex(1)));
}

int raise(lua_State* lua, std::string_view text) {
  push_error(lua, text);
  return lua_error(lua);
}

// Collects the arguments; numbers become their texts, on the stack, which keeps them. Null: all are there.
const char* collect(lua_State* lua, Calls& calls) {
  const int count = lua_gettop(lua);
  if (count == 0) return "Please specify at least one argument for this redis lib call";
  for (int i = 1; i <= count; ++i) {
    const int type = lua_type(lua, i);
    if (type == LUA_TNUMBER) {
      char text[40];
      push(lua, {text, format_number(lua_tonumber(lua, i), text)});
      lua_replace(lua, i);
    } else if (type != LUA_TSTRING) {
      return "Lua redis lib command arguments must be strings or integers";
    }
  }
  calls.args.clear();
  for (int i = 1; i <= count; ++i) calls.args.push_back(text_at(lua, i));
  return nullptr;
}

// Leaves the reply's value on the stack. True: it is an error.
bool call(lua_State* lua, Calls& calls) {
  if (lua_checkstack(lua, 8) == 0) {
    lua_settop(lua, 0);
    push_error(lua, "lua stack overflow");
    return true;
  }
  if (const char* error = collect(lua, calls); error != nullptr) {
    push_error(lua, error);
    return true;
  }
  calls.reply.clear();
  calls.host->call(calls.args, calls.version, calls.reply);
  lua_settop(lua, 0);  // room for the result
  const std::string_view reply = calls.reply.view();
  if (reply.empty()) {
    lua_pushnil(lua);
    return false;
  }
  const bool failed = reply.front() == '-';
  if (!push_reply(lua, reply)) {
    push_error(lua, "reached lua stack limit");
    return true;
  }
  calls.reply.clear();
  calls.reply.shrink(size_t{1} << 20);
  return failed;
}

int redis_call(lua_State* lua) {
  return call(lua, calls_of(lua)) ? lua_error(lua) : 1;
}

int redis_pcall(lua_State* lua) {
  call(lua, calls_of(lua));
  return 1;
}

int redis_log(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count < 2) return raise(lua, "redis.log() requires two arguments or more.");
  if (lua_isnumber(lua, 1) == 0) return raise(lua, "First argument must be a number (log level).");
  const auto level = static_cast<int>(lua_tonumber(lua, 1));
  if (level < 0 || level > 3) return raise(lua, "Invalid debug level.");
  luaL_Buffer text;
  luaL_buffinit(lua, &text);
  for (int i = 2; i <= count; ++i) {
    lua_pushvalue(lua, i);
    if (lua_tostring(lua, -1) == nullptr) {
      lua_pop(lua, 1);
      continue;
    }
    luaL_addvalue(&text);
    if (i < count) luaL_addchar(&text, ' ');
  }
  luaL_pushresult(&text);
  calls_of(lua).host->log(level, text_at(lua, -1));
  return 0;
}

int redis_sha1hex(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "wrong number of arguments");
  const Sha1 sha = sha1_hex(text_at(lua, 1));
  push(lua, view(sha));
  return 1;
}

// redis.error_reply and status_reply: a table with one field. Wrong arguments give an error value, they raise nothing.
bool one_string(lua_State* lua) {
  if (lua_gettop(lua) == 1 && lua_type(lua, 1) == LUA_TSTRING) return true;
  push_error(lua, "wrong number or type of arguments");
  return false;
}

int redis_error_reply(lua_State* lua) {
  if (!one_string(lua)) return 1;
  const std::string_view text = text_at(lua, 1);
  // A text without '-' is told apart by its first word all the same: "CODE text" has one.
  std::string_view bare = text;
  if (!bare.empty() && bare.front() == '-') bare.remove_prefix(1);
  if (bare.find(' ') == std::string_view::npos) {
    push_error(lua, bare);
    return 1;
  }
  lua_createtable(lua, 0, 1);
  lua_pushliteral(lua, "err");
  push(lua, bare);
  lua_rawset(lua, -3);
  return 1;
}

int redis_status_reply(lua_State* lua) {
  if (!one_string(lua)) return 1;
  lua_createtable(lua, 0, 1);
  lua_pushliteral(lua, "ok");
  lua_pushvalue(lua, 1);
  lua_rawset(lua, -3);
  return 1;
}

int redis_setresp(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "redis.setresp() requires one argument.");
  const auto version = static_cast<int>(lua_tonumber(lua, 1));
  if (version != 2 && version != 3) return raise(lua, "RESP version must be 2 or 3.");
  calls_of(lua).version = version == 2 ? resp::Version::kResp2 : resp::Version::kResp3;
  return 0;
}

int redis_set_repl(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "redis.set_repl() requires two arguments.");
  const auto targets = static_cast<int>(lua_tonumber(lua, 1));
  if ((targets & ~static_cast<int>(kReplicateToLog | kReplicateToReplicas)) != 0) {
    return raise(lua, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  calls_of(lua).host->set_replication(static_cast<unsigned>(targets));
  return 0;
}

int redis_acl_check_cmd(lua_State* lua) {
  Calls& calls = calls_of(lua);
  if (const char* error = collect(lua, calls); error != nullptr) return raise(lua, error);
  switch (calls.host->may_call(calls.args)) {
    case Permission::kUnknownCommand:
      return raise(lua, "Invalid command passed to redis.acl_check_cmd()");
    case Permission::kDenied:
      lua_pushboolean(lua, 0);
      return 1;
    case Permission::kAllowed:
      lua_pushboolean(lua, 1);
      return 1;
  }
  return 0;
}

// Scripts replicate their effects always.
int redis_replicate_commands(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

// There is no debugger.
int redis_breakpoint(lua_State* lua) {
  lua_pushboolean(lua, 0);
  return 1;
}
int redis_debug(lua_State*) {
  return 0;
}

struct Named {
  const char* name;
  lua_CFunction function;
};
constexpr Named kCommon[] = {
    {"call", redis_call},
    {"pcall", redis_pcall},
    {"sha1hex", redis_sha1hex},
    {"error_reply", redis_error_reply},
    {"status_reply", redis_status_reply},
    {"setresp", redis_setresp},
    {"set_repl", redis_set_repl},
    {"acl_check_cmd", redis_acl_check_cmd},
};
constexpr Named kEvalOnly[] = {
    {"replicate_commands", redis_replicate_commands},
    {"breakpoint", redis_breakpoint},
    {"debug", redis_debug},
};

struct NamedNumber {
  const char* name;
  int value;
};
constexpr NamedNumber kLevels[] = {{"LOG_DEBUG", 0}, {"LOG_VERBOSE", 1}, {"LOG_NOTICE", 2}, {"LOG_WARNING", 3}};
constexpr NamedNumber kTargets[] = {
    {"REPL_NONE", 0},
    {"REPL_AOF", kReplicateToLog},
    {"REPL_SLAVE", kReplicateToReplicas},
    {"REPL_REPLICA", kReplicateToReplicas},
    {"REPL_ALL", kReplicateToLog | kReplicateToReplicas},
};

void add(lua_State* lua, Calls& calls, const Named& named) {
  lua_pushlightuserdata(lua, &calls);
  lua_pushcclosure(lua, named.function, 1);
  lua_setfield(lua, -2, named.name);
}

void add(lua_State* lua, const NamedNumber& named) {
  lua_pushinteger(lua, named.value);
  lua_setfield(lua, -2, named.name);
}

}  // namespace

void push_redis_table(lua_State* lua, Calls& calls, Api api) {
  lua_newtable(lua);
  add(lua, calls, {"log", redis_log});
  for (const NamedNumber& n : kLevels) add(lua, n);
  push(lua, kVersion);
  lua_setfield(lua, -2, "REDIS_VERSION");
  add(lua, {"REDIS_VERSION_NUM", kVersionNumber});
  if (api == Api::kLoad) return;
  for (const Named& n : kCommon) add(lua, calls, n);
  for (const NamedNumber& n : kTargets) add(lua, n);
  if (api == Api::kFunction) return;
  for (const Named& n : kEvalOnly) add(lua, calls, n);
}

}  // namespace guccho::scripting

// Libraries, proxies, wrapped functions.
#include "node/scripting/sandbox.h"

#include <cmath>
#include <cstdint>

#include "node/scripting/libraries.h"

namespace guccho::scripting {
namespace {

// Keys of the registry and of proxies' metatables: their addresses.
const char kGlobals = 0;
const char kReal = 0;     // in a proxy's metatable: the table behind it
const char kVisible = 0;  // ... the metatable that getmetatable() shows, when it shows one

constexpr const char* kReadOnly = "Attempt to modify a readonly table";

void push_key(lua_State* lua, const char& key) {
  lua_pushlightuserdata(lua, const_cast<char*>(&key));
}

// What a proxy's metatable has under a key, onto the stack; false, and nothing, for any other value.
bool push_behind(lua_State* lua, int index, const char& key) {
  if (lua_type(lua, index) != LUA_TTABLE || lua_getmetatable(lua, index) == 0) return false;
  push_key(lua, key);
  lua_rawget(lua, -2);
  lua_remove(lua, -2);
  if (!lua_isnil(lua, -1)) return true;
  lua_pop(lua, 1);
  return false;
}

bool is_proxy(lua_State* lua, int index) {
  if (!push_behind(lua, index, kReal)) return false;
  lua_pop(lua, 1);
  return true;
}

// If the argument is a proxy, what is behind it takes its place.
void unwrap(lua_State* lua, int index) {
  if (push_behind(lua, index, kReal)) lua_replace(lua, index);
}

// table[name] = the value on top, which is popped; no metamethod is asked.
void set_raw(lua_State* lua, int table, const char* name) {
  lua_pushstring(lua, name);
  lua_insert(lua, -2);
  lua_rawset(lua, table);
}

int refuse_write(lua_State* lua) {
  return luaL_error(lua, "%s", kReadOnly);
}

// Without a place in the script, as for what a C function refuses.
int refuse_here(lua_State* lua) {
  lua_pushstring(lua, kReadOnly);
  return lua_error(lua);
}

int missing_global(lua_State* lua) {
  const char* name = lua_tostring(lua, 2);
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'", name == nullptr ? "?" : name);
}

// ---- functions that look through proxies; the original is the first upvalue ----

// Called in this very frame, so that its errors name the function and the place as if nothing were in between. None of
// the wrapped functions has upvalues of its own.
int call_original(lua_State* lua) {
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

// Reads the real table: rawget, unpack, table.foreach ...
int reading(lua_State* lua) {
  unwrap(lua, 1);
  return call_original(lua);
}

// Would change its first argument: refused for a proxy.
int changing(lua_State* lua) {
  if (is_proxy(lua, 1)) return refuse_here(lua);
  return call_original(lua);
}

int next_field(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  unwrap(lua, 1);
  lua_settop(lua, 2);
  if (lua_next(lua, 1) != 0) return 2;
  lua_pushnil(lua);
  return 1;
}

// The table handed back is the proxy, never what is behind it.
int pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

// An error that is a table {err = text}, as redis.call raises it, is caught as its text.
int protected_call(lua_State* lua) {
  luaL_checkany(lua, 1);
  lua_pushboolean(lua, 1);
  lua_insert(lua, 1);
  if (lua_pcall(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0) == 0) return lua_gettop(lua);
  if (lua_istable(lua, -1)) {
    lua_getfield(lua, -1, "err");
    if (lua_isstring(lua, -1) != 0) {
      lua_replace(lua, -2);
    } else {
      lua_pop(lua, 1);
    }
  }
  lua_pushboolean(lua, 0);
  lua_replace(lua, 1);
  return 2;
}

int getmetatable(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (lua_type(lua, 1) == LUA_TSTRING) {
    lua_pushvalue(lua, lua_upvalueindex(1));  // a proxy of the strings' metatable
    return 1;
  }
  if (is_proxy(lua, 1)) {
    if (!push_behind(lua, 1, kVisible)) lua_pushnil(lua);
    return 1;
  }
  if (lua_getmetatable(lua, 1) == 0) {
    lua_pushnil(lua);
    return 1;
  }
  luaL_getmetafield(lua, 1, "__metatable");
  return 1;
}

// ---- compiling: text only ----

// Bytecode is not checked when it is loaded, so a script could crash the node with it. A blank before its first byte
// makes it text that no compiler takes.
struct Chunk {
  std::string_view text;
  bool guarded;
};

const char* read_chunk(lua_State*, void* data, size_t* size) {
  Chunk& chunk = *static_cast<Chunk*>(data);
  if (chunk.guarded) {
    chunk.guarded = false;
    *size = 1;
    return " ";
  }
  *size = chunk.text.size();
  const char* bytes = chunk.text.data();
  chunk.text = {};
  return *size == 0 ? nullptr : bytes;
}

int loadstring(lua_State* lua) {
  size_t size = 0;
  const char* bytes = luaL_checklstring(lua, 1, &size);
  const char* name = luaL_optstring(lua, 2, bytes);
  if (compile(lua, {bytes, size}, name)) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

// load(function): the pieces are joined, which is what a compiler that takes a string needs.
int load(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  const char* name = luaL_optstring(lua, 2, "=(load)");
  lua_settop(lua, 2);
  luaL_Buffer joined;
  luaL_buffinit(lua, &joined);
  for (;;) {
    lua_pushvalue(lua, 1);
    lua_call(lua, 0, 1);
    if (lua_isnil(lua, -1) || (lua_isstring(lua, -1) != 0 && lua_objlen(lua, -1) == 0)) {
      lua_pop(lua, 1);
      break;
    }
    if (lua_isstring(lua, -1) == 0) return luaL_error(lua, "reader function must return a string");
    luaL_addvalue(&joined);
  }
  luaL_pushresult(&joined);
  if (compile(lua, text_at(lua, -1), name)) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

// ---- math.random: the 48-bit linear congruential generator of POSIX, from a fixed seed ----

constexpr int32_t kRandomMax = 0x7fffffff;

uint64_t& random_state(lua_State* lua) {
  return *static_cast<uint64_t*>(lua_touserdata(lua, lua_upvalueindex(1)));
}

uint64_t seeded(int32_t seed) {
  return (static_cast<uint64_t>(static_cast<uint32_t>(seed)) << 16) | 0x330e;
}

// Numbers go on from one script to the next, as in redis-server; each interpreter has its own.
int random(lua_State* lua) {
  uint64_t& state = random_state(lua);
  state = (state * 0x5deece66dull + 0xb) & 0xffffffffffffull;
  const auto drawn = static_cast<int32_t>(state >> 17);
  const double r = static_cast<double>(drawn % kRandomMax) / kRandomMax;
  switch (lua_gettop(lua)) {
    case 0:
      lua_pushnumber(lua, r);
      return 1;
    case 1: {
      const int upper = luaL_checkint(lua, 1);
      luaL_argcheck(lua, 1 <= upper, 1, "interval is empty");
      lua_pushnumber(lua, std::floor(r * upper) + 1);
      return 1;
    }
    case 2: {
      const int lower = luaL_checkint(lua, 1);
      const int upper = luaL_checkint(lua, 2);
      luaL_argcheck(lua, lower <= upper, 2, "interval is empty");
      lua_pushnumber(lua, std::floor(r * (static_cast<double>(upper) - lower + 1)) + lower);
      return 1;
    }
    default:
      return luaL_error(lua, "wrong number of arguments");
  }
}

int randomseed(lua_State* lua) {
  random_state(lua) = seeded(luaL_checkint(lua, 1));
  return 0;
}

// ---- building ----

void open(lua_State* lua, const char* name, lua_CFunction opener) {
  lua_pushcfunction(lua, opener);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 1);
}

// globals[name] = copy of source[name], for the table `source` on top of the stack and globals below it.
void keep(lua_State* lua, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    lua_getfield(lua, -1, name);
    lua_setfield(lua, -3, name);
  }
}

// Wraps the field `name` of the table on top of the stack.
void wrap(lua_State* lua, const char* name, lua_CFunction wrapper) {
  lua_getfield(lua, -1, name);
  lua_pushcclosure(lua, wrapper, 1);
  lua_setfield(lua, -2, name);
}

// globals (at index 1) [name] = proxy of the table on top, which is popped.
void publish(lua_State* lua, const char* name) {
  protect(lua);
  lua_setfield(lua, 1, name);
}

void add_base(lua_State* lua) {
  open(lua, "", luaopen_base);  // leaves the old globals
  keep(lua, {"assert", "collectgarbage", "error", "gcinfo", "ipairs", "rawequal", "rawget", "rawset", "select",
             "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall", "coroutine", "_VERSION"});
  lua_pop(lua, 1);
  wrap(lua, "rawget", reading);
  wrap(lua, "unpack", reading);
  wrap(lua, "rawset", changing);
  wrap(lua, "setmetatable", changing);
  lua_pushcfunction(lua, next_field);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, 1, "next");
  lua_pushcclosure(lua, pairs, 1);
  lua_setfield(lua, 1, "pairs");
  lua_pushcfunction(lua, protected_call);
  lua_setfield(lua, 1, "pcall");
  lua_pushcfunction(lua, loadstring);
  lua_setfield(lua, 1, "loadstring");
  lua_pushcfunction(lua, load);
  lua_setfield(lua, 1, "load");
  lua_getfield(lua, 1, "coroutine");
  publish(lua, "coroutine");
}

void add_math(lua_State* lua) {
  open(lua, LUA_MATHLIBNAME, luaopen_math);
  *static_cast<uint64_t*>(lua_newuserdata(lua, sizeof(uint64_t))) = seeded(0);
  lua_pushvalue(lua, -1);
  lua_pushcclosure(lua, random, 1);
  lua_setfield(lua, -3, "random");
  lua_pushcclosure(lua, randomseed, 1);
  lua_setfield(lua, -2, "randomseed");
  publish(lua, "math");
}

void add_table(lua_State* lua) {
  open(lua, LUA_TABLIBNAME, luaopen_table);
  wrap(lua, "insert", changing);
  for (const char* name : {"foreach", "foreachi", "maxn", "getn", "concat"}) wrap(lua, name, reading);
  publish(lua, "table");
}

void add_string(lua_State* lua) {
  open(lua, LUA_STRLIBNAME, luaopen_string);
  publish(lua, "string");
  // What getmetatable("") shows.
  lua_newtable(lua);
  lua_getfield(lua, 1, "string");
  lua_setfield(lua, -2, "__index");
  protect(lua);
  lua_pushcclosure(lua, getmetatable, 1);
  lua_setfield(lua, 1, "getmetatable");
}

}  // namespace

lua_State* new_sandbox() {
  lua_State* lua = luaL_newstate();
  if (lua == nullptr) return nullptr;
  lua_newtable(lua);  // the globals of scripts, at index 1
  add_base(lua);
  add_string(lua);
  add_table(lua);
  add_math(lua);
  open(lua, "cjson", luaopen_cjson);
  publish(lua, "cjson");
  open(lua, "bit", luaopen_bit);
  publish(lua, "bit");
  open(lua, "struct", open_struct);
  publish(lua, "struct");
  open(lua, "cmsgpack", open_msgpack);
  publish(lua, "cmsgpack");

  push_key(lua, kGlobals);
  lua_pushvalue(lua, 1);
  lua_rawset(lua, LUA_REGISTRYINDEX);
  protect(lua, true);
  lua_pushvalue(lua, -1);
  push_globals(lua);
  lua_insert(lua, -2);
  lua_setfield(lua, -2, "_G");
  lua_pop(lua, 1);
  lua_replace(lua, LUA_GLOBALSINDEX);
  return lua;
}

void push_globals(lua_State* lua) {
  push_key(lua, kGlobals);
  lua_rawget(lua, LUA_REGISTRYINDEX);
}

void protect(lua_State* lua, bool missing_is_error) {
  lua_newtable(lua);  // the proxy
  lua_createtable(lua, 0, 4);
  push_key(lua, kReal);
  lua_pushvalue(lua, -4);
  lua_rawset(lua, -3);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, refuse_write);
  lua_setfield(lua, -2, "__newindex");
  if (missing_is_error) {
    // The real table's own metatable is what getmetatable() shows.
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, missing_global);
    lua_setfield(lua, -2, "__index");
    lua_pushvalue(lua, -1);
    lua_setmetatable(lua, -5);
    protect(lua);
    push_key(lua, kVisible);
    lua_insert(lua, -2);
    lua_rawset(lua, -3);
  }
  lua_setmetatable(lua, -2);
  lua_replace(lua, -2);
}

bool compile(lua_State* lua, std::string_view text, const char* name) {
  Chunk chunk{text, !text.empty() && text.front() == LUA_SIGNATURE[0]};
  return lua_load(lua, read_chunk, &chunk, name) == 0;
}

int error_handler(lua_State* lua) {
  lua_Debug where;
  bool known = lua_getstack(lua, 1, &where) != 0 && lua_getinfo(lua, "nSl", &where) != 0;
  if (known && std::string_view(where.what) == "C") {
    known = lua_getstack(lua, 2, &where) != 0 && lua_getinfo(lua, "nSl", &where) != 0;
  }
  if (!lua_istable(lua, 1)) {
    // What tostring() makes of it: numbers and strings as they are, anything else by its type.
    lua_newtable(lua);
    lua_pushliteral(lua, "ERR ");
    if (lua_isstring(lua, 1) != 0) {
      lua_pushvalue(lua, 1);
    } else if (lua_isboolean(lua, 1) != 0) {
      lua_pushstring(lua, lua_toboolean(lua, 1) != 0 ? "true" : "false");
    } else if (lua_isnil(lua, 1)) {
      lua_pushliteral(lua, "nil");
    } else {
      lua_pushfstring(lua, "%s: %p", luaL_typename(lua, 1), lua_topointer(lua, 1));
    }
    lua_concat(lua, 2);
    set_raw(lua, lua_gettop(lua) - 1, "err");
    lua_replace(lua, 1);
  }
  lua_settop(lua, 1);
  if (known && !is_proxy(lua, 1)) {
    lua_pushstring(lua, where.source);
    set_raw(lua, 1, "source");
    lua_pushinteger(lua, where.currentline);
    set_raw(lua, 1, "line");
  }
  return 1;
}

}  // namespace guccho::scripting

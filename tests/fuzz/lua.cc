// What a script may be made to decode: MessagePack, and C structs after a format. Errors are Lua's; what is well-formed
// can be written again.
#include <memory>

#include "node/scripting/sandbox.h"
#include "tests/fuzz/target.h"

namespace guccho::fuzz {
namespace {

struct Close {
  void operator()(lua_State* lua) const { lua_close(lua); }
};

// The interpreter, with an empty stack.
lua_State* interpreter() {
  static const std::unique_ptr<lua_State, Close> lua(scripting::new_sandbox());
  lua_settop(lua.get(), 0);
  lua_gc(lua.get(), LUA_GCSTEP, 100);
  return lua.get();
}

void push_function(lua_State* lua, const char* library, const char* name) {
  scripting::push_globals(lua);
  lua_getfield(lua, -1, library);
  lua_getfield(lua, -1, name);
  require(lua_isfunction(lua, -1));
  lua_replace(lua, -3);
  lua_pop(lua, 1);
}

// Calls the function below the `arguments` on top. False: an error was raised, and is gone.
bool call(lua_State* lua, int arguments) {
  if (lua_pcall(lua, arguments, LUA_MULTRET, 0) == 0) return true;
  require(lua_isstring(lua, -1) && lua_objlen(lua, -1) > 0);
  lua_settop(lua, 0);
  return false;
}

}  // namespace

bool msgpack(std::string_view input) {
  lua_State* lua = interpreter();
  push_function(lua, "cmsgpack", "unpack");
  lua_pushlstring(lua, input.data(), input.size());
  if (!call(lua, 1)) return false;
  const int values = lua_gettop(lua);
  if (values == 0) return true;
  push_function(lua, "cmsgpack", "pack");
  lua_insert(lua, 1);
  require(call(lua, values) && lua_gettop(lua) == 1);
  push_function(lua, "cmsgpack", "unpack");
  lua_insert(lua, 1);
  require(call(lua, 1) && lua_gettop(lua) == values);
  return true;
}

std::vector<std::string> msgpack_seeds() {
  using namespace std::string_literals;
  return {"\x01\xff\xc0\xc2\xc3"s,
          "\xa3"
          "abc\xd9\x02xy\xc4\x01z"s,
          "\x93\x01\x02\x03\x82\xa1"
          "a\x01\xa1"
          "b\x90"s,
          "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xca\x3f\xc0\x00\x00"s,
          "\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xd3\x80\x00\x00\x00\x00\x00\x00\x00"s,
          "\xdc\x00\x02\xc0\xc0\xde\x00\x01\x01\x02"s,
          "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01"s};
}

// The format is the first line, the bytes are the rest.
bool structs(std::string_view input) {
  const size_t end = input.find('\n');
  if (end == input.npos) return false;
  const std::string_view format = input.substr(0, end);
  const std::string_view bytes = input.substr(end + 1);
  lua_State* lua = interpreter();
  push_function(lua, "struct", "size");
  lua_pushlstring(lua, format.data(), format.size());
  call(lua, 1);
  lua_settop(lua, 0);
  push_function(lua, "struct", "unpack");
  lua_pushlstring(lua, format.data(), format.size());
  lua_pushlstring(lua, bytes.data(), bytes.size());
  if (!call(lua, 2)) return false;
  // The last value is where the next one would begin.
  const int values = lua_gettop(lua) - 1;
  require(values >= 0 && lua_tonumber(lua, -1) >= 1 && lua_tonumber(lua, -1) <= static_cast<double>(bytes.size() + 1));
  lua_pop(lua, 1);
  lua_pushlstring(lua, format.data(), format.size());
  lua_insert(lua, 1);
  push_function(lua, "struct", "pack");
  lua_insert(lua, 1);
  call(lua, values + 1);
  return true;
}

std::vector<std::string> structs_seeds() {
  using namespace std::string_literals;
  return {"bBhHlLT\n"s + std::string(40, '\x01'), "<i3 >I8\n\x01\x02\x03\x00\x00\x00\x00\x00\x00\x00\x07"s,
          "Bc0s\n\x02"
          "abtext\x00"s,
          "!4 b i4 x f d\n"s + std::string(32, '\x02'), "c5\nhello"s};
}

}  // namespace guccho::fuzz

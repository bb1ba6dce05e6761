// Lua 5.1 with the libraries that scripts may use, and the rule for C++ that is called by it.
//
// Lua's errors are longjmps: no C++ object with a destructor may be alive in a function while it calls something of Lua
// that raises one. Such functions here come in two parts: one that works and says kRaise, with the error on top of the
// stack, and one around it that has no objects and raises it.
#pragma once

extern "C" {
#include <lua5.1/lauxlib.h>
#include <lua5.1/lua.h>
#include <lua5.1/lualib.h>
}

#include <string_view>

namespace guccho::scripting {

inline constexpr int kRaise = -1;

inline void push(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
}

// The string at an index that holds one; lives as long as it stays on the stack.
inline std::string_view text_at(lua_State* lua, int index) {
  size_t length = 0;
  const char* bytes = lua_tolstring(lua, index, &length);
  return {bytes, length};
}

// raw t[name] of the table at `index` (not negative) onto the stack.
inline void push_field(lua_State* lua, int index, std::string_view name) {
  push(lua, name);
  lua_rawget(lua, index);
}

}  // namespace guccho::scripting

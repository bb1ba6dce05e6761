// The libraries of scripts beyond Lua's own: two of Debian's packages, and two formats that no package offers.
#pragma once

#include "node/scripting/lua.h"

// lua-cjson and lua-bitop.
extern "C" int luaopen_cjson(lua_State* lua);
extern "C" int luaopen_bit(lua_State* lua);

namespace guccho::scripting {

// struct: packing values into C layouts (struct.cc).
int open_struct(lua_State* lua);
// cmsgpack: MessagePack (msgpack.cc).
int open_msgpack(lua_State* lua);

}  // namespace guccho::scripting

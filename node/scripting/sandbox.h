// What scripts see of Lua: the libraries that cannot reach outside, globals and library tables that cannot be changed,
// and pseudo-random numbers that are the same after every start.
//
// Lua 5.1 has no read-only tables. A protected table is therefore a proxy: an empty table whose metatable finds fields
// in the real one and refuses to take any. The functions that would see through that (next, pairs, rawset, getmetatable
// and so on) are wrapped so that a proxy looks and behaves like a read-only table.
#pragma once

#include "node/scripting/lua.h"

namespace guccho::scripting {

// A fresh interpreter with the allowed libraries. The real table of globals lies in the registry (push_globals), its
// proxy is the environment of every chunk.
lua_State* new_sandbox();

// The real table of globals, for setting them from C.
void push_globals(lua_State* lua);
// Replaces the table on top of the stack by its proxy. `missing_is_error`: reading a field that is not there raises
// "Script attempted to access nonexistent global variable", as for globals.
void protect(lua_State* lua, bool missing_is_error = false);

// Compiles text (never bytecode) into a function on the stack, or leaves the error message there and returns false.
bool compile(lua_State* lua, std::string_view text, const char* name);

// The handler of errors for lua_pcall: makes a table {err, source, line} of whatever was raised.
int error_handler(lua_State* lua);

}  // namespace guccho::scripting

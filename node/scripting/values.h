// Between replies and Lua's values, in both directions, as scripts have always seen them:
//
//   integer    number                     null, null array   false (RESP3: nil)
//   bulk       string                     boolean            true, false
//   status     {ok = text}                double             {double = number}
//   error      {err = text}               big number         {big_number = digits}
//   array      table                      verbatim           {verbatim_string = {format =, string =}}
//   map        {map = {key = value}}      set                {set = {member = true}}
#pragma once

#include <string_view>

#include "node/resp/writer.h"
#include "node/scripting/lua.h"

namespace guccho::scripting {

// Pushes one reply, which is complete and well-formed. False when it is nested deeper than Lua's stack goes; nothing is
// pushed then.
bool push_reply(lua_State* lua, std::string_view reply);

// Writes the value on top of the stack as a reply and pops it. Booleans stay booleans only for a script that asked for
// RESP3; else true is 1 and false is null.
void write_value(lua_State* lua, resp::ReplyWriter& reply, bool script_resp3);

// Pushes {err = "CODE text"} for an error as a reply has it (with or without '-') or as a bare text, which gets ERR.
void push_error(lua_State* lua, std::string_view text);

// As redis-server 7.2 turns a number into an argument: integers as such, others with as few digits as tell them apart.
// Returns the length.
size_t format_number(double value, char (&out)[40]);

}  // namespace guccho::scripting

// Conversions of values.
#include "node/scripting/values.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

namespace guccho::scripting {
namespace {

// How deep values nest. Lua's own stack would allow thousands of levels, and each takes some of the thread's.
constexpr unsigned kMaxDepth = 1000;

// A cursor over the bytes of a reply.
struct Cursor {
  const char* at;
  const char* end;
  unsigned depth = 0;  // collections around the place

  std::string_view line() {
    const auto* stop = static_cast<const char*>(std::memchr(at, '\r', static_cast<size_t>(end - at)));
    const std::string_view text(at, static_cast<size_t>(stop - at));
    at = stop + 2;
    return text;
  }
  std::string_view bytes(int64_t n) {
    const std::string_view text(at, static_cast<size_t>(n));
    at += n + 2;
    return text;
  }
};

int64_t number(std::string_view digits) {
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

double real(std::string_view text) {
  if (text == "inf") return HUGE_VAL;
  if (text == "-inf") return -HUGE_VAL;
  double value = NAN;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// t[name] = value on top, for the table below it.
void set(lua_State* lua, std::string_view name) {
  push(lua, name);
  lua_insert(lua, -2);
  lua_rawset(lua, -3);
}

bool push_one(lua_State* lua, Cursor& in);

bool push_array(lua_State* lua, Cursor& in, int64_t count) {
  lua_createtable(lua, static_cast<int>(count), 0);
  for (int64_t i = 1; i <= count; ++i) {
    if (!push_one(lua, in)) return false;
    lua_rawseti(lua, -2, static_cast<int>(i));
  }
  return true;
}

bool push_map(lua_State* lua, Cursor& in, int64_t pairs) {
  lua_createtable(lua, 0, 1);
  lua_createtable(lua, 0, static_cast<int>(pairs));
  for (int64_t i = 0; i < pairs; ++i) {
    if (!push_one(lua, in) || !push_one(lua, in)) return false;
    if (lua_isnil(lua, -2)) {
      lua_pop(lua, 2);  // not a key in Lua
    } else {
      lua_rawset(lua, -3);
    }
  }
  set(lua, "map");
  return true;
}

bool push_set(lua_State* lua, Cursor& in, int64_t count) {
  lua_createtable(lua, 0, 1);
  lua_createtable(lua, 0, static_cast<int>(count));
  for (int64_t i = 0; i < count; ++i) {
    if (!push_one(lua, in)) return false;
    if (lua_isnil(lua, -1)) {
      lua_pop(lua, 1);
      continue;
    }
    lua_pushboolean(lua, 1);
    lua_rawset(lua, -3);
  }
  set(lua, "set");
  return true;
}

bool push_collection(lua_State* lua, Cursor& in, char type, int64_t count) {
  if (in.depth == kMaxDepth) return false;
  ++in.depth;
  const bool pushed = type == '*'   ? push_array(lua, in, count)
                      : type == '%' ? push_map(lua, in, count)
                                    : push_set(lua, in, count);
  --in.depth;
  return pushed;
}

bool push_one(lua_State* lua, Cursor& in) {
  if (lua_checkstack(lua, 8) == 0) return false;
  const char type = *in.at++;
  const std::string_view head = in.line();
  switch (type) {
    case ':':
      lua_pushnumber(lua, static_cast<lua_Number>(number(head)));
      return true;
    case '$':
      if (head[0] == '-') {
        lua_pushboolean(lua, 0);
      } else {
        push(lua, in.bytes(number(head)));
      }
      return true;
    case '+':
      lua_createtable(lua, 0, 1);
      push(lua, head);
      set(lua, "ok");
      return true;
    case '-':
      push_error(lua, {head.data() - 1, head.size() + 1});  // with its '-'
      lua_pushboolean(lua, 1);
      set(lua, "ignore_error_stats_update");
      return true;
    case '*':
      if (head[0] == '-') {
        lua_pushboolean(lua, 0);
        return true;
      }
      [[fallthrough]];
    case '%':
    case '~':
      return push_collection(lua, in, type, number(head));
    case '_':
      lua_pushnil(lua);
      return true;
    case '#':
      lua_pushboolean(lua, head == "t");
      return true;
    case ',':
      lua_createtable(lua, 0, 1);
      lua_pushnumber(lua, real(head));
      set(lua, "double");
      return true;
    case '(':
      lua_createtable(lua, 0, 1);
      push(lua, head);
      set(lua, "big_number");
      return true;
    case '=': {
      const std::string_view text = in.bytes(number(head));
      lua_createtable(lua, 0, 1);
      lua_createtable(lua, 0, 2);
      push(lua, text.substr(4));
      set(lua, "string");
      push(lua, text.substr(0, 3));
      set(lua, "format");
      set(lua, "verbatim_string");
      return true;
    }
    default:
      lua_pushnil(lua);
      return true;
  }
}

// What a C cast does on the machines where scripts were written: out of range gives the least integer.
int64_t to_integer(double value) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) return INT64_MIN;
  return static_cast<int64_t>(value);
}

// Where a value goes, and what the script itself speaks: that decides how its booleans look.
struct Target {
  resp::ReplyWriter& reply;
  bool script_resp3;
  unsigned depth = 0;  // tables around this value
};


void write(lua_State* lua, Target to);

// The field `name` of the table on top, if it has this type: then it lies on top.
bool push_typed(lua_State* lua, std::string_view name, int type) {
  push_field(lua, lua_gettop(lua), name);
  if (lua_type(lua, -1) == type) return true;
  lua_pop(lua, 1);
  return false;
}

void write_error(std::string_view text, resp::ReplyWriter& reply) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  reply.error(text);
}

// A verbatim string {format, string} on top of the stack.
bool write_verbatim(lua_State* lua, resp::ReplyWriter& reply) {
  if (!push_typed(lua, "format", LUA_TSTRING)) return false;
  std::string_view given = text_at(lua, -1);
  char format[3] = {'t', 'x', 't'};
  given = given.substr(0, 3);
  std::memset(format, ' ', sizeof format);
  std::memcpy(format, given.data(), given.size());
  lua_pop(lua, 1);
  if (!push_typed(lua, "string", LUA_TSTRING)) return false;
  reply.verbatim({format, 3}, text_at(lua, -1));
  lua_pop(lua, 1);
  return true;
}

// All pairs of the table on top: keys, and values if wanted.
size_t write_pairs(lua_State* lua, Target to, bool values) {
  size_t count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pushvalue(lua, -2);
    write(lua, to);
    if (values) {
      write(lua, to);
    } else {
      lua_pop(lua, 1);
    }
    ++count;
  }
  return count;
}

// What goes out on one line, whatever it holds.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return line;
}

// The table on top of the stack; stays there.
void write_table(lua_State* lua, Target to) {
  resp::ReplyWriter& reply = to.reply;
  if (push_typed(lua, "err", LUA_TSTRING)) {
    write_error(text_at(lua, -1), reply);
  } else if (push_typed(lua, "ok", LUA_TSTRING)) {
    reply.simple(one_line(text_at(lua, -1)));
  } else if (push_typed(lua, "double", LUA_TNUMBER)) {
    reply.real(lua_tonumber(lua, -1));
  } else if (push_typed(lua, "map", LUA_TTABLE)) {
    const size_t mark = reply.begin_deferred();
    reply.end_map(mark, write_pairs(lua, to, true));
  } else if (push_typed(lua, "set", LUA_TTABLE)) {
    const size_t mark = reply.begin_deferred();
    reply.end_set(mark, write_pairs(lua, to, false));
  } else if (push_typed(lua, "big_number", LUA_TSTRING)) {
    reply.big_number(one_line(text_at(lua, -1)));
  } else {
    if (push_typed(lua, "verbatim_string", LUA_TTABLE)) {
      const bool written = write_verbatim(lua, reply);
      lua_pop(lua, 1);
      if (written) return;
    }
    const size_t mark = reply.begin_deferred();
    size_t count = 0;
    for (;;) {
      lua_rawgeti(lua, -1, static_cast<int>(count + 1));
      if (lua_isnil(lua, -1)) break;
      write(lua, to);
      ++count;
    }
    lua_pop(lua, 1);
    reply.end_array(mark, count);
    return;
  }
  lua_pop(lua, 1);
}

void write(lua_State* lua, Target to) {
  resp::ReplyWriter& reply = to.reply;
  if (to.depth > kMaxDepth || lua_checkstack(lua, 8) == 0) {
    reply.error("ERR reached lua stack limit");
    lua_pop(lua, 1);
    return;
  }
  ++to.depth;
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING:
      reply.bulk(text_at(lua, -1));
      break;
    case LUA_TBOOLEAN:
      if (to.script_resp3) {
        reply.boolean(lua_toboolean(lua, -1) != 0);
      } else if (lua_toboolean(lua, -1) != 0) {
        reply.integer(1);
      } else {
        reply.null();
      }
      break;
    case LUA_TNUMBER:
      reply.integer(to_integer(lua_tonumber(lua, -1)));
      break;
    case LUA_TTABLE:
      write_table(lua, to);
      break;
    default:
      reply.null();
  }
  lua_pop(lua, 1);
}

}  // namespace

bool push_reply(lua_State* lua, std::string_view reply) {
  const int top = lua_gettop(lua);
  Cursor in{reply.data(), reply.data() + reply.size()};
  if (push_one(lua, in)) return true;
  lua_settop(lua, top);
  return false;
}

void write_value(lua_State* lua, resp::ReplyWriter& reply, bool script_resp3) {
  write(lua, {reply, script_resp3});
}

void push_error(lua_State* lua, std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  bool coded = false;
  if (!text.empty() && text.front() == '-') {
    text.remove_prefix(1);
    coded = text.find(' ') != std::string_view::npos;
  }
  lua_createtable(lua, 0, 3);
  if (!coded) {
    lua_pushliteral(lua, "ERR ");
    push(lua, text);
    lua_concat(lua, 2);
  } else {
    push(lua, text);
  }
  lua_pushliteral(lua, "err");
  lua_insert(lua, -2);
  lua_rawset(lua, -3);
}

size_t format_number(double value, char (&out)[40]) {
  // Up to 2^62 or so a double holds integers exactly enough to be printed as such.
  if (value >= -4611686018427387904.0 && value <= 4611686018427387904.0 && std::trunc(value) == value) {
    return static_cast<size_t>(std::to_chars(out, out + sizeof out, static_cast<int64_t>(value)).ptr - out);
  }
  if (std::isnan(value) || std::isinf(value)) {
    const std::string_view text = std::isnan(value) ? (std::signbit(value) ? "-nan" : "nan")
                                  : value > 0       ? "inf"
                                                    : "-inf";
    std::memcpy(out, text.data(), text.size());
    return text.size();
  }
  // Digits and exponent of the shortest form: [-]d[.ddd]e[+-]xx.
  char scientific[40];
  const char* end = std::to_chars(scientific, scientific + sizeof scientific, value, std::chars_format::scientific).ptr;
  const char* p = scientific;
  char* to = out;
  if (*p == '-') *to++ = *p++;
  char digits[24];
  int count = 0;
  for (; *p != 'e'; ++p) {
    if (*p != '.') digits[count++] = *p;
  }
  ++p;
  if (*p == '+') ++p;
  int exponent = 0;
  std::from_chars(p, end, exponent);
  const int scale = exponent - count + 1;  // value = digits * 10^scale
  const auto copy = [&to](const char* from, int n) {
    std::memcpy(to, from, static_cast<size_t>(n));
    to += n;
  };
  const auto zeros = [&to](int n) {
    std::memset(to, '0', static_cast<size_t>(n));
    to += n;
  };
  if (scale >= 0 && std::abs(exponent) < count + 7) {
    copy(digits, count);
    zeros(scale);
  } else if (scale < 0 && (scale > -7 || std::abs(exponent) < 4)) {
    if (exponent < 0) {
      copy("0.", 2);
      zeros(-exponent - 1);
      copy(digits, count);
    } else {
      copy(digits, exponent + 1);
      *to++ = '.';
      copy(digits + exponent + 1, count - exponent - 1);
    }
  } else {
    *to++ = digits[0];
    if (count > 1) {
      *to++ = '.';
      copy(digits + 1, count - 1);
    }
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    to = std::to_chars(to, out + sizeof out, std::abs(exponent)).ptr;
  }
  return static_cast<size_t>(to - out);
}

}  // namespace guccho::scripting

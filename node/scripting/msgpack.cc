// cmsgpack: MessagePack as scripts know it. Tables with the keys 1 to n are arrays, others maps; whole numbers are
// integers; others are floats where that loses nothing; what has no form is nil; nesting is cut at 16 levels.
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "node/scripting/libraries.h"

namespace guccho::scripting {
namespace {

constexpr int kMaxNesting = 16;

// ---- packing ----

// The text being packed. It outlives a call because an error of Lua's leaves the call without destructors.
std::string& output() {
  thread_local std::string text;
  return text;
}

void put(std::string& out, uint8_t tag, uint64_t value, int bytes) {
  out.push_back(static_cast<char>(tag));
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

void put_integer(std::string& out, int64_t n) {
  const auto bits = static_cast<uint64_t>(n);
  if (n >= 0) {
    if (n <= 0x7f) return put(out, static_cast<uint8_t>(n), 0, 0);
    if (n <= 0xff) return put(out, 0xcc, bits, 1);
    if (n <= 0xffff) return put(out, 0xcd, bits, 2);
    if (n <= 0xffffffffll) return put(out, 0xce, bits, 4);
    return put(out, 0xcf, bits, 8);
  }
  if (n >= -32) return put(out, static_cast<uint8_t>(n), 0, 0);
  if (n >= INT8_MIN) return put(out, 0xd0, bits, 1);
  if (n >= INT16_MIN) return put(out, 0xd1, bits, 2);
  if (n >= INT32_MIN) return put(out, 0xd2, bits, 4);
  put(out, 0xd3, bits, 8);
}

void put_number(std::string& out, double value) {
  if (value >= -9223372036854775808.0 && value < 9223372036854775808.0 && std::trunc(value) == value) {
    return put_integer(out, static_cast<int64_t>(value));
  }
  const auto narrow = static_cast<float>(value);
  if (static_cast<double>(narrow) == value) {
    uint32_t bits;
    std::memcpy(&bits, &narrow, sizeof bits);
    return put(out, 0xca, bits, 4);
  }
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  put(out, 0xcb, bits, 8);
}

void put_string(std::string& out, const char* bytes, size_t length) {
  if (length < 32) {
    put(out, static_cast<uint8_t>(0xa0 | length), 0, 0);
  } else if (length <= 0xff) {
    put(out, 0xd9, length, 1);
  } else if (length <= 0xffff) {
    put(out, 0xda, length, 2);
  } else {
    put(out, 0xdb, length, 4);
  }
  out.append(bytes, length);
}

// A header of arrays or maps: `small` holds counts up to 15.
void put_count(std::string& out, uint8_t small, uint8_t tag16, size_t count) {
  if (count <= 15) return put(out, static_cast<uint8_t>(small | count), 0, 0);
  if (count <= 0xffff) return put(out, tag16, count, 2);
  put(out, static_cast<uint8_t>(tag16 + 1), count, 4);
}

// How many pairs the table on top has; whether its keys are exactly 1 to that count.
size_t count_pairs(lua_State* lua, bool& is_array) {
  size_t count = 0;
  double greatest = 0;
  is_array = true;
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pop(lua, 1);
    ++count;
    if (!is_array) continue;
    const double key = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
    if (key < 1 || key > INT_MAX || std::trunc(key) != key) {
      is_array = false;
    } else {
      greatest = std::max(greatest, key);
    }
  }
  is_array = is_array && greatest == static_cast<double>(count);
  return count;
}

// Packs the value on top of the stack and pops it.
void pack_value(lua_State* lua, std::string& out, int level) {
  luaL_checkstack(lua, 5, "in function mp_encode_lua_type");
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING: {
      size_t length = 0;
      const char* bytes = lua_tolstring(lua, -1, &length);
      put_string(out, bytes, length);
      break;
    }
    case LUA_TBOOLEAN:
      put(out, lua_toboolean(lua, -1) != 0 ? 0xc3 : 0xc2, 0, 0);
      break;
    case LUA_TNUMBER:
      put_number(out, lua_tonumber(lua, -1));
      break;
    case LUA_TTABLE: {
      if (level == kMaxNesting) {
        put(out, 0xc0, 0, 0);
        break;
      }
      bool is_array = false;
      const size_t count = count_pairs(lua, is_array);
      if (is_array) {
        put_count(out, 0x90, 0xdc, count);
        for (size_t i = 1; i <= count; ++i) {
          lua_rawgeti(lua, -1, static_cast<int>(i));
          pack_value(lua, out, level + 1);
        }
        break;
      }
      put_count(out, 0x80, 0xde, count);
      lua_pushnil(lua);
      while (lua_next(lua, -2) != 0) {
        lua_pushvalue(lua, -2);
        pack_value(lua, out, level + 1);
        pack_value(lua, out, level + 1);
      }
      break;
    }
    default:
      put(out, 0xc0, 0, 0);
  }
  lua_pop(lua, 1);
}

int pack(lua_State* lua) {
  const int arguments = lua_gettop(lua);
  if (arguments == 0) return luaL_argerror(lua, 0, "MessagePack pack needs input.");
  luaL_checkstack(lua, 2, "Too many arguments for MessagePack pack.");
  std::string& out = output();
  out.clear();
  for (int i = 1; i <= arguments; ++i) {
    lua_pushvalue(lua, i);
    pack_value(lua, out, 0);
  }
  lua_pushlstring(lua, out.data(), out.size());
  if (out.capacity() > (size_t{1} << 20)) {
    out.clear();
    out.shrink_to_fit();
  }
  return 1;
}

// ---- unpacking ----

enum class Trouble : uint8_t { kNone, kShort, kFormat };

struct Input {
  const unsigned char* at;
  size_t left;
  Trouble trouble = Trouble::kNone;

  bool has(size_t n) {
    if (left >= n) return true;
    trouble = Trouble::kShort;
    return false;
  }
  void skip(size_t n) {
    at += n;
    left -= n;
  }
  // Big-endian, behind the tag.
  uint64_t number(int bytes) const {
    uint64_t value = 0;
    for (int i = 1; i <= bytes; ++i) value = value << 8 | at[i];
    return value;
  }
};

void unpack_value(lua_State* lua, Input& in);

void unpack_array(lua_State* lua, Input& in, uint64_t count) {
  luaL_checkstack(lua, 2, "in function mp_decode_to_lua_array");
  lua_newtable(lua);
  for (uint64_t i = 1; i <= count; ++i) {
    unpack_value(lua, in);
    if (in.trouble != Trouble::kNone) return;
    lua_rawseti(lua, -2, static_cast<int>(i));
  }
}

void unpack_map(lua_State* lua, Input& in, uint64_t count) {
  luaL_checkstack(lua, 3, "in function mp_decode_to_lua_hash");
  lua_newtable(lua);
  for (uint64_t i = 0; i < count; ++i) {
    unpack_value(lua, in);
    if (in.trouble != Trouble::kNone) return;
    unpack_value(lua, in);
    if (in.trouble != Trouble::kNone) return;
    lua_settable(lua, -3);
  }
}

void unpack_string(lua_State* lua, Input& in, int header, uint64_t length) {
  const size_t head = static_cast<size_t>(header) + 1;
  if (!in.has(head) || !in.has(head + length)) return;
  lua_pushlstring(lua, reinterpret_cast<const char*>(in.at + head), length);
  in.skip(head + length);
}

// The sign is that of an integer of so many bytes.
void unpack_signed(lua_State* lua, Input& in, int bytes) {
  if (!in.has(static_cast<size_t>(bytes) + 1)) return;
  const int shift = 64 - 8 * bytes;
  lua_pushnumber(lua, static_cast<lua_Number>(static_cast<int64_t>(in.number(bytes) << shift) >> shift));
  in.skip(static_cast<size_t>(bytes) + 1);
}

void unpack_unsigned(lua_State* lua, Input& in, int bytes) {
  if (!in.has(static_cast<size_t>(bytes) + 1)) return;
  lua_pushnumber(lua, static_cast<lua_Number>(in.number(bytes)));
  in.skip(static_cast<size_t>(bytes) + 1);
}

template <class Real, class Bits>
void unpack_real(lua_State* lua, Input& in) {
  if (!in.has(sizeof(Bits) + 1)) return;
  const Bits bits = static_cast<Bits>(in.number(sizeof(Bits)));
  Real value;
  std::memcpy(&value, &bits, sizeof value);
  lua_pushnumber(lua, static_cast<lua_Number>(value));
  in.skip(sizeof(Bits) + 1);
}

// A length of so many bytes behind the tag; false when it is not there.
bool read_length(Input& in, int bytes, uint64_t& length) {
  if (!in.has(static_cast<size_t>(bytes) + 1)) return false;
  length = in.number(bytes);
  return true;
}

void unpack_tagged(lua_State* lua, Input& in, uint8_t tag) {
  uint64_t n = 0;
  switch (tag) {
    case 0xc0:
      lua_pushnil(lua);
      return in.skip(1);
    case 0xc2:
    case 0xc3:
      lua_pushboolean(lua, tag == 0xc3 ? 1 : 0);
      return in.skip(1);
    case 0xca:
      return unpack_real<float, uint32_t>(lua, in);
    case 0xcb:
      return unpack_real<double, uint64_t>(lua, in);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return unpack_unsigned(lua, in, 1 << (tag - 0xcc));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return unpack_signed(lua, in, 1 << (tag - 0xd0));
    case 0xd9:
      if (read_length(in, 1, n)) unpack_string(lua, in, 1, n);
      return;
    case 0xda:
      if (read_length(in, 2, n)) unpack_string(lua, in, 2, n);
      return;
    case 0xdb:
      if (read_length(in, 4, n)) unpack_string(lua, in, 4, n);
      return;
    case 0xdc:
    case 0xdd:
    case 0xde:
    case 0xdf: {
      const int bytes = (tag & 1) == 0 ? 2 : 4;
      if (!read_length(in, bytes, n)) return;
      in.skip(static_cast<size_t>(bytes) + 1);
      return tag < 0xde ? unpack_array(lua, in, n) : unpack_map(lua, in, n);
    }
    default:
      in.trouble = Trouble::kFormat;
  }
}

void unpack_value(lua_State* lua, Input& in) {
  if (!in.has(1)) return;
  luaL_checkstack(lua, 1, "too many return values at once; use unpack_one or unpack_limit instead.");
  const uint8_t tag = *in.at;
  if (tag < 0x80) {
    lua_pushnumber(lua, tag);
    in.skip(1);
  } else if (tag >= 0xe0) {
    lua_pushnumber(lua, static_cast<int8_t>(tag));
    in.skip(1);
  } else if (tag < 0x90) {
    in.skip(1);
    unpack_map(lua, in, tag & 15);
  } else if (tag < 0xa0) {
    in.skip(1);
    unpack_array(lua, in, tag & 15);
  } else if (tag < 0xc0) {
    unpack_string(lua, in, 0, tag & 31);
  } else {
    unpack_tagged(lua, in, tag);
  }
}

// As many values as `limit` says (0 with offset 0: all of them, and no offset in front).
int unpack_some(lua_State* lua, lua_Integer limit, lua_Integer offset) {
  size_t length = 0;
  const char* bytes = luaL_checklstring(lua, 1, &length);
  const bool all = limit == 0 && offset == 0;
  if (offset < 0 || limit < 0) {
    return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.", static_cast<int>(offset),
                      static_cast<int>(length));
  }
  if (static_cast<size_t>(offset) > length) {
    return luaL_error(lua, "Start offset %d greater than input length %d.", static_cast<int>(offset),
                      static_cast<int>(length));
  }
  lua_settop(lua, 1);
  Input in{reinterpret_cast<const unsigned char*>(bytes) + offset, length - static_cast<size_t>(offset)};
  int count = 0;
  while (in.left > 0 && (all || count < limit)) {
    unpack_value(lua, in);
    if (in.trouble == Trouble::kShort) return luaL_error(lua, "Missing bytes in input.");
    if (in.trouble == Trouble::kFormat) return luaL_error(lua, "Bad data format in input.");
    ++count;
  }
  if (all) return count;
  luaL_checkstack(lua, 1, "too many return values at once; use unpack_one or unpack_limit instead.");
  lua_pushinteger(lua, in.left == 0 ? -1 : static_cast<lua_Integer>(length - in.left));
  lua_insert(lua, 2);
  return count + 1;
}

int unpack(lua_State* lua) {
  return unpack_some(lua, 0, 0);
}
int unpack_one(lua_State* lua) {
  return unpack_some(lua, 1, luaL_optinteger(lua, 2, 0));
}
int unpack_limit(lua_State* lua) {
  const lua_Integer limit = luaL_checkinteger(lua, 2);
  return unpack_some(lua, limit, luaL_optinteger(lua, 3, 0));
}

}  // namespace

int open_msgpack(lua_State* lua) {
  lua_newtable(lua);
  for (const luaL_Reg& f : {luaL_Reg{"pack", pack}, luaL_Reg{"unpack", unpack}, luaL_Reg{"unpack_one", unpack_one},
                            luaL_Reg{"unpack_limit", unpack_limit}}) {
    lua_pushcfunction(lua, f.func);
    lua_setfield(lua, -2, f.name);
  }
  lua_pushliteral(lua, "cmsgpack");
  lua_setfield(lua, -2, "_NAME");
  lua_pushliteral(lua, "lua-cmsgpack 0.4.0");
  lua_setfield(lua, -2, "_VERSION");
  lua_pushliteral(lua, "MessagePack C implementation for Lua");
  lua_setfield(lua, -2, "_DESCRIPTION");
  return 1;
}

}  // namespace guccho::scripting

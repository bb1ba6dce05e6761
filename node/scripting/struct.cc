// struct.pack, unpack and size: values in the layouts of C structs. A format is a sequence of
//
//   < > !N      little endian, big endian, align to at most N (a power of two); blanks are ignored
//   b B h H l L T   signed and unsigned char, short, long, size_t       iN IN   integers of N bytes (4), at most 32
//   f d         float, double        x   a byte of padding
//   s           a string and its ending zero     cN   N bytes; c0: all of it, or as many as the number before it says
//
// Unless told otherwise there is no alignment and the bytes are in the machine's order.
#include <bit>
#include <climits>
#include <cstdint>
#include <cstring>

#include "node/scripting/libraries.h"

namespace guccho::scripting {
namespace {

constexpr int kMaxInteger = 32;
constexpr int kMaxAlign = 8;

struct Layout {
  bool little = std::endian::native == std::endian::little;
  size_t align = 1;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The number at *format, or `otherwise` when there is none.
int read_number(lua_State* lua, const char** format, int otherwise) {
  if (!is_digit(**format)) return otherwise;
  int value = 0;
  while (is_digit(**format)) {
    const int digit = *(*format)++ - '0';
    if (value > (INT_MAX - digit) / 10) luaL_error(lua, "integral size overflow");
    value = value * 10 + digit;
  }
  return value;
}

// The size of an option's value, its count included; 0 where it has none or none of its own.
size_t size_of(lua_State* lua, char option, const char** format) {
  switch (option) {
    case 'b':
    case 'B':
    case 'x':
      return 1;
    case 'h':
    case 'H':
      return sizeof(short);
    case 'l':
    case 'L':
      return sizeof(long);
    case 'T':
      return sizeof(size_t);
    case 'f':
      return sizeof(float);
    case 'd':
      return sizeof(double);
    case 'c':
      return static_cast<size_t>(read_number(lua, format, 1));
    case 'i':
    case 'I': {
      const int size = read_number(lua, format, sizeof(int));
      if (size > kMaxInteger) {
        luaL_error(lua, "integral size %d is larger than limit of %d", size, kMaxInteger);
      }
      return static_cast<size_t>(size);
    }
    default:
      return 0;
  }
}

size_t padding(size_t position, const Layout& layout, char option, size_t size) {
  if (size == 0 || option == 'c') return 0;
  if (size > layout.align) size = layout.align;
  if (size <= 1) return 0;
  return (size - (position & (size - 1))) & (size - 1);
}

void control(lua_State* lua, char option, const char** format, Layout& layout) {
  switch (option) {
    case ' ':
      return;
    case '<':
      layout.little = true;
      return;
    case '>':
      layout.little = false;
      return;
    case '!': {
      const int align = read_number(lua, format, kMaxAlign);
      if (align <= 0 || (align & (align - 1)) != 0) luaL_error(lua, "alignment %d is not a power of 2", align);
      layout.align = static_cast<size_t>(align);
      return;
    }
    default:
      luaL_argerror(lua, 1, lua_pushfstring(lua, "invalid format option '%c'", option));
  }
}

bool is_integer(char option) {
  return std::strchr("bBhHlLTiI", option) != nullptr;
}

void put_integer(luaL_Buffer* out, double number, const Layout& layout, size_t size) {
  uint64_t value;
  if (number >= 9223372036854775808.0) {
    value = number >= 18446744073709551616.0 ? 0 : static_cast<uint64_t>(number);
  } else if (number >= -9223372036854775808.0) {
    value = static_cast<uint64_t>(static_cast<int64_t>(number));
  } else {
    value = uint64_t{1} << 63;  // too small, or not a number
  }
  char bytes[kMaxInteger];
  for (size_t i = 0; i < size; ++i) {
    bytes[layout.little ? i : size - 1 - i] = static_cast<char>(i < 8 ? value >> (8 * i) : 0);
  }
  luaL_addlstring(out, bytes, size);
}

double get_integer(const char* bytes, const Layout& layout, bool is_signed, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size && i < 8; ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[layout.little ? i : size - 1 - i])) << (8 * i);
  }
  if (!is_signed) return static_cast<double>(value);
  if (size > 0 && size < 8 && (value >> (8 * size - 1) & 1) != 0) value |= ~uint64_t{0} << (8 * size);
  return static_cast<double>(static_cast<int64_t>(value));
}

void reverse_if_foreign(char* bytes, size_t size, const Layout& layout) {
  if (layout.little == (std::endian::native == std::endian::little)) return;
  for (size_t i = 0; i < size / 2; ++i) std::swap(bytes[i], bytes[size - 1 - i]);
}

template <class Real>
void put_real(luaL_Buffer* out, double number, const Layout& layout) {
  const Real value = static_cast<Real>(number);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  reverse_if_foreign(bytes, sizeof bytes, layout);
  luaL_addlstring(out, bytes, sizeof bytes);
}

template <class Real>
double get_real(const char* from, const Layout& layout) {
  char bytes[sizeof(Real)];
  std::memcpy(bytes, from, sizeof bytes);
  reverse_if_foreign(bytes, sizeof bytes, layout);
  Real value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

int pack(lua_State* lua) {
  const char* format = luaL_checkstring(lua, 1);
  Layout layout;
  int argument = 2;
  size_t total = 0;
  lua_pushnil(lua);  // so that a missing argument is one
  luaL_Buffer out;
  luaL_buffinit(lua, &out);
  while (*format != '\0') {
    const char option = *format++;
    size_t size = size_of(lua, option, &format);
    const size_t gap = padding(total, layout, option, size);
    total += gap;
    for (size_t i = 0; i < gap; ++i) luaL_addchar(&out, '\0');
    if (is_integer(option)) {
      put_integer(&out, luaL_checknumber(lua, argument++), layout, size);
    } else if (option == 'x') {
      luaL_addchar(&out, '\0');
    } else if (option == 'f') {
      put_real<float>(&out, luaL_checknumber(lua, argument++), layout);
    } else if (option == 'd') {
      put_real<double>(&out, luaL_checknumber(lua, argument++), layout);
    } else if (option == 'c' || option == 's') {
      size_t length = 0;
      const char* bytes = luaL_checklstring(lua, argument++, &length);
      if (size == 0) size = length;
      luaL_argcheck(lua, length >= size, argument, "string too short");
      luaL_addlstring(&out, bytes, size);
      if (option == 's') {
        luaL_addchar(&out, '\0');
        ++size;
      }
    } else {
      control(lua, option, &format, layout);
    }
    total += size;
  }
  luaL_pushresult(&out);
  return 1;
}

int unpack(lua_State* lua) {
  const char* format = luaL_checkstring(lua, 1);
  size_t length = 0;
  const char* data = luaL_checklstring(lua, 2, &length);
  const lua_Integer start = luaL_optinteger(lua, 3, 1);
  luaL_argcheck(lua, start > 0, 3, "offset must be 1 or greater");
  size_t at = static_cast<size_t>(start) - 1;
  int results = 0;
  lua_settop(lua, 2);
  Layout layout;
  while (*format != '\0') {
    const char option = *format++;
    size_t size = size_of(lua, option, &format);
    at += padding(at, layout, option, size);
    luaL_argcheck(lua, size <= length && at <= length - size, 2, "data string too short");
    luaL_checkstack(lua, 2, "too many results");
    if (is_integer(option)) {
      lua_pushnumber(lua, get_integer(data + at, layout, option >= 'a', size));
      ++results;
    } else if (option == 'f') {
      lua_pushnumber(lua, get_real<float>(data + at, layout));
      ++results;
    } else if (option == 'd') {
      lua_pushnumber(lua, get_real<double>(data + at, layout));
      ++results;
    } else if (option == 'c') {
      if (size == 0) {
        if (results == 0 || lua_isnumber(lua, -1) == 0) luaL_error(lua, "format 'c0' needs a previous size");
        const double wanted = lua_tonumber(lua, -1);
        lua_pop(lua, 1);
        --results;
        luaL_argcheck(lua, wanted >= 0 && wanted <= static_cast<double>(length - at), 2, "data string too short");
        size = static_cast<size_t>(wanted);
      }
      lua_pushlstring(lua, data + at, size);
      ++results;
    } else if (option == 's') {
      const auto* end = static_cast<const char*>(std::memchr(data + at, '\0', length - at));
      if (end == nullptr) luaL_error(lua, "unfinished string in data");
      size = static_cast<size_t>(end - (data + at)) + 1;
      lua_pushlstring(lua, data + at, size - 1);
      ++results;
    } else if (option != 'x') {
      control(lua, option, &format, layout);
    }
    at += size;
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(at) + 1);
  return results + 1;
}

int size(lua_State* lua) {
  const char* format = luaL_checkstring(lua, 1);
  Layout layout;
  size_t at = 0;
  while (*format != '\0') {
    const char option = *format++;
    const size_t size = size_of(lua, option, &format);
    at += padding(at, layout, option, size);
    if (option == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (option == 'c' && size == 0) luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    const bool is_letter = (option >= 'a' && option <= 'z') || (option >= 'A' && option <= 'Z');
    if (!is_letter && !is_digit(option)) control(lua, option, &format, layout);
    at += size;
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(at));
  return 1;
}

}  // namespace

int open_struct(lua_State* lua) {
  lua_createtable(lua, 0, 3);
  for (const luaL_Reg& f : {luaL_Reg{"pack", pack}, luaL_Reg{"unpack", unpack}, luaL_Reg{"size", size}}) {
    lua_pushcfunction(lua, f.func);
    lua_setfield(lua, -2, f.name);
  }
  return 1;
}

}  // namespace guccho::scripting

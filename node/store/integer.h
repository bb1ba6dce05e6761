// Integers as text and as the few bytes an entry keeps them in.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "node/store/entry.h"

namespace guccho::store {

// Canonical decimal text of an int64_t only: "0", "-7"; not "", "+1", "01", " 1", "-0". (Redis: string2ll.)
inline std::optional<int64_t> parse_integer(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const bool negative = text[0] == '-';
  const char lead = text.size() > size_t{negative} ? text[negative] : 0;
  if (lead < '0' || lead > '9' || (lead == '0' && text.size() > 1)) return std::nullopt;
  int64_t value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Decimal text of `value`, in `scratch`.
inline std::string_view print_integer(int64_t value, IntText& scratch) {
  const auto [end, error] = std::to_chars(scratch.data(), scratch.data() + scratch.size(), value);
  return {scratch.data(), static_cast<size_t>(end - scratch.data())};
}

// 0 to 8 little-endian bytes whose sign extension is the value.
inline size_t packed_integer_size(int64_t value) {
  const uint64_t magnitude = static_cast<uint64_t>(value < 0 ? ~value : value);
  return value == 0 ? 0 : (64 - static_cast<size_t>(std::countl_zero(magnitude)) + 1 + 7) / 8;
}
inline void pack_integer(int64_t value, char* out, size_t size) {
  std::memcpy(out, &value, size);
}
inline int64_t unpack_integer(std::string_view packed) {
  if (packed.empty()) return 0;
  int64_t value = 0;
  std::memcpy(&value, packed.data(), packed.size());
  const auto shift = static_cast<unsigned>(64 - 8 * packed.size());
  return static_cast<int64_t>(static_cast<uint64_t>(value) << shift) >> shift;
}

}  // namespace guccho::store

// Reading primitives.
#include "node/rdb/input.h"

#include <fmt/core.h>
#include <liblzf/lzf.h>

#include <bit>
#include <cmath>
#include <limits>

#include "node/base/real.h"
#include "node/rdb/format.h"

namespace guccho::rdb {

namespace {

// LZF's densest code: two bytes of control and one of offset stand for 264 bytes.
constexpr uint64_t kMaxLzfExpansion = 264;

}  // namespace

uint64_t Input::length() {
  const uint8_t first = u8();
  if ((first >> 6) == 3) refuse(fmt::format("byte {:#04x} where a length was expected", first));
  return length_from(first);
}

std::string Input::string() {
  const uint8_t first = u8();
  if ((first >> 6) != 3) return std::string(take(checked(length_from(first))));
  switch (static_cast<StringEncoding>(first & 0x3f)) {
    case StringEncoding::kInt8:
      return std::to_string(signed_little_endian(1));
    case StringEncoding::kInt16:
      return std::to_string(signed_little_endian(2));
    case StringEncoding::kInt32:
      return std::to_string(signed_little_endian(4));
    case StringEncoding::kLzf:
      return compressed();
  }
  refuse(fmt::format("unknown string encoding {:#04x}", first));
  return {};
}

double Input::score(bool binary) {
  double value = 0;
  if (binary) {
    value = std::bit_cast<double>(little_endian(8));
  } else if (const uint8_t size = u8(); size == 253) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (size >= 254) {
    value = size == 254 ? HUGE_VAL : -HUGE_VAL;
  } else {
    const std::optional<double> parsed = parse_real(take(size));
    if (!parsed) refuse("a score that is no number");
    value = parsed.value_or(0);
  }
  if (std::isnan(value)) refuse("a score that is no number");
  return value;
}

uint64_t Input::length_from(uint8_t first) {
  switch (first >> 6) {
    case 0:
      return first & 0x3f;
    case 1:
      return (uint64_t{first & 0x3fu} << 8) | u8();
    default:
      break;
  }
  if (first == 0x80) return big_endian(4);
  if (first == 0x81) return big_endian(8);
  refuse(fmt::format("unknown length encoding {:#04x}", first));
  return 0;
}

uint64_t Input::checked(uint64_t length) {
  if (length > kMaxString) refuse(fmt::format("a string of {} bytes; at most {} are supported", length, kMaxString));
  return length;
}

std::string Input::compressed() {
  const uint64_t packed_size = checked(length());
  const uint64_t size = checked(length());
  const std::string_view packed = take(packed_size);
  if (short_ || error_) return {};
  std::string out;
  if (size == 0 || size > packed_size * kMaxLzfExpansion) {
    refuse("a compressed string whose sizes cannot be right");
    return out;
  }
  out.resize(size);
  if (lzf_decompress(packed.data(), static_cast<unsigned>(packed_size), out.data(), static_cast<unsigned>(size)) !=
      size) {
    refuse("a compressed string that does not decompress");
  }
  return out;
}

}  // namespace guccho::rdb

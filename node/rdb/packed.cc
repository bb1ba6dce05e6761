// Decoders of ziplists and zipmaps, bounds-checked.
//
// ziplist: u32 bytes | u32 offset of the last entry | u16 entries (65535: count) | entries | 0xff
//   entry: size of the entry before, u8, or 0xfe and u32 | encoding | data
// zipmap:  u8 pairs (254: count) | length, key, length, u8 unused bytes, value, unused bytes | ... | 0xff
//   length: u8 below 254, or 0xfe and u32
#include "node/rdb/packed.h"

#include <cstdint>

#include "node/rdb/input.h"

namespace guccho::rdb {

namespace {

// The element after the size of the one before it.
std::string ziplist_element(Input& in) {
  const uint8_t encoding = in.u8();
  switch (encoding >> 6) {
    case 0:
      return std::string(in.take(encoding & 0x3f));
    case 1: {
      const size_t size = (size_t{encoding & 0x3fu} << 8) | in.u8();
      return std::string(in.take(size));
    }
    case 2:
      return std::string(in.take(in.big_endian(4)));
    default:
      break;
  }
  switch (encoding) {
    case 0xc0:
      return std::to_string(in.signed_little_endian(2));
    case 0xd0:
      return std::to_string(in.signed_little_endian(4));
    case 0xe0:
      return std::to_string(in.signed_little_endian(8));
    case 0xf0:
      return std::to_string(in.signed_little_endian(3));
    case 0xfe:
      return std::to_string(in.signed_little_endian(1));
    default:
      break;
  }
  // 1111xxxx: 0 to 12 in place, as 1 to 13.
  if (encoding < 0xf1 || encoding > 0xfd) in.refuse("an encoding that ziplists do not have");
  return std::to_string((encoding & 0x0f) - 1);
}

size_t zipmap_length(Input& in, uint8_t first) {
  return first == 254 ? in.little_endian(4) : first;
}

}  // namespace

std::optional<std::vector<std::string>> read_ziplist(std::string_view bytes) {
  Input in(bytes);
  const uint64_t total = in.little_endian(4);
  const uint64_t last = in.little_endian(4);
  const uint64_t count = in.little_endian(2);
  if (!in.whole() || total != bytes.size()) return std::nullopt;
  std::vector<std::string> out;
  size_t previous = in.position();
  size_t previous_size = 0;
  while (in.whole() && in.position() < bytes.size() && static_cast<uint8_t>(bytes[in.position()]) != 0xff) {
    previous = in.position();
    const uint8_t first = in.u8();
    if ((first == 254 ? in.little_endian(4) : first) != previous_size) return std::nullopt;
    out.push_back(ziplist_element(in));
    previous_size = in.position() - previous;
  }
  if (!in.whole() || in.u8() != 0xff || in.position() != bytes.size() || last != previous) return std::nullopt;
  if (count != 65535 && count != out.size()) return std::nullopt;
  return out;
}

std::optional<std::vector<std::string>> read_zipmap(std::string_view bytes) {
  Input in(bytes);
  const uint8_t count = in.u8();
  std::vector<std::string> out;
  for (uint8_t first = in.u8(); in.whole() && first != 255; first = in.u8()) {
    out.emplace_back(in.take(zipmap_length(in, first)));
    const uint8_t second = in.u8();
    if (second == 255) return std::nullopt;
    const size_t size = zipmap_length(in, second);
    const uint8_t unused = in.u8();
    out.emplace_back(in.take(size));
    in.take(unused);
  }
  if (!in.whole() || in.position() != bytes.size() || (count < 254 && count != out.size() / 2)) return std::nullopt;
  return out;
}

}  // namespace guccho::rdb

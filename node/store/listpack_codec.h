// Elements of a listpack (listpack.h) written and read one after the other, where speed matters: no temporary strings,
// no checks. What is read must be well formed.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "node/store/integer.h"
#include "node/store/listpack.h"

namespace guccho::store {

// More than any element adds to the bytes of its text.
inline constexpr size_t kListpackOverhead = 11;

// The length behind an element of `body` bytes, to be read backwards. Returns the end.
inline char* write_back_length(char* out, size_t body) {
  if (body <= 127) {
    *out++ = static_cast<char>(body);
    return out;
  }
  unsigned groups = 2;
  while (groups < 5 && (body >> (7 * groups)) != 0) ++groups;
  *out++ = static_cast<char>(body >> (7 * (groups - 1)));
  for (unsigned i = groups - 1; i-- > 0;) *out++ = static_cast<char>(((body >> (7 * i)) & 127) | 128);
  return out;
}

inline char* write_element(char* out, int64_t value) {
  char* const start = out;
  const auto bits = static_cast<uint64_t>(value);
  const auto put = [&out, bits](uint8_t head, size_t bytes) {
    *out++ = static_cast<char>(head);
    std::memcpy(out, &bits, bytes);
    out += bytes;
  };
  if (value >= 0 && value <= 127) {
    out[0] = static_cast<char>(value);
    out[1] = 1;
    return out + 2;
  }
  if (value >= -4096 && value <= 4095) {
    *out++ = static_cast<char>(0xc0 | ((bits >> 8) & 0x1f));
    *out++ = static_cast<char>(bits);
  } else if (value >= INT16_MIN && value <= INT16_MAX) {
    put(0xf1, 2);
  } else if (value >= -(1 << 23) && value < (1 << 23)) {
    put(0xf2, 3);
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    put(0xf3, 4);
  } else {
    put(0xf4, 8);
  }
  return write_back_length(out, static_cast<size_t>(out - start));
}

// As an integer when the text is the canonical one of an integer.
inline char* write_element(char* out, std::string_view text) {
  if (const auto integer = parse_integer(text)) return write_element(out, *integer);
  char* const start = out;
  if (text.size() < 64) {
    *out++ = static_cast<char>(0x80 | text.size());
  } else if (text.size() < 4096) {
    *out++ = static_cast<char>(0xe0 | (text.size() >> 8));
    *out++ = static_cast<char>(text.size());
  } else {
    *out++ = '\xf0';
    const auto size = static_cast<uint32_t>(text.size());
    std::memcpy(out, &size, 4);
    out += 4;
  }
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  out += text.size();
  return write_back_length(out, static_cast<size_t>(out - start));
}

// Reads elements forwards and backwards from a place between two of them.
class ListpackReader {
 public:
  explicit ListpackReader(const char* at) : at_(at) {}

  const char* at() const { return at_; }
  bool at_end() const { return byte(0) == 0xff; }

  ListpackElement read() {
    const uint8_t first = byte(0);
    if (first < 0x80) {
      at_ += 2;
      return {first, {}};
    }
    if (first < 0xc0) return take_string(1, first & 0x3f);
    if (first < 0xe0) {
      const uint64_t bits = (uint64_t{first & 0x1fu} << 8) | byte(1);
      at_ += 3;
      return {static_cast<int64_t>(bits << 51) >> 51, {}};
    }
    if (first < 0xf0) return take_string(2, (size_t{first & 0x0fu} << 8) | byte(1));
    if (first == 0xf0) {
      uint32_t size;
      std::memcpy(&size, at_ + 1, 4);
      return take_string(5, size);
    }
    static constexpr unsigned kBytes[] = {2, 3, 4, 8};
    const unsigned bytes = kBytes[(first - 0xf1) & 3];
    uint64_t bits = 0;
    std::memcpy(&bits, at_ + 1, bytes);
    at_ += bytes + 2;
    const unsigned shift = 64 - 8 * bytes;
    return {static_cast<int64_t>(bits << shift) >> shift, {}};
  }
  int64_t read_integer() { return *read().integer; }
  void skip(uint64_t elements) {
    for (; elements > 0; --elements) at_ += element_size();
  }
  // To the start of the element before.
  void back() {
    size_t body = 0;
    unsigned shift = 0;
    const char* p = at_;
    uint8_t b;
    do {
      b = static_cast<uint8_t>(*--p);
      body |= size_t{b & 127u} << shift;
      shift += 7;
    } while ((b & 128) != 0);
    at_ = p - body;
  }
  void back(uint64_t elements) {
    for (; elements > 0; --elements) back();
  }

 private:
  uint8_t byte(size_t i) const { return static_cast<uint8_t>(at_[i]); }
  static size_t back_length_size(size_t body) {
    return body <= 127 ? 1 : body < 16384 ? 2 : body < 2097152 ? 3 : body < 268435456 ? 4 : 5;
  }
  size_t element_size() const {
    const uint8_t first = byte(0);
    size_t body;
    if (first < 0x80) return 2;
    if (first < 0xc0) {
      body = 1 + (first & 0x3fu);
    } else if (first < 0xe0) {
      return 3;
    } else if (first < 0xf0) {
      body = 2 + ((size_t{first & 0x0fu} << 8) | byte(1));
    } else if (first == 0xf0) {
      uint32_t size;
      std::memcpy(&size, at_ + 1, 4);
      body = 5 + size_t{size};
    } else {
      static constexpr unsigned kSizes[] = {4, 5, 6, 10};
      return kSizes[(first - 0xf1) & 3];
    }
    return body + back_length_size(body);
  }
  ListpackElement take_string(size_t head, size_t size) {
    const std::string_view bytes(at_ + head, size);
    at_ += head + size + back_length_size(head + size);
    return {std::nullopt, bytes};
  }

  const char* at_;
};

}  // namespace guccho::store

// Elements of a listpack (listpack_element.h) written and read one after the other.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "node/store/listpack_element.h"

namespace guccho::store {

// More than any element adds to the bytes of its text.
inline constexpr size_t kListpackOverhead = 11;

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
  const auto body = static_cast<size_t>(out - start);
  write_back_length(out, body);
  return out + back_length_size(body);
}

// As an integer when the text is the canonical one of an integer.
inline char* write_element(char* out, std::string_view text) {
  const EncodedElement element(text);
  element.write(out);
  return out + element.size();
}

// Reads elements forwards and backwards from a place between two of them.
class ListpackReader {
 public:
  explicit ListpackReader(const char* at) : at_(at) {}

  const char* at() const { return at_; }
  bool at_end() const { return static_cast<uint8_t>(*at_) == 0xff; }

  ListpackElement read() {
    const ListpackElement element = read_element(at_);
    at_ += element_size(at_);
    return element;
  }
  int64_t read_integer() { return *read().integer; }
  void skip(uint64_t elements) {
    for (; elements > 0; --elements) at_ += element_size(at_);
  }
  // To the start of the element before.
  void back() { at_ -= element_size_before(at_); }
  void back(uint64_t elements) {
    for (; elements > 0; --elements) back();
  }

 private:
  const char* at_;
};

}  // namespace guccho::store

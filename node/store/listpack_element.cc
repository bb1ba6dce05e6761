// Writing elements of listpacks.
#include "node/store/listpack_element.h"

#include <algorithm>

#include "node/store/integer.h"

namespace guccho::store {

namespace {

size_t integer_body_size(int64_t value) {
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value <= 4095) return 2;
  if (value >= INT16_MIN && value <= INT16_MAX) return 3;
  if (value >= -(1 << 23) && value < (1 << 23)) return 4;
  if (value >= INT32_MIN && value <= INT32_MAX) return 5;
  return 9;
}

size_t string_head_size(size_t size) {
  return size < 64 ? 1 : size < 4096 ? 2 : 5;
}

void write_integer(char* out, int64_t value, size_t body) {
  const auto bits = static_cast<uint64_t>(value);
  if (body == 1) {
    out[0] = static_cast<char>(value);
  } else if (body == 2) {
    out[0] = static_cast<char>(0xc0 | ((bits >> 8) & 0x1f));
    out[1] = static_cast<char>(bits);
  } else {
    out[0] = static_cast<char>(body == 9 ? 0xf4 : 0xf0 + (body - 2));
    std::memcpy(out + 1, &bits, body - 1);
  }
}

void write_string(char* out, std::string_view text) {
  const size_t head = string_head_size(text.size());
  if (head == 1) {
    out[0] = static_cast<char>(0x80 | text.size());
  } else if (head == 2) {
    out[0] = static_cast<char>(0xe0 | (text.size() >> 8));
    out[1] = static_cast<char>(text.size());
  } else {
    const auto size = static_cast<uint32_t>(text.size());
    out[0] = '\xf0';
    std::memcpy(out + 1, &size, 4);
  }
  std::ranges::copy(text, out + head);
}

}  // namespace

std::string_view ListpackElement::text(IntText& scratch) const {
  return integer ? print_integer(*integer, scratch) : bytes;
}

ElementMatcher::ElementMatcher(std::string_view text) : text_(text), integer_(parse_integer(text)) {}

EncodedElement::EncodedElement(std::string_view text)
    : text_(text),
      integer_(parse_integer(text)),
      body_(integer_ ? integer_body_size(*integer_) : string_head_size(text.size()) + text.size()) {}

void EncodedElement::write(char* out) const {
  if (integer_) {
    write_integer(out, *integer_, body_);
  } else {
    write_string(out, text_);
  }
  write_back_length(out + body_, body_);
}

// Seven bits a byte, most significant first; all but the first have the top bit set, as they are read from the end.
void write_back_length(char* out, size_t body) {
  const size_t size = back_length_size(body);
  for (size_t i = 0; i < size; ++i) {
    out[i] = static_cast<char>(((body >> (7 * (size - 1 - i))) & 127) | (i == 0 ? 0 : 128));
  }
}

}  // namespace guccho::store

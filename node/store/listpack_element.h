// One element of a listpack, apart from the block around it: reading it forwards and backwards, its size, writing it.
// The layout is described in listpack.h. Reading trusts the bytes: untrusted ones go through Listpack::valid first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "node/store/entry.h"

namespace guccho::store {

// An integer, or bytes where they lie.
struct ListpackElement {
  std::optional<int64_t> integer;
  std::string_view bytes;

  // The text, printed into `scratch` for integers.
  std::string_view text(IntText& scratch) const;
};

// A text to look for among elements, its integer parsed once.
class ElementMatcher {
 public:
  explicit ElementMatcher(std::string_view text);
  // Blocks made by others may hold the text of an integer as a string.
  bool matches(const ListpackElement& element) const {
    return element.integer ? element.integer == integer_ : element.bytes == text_;
  }

 private:
  std::string_view text_;
  std::optional<int64_t> integer_;
};

// How many bytes the length behind a body (head and data) of this size takes.
constexpr size_t back_length_size(size_t body) {
  if (body <= 127) return 1;
  if (body < 16384) return 2;
  if (body < 2097152) return 3;
  if (body < 268435456) return 4;
  return 5;
}

namespace listpack_detail {

inline uint8_t byte_at(const char* at) {
  return static_cast<uint8_t>(*at);
}
inline uint64_t little_endian(const char* at, size_t bytes) {
  uint64_t value = 0;
  std::memcpy(&value, at, bytes);
  return value;
}
inline int64_t sign_extend(uint64_t value, unsigned bits) {
  const unsigned shift = 64 - bits;
  return static_cast<int64_t>(value << shift) >> shift;
}

}  // namespace listpack_detail

// Head and data of the element at `at`, without the length behind them.
inline size_t element_body_size(const char* at) {
  using namespace listpack_detail;
  const uint8_t first = byte_at(at);
  if (first < 0x80) return 1;
  if (first < 0xc0) return 1 + size_t{first & 0x3fu};
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 2 + ((size_t{first & 0x0fu} << 8) | byte_at(at + 1));
  if (first == 0xf0) return 5 + little_endian(at + 1, 4);
  return first == 0xf4 ? 9 : 2 + size_t{first & 0x0fu};
}

inline size_t element_size(const char* at) {
  const size_t body = element_body_size(at);
  return body + back_length_size(body);
}

// The size of the element that ends just before `end`.
inline size_t element_size_before(const char* end) {
  size_t body = 0;
  size_t length_size = 0;
  uint8_t byte;
  do {
    byte = listpack_detail::byte_at(end - ++length_size);
    body |= size_t{byte & 127u} << (7 * (length_size - 1));
  } while ((byte & 128) != 0);
  return body + length_size;
}

inline ListpackElement read_element(const char* at) {
  using namespace listpack_detail;
  const uint8_t first = byte_at(at);
  if (first < 0x80) return {first, {}};
  if (first < 0xc0) return {std::nullopt, {at + 1, size_t{first & 0x3fu}}};
  if (first < 0xe0) return {sign_extend((uint64_t{first & 0x1fu} << 8) | byte_at(at + 1), 13), {}};
  if (first < 0xf0) return {std::nullopt, {at + 2, (size_t{first & 0x0fu} << 8) | byte_at(at + 1)}};
  if (first == 0xf0) return {std::nullopt, {at + 5, little_endian(at + 1, 4)}};
  const size_t bytes = first == 0xf4 ? 8 : 1 + size_t{first & 0x0fu};
  return {sign_extend(little_endian(at + 1, bytes), static_cast<unsigned>(8 * bytes)), {}};
}

// A text on its way into a listpack: as an integer when it is the canonical text of one.
class EncodedElement {
 public:
  explicit EncodedElement(std::string_view text);
  // Bytes of the whole element.
  size_t size() const { return body_ + back_length_size(body_); }
  // Writes size() bytes.
  void write(char* out) const;

 private:
  std::string_view text_;
  std::optional<int64_t> integer_;
  size_t body_;
};

// Writes the length that follows a body; back_length_size(body) bytes.
void write_back_length(char* out, size_t body);

}  // namespace guccho::store

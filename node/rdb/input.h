// The primitives of RDB, and of the packed values in it: numbers, lengths, strings, scores.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "node/base/result.h"

namespace guccho::rdb {

// The largest string accepted, compressed or not: what the store can hold. Nothing is allocated ahead of the bytes but
// for LZF, whose size is checked against the most that its input can expand to.
inline constexpr uint64_t kMaxString = 0xffffffffu;

// Reads from bytes that may end too early, which is no error: more may come. Running out of them, or meeting bytes that
// cannot be right, is remembered; what is read after that is zero and empty.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  bool short_of_bytes() const { return short_; }
  const std::optional<Error>& error() const { return error_; }
  // All that was read so far is what it says.
  bool whole() const { return !short_ && !error_; }
  size_t position() const { return position_; }

  std::string_view take(uint64_t n) {
    if (short_ || error_ || n > bytes_.size() - position_) {
      short_ = !error_;
      return {};
    }
    position_ += n;
    return bytes_.substr(position_ - n, n);
  }
  uint64_t little_endian(size_t n) {
    uint64_t value = 0;
    const std::string_view b = take(n);
    for (size_t i = 0; i < b.size(); ++i) value |= uint64_t{static_cast<uint8_t>(b[i])} << (8 * i);
    return value;
  }
  uint64_t big_endian(size_t n) {
    uint64_t value = 0;
    for (const char c : take(n)) value = (value << 8) | static_cast<uint8_t>(c);
    return value;
  }
  int64_t signed_little_endian(size_t n) {
    const auto shift = static_cast<unsigned>(64 - 8 * n);
    return static_cast<int64_t>(little_endian(n) << shift) >> shift;
  }
  uint8_t u8() { return static_cast<uint8_t>(little_endian(1)); }
  // A plain length; a special encoding is an error here.
  uint64_t length();
  // In any encoding.
  std::string string();
  // Type 5: the bytes of the number; type 3: its text after a length, with three lengths that stand for a value. NaN is
  // an error.
  double score(bool binary);
  // What was read cannot be right; the first such error stays.
  void refuse(std::string text) {
    if (!short_ && !error_) error_ = Error{std::move(text)};
  }

 private:
  uint64_t length_from(uint8_t first);
  uint64_t checked(uint64_t length);
  std::string compressed();

  std::string_view bytes_;
  size_t position_ = 0;
  bool short_ = false;
  std::optional<Error> error_;
};

}  // namespace guccho::rdb

// Cuts a byte stream into bus messages by their length field.
#include <cstring>

#include "node/bus/codec.h"
#include "node/bus/wire.h"

namespace guccho::bus {

std::expected<std::string_view, Reject> Framer::next() {
  // What was handed out before is dropped when it is at least half of the buffer: amortised O(1) a byte.
  if (begin_ > 0 && begin_ * 2 >= buffer_.size()) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  constexpr size_t kPrefix = sizeof(wire::kSignature) + sizeof(wire::Be32);
  if (rest.size() < kPrefix) return std::string_view();
  if (std::memcmp(rest.data(), wire::kSignature, sizeof(wire::kSignature)) != 0) {
    return std::unexpected(Reject::kBadSignature);
  }
  wire::Be32 length;
  std::memcpy(&length, rest.data() + sizeof(wire::kSignature), sizeof(length));
  if (length.get() < sizeof(wire::Header)) return std::unexpected(Reject::kTooShort);
  if (length.get() > limit_) return std::unexpected(Reject::kTooLarge);
  if (rest.size() < length.get()) return std::string_view();
  begin_ += length.get();
  return rest.substr(0, length.get());
}

}  // namespace guccho::bus

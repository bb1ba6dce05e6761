// Counts and index ranges in arguments, with redis-server's texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "node/commands/context.h"

namespace guccho::commands {

// An integer of at least `least`. Nothing after an error reply: `error` for whatever else the text is.
std::optional<int64_t> read_at_least(Context& c, std::string_view text, int64_t least, std::string_view error);

// The texts of counts that a pop takes.
inline constexpr std::string_view kMustBePositive = "ERR value is out of range, must be positive";

// An integer between -(2^63 - 1) and 2^63 - 1. Nothing after an error reply.
std::optional<int64_t> read_symmetric(Context& c, std::string_view text);
// An integer of 32 bits. Nothing after an error reply.
std::optional<int32_t> read_int32(Context& c, std::string_view text);

// What "start stop" means in a sequence of `size` elements: negative numbers count from its end.
struct IndexRange {
  size_t first = 0;
  size_t count = 0;
};
IndexRange resolve_range(int64_t start, int64_t stop, size_t size);

}  // namespace guccho::commands

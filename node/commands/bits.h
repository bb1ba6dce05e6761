// Strings as arrays of bits: bit 0 is the most significant bit of the first byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "node/commands/context.h"

namespace guccho::commands {

// A bit offset that the string may have: 0 to 8 * proto-max-bulk-len - 1. With `field_width`, "#2" means the third
// field of that width. Nothing after an error reply.
std::optional<uint64_t> read_bit_offset(Context& c, std::string_view text, std::optional<unsigned> field_width);

}  // namespace guccho::commands

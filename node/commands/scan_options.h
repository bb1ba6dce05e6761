// The options that SCAN and HSCAN share.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "node/commands/context.h"

namespace guccho::commands {

struct ScanOptions {
  size_t count = 10;
  std::optional<std::string_view> pattern;
  std::optional<std::string_view> type;  // SCAN only

  bool matches(std::string_view name) const;
};

// Options from argument `first` on; false after an error reply.
bool parse_scan_options(Context& c, size_t first, bool with_type, ScanOptions& out);

// SCAN's cursor argument; nothing after an error reply.
std::optional<uint64_t> read_cursor(Context& c, std::string_view text);

// The cursor in a reply: a bulk string.
void reply_cursor(resp::ReplyWriter& reply, uint64_t cursor);

}  // namespace guccho::commands

// Reading counts, resolving index ranges.
#include "node/commands/ranges.h"

#include <algorithm>
#include <limits>

#include "node/commands/numbers.h"

namespace guccho::commands {

std::optional<int64_t> read_at_least(Context& c, std::string_view text, int64_t least, std::string_view error) {
  const auto number = parse_integer(text);
  if (number && *number >= least) return number;
  c.reply.error(error);
  return std::nullopt;
}

std::optional<int64_t> read_symmetric(Context& c, std::string_view text) {
  const auto number = parse_integer(text);
  if (!number) {
    c.not_an_integer();
  } else if (*number == std::numeric_limits<int64_t>::min()) {
    c.reply.error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  } else {
    return number;
  }
  return std::nullopt;
}

std::optional<int32_t> read_int32(Context& c, std::string_view text) {
  const auto number = parse_integer(text);
  if (!number) {
    c.not_an_integer();
  } else if (*number < std::numeric_limits<int32_t>::min() || *number > std::numeric_limits<int32_t>::max()) {
    c.reply.error("ERR value is out of range, value must between -2147483648 and 2147483647");
  } else {
    return static_cast<int32_t>(*number);
  }
  return std::nullopt;
}

IndexRange resolve_range(int64_t start, int64_t stop, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(0, start + length);
  if (stop < 0) stop += length;
  if (start > stop || start >= length) return {};
  stop = std::min(stop, length - 1);
  return {static_cast<size_t>(start), static_cast<size_t>(stop - start + 1)};
}

}  // namespace guccho::commands

// Reading a count of elements to be chosen.
#include "node/commands/random_choice.h"

#include <limits>

#include "node/commands/numbers.h"
#include "node/commands/text.h"

namespace guccho::commands {

std::optional<RandomCount> read_random_count(Context& c, std::string_view word) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const bool with_other = c.argc() == 4 && equals_ignore_case(word, c.arg(3));
  const auto count = parse_integer(c.arg(2));
  if (!count) {
    c.not_an_integer();
  } else if (*count < -kMax) {
    c.reply.error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  } else if (c.argc() > 3 && !with_other) {
    c.syntax_error();
  } else if (*count < -kMaxRepeats || (with_other && *count > kMax / 2)) {
    c.reply.error("ERR value is out of range");
  } else {
    return RandomCount{.number = *count, .with_other = with_other};
  }
  return std::nullopt;
}

}  // namespace guccho::commands

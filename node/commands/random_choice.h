// What the commands that choose elements at random have in common: SRANDMEMBER, HRANDFIELD, ZRANDMEMBER.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "node/commands/context.h"

namespace guccho::commands {

// A negative count asks for that many elements with repetition, however few there are: the reply's length is limited.
inline constexpr int64_t kMaxRepeats = int64_t{1} << 26;

struct RandomCount {
  int64_t number = 0;       // negative: with repetition
  bool with_other = false;  // the word was there: values, or scores
};
// The arguments from the second on: a count, and perhaps that word (in lower case). Nothing after an error reply.
std::optional<RandomCount> read_random_count(Context& c, std::string_view word);

// Whether drawing until enough different elements came costs less than going through all of them: few draws are in
// vain.
inline bool drawing_suits(size_t wanted, size_t size) {
  return wanted <= size / 3;
}

// `count` different elements, each choice of them equally likely. `draw` gives one element, as an address that no other
// element has, and `take` gets each that is new. Expected O(count) where drawing_suits().
template <class Draw, class Take>
void draw_distinct(size_t count, Draw&& draw, Take&& take) {
  std::unordered_set<const char*> drawn;
  drawn.reserve(count);
  while (drawn.size() < count) {
    draw([&](std::string_view element, auto&&... rest) {
      if (drawn.insert(element.data()).second) take(element, rest...);
    });
  }
}

}  // namespace guccho::commands

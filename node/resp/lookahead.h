// A glance at the commands that lie ahead in a read buffer, so that memory can be prefetched for all of them before the
// first one is executed. Only a hint: nothing is checked, and the parser remains the one that decides.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace guccho::resp {

// Writes the first arguments (for most commands: the key) of the commands that follow one another from the beginning of
// `bytes`, as views into it; returns how many. Stops at the first command that has none, is inline, or whose beginning
// is not there as a whole.
size_t look_ahead(std::string_view bytes, std::span<std::string_view> first_arguments);

}  // namespace guccho::resp

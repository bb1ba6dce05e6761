// The small text form of the files that supervisors and operators leave for each other: a head line that names the form
// and its version, then one "name value" a line. Pure.
#pragma once

#include <charconv>
#include <functional>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace guccho::supervise {

// Appends a line. A newline within the value is written as a blank.
void put_line(std::string& out, std::string_view name, std::string_view value);

// Calls take(name, value) for each line after the head; false from it means that the line is not understood. Fails
// then, on another head, and on a text that does not end with a line's end. `what` begins the error.
Status each_line(std::string_view text, std::string_view head, std::string_view what,
                 const std::function<bool(std::string_view, std::string_view)>& take);

// The whole text as a decimal number.
template <class T>
bool read_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace guccho::supervise

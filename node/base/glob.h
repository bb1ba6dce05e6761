// Glob patterns as Redis has them in KEYS, SCAN, CONFIG GET and PSUBSCRIBE: * ? [abc] [a-z] [^a] and \ before a
// character that is meant literally.
#pragma once

#include <string_view>

namespace guccho {

// O(pattern x text) at worst, however many stars. A set without its closing bracket ends with the pattern.
bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case = false);

}  // namespace guccho

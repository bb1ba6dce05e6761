// SHA-1 in hexadecimal: the name of a script.
#pragma once

#include <array>
#include <string_view>

namespace guccho::scripting {

using Sha1 = std::array<char, 40>;
Sha1 sha1_hex(std::string_view bytes);
inline std::string_view view(const Sha1& sha) {
  return {sha.data(), sha.size()};
}

}  // namespace guccho::scripting

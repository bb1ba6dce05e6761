// The version of Redis whose commands and replies this server gives, as clients are told (HELLO, INFO).
#pragma once

#include <string_view>

namespace guccho {

inline constexpr std::string_view kRedisVersion = "7.2.4";

}  // namespace guccho

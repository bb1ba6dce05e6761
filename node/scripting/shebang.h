// The first line of scripts and libraries: "#!lua flags=no-writes,allow-oom", "#!lua name=library".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace guccho::scripting {

enum ScriptFlag : uint32_t {
  kNoWrites = 1u << 0,
  kAllowOom = 1u << 1,
  kAllowStale = 1u << 2,
  kNoCluster = 1u << 3,
  kAllowCrossSlotKeys = 1u << 4,
  // A script without a first line: it may do what scripts could always do, and each command decides for itself.
  kCompatible = 1u << 31,
};

// In the order in which FUNCTION LIST shows them.
struct FlagName {
  ScriptFlag flag;
  std::string_view name;
};
inline constexpr FlagName kFlagNames[] = {{kNoWrites, "no-writes"},
                                          {kAllowOom, "allow-oom"},
                                          {kAllowStale, "allow-stale"},
                                          {kNoCluster, "no-cluster"},
                                          {kAllowCrossSlotKeys, "allow-cross-slot-keys"}};
std::optional<ScriptFlag> flag_by_name(std::string_view name);

struct ScriptHead {
  uint32_t flags = kCompatible;
  size_t code_at = 0;  // where the code begins: the line's end, so that line numbers stay right
};
Result<ScriptHead> parse_script_head(std::string_view body);

struct LibraryHead {
  std::string engine;
  std::string name;
  size_t code_at = 0;
};
Result<LibraryHead> parse_library_head(std::string_view code);

// Names of libraries and functions: letters, digits, underscores.
bool is_valid_name(std::string_view name);

}  // namespace guccho::scripting

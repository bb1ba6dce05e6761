// The log: one line an event, in Redis' form ("PID:ROLE DATE LEVEL text"). Pure folders do not log; they return effects.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace guccho::log {

enum class Level { kDebug, kVerbose, kNotice, kWarning };

// Where lines go: an empty path means standard output. May be called again to change the level or reopen the file.
// Returns false when the file cannot be opened (the old destination stays).
bool configure(Level level, const std::string& path);
void set_level(Level level);
bool enabled(Level level);
// 'M' primary, 'S' replica, 'C' child tool, 'O' operator; shown in each line.
void set_role(char role);

void write(Level level, std::string_view text);

template <class... A>
void debug(fmt::format_string<A...> f, A&&... a) {
  if (enabled(Level::kDebug)) write(Level::kDebug, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void verbose(fmt::format_string<A...> f, A&&... a) {
  if (enabled(Level::kVerbose)) write(Level::kVerbose, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void notice(fmt::format_string<A...> f, A&&... a) {
  if (enabled(Level::kNotice)) write(Level::kNotice, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void warning(fmt::format_string<A...> f, A&&... a) {
  if (enabled(Level::kWarning)) write(Level::kWarning, fmt::format(f, std::forward<A>(a)...));
}

}  // namespace guccho::log

// Writing and reading of "name value" lines.
#include "node/supervise/lines.h"

#include <fmt/format.h>

namespace guccho::supervise {

void put_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).push_back(' ');
  for (const char c : value) out.push_back(c == '\n' ? ' ' : c);
  out.push_back('\n');
}

Status each_line(std::string_view text, std::string_view head, std::string_view what,
                 const std::function<bool(std::string_view, std::string_view)>& take) {
  if (!text.starts_with(head) || text.back() != '\n' || text.substr(head.size(), 1) != "\n") {
    return fail(fmt::format("{}: does not begin with '{}', or is torn", what, head));
  }
  int number = 1;
  for (text.remove_prefix(head.size() + 1); !text.empty();) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    const size_t blank = line.find(' ');
    if (blank == line.npos || !take(line.substr(0, blank), line.substr(blank + 1))) {
      return fail(fmt::format("{}: line {}: '{}' is not understood", what, number, line));
    }
  }
  return {};
}

}  // namespace guccho::supervise

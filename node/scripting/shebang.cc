// Reading the first line. Errors are whole, with the code that a reply begins with left out.
#include "node/scripting/shebang.h"

#include <algorithm>
#include <vector>

#include "node/base/words.h"

namespace guccho::scripting {
namespace {

bool is_lua(std::string_view word) {
  return word.size() == 3 && (word[0] | 32) == 'l' && (word[1] | 32) == 'u' && (word[2] | 32) == 'a';
}

Result<uint32_t> parse_flags(std::string_view list) {
  uint32_t flags = 0;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view name = list.substr(0, comma);
    const std::optional<ScriptFlag> flag = flag_by_name(name);
    if (!flag) return fail("Unexpected flag in script shebang: " + std::string(name));
    flags |= *flag;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
    if (list.empty()) return fail("Unexpected flag in script shebang: ");
  }
  return flags;
}

}  // namespace

std::optional<ScriptFlag> flag_by_name(std::string_view name) {
  for (const FlagName& f : kFlagNames) {
    if (f.name == name) return f.flag;
  }
  return std::nullopt;
}

bool is_valid_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<ScriptHead> parse_script_head(std::string_view body) {
  ScriptHead head;
  if (!body.starts_with("#!")) return head;
  const size_t end = body.find('\n');
  if (end == std::string_view::npos) return fail("Invalid script shebang");
  const auto words = split_line(body.substr(0, end));
  if (!words || words->empty()) return fail("Invalid engine in script shebang");
  if (words->front() != "#!lua") return fail("Unexpected engine in script shebang: " + words->front());
  head.flags = 0;
  head.code_at = end;
  for (size_t i = 1; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (!word.starts_with("flags=")) return fail("Unknown lua shebang option: " + word);
    Result<uint32_t> flags = parse_flags(std::string_view(word).substr(6));
    if (!flags) return fail(flags.error().text);
    head.flags |= *flags;
  }
  return head;
}

Result<LibraryHead> parse_library_head(std::string_view code) {
  if (!code.starts_with("#!")) return fail("Missing library metadata");
  const size_t end = code.find('\n');
  if (end == std::string_view::npos) return fail("Invalid library metadata");
  const auto words = split_line(code.substr(0, end));
  if (!words || words->empty()) return fail("Invalid library metadata");
  LibraryHead head{.engine = words->front().substr(2), .code_at = end};
  bool named = false;
  for (size_t i = 1; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (!word.starts_with("name=")) return fail("Invalid metadata value given: " + word);
    if (named) return fail("Invalid metadata value, name argument was given multiple times");
    named = true;
    head.name = word.substr(5);
  }
  if (!named) return fail("Library name was not given");
  if (!is_valid_name(head.name)) {
    return fail(
        "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long");
  }
  if (!is_lua(head.engine)) return fail("Engine '" + head.engine + "' not found");
  return head;
}

}  // namespace guccho::scripting

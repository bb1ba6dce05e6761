// Small helpers for protocol words, whose letters' case does not matter and never depends on a locale.
#pragma once

#include <string_view>

namespace guccho::commands {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

// `word` is in lower case; `text` is what the client sent.
constexpr bool equals_ignore_case(std::string_view word, std::string_view text) {
  if (word.size() != text.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != to_lower(text[i])) return false;
  }
  return true;
}

// As equals_ignore_case, when neither is known to be in lower case.
constexpr bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

}  // namespace guccho::commands

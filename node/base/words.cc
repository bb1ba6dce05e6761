// Splitting lines into words, and quoting words.
#include "node/base/words.h"

#include <fmt/format.h>

namespace guccho {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// What ends a word; \v and \f only separate words, which is how redis-server has it.
bool ends_word(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

char unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Reads the quoted part that starts after the opening `quote` at i; leaves i after the closing one.
bool read_quoted(std::string_view line, size_t& i, char quote, std::string& out) {
  while (i < line.size()) {
    const char c = line[i];
    if (c == quote) {
      ++i;
      return i == line.size() || is_blank(line[i]);
    }
    if (quote == '"' && c == '\\' && i + 3 < line.size() && line[i + 1] == 'x' && hex_digit(line[i + 2]) >= 0 &&
        hex_digit(line[i + 3]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(line[i + 2]) * 16 + hex_digit(line[i + 3])));
      i += 4;
    } else if (quote == '"' && c == '\\' && i + 1 < line.size()) {
      out.push_back(unescape(line[i + 1]));
      i += 2;
    } else if (quote == '\'' && c == '\\' && i + 1 < line.size() && line[i + 1] == '\'') {
      out.push_back('\'');
      i += 2;
    } else {
      out.push_back(c);
      ++i;
    }
  }
  return false;
}

}  // namespace

bool split_words(std::string_view line, std::vector<std::string>& out) {
  out.clear();
  size_t i = 0;
  for (;;) {
    while (i < line.size() && is_blank(line[i])) ++i;
    if (i == line.size()) return true;
    std::string& word = out.emplace_back();
    while (i < line.size() && !ends_word(line[i])) {
      const char c = line[i++];
      if (c == '"' || c == '\'') {
        if (!read_quoted(line, i, c, word)) return false;
        break;
      }
      word.push_back(c);
    }
  }
}

Result<std::vector<std::string>> split_line(std::string_view line) {
  std::vector<std::string> words;
  if (!split_words(line, words)) return fail("unbalanced quotes");
  return words;
}

std::string quote_word(std::string_view word) {
  bool plain = !word.empty();
  for (char c : word) plain = plain && c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\';
  if (plain) return std::string(word);
  std::string out = "\"";
  for (char c : word) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c >= ' ' && c < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

}  // namespace guccho

// The quoting rules of redis.conf lines, both ways.
#include <fmt/core.h>

#include "node/config/load.h"

namespace guccho::config {
namespace {

constexpr std::string_view kUnbalanced = "unbalanced quotes";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == '\0';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
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

// Reads one word at `i` and moves `i` behind it.
class WordReader {
 public:
  WordReader(std::string_view line, size_t& i) : line_(line), i_(i) {}

  Result<std::string> read() {
    while (i_ < line_.size() && !is_blank(line_[i_])) {
      const char c = line_[i_++];
      if (c != '"' && c != '\'') {
        word_ += c;
        continue;
      }
      const bool closed = c == '"' ? read_double() : read_single();
      if (!closed || (i_ < line_.size() && !is_blank(line_[i_]))) return fail(std::string(kUnbalanced));
    }
    return std::move(word_);
  }

 private:
  bool read_double() {
    while (i_ < line_.size()) {
      const char c = line_[i_++];
      if (c == '"') return true;
      if (c != '\\' || i_ == line_.size()) {
        word_ += c;
      } else if (line_[i_] == 'x' && i_ + 2 < line_.size() && hex_digit(line_[i_ + 1]) >= 0 &&
                 hex_digit(line_[i_ + 2]) >= 0) {
        word_ += static_cast<char>(hex_digit(line_[i_ + 1]) * 16 + hex_digit(line_[i_ + 2]));
        i_ += 3;
      } else {
        word_ += unescape(line_[i_++]);
      }
    }
    return false;
  }

  bool read_single() {
    while (i_ < line_.size()) {
      const char c = line_[i_++];
      if (c == '\'') return true;
      if (c == '\\' && i_ < line_.size() && line_[i_] == '\'') {
        word_ += line_[i_++];
      } else {
        word_ += c;
      }
    }
    return false;
  }

  std::string_view line_;
  size_t& i_;
  std::string word_;
};

}  // namespace

Result<std::vector<std::string>> split_line(std::string_view line) {
  std::vector<std::string> words;
  for (size_t i = 0;;) {
    while (i < line.size() && is_blank(line[i])) ++i;
    if (i == line.size()) return words;
    Result<std::string> word = WordReader(line, i).read();
    if (!word) return fail(word.error().text);
    words.push_back(std::move(*word));
  }
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

}  // namespace guccho::config

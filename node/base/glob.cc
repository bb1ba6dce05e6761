// Glob matching that goes back to the last star only, so that patterns such as *a*a*a*b cannot take exponential time.
#include "node/base/glob.h"

#include <cstddef>
#include <utility>

namespace guccho {
namespace {

unsigned char fold(char c, bool ignore_case) {
  return static_cast<unsigned char>(ignore_case && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

// Matches one character against the pattern's element at `p` and moves `p` behind that element.
bool match_set(std::string_view pattern, size_t& p, unsigned char c, bool ignore_case) {
  bool found = false;
  bool negated = false;
  ++p;
  if (p < pattern.size() && pattern[p] == '^') {
    negated = true;
    ++p;
  }
  while (p < pattern.size() && pattern[p] != ']') {
    if (pattern[p] == '\\' && p + 1 < pattern.size()) {
      ++p;
      found |= fold(pattern[p], ignore_case) == c;
    } else if (p + 2 < pattern.size() && pattern[p + 1] == '-') {
      unsigned char low = fold(pattern[p], ignore_case);
      unsigned char high = fold(pattern[p + 2], ignore_case);
      if (low > high) std::swap(low, high);
      found |= low <= c && c <= high;
      p += 2;
    } else {
      found |= fold(pattern[p], ignore_case) == c;
    }
    ++p;
  }
  if (p < pattern.size()) ++p;
  return found != negated;
}

bool match_one(std::string_view pattern, size_t& p, char text, bool ignore_case) {
  const unsigned char c = fold(text, ignore_case);
  if (pattern[p] == '?') {
    ++p;
    return true;
  }
  if (pattern[p] == '[') return match_set(pattern, p, c, ignore_case);
  if (pattern[p] == '\\' && p + 1 < pattern.size()) ++p;
  return fold(pattern[p++], ignore_case) == c;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t p = 0;
  size_t t = 0;
  size_t after_star = kNone;  // in the pattern
  size_t star_end = 0;        // in the text: where what the last star takes ends
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_end = t;
      continue;
    }
    if (p < pattern.size() && match_one(pattern, p, text[t], ignore_case)) {
      ++t;
      continue;
    }
    if (after_star == kNone) return false;
    p = after_star;
    t = ++star_end;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace guccho

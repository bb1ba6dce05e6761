// Parsing and printing of floating point numbers and cursors.
#include "node/commands/numbers.h"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace guccho::commands {
namespace {

// Runs a strto* function over a zero-terminated copy; nothing unless it took the whole text.
template <class T, size_t kCapacity, class Convert>
std::optional<T> convert_all(std::string_view text, Convert convert) {
  if (text.empty() || text.size() >= kCapacity || std::isspace(static_cast<unsigned char>(text[0])))
    return std::nullopt;
  char copy[kCapacity];
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  char* end = nullptr;
  errno = 0;
  const T value = convert(copy, &end);
  if (end != copy + text.size()) return std::nullopt;
  return value;
}

// Too large, or so small that nothing is left of it.
template <class T>
bool out_of_range(T value) {
  return errno == ERANGE && (std::isinf(value) || value == 0);
}

}  // namespace

std::optional<long double> parse_long_double(std::string_view text) {
  const auto value =
      convert_all<long double, sizeof(LongDoubleText)>(text, [](const char* s, char** end) { return strtold(s, end); });
  if (!value || out_of_range(*value) || std::isnan(*value)) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  // Nearly all are plain decimals, which this reads several times faster, to the same value.
  double plain = 0;
  const char* const text_end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), text_end, plain);
  if (error == std::errc() && stop == text_end && std::isfinite(plain)) return plain;
  const auto value = convert_all<double, 256>(text, [](const char* s, char** end) { return strtod(s, end); });
  if (!value || out_of_range(*value) || std::isnan(*value)) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_cursor(std::string_view text) {
  const auto value = convert_all<uint64_t, 64>(text, [](const char* s, char** end) { return strtoull(s, end, 10); });
  if (!value || errno == ERANGE) return std::nullopt;
  return value;
}

std::string_view print_long_double(long double value, LongDoubleText& scratch) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  size_t size = static_cast<size_t>(std::snprintf(scratch.data(), scratch.size(), "%.17Lf", value));
  while (scratch[size - 1] == '0') --size;
  if (scratch[size - 1] == '.') --size;
  const std::string_view text(scratch.data(), size);
  return text == "-0" ? "0" : text;
}

}  // namespace guccho::commands

// Printing and reading of doubles, independent of the locale.
#include "node/base/real.h"

#include <charconv>
#include <cmath>
#include <cstdint>

namespace guccho {

std::string_view print_real(double value, RealText& scratch) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  char* const begin = scratch.data();
  char* const end = begin + scratch.size();
  // Below 2^52 whole numbers have the same text as integers, which are printed much faster.
  const bool whole = value > -4503599627370496.0 && value < 4503599627370496.0 && value == std::trunc(value);
  const auto printed = whole ? std::to_chars(begin, end, static_cast<int64_t>(value))
                             : std::to_chars(begin, end, value, std::chars_format::general, 17);
  return {begin, static_cast<size_t>(printed.ptr - begin)};
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || std::isnan(value)) return std::nullopt;
  return value;
}

}  // namespace guccho

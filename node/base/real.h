// Doubles as text, the way redis-server prints them in replies and stores them in packed sorted sets.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace guccho {

// "-2.2250738585072014e-308" is the longest text.
using RealText = std::array<char, 40>;

// At most 17 significant digits (printf's %.17g); "inf", "-inf", "nan", "-0".
std::string_view print_real(double value, RealText& scratch);

// The whole text as a decimal number, "inf" or "-inf"; nothing for anything else (blanks, a plus sign, NaN) and for
// what is out of a double's range. Stricter than what clients may write: for texts that a server wrote.
std::optional<double> parse_real(std::string_view text);

}  // namespace guccho

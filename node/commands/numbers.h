// Numbers in arguments and values: what redis-server accepts as one, and how it prints one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "node/store/string_value.h"

namespace guccho::commands {

using store::parse_integer;  // strict: no blanks, no plus sign, no leading zeros

// Decimal, hexadecimal or "inf" floating point text without surrounding blanks; not NaN, not out of range.
std::optional<long double> parse_long_double(std::string_view text);
std::optional<double> parse_double(std::string_view text);

// SCAN's cursor: an unsigned number as strtoul reads one, leading blanks refused.
std::optional<uint64_t> parse_cursor(std::string_view text);

// The longest finite long double has 4933 digits before the point; 17 are printed after it.
using LongDoubleText = std::array<char, 5 * 1024>;
// As INCRBYFLOAT stores its result: fixed notation, 17 digits after the point, without trailing zeros.
std::string_view print_long_double(long double value, LongDoubleText& scratch);

}  // namespace guccho::commands

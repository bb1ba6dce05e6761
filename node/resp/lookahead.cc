// Hopping over RESP arrays by their lengths.
#include "node/resp/lookahead.h"

namespace guccho::resp {
namespace {

// Longer numbers are left to the parser.
constexpr int kMaxDigits = 9;

struct Cursor {
  const char* at;
  const char* end;

  // "<kind>digits\r\n"
  bool number(char kind, size_t& value) {
    if (at == end || *at != kind) return false;
    ++at;
    value = 0;
    int digits = 0;
    for (; at != end && *at >= '0' && *at <= '9'; ++at) {
      if (++digits > kMaxDigits) return false;
      value = value * 10 + static_cast<size_t>(*at - '0');
    }
    if (digits == 0 || end - at < 2) return false;
    at += 2;
    return true;
  }
  // A bulk string; its bytes may be missing as long as nothing is read behind them.
  bool bulk(std::string_view& bytes) {
    size_t length = 0;
    if (!number('$', length) || static_cast<size_t>(end - at) < length) return false;
    bytes = {at, length};
    at += length;
    at += end - at < 2 ? end - at : 2;
    return true;
  }
};

}  // namespace

size_t look_ahead(std::string_view bytes, std::span<std::string_view> first_arguments) {
  Cursor cursor{.at = bytes.data(), .end = bytes.data() + bytes.size()};
  size_t found = 0;
  while (found < first_arguments.size()) {
    size_t count = 0;
    std::string_view skipped;
    if (!cursor.number('*', count) || count < 2 || !cursor.bulk(skipped)) break;
    if (!cursor.bulk(first_arguments[found])) break;
    ++found;
    bool whole = true;
    for (size_t i = 2; i < count && whole; ++i) whole = cursor.bulk(skipped);
    if (!whole) break;
  }
  return found;
}

}  // namespace guccho::resp

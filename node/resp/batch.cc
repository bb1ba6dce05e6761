// Reading whole commands in one pass.
#include "node/resp/batch.h"

namespace guccho::resp {
namespace {

// "*<count>\r\n" or "$<length>\r\n" in the form that nearly all clients send, at `at`, which is moved behind it. False,
// with `at` anywhere: it is not whole, negative, of more than nine digits, or of a form that only the parser judges.
inline bool read_length_line(const char*& at, const char* end, char kind, size_t& value) {
  constexpr int kMaxDigits = 9;
  if (end - at < 4 || *at != kind) return false;
  const char* const first = ++at;
  value = 0;
  for (; at != end && *at >= '0' && *at <= '9'; ++at) {
    if (at - first == kMaxDigits) return false;
    value = value * 10 + static_cast<size_t>(*at - '0');
  }
  if (at == first || (*first == '0' && at - first > 1) || end - at < 2 || *at != '\r') return false;
  at += 2;
  return true;
}

}  // namespace

void CommandBatch::parse(std::string_view bytes, const ParserLimits& limits) {
  size_ = 0;
  if (!limits.authenticated) return;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  uint32_t used = 0;
  first_[0] = 0;
  while (size_ < kMaxCommands) {
    const char* const begin = at;
    size_t count = 0;
    if (!read_length_line(at, end, '*', count)) return;
    if (count == 0 || count > kMaxArguments - used || static_cast<int64_t>(count) > limits.max_arguments) return;
    for (; count > 0; --count) {
      size_t length = 0;
      if (!read_length_line(at, end, '$', length) || length > limits.max_bulk_length) return;
      if (static_cast<size_t>(end - at) < length + 2) return;
      args_[used++] = {at, length};
      at += length + 2;
    }
    bytes_[size_] = static_cast<size_t>(at - begin);
    first_[++size_] = used;
  }
}

}  // namespace guccho::resp

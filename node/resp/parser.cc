// The request parser.
#include "node/resp/parser.h"

#include <charconv>
#include <cstring>

#include "node/base/words.h"

namespace guccho::resp {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);
constexpr int64_t kMaxUnauthenticatedArguments = 10;
constexpr int64_t kMaxUnauthenticatedBulk = 16384;

// Offset of the '\r' that ends the line at `from`, or kNone while it has not arrived.
size_t find_line_end(std::string_view bytes, size_t from) {
  const void* p = std::memchr(bytes.data() + from, '\r', bytes.size() - from);
  if (p == nullptr) return kNone;
  const size_t at = static_cast<size_t>(static_cast<const char*>(p) - bytes.data());
  return at + 1 < bytes.size() ? at : kNone;  // the '\n' must be here too
}

// Decimal without leading '+', blanks or a leading zero before other digits, as redis-server reads lengths.
bool parse_length(std::string_view text, int64_t& value) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  if (text.size() > 1 && text[0] == '-' && text[1] == '0') return false;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc() && end == text.data() + text.size();
}

}  // namespace

void CommandParser::reset() {
  pos_ = 0;
  remaining_ = -1;
  bulk_length_ = -1;
  wanted_ = 0;
  pieces_.clear();
}

void CommandParser::shrink() {
  constexpr size_t kKept = 1024;  // arguments
  if (inside_command()) return;
  if (pieces_.capacity() > kKept) std::vector<Piece>().swap(pieces_);
  if (args_.capacity() > kKept) std::vector<std::string_view>().swap(args_);
  if (inline_args_.capacity() > kKept) std::vector<std::string>().swap(inline_args_);
}

size_t CommandParser::argument_bytes() const {
  return pieces_.capacity() * sizeof(Piece) + args_.capacity() * sizeof(std::string_view) +
         inline_args_.capacity() * sizeof(std::string);
}

ParseStatus CommandParser::refuse(std::string text) {
  error_ = "Protocol error: " + std::move(text);
  reset();
  return ParseStatus::kError;
}

ParseStatus CommandParser::need(size_t total) {
  wanted_ = total;
  return ParseStatus::kNeedMore;
}

ParseStatus CommandParser::next(std::string_view bytes, const ParserLimits& limits) {
  if (bytes.empty()) return need(1);
  return bytes[0] == '*' ? parse_array(bytes, limits) : parse_inline(bytes, limits);
}

ParseStatus CommandParser::parse_inline(std::string_view bytes, const ParserLimits& limits) {
  const size_t newline = bytes.find('\n', pos_);
  if (newline == std::string_view::npos) {
    if (bytes.size() > limits.max_inline) return refuse("too big inline request");
    pos_ = bytes.size();
    return need(bytes.size() + 1);
  }
  size_t end = newline;
  if (end > 0 && bytes[end - 1] == '\r') --end;
  if (!split_words(bytes.substr(0, end), inline_args_)) return refuse("unbalanced quotes in request");
  args_.assign(inline_args_.begin(), inline_args_.end());
  consumed_ = newline + 1;
  reset();
  return ParseStatus::kCommand;
}

// Reads "*<count>\r\n"; kCommand stands for "read, go on".
ParseStatus CommandParser::parse_array_header(std::string_view bytes, const ParserLimits& limits) {
  const size_t end = find_line_end(bytes, 1);
  if (end == kNone) {
    if (bytes.size() > limits.max_inline) return refuse("too big mbulk count string");
    return need(bytes.size() + 1);
  }
  int64_t count = 0;
  if (!parse_length(bytes.substr(1, end - 1), count) || count > limits.max_arguments) {
    return refuse("invalid multibulk length");
  }
  if (!limits.authenticated && count > kMaxUnauthenticatedArguments) return refuse("unauthenticated multibulk length");
  pos_ = end + 2;
  remaining_ = count > 0 ? count : 0;
  return ParseStatus::kCommand;
}

// Reads "$<length>\r\n"; kCommand stands for "read, go on".
ParseStatus CommandParser::parse_bulk_header(std::string_view bytes, const ParserLimits& limits) {
  if (pos_ >= bytes.size()) return need(bytes.size() + 1);
  const size_t end = find_line_end(bytes, pos_);
  if (end == kNone) {
    if (bytes.size() - pos_ > limits.max_inline) return refuse("too big bulk count string");
    return need(bytes.size() + 1);
  }
  if (bytes[pos_] != '$') return refuse(std::string("expected '$', got '") + bytes[pos_] + "'");
  int64_t length = 0;
  if (!parse_length(bytes.substr(pos_ + 1, end - pos_ - 1), length) || length < 0 ||
      static_cast<uint64_t>(length) > limits.max_bulk_length) {
    return refuse("invalid bulk length");
  }
  if (!limits.authenticated && length > kMaxUnauthenticatedBulk) return refuse("unauthenticated bulk length");
  pos_ = end + 2;
  bulk_length_ = length;
  return ParseStatus::kCommand;
}

ParseStatus CommandParser::parse_array(std::string_view bytes, const ParserLimits& limits) {
  if (remaining_ < 0) {
    if (const ParseStatus s = parse_array_header(bytes, limits); s != ParseStatus::kCommand) return s;
  }
  while (remaining_ > 0) {
    if (bulk_length_ < 0) {
      if (const ParseStatus s = parse_bulk_header(bytes, limits); s != ParseStatus::kCommand) return s;
    }
    const size_t length = static_cast<size_t>(bulk_length_);
    if (bytes.size() < pos_ + length + 2) return need(pos_ + length + 2);
    pieces_.push_back({pos_, length});
    pos_ += length + 2;
    bulk_length_ = -1;
    --remaining_;
  }
  args_.clear();
  for (const Piece& p : pieces_) args_.push_back(bytes.substr(p.offset, p.length));
  consumed_ = pos_;
  reset();
  return ParseStatus::kCommand;
}

}  // namespace guccho::resp

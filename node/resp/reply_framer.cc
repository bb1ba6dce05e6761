// Walks over replies element by element, with a stack of the aggregates that are still open.
#include "node/resp/reply_framer.h"

#include <charconv>

namespace guccho::resp {
namespace {

// The number of a length line; nothing else may stand in it.
bool parse_length(std::string_view text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void ReplyFramer::reset() {
  pos_ = 0;
  open_.clear();
  push_ = false;
  wanted_ = 0;
}

FrameStatus ReplyFramer::next(std::string_view bytes) {
  if (open_.empty()) {
    open_.push_back({.left = 1, .attribute = false});
    push_ = false;
    wanted_ = 0;
  }
  for (;;) {
    const Step step = element(bytes);
    if (step == Step::kNeedMore) return FrameStatus::kNeedMore;
    if (step == Step::kError) return FrameStatus::kError;
    if (!close_finished()) continue;
    size_ = pos_;
    pos_ = 0;
    open_.clear();
    return FrameStatus::kReply;
  }
}

// Understands the next line, and the string that it announces. Changes nothing unless all of it is there.
ReplyFramer::Step ReplyFramer::element(std::string_view bytes) {
  const std::string_view rest = bytes.substr(pos_);
  const size_t cr = rest.substr(0, limits_.max_line).find('\r');
  if (cr == std::string_view::npos || cr + 1 >= rest.size()) {
    if (rest.size() >= limits_.max_line) return Step::kError;
    wanted_ = bytes.size() + 1;
    return Step::kNeedMore;
  }
  if (cr == 0 || rest[cr + 1] != '\n') return Step::kError;
  const char type = rest[0];
  const std::string_view text = rest.substr(1, cr - 1);
  const size_t end = pos_ + cr + 2;
  int64_t number = 0;
  switch (type) {
    case '+':
    case '-':
    case ',':
    case '(':
    case '#':
    case '_':
      --open_.back().left;
      pos_ = end;
      return Step::kElement;
    case ':':
      if (!parse_length(text, number)) return Step::kError;
      --open_.back().left;
      pos_ = end;
      return Step::kElement;
    case '$':
    case '=':
    case '!':
      if (!parse_length(text, number)) return Step::kError;
      return skip_bulk(bytes, end, number);
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
      if (!parse_length(text, number)) return Step::kError;
      return open(type, number, end);
    default:
      return Step::kError;
  }
}

ReplyFramer::Step ReplyFramer::skip_bulk(std::string_view bytes, size_t begin, int64_t length) {
  if (length < -1 || length > limits_.max_bulk) return Step::kError;
  // Length -1 is RESP2's null and has no bytes.
  const size_t end = length < 0 ? begin : begin + static_cast<size_t>(length) + 2;
  if (end > bytes.size()) {
    wanted_ = end;
    return Step::kNeedMore;
  }
  if (length >= 0 && bytes.substr(end - 2, 2) != "\r\n") return Step::kError;
  --open_.back().left;
  pos_ = end;
  return Step::kElement;
}

ReplyFramer::Step ReplyFramer::open(char type, int64_t count, size_t end) {
  const bool null = count == -1 && type == '*';
  if ((count < 0 && !null) || count > limits_.max_elements || open_.size() > limits_.max_depth) return Step::kError;
  // Pushes stand between replies, never inside one.
  if (type == '>' && open_.size() > 1) return Step::kError;
  push_ |= type == '>';
  const bool pairs = type == '%' || type == '|';
  open_.push_back({.left = null ? 0 : pairs ? 2 * count : count, .attribute = type == '|'});
  pos_ = end;
  return Step::kElement;
}

// Closes what is complete; true when the whole reply is.
bool ReplyFramer::close_finished() {
  while (open_.size() > 1 && open_.back().left == 0) {
    const bool counts = !open_.back().attribute;
    open_.pop_back();
    if (counts) --open_.back().left;
  }
  return open_.size() == 1 && open_.front().left == 0;
}

}  // namespace guccho::resp

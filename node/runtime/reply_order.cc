// Places of replies that are to come.
#include "node/runtime/reply_order.h"

#include <algorithm>
#include <utility>

namespace guccho::runtime {

namespace {

constexpr size_t kFirstPlaces = 16;
constexpr size_t kKeptPlaces = 64;
constexpr size_t kKeptBytes = 16 * 1024;

}  // namespace

uint64_t ReplyOrder::reserve(bool drop) {
  if (count_ == ring_.size()) grow();
  const uint64_t place = first_ + count_++;
  Place& p = at(place);
  p.start = passed_ + behind_.size();
  p.done = false;
  p.drop = drop;
  p.size = 0;
  return place;
}

void ReplyOrder::grow() {
  std::vector<Place> larger(std::max(kFirstPlaces, 2 * ring_.size()));
  for (uint64_t place = first_; place < first_ + count_; ++place) {
    larger[place & (larger.size() - 1)] = std::move(at(place));
  }
  ring_ = std::move(larger);
}

bool ReplyOrder::fill(uint64_t place, std::string_view reply, resp::Buffer& out) {
  if (place < first_ || place - first_ >= count_) return false;
  Place& p = at(place);
  if (p.done) return false;
  p.done = true;
  if (p.drop) reply = {};
  if (place == first_) {
    leave(out, reply);
    return true;
  }
  filled_bytes_ += reply.size();
  if (reply.size() <= kInline) {
    std::ranges::copy(reply, p.bytes.data());
    p.size = static_cast<uint8_t>(reply.size());
  } else {
    p.text = std::make_unique<std::string>(reply);
  }
  return false;
}

// The first place leaves with this reply, then what may follow it.
void ReplyOrder::leave(resp::Buffer& out, std::string_view reply) {
  out.append(reply);
  for (;;) {
    ++first_;
    --count_;
    const size_t follow = count_ == 0 ? behind_.size() : static_cast<size_t>(at(first_).start - passed_);
    out.append(behind_.view().substr(0, follow));
    behind_.consume(follow);
    passed_ += follow;
    if (count_ == 0 || !at(first_).done) return;
    Place& p = at(first_);
    filled_bytes_ -= p.reply().size();
    out.append(p.reply());
    p.text.reset();
  }
}

void ReplyOrder::shrink() {
  behind_.shrink(kKeptBytes);
  if (count_ > 0 || ring_.size() <= kKeptPlaces) return;
  ring_ = std::vector<Place>();
}

}  // namespace guccho::runtime

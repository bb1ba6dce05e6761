// The order of a connection's replies: what leaves is in the order of the commands, though some are answered by other
// workers, or later. A reply that is to come has a place; replies that are made here meanwhile wait behind the places
// before them, side by side in one buffer.
//
// Nothing is allocated while there are no more places than there ever were and the replies that come out of order are
// short.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/resp/buffer.h"

namespace guccho::runtime {

class ReplyOrder {
 public:
  // No place is reserved: replies go straight to what is sent.
  bool empty() const { return count_ == 0; }
  // Places.
  size_t size() const { return count_; }
  // Of all that waits.
  size_t bytes() const { return behind_.size() + filled_bytes_; }

  // Where the reply of a command that runs now goes, while a place is reserved. Must be written before the next call.
  resp::Buffer& behind() { return behind_; }
  // The next place; `drop`: the reply is to be thrown away when it comes.
  uint64_t reserve(bool drop);
  // What reserve() would return.
  uint64_t next() const { return first_ + count_; }
  // The reply for a place. Places that are not reserved (any more), and those that have theirs, are passed over. True
  // when something could leave: it was appended to `out`, with what waited behind it.
  bool fill(uint64_t place, std::string_view reply, resp::Buffer& out);
  // Gives memory back that only many places needed.
  void shrink();

 private:
  static constexpr size_t kInline = 36;
  struct Place {
    uint64_t start = 0;                 // of this place in behind_, counted from the first byte ever put there
    std::unique_ptr<std::string> text;  // a longer reply
    bool done = false;
    bool drop = false;
    uint8_t size = 0;  // of a short one
    std::array<char, kInline> bytes;

    std::string_view reply() const { return text ? std::string_view(*text) : std::string_view(bytes.data(), size); }
  };

  Place& at(uint64_t place) { return ring_[place & (ring_.size() - 1)]; }
  void grow();
  void leave(resp::Buffer& out, std::string_view reply);

  std::vector<Place> ring_;  // a power of two, or none
  uint64_t first_ = 0;       // the first place
  size_t count_ = 0;
  resp::Buffer behind_;
  uint64_t passed_ = 0;  // bytes that have left behind_
  size_t filled_bytes_ = 0;
};

}  // namespace guccho::runtime

// The commands at the head of a read buffer, several at once: so that memory can be prefetched for all of them before
// the first one is executed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "node/resp/parser.h"

namespace guccho::resp {

// Takes only what has nothing unusual about it: arrays of bulk strings that are there as a whole, within the limits,
// after authentication. Everything else is left to CommandParser, whose next command, if it finds one, begins where
// these end.
class CommandBatch {
 public:
  // Enough for the waits for memory to overlap, few enough that what was fetched first is still in the nearest cache.
  static constexpr size_t kMaxCommands = 16;
  static constexpr size_t kMaxArguments = 64;  // of all together

  // The commands are views into `bytes`. No allocation.
  void parse(std::string_view bytes, const ParserLimits& limits);
  void clear() { size_ = 0; }

  size_t size() const { return size_; }
  std::span<const std::string_view> args(size_t i) const {
    return {args_.data() + first_[i], args_.data() + first_[i + 1]};
  }
  // What command `i` takes of the buffer.
  size_t bytes(size_t i) const { return bytes_[i]; }

 private:
  std::array<std::string_view, kMaxArguments> args_;
  std::array<uint32_t, kMaxCommands + 1> first_{};  // argument of each command, and the end of the last
  std::array<size_t, kMaxCommands> bytes_{};
  size_t size_ = 0;
};

}  // namespace guccho::resp

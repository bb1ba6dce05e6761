// Finds where replies end in a stream of RESP2 or RESP3 bytes without decoding or copying them, so that the router port
// can pass on a node's replies as they came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace guccho::resp {

struct FramerLimits {
  size_t max_depth = 128;                   // aggregates inside aggregates
  size_t max_line = 64 * 1024;              // a simple string, an error, a number, or a length line
  int64_t max_bulk = 512ll * 1024 * 1024;   // bytes of one string, as proto-max-bulk-len's default
  int64_t max_elements = int64_t{1} << 32;  // of one aggregate; only counted, no memory is set aside for them
};

enum class FrameStatus : uint8_t {
  kReply,     // size() bytes from the beginning are one whole reply
  kNeedMore,  // not whole yet
  kError,     // not RESP, or over a limit: the stream cannot be trusted any more
};

// One framer per connection. Call next() with all bytes that were not consumed yet. What was understood of a partial
// reply is kept, so its bytes are looked at once; they may move between calls, not change. O(elements), not O(bytes).
class ReplyFramer {
 public:
  explicit ReplyFramer(FramerLimits limits = {}) : limits_(limits) {}

  FrameStatus next(std::string_view bytes);

  size_t size() const { return size_; }
  // The reply is a RESP3 push: it answers no request.
  bool is_push() const { return push_; }
  // After kNeedMore: the total size at which the next call can make progress (a hint for the buffer).
  size_t wanted() const { return wanted_; }
  // Forgets a partial reply, for a new connection.
  void reset();

 private:
  enum class Step : uint8_t { kElement, kNeedMore, kError };
  struct Frame {
    int64_t left;    // elements still to come
    bool attribute;  // stands before an element without being one
  };
  Step element(std::string_view bytes);
  Step skip_bulk(std::string_view bytes, size_t begin, int64_t length);
  Step open(char type, int64_t count, size_t end);
  bool close_finished();

  FramerLimits limits_;
  size_t pos_ = 0;           // first byte not yet understood
  std::vector<Frame> open_;  // aggregates, outermost first; [0] is the stream, which lacks one element
  bool push_ = false;
  size_t size_ = 0;
  size_t wanted_ = 0;
};

}  // namespace guccho::resp

// A dialogue with another server as its client, on a thread that may wait: each step waits for the other side for as
// long as the dialogue allows it to be silent, and all of them together until its deadline.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/time.h"
#include "node/resp/buffer.h"
#include "node/runtime/poller.h"
#include "node/runtime/stream.h"
#include "node/runtime/tls.h"

namespace guccho::runtime {

class Dialogue {
 public:
  // What went wrong first; every later step then fails at once.
  enum class Failure : uint8_t { kNone, kConnect, kWrite, kRead };

  // `stop`: once it is notified, all waiting ends in failure.
  explicit Dialogue(const Wakeup& stop) : stop_(stop) {}

  // Without one, silence alone is limited.
  void end_at(Instant deadline) { deadline_ = deadline; }

  // Plain when `tls` is null. A refused connection is a failure to write, as a client that does not look finds out.
  bool open(const std::string& host, uint16_t port, const TlsContexts* tls, Millis silence);
  bool is_open() const { return stream_.is_open(); }
  Failure failure() const { return failure_; }
  const std::string& reason() const { return reason_; }
  // Whether the other end has an address of this machine, and this port.
  bool is_with_own_port(uint16_t port) const;

  bool write(std::string_view bytes);
  // A reply of one line, without its end. Longer ones than any status or error is are a failure.
  bool read_line(std::string& line);

 private:
  bool fail(Failure kind, std::string reason);
  // Until the socket is ready for these events of poll(); false when it is silent for too long.
  bool wait_for(short events);

  static constexpr size_t kMaxLine = 16 * 1024;

  const Wakeup& stop_;
  Stream stream_;
  Millis silence_{};
  Instant deadline_ = Instant::max();
  resp::Buffer in_;
  Failure failure_ = Failure::kNone;
  std::string reason_;
};

}  // namespace guccho::runtime

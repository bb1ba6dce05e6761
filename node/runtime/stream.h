// A non-blocking byte stream over a socket, plain or TLS: what connections, bus links and replication links read and
// write, so that TLS is a property of the stream and of nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "node/base/result.h"
#include "node/config/config.h"
#include "node/runtime/tls.h"

using SSL = struct ssl_st;

namespace guccho::runtime {

enum class IoStatus : uint8_t {
  kDone,        // `bytes` were read or written (for write: maybe fewer than asked)
  kWouldBlock,  // nothing now; wait for what wants() says
  kClosed,      // the peer ended the stream in order
  kFailed,      // reset or TLS error; reason() tells
};

struct IoResult {
  IoStatus status;
  size_t bytes = 0;
};

class Stream {
 public:
  Stream() = default;
  Stream(Stream&& o) noexcept { *this = std::move(o); }
  Stream& operator=(Stream&& o) noexcept;
  ~Stream() { close(); }

  // Takes the descriptor, which must be non-blocking.
  static Stream plain(int fd);
  static Stream tls_server(int fd, const TlsContexts& contexts, config::TlsAuthClients auth);
  static Stream tls_client(int fd, const TlsContexts& contexts);

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  bool is_tls() const { return ssl_ != nullptr; }

  // The TLS handshake is done inside the first reads and writes.
  IoResult read(char* into, size_t room);
  IoResult write(std::string_view bytes);
  // TLS may hold bytes that epoll does not know of; read again until kWouldBlock when this is so.
  bool has_buffered_input() const;
  // TLS may need the opposite direction to go on: a read that waits for writability.
  bool wants_write() const { return wants_write_; }
  const std::string& reason() const { return reason_; }
  void close();

 private:
  IoResult tls_outcome(int result);

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  bool wants_write_ = false;
  std::string reason_;
};

}  // namespace guccho::runtime

// Reads and writes with and without TLS.
#include "node/runtime/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace guccho::runtime {

Stream& Stream::operator=(Stream&& o) noexcept {
  std::swap(fd_, o.fd_);
  std::swap(ssl_, o.ssl_);
  std::swap(wants_write_, o.wants_write_);
  reason_.swap(o.reason_);
  return *this;
}

Stream Stream::plain(int fd) {
  Stream s;
  s.fd_ = fd;
  return s;
}

Stream Stream::tls_server(int fd, const TlsContexts& contexts, config::TlsAuthClients auth) {
  Stream s = plain(fd);
  s.ssl_ = SSL_new(contexts.server.get());
  int verify = SSL_VERIFY_NONE;
  if (auth == config::TlsAuthClients::kYes) verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  if (auth == config::TlsAuthClients::kOptional) verify = SSL_VERIFY_PEER;
  SSL_set_verify(s.ssl_, verify, nullptr);
  SSL_set_fd(s.ssl_, fd);
  SSL_set_accept_state(s.ssl_);
  return s;
}

Stream Stream::tls_client(int fd, const TlsContexts& contexts) {
  Stream s = plain(fd);
  s.ssl_ = SSL_new(contexts.client.get());
  SSL_set_fd(s.ssl_, fd);
  SSL_set_connect_state(s.ssl_);
  return s;
}

void Stream::close() {
  if (ssl_ != nullptr) {
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ssl_ = nullptr;
    ERR_clear_error();
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool Stream::has_buffered_input() const {
  return ssl_ != nullptr && SSL_pending(ssl_) > 0;
}

IoResult Stream::tls_outcome(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {IoStatus::kWouldBlock};
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return {IoStatus::kWouldBlock};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::kClosed};
    case SSL_ERROR_SYSCALL:
      if (errno == 0) return {IoStatus::kClosed};
      reason_ = std::strerror(errno);
      break;
    default: {
      char text[256] = "TLS error";
      if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
      reason_ = text;
    }
  }
  ERR_clear_error();
  return {IoStatus::kFailed};
}

IoResult Stream::read(char* into, size_t room) {
  if (ssl_ != nullptr) {
    wants_write_ = false;
    errno = 0;
    const int n = SSL_read(ssl_, into, static_cast<int>(std::min<size_t>(room, INT_MAX)));
    return n > 0 ? IoResult{IoStatus::kDone, static_cast<size_t>(n)} : tls_outcome(n);
  }
  const ssize_t n = ::recv(fd_, into, room, 0);
  if (n > 0) return {IoStatus::kDone, static_cast<size_t>(n)};
  if (n == 0) return {IoStatus::kClosed};
  if (errno == EAGAIN || errno == EINTR) return {IoStatus::kWouldBlock};
  reason_ = std::strerror(errno);
  return {IoStatus::kFailed};
}

IoResult Stream::write(std::string_view bytes) {
  if (bytes.empty()) return {IoStatus::kDone};
  if (ssl_ != nullptr) {
    wants_write_ = false;
    errno = 0;
    const int n = SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
    return n > 0 ? IoResult{IoStatus::kDone, static_cast<size_t>(n)} : tls_outcome(n);
  }
  const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n >= 0) return {IoStatus::kDone, static_cast<size_t>(n)};
  if (errno == EAGAIN || errno == EINTR) return {IoStatus::kWouldBlock};
  reason_ = std::strerror(errno);
  return {IoStatus::kFailed};
}

}  // namespace guccho::runtime

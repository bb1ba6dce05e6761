// Waiting for a non-blocking stream.
#include "node/runtime/dialogue.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "node/runtime/clock.h"
#include "node/runtime/net.h"

namespace guccho::runtime {

bool Dialogue::fail(Failure kind, std::string reason) {
  if (failure_ == Failure::kNone) {
    failure_ = kind;
    reason_ = std::move(reason);
  }
  return false;
}

bool Dialogue::wait_for(short events) {
  pollfd waits[] = {{.fd = stream_.fd(), .events = events, .revents = 0},
                    {.fd = stop_.fd(), .events = POLLIN, .revents = 0}};
  Millis limit = silence_;
  if (deadline_ != Instant::max()) limit = std::min(limit, std::chrono::ceil<Millis>(deadline_ - monotonic_now()));
  const auto timeout = static_cast<int>(std::clamp<int64_t>(limit.count(), 0, INT_MAX));
  int ready = 0;
  do {
    ready = poll(waits, 2, timeout);
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && waits[1].revents == 0;
}

bool Dialogue::open(const std::string& host, uint16_t port, const TlsContexts* tls, Millis silence) {
  silence_ = silence;
  failure_ = Failure::kNone;
  in_.clear();
  errno = 0;
  const Result<int> fd = connect_tcp(host, port, "");
  if (!fd) return fail(errno == ECONNREFUSED ? Failure::kWrite : Failure::kConnect, fd.error().text);
  stream_ = tls != nullptr ? Stream::tls_client(*fd, *tls) : Stream::plain(*fd);
  if (!wait_for(POLLOUT)) return fail(Failure::kConnect, "timed out");
  if (const int error = connect_error(*fd); error != 0) return fail(Failure::kWrite, std::strerror(error));
  set_no_delay(*fd);
  return true;
}

bool Dialogue::is_with_own_port(uint16_t port) const {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  if (getpeername(stream_.fd(), reinterpret_cast<sockaddr*>(&peer), &length) != 0) return false;
  const uint16_t there = peer.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(peer).sin6_port
                                                    : reinterpret_cast<const sockaddr_in&>(peer).sin_port;
  return ntohs(there) == port && remote_ip(stream_.fd()) == local_ip(stream_.fd());
}

bool Dialogue::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (failure_ != Failure::kNone) return false;
    const IoResult r = stream_.write(bytes);
    if (r.status == IoStatus::kDone) {
      bytes.remove_prefix(r.bytes);
    } else if (r.status != IoStatus::kWouldBlock) {
      return fail(Failure::kWrite, stream_.reason().empty() ? "closed" : stream_.reason());
    } else if (!wait_for(stream_.is_tls() && !stream_.wants_write() ? POLLIN : POLLOUT)) {
      return fail(Failure::kWrite, "timed out");
    }
  }
  return failure_ == Failure::kNone;
}

bool Dialogue::read_line(std::string& line) {
  for (;;) {
    if (failure_ != Failure::kNone) return false;
    if (const size_t end = in_.view().find("\r\n"); end != std::string_view::npos) {
      line = in_.view().substr(0, end);
      in_.consume(end + 2);
      return true;
    }
    if (in_.size() > kMaxLine) return fail(Failure::kRead, "the reply is not a line");
    char* into = in_.reserve(4096);
    const IoResult r = stream_.read(into, in_.spare());
    if (r.status == IoStatus::kDone) {
      in_.commit(r.bytes);
    } else if (r.status != IoStatus::kWouldBlock) {
      return fail(Failure::kRead, stream_.reason().empty() ? "closed" : stream_.reason());
    } else if (!wait_for(stream_.wants_write() ? POLLOUT : POLLIN)) {
      return fail(Failure::kRead, "timed out");
    }
  }
}

}  // namespace guccho::runtime

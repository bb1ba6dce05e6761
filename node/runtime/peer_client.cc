// A blocking exchange over a non-blocking stream.
#include "node/runtime/peer_client.h"

#include <poll.h>

#include <cstring>

#include "node/resp/writer.h"
#include "node/runtime/clock.h"
#include "node/runtime/net.h"
#include "node/runtime/stream.h"

namespace guccho::runtime {
namespace {

bool wait_for(const Stream& stream, short events, Instant deadline) {
  const auto left = std::chrono::ceil<Millis>(deadline - monotonic_now());
  if (left <= Millis(0)) return false;
  pollfd p{.fd = stream.fd(), .events = events, .revents = 0};
  return poll(&p, 1, static_cast<int>(left.count())) > 0;
}

Result<std::string> read_line(Stream& stream, std::string& buffered, Instant deadline) {
  for (;;) {
    if (const size_t end = buffered.find("\r\n"); end != std::string::npos) {
      std::string line = buffered.substr(0, end);
      buffered.erase(0, end + 2);
      return line;
    }
    char chunk[1024];
    const IoResult r = stream.read(chunk, sizeof chunk);
    if (r.status == IoStatus::kDone) {
      buffered.append(chunk, r.bytes);
    } else if (r.status == IoStatus::kWouldBlock) {
      if (!wait_for(stream, stream.wants_write() ? POLLOUT : POLLIN, deadline)) return fail("timed out");
    } else {
      return fail(stream.reason().empty() ? "connection closed" : stream.reason());
    }
  }
}

}  // namespace

Result<std::string> ask_peer(const Peer& peer, const std::vector<std::string_view>& request) {
  const Instant deadline = monotonic_now() + peer.timeout;
  Result<int> fd = connect_tcp(peer.ip, peer.port, "");
  if (!fd) return fail(fd.error().text);
  Stream stream = peer.tls ? Stream::tls_client(*fd, *peer.tls) : Stream::plain(*fd);
  if (!wait_for(stream, POLLOUT, deadline)) return fail("timed out");
  if (const int error = connect_error(*fd); error != 0) return fail(std::strerror(error));

  resp::Buffer out;
  if (!peer.password.empty()) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (!peer.user.empty()) auth.push_back(peer.user);
    auth.push_back(peer.password);
    resp::append_request(out, auth);
  }
  resp::append_request(out, request);
  while (!out.empty()) {
    const IoResult r = stream.write(out.view());
    if (r.status == IoStatus::kDone) {
      out.consume(r.bytes);
    } else if (r.status != IoStatus::kWouldBlock ||
               !wait_for(stream, stream.wants_write() ? POLLOUT : POLLIN, deadline)) {
      return fail(stream.reason().empty() ? "timed out" : stream.reason());
    }
  }
  std::string buffered;
  if (!peer.password.empty()) {
    Result<std::string> auth = read_line(stream, buffered, deadline);
    if (!auth || auth->starts_with('-')) return auth;
  }
  return read_line(stream, buffered, deadline);
}

}  // namespace guccho::runtime

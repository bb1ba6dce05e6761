// Accepting clients.
#include "node/runtime/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "node/base/log.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"

namespace guccho::runtime {
namespace {

// Connections taken in one turn, so that a flood of them does not starve commands; as redis-server.
constexpr int kAcceptsPerTurn = 1000;

constexpr const char* kProtected =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the "
    "default user. In this mode connections are only accepted from the loopback interface. If you want to connect from "
    "external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending "
    "the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host "
    "the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG "
    "REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the "
    "Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If "
    "you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an "
    "authentication password for the default user. NOTE: You only need to do one of the above things in order for the "
    "server to start accepting connections from the outside.\r\n";

}  // namespace

Listener::~Listener() {
  if (poller_ != nullptr) poller_->remove(fd_);
  close(fd_);
}

void Listener::start(Poller& poller) {
  poller_ = &poller;
  poller.add(fd_, EPOLLIN, *this);
}

void Listener::refuse(int fd, const char* text) {
  (void)!::send(fd, text, std::strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
  close(fd);
  node_.worker(0).stats().connections_rejected.add();
}

void Listener::on_events(uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const Accepted peer = accept_one(fd_);
    if (peer.fd < 0) {
      if (errno != EAGAIN && errno != EINTR)
        log::warning("Error accepting a client connection: {}", std::strerror(errno));
      return;
    }
    const auto config = node_.config();
    if (config->protected_mode && !node_.password_required() && !peer.is_loopback) {
      refuse(peer.fd, kProtected);
      continue;
    }
    if (!node_.client_joined()) {
      refuse(peer.fd, "-ERR max number of clients + cluster connections reached\r\n");
      continue;
    }
    if (!peer.is_unix) {
      set_no_delay(peer.fd);
      if (config->tcp_keepalive.count() > 0) set_keepalive(peer.fd, config->tcp_keepalive);
    }
    const bool tls = kind_ == PortKind::kClusterTls || (kind_ == PortKind::kRouter && config->router_tls);
    auto stream = std::make_shared<Stream>(tls ? Stream::tls_server(peer.fd, *node_.tls(), config->tls_auth_clients)
                                               : Stream::plain(peer.fd));
    Worker& worker = node_.worker(next_worker_);
    next_worker_ = static_cast<uint16_t>((next_worker_ + 1) % node_.worker_count());
    const bool router = kind_ == PortKind::kRouter;
    if (&worker == &node_.worker(0)) {
      worker.adopt(std::move(*stream), peer, router);
    } else {
      worker.post([&worker, stream, peer, router] { worker.adopt(std::move(*stream), peer, router); });
    }
  }
}

}  // namespace guccho::runtime

// The node's listening sockets for clients: opened at the start, opened anew by CONFIG SET port, tls-port, router-port
// and bind. The bus stays where it was opened: peers know it, and redis-server leaves it there too.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "node/base/log.h"
#include "node/config/edit.h"
#include "node/runtime/control.h"
#include "node/runtime/listener.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {
namespace {

struct PortDirective {
  std::string_view name;
  uint16_t config::Config::*port;
  PortKind kind;
};

constexpr std::array<PortDirective, 3> kPorts = {{{"port", &config::Config::port, PortKind::kCluster},
                                                  {"tls-port", &config::Config::tls_port, PortKind::kClusterTls},
                                                  {"router-port", &config::Config::router_port, PortKind::kRouter}}};

// Sockets that listen but are not served yet; closed unless taken.
class Opened {
 public:
  Opened() = default;
  ~Opened() { close_all(); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  void close_all() {
    for (const auto& [fd, kind] : take()) close(fd);
  }
  Status open(const config::Config& config, const PortDirective& p) {
    if (config.*p.port == 0) return {};
    Result<std::vector<int>> fds = listen_tcp(config, config.*p.port);
    if (!fds) return fail(fds.error().text);
    for (const int fd : *fds) sockets_.emplace_back(fd, p.kind);
    return {};
  }
  std::vector<std::pair<int, PortKind>> take() { return std::exchange(sockets_, {}); }

 private:
  std::vector<std::pair<int, PortKind>> sockets_;
};

}  // namespace

Status Node::open_ports() {
  const auto config = config_.load();
  Opened opened;
  for (const PortDirective& p : kPorts) {
    if (Status s = opened.open(*config, p); !s) return s;
  }
  for (const auto& [fd, kind] : opened.take()) listeners_.push_back(std::make_unique<Listener>(*this, fd, kind));
  if (!config->unixsocket.empty()) {
    Result<int> fd = listen_unix(*config);
    if (!fd) return fail(fd.error().text);
    listeners_.push_back(std::make_unique<Listener>(*this, *fd, PortKind::kUnix));
  }
  return control_->listen();
}

// New ports are opened before anything is closed. A port that stays and only changes its addresses must be closed
// first, since an address and the wildcard that covers it exclude each other; its connections that were not accepted
// yet are lost, as by redis-server. Failure leaves the old sockets, or opens them again.
Status Node::reopen_ports(const config::Config& old, const config::Config& fresh) {
  const auto reopen = [](const config::Config& c, const PortDirective& p, Opened& into) {
    Status s = into.open(c, p);
    return s ? Status() : fail(config::set_failed(p.name, "Unable to listen on this port: " + s.error().text));
  };
  const auto serve = [this](Opened& opened) {
    for (const auto& [fd, kind] : opened.take()) {
      listeners_.push_back(std::make_unique<Listener>(*this, fd, kind));
      listeners_.back()->start(workers_[0]->poller());
    }
  };
  const auto stop_serving = [this](PortKind kind) {
    std::erase_if(listeners_, [kind](const auto& l) { return l->kind() == kind; });
  };
  Opened opened;
  for (const PortDirective& p : kPorts) {
    if (old.*p.port == fresh.*p.port) continue;
    if (Status s = reopen(fresh, p, opened); !s) return s;
  }
  if (old.bind != fresh.bind) {
    std::vector<PortDirective> stay;
    for (const PortDirective& p : kPorts) {
      if (old.*p.port == fresh.*p.port && fresh.*p.port != 0) stay.push_back(p);
    }
    for (const PortDirective& p : stay) stop_serving(p.kind);
    Opened rebound;
    for (const PortDirective& p : stay) {
      const Status s = rebound.open(fresh, p);
      if (s) continue;
      rebound.close_all();
      for (const PortDirective& again : stay) {
        if (Status back = rebound.open(old, again); !back) log::warning("CONFIG SET bind: {}", back.error().text);
      }
      serve(rebound);
      return fail(config::set_failed("bind", "Failed to bind to specified addresses: " + s.error().text));
    }
    serve(rebound);
  }
  bool moved = false;
  for (const PortDirective& p : kPorts) {
    if (old.*p.port == fresh.*p.port) continue;
    stop_serving(p.kind);
    log::notice("{} is now {}", p.name, fresh.*p.port);
    moved = true;
  }
  serve(opened);
  if (moved) replication_->introduce_again();
  return {};
}

}  // namespace guccho::runtime

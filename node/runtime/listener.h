// The listening sockets for clients: accepts on worker 0's loop and deals connections out to the workers in turn.
#pragma once

#include <cstdint>

#include "node/runtime/poller.h"

namespace guccho::runtime {

class Node;

enum class PortKind : uint8_t { kCluster, kClusterTls, kRouter, kUnix };

class Listener final : public EventHandler {
 public:
  // Takes the listening descriptor; start() registers it.
  Listener(Node& node, int fd, PortKind kind) : node_(node), fd_(fd), kind_(kind) {}
  ~Listener() override;
  void start(Poller& poller);
  PortKind kind() const { return kind_; }
  void on_events(uint32_t events) override;
  bool serves_clients() const override { return true; }

 private:
  void refuse(int fd, const char* text);

  Node& node_;
  int fd_;
  PortKind kind_;
  Poller* poller_ = nullptr;
  uint16_t next_worker_ = 0;
};

}  // namespace guccho::runtime

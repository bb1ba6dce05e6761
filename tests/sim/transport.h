// Bus connections between simulated processes: accepted, refused, swallowed, reset; and the messages on them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/bus/message.h"
#include "node/cluster/events.h"

namespace guccho::sim {

class World;

class Transport {
 public:
  Transport(World& world, int nodes, bool codec, bool keep_swallowed);

  // What a core asked for (effects OpenLink, SendMessage, CloseLink).
  void open(int from, cluster::LinkId link, const std::string& ip);
  void send(int from, cluster::LinkId link, const std::shared_ptr<const bus::Message>& message);
  void close(int from, cluster::LinkId link);

  // All connections of a process that ended. `silent`: its machine went with it and nobody is told.
  void process_ended(int node, bool silent);
  // The node at the other end, -1 when unknown.
  int peer_of(int from, cluster::LinkId link) const;

  // Faults. A refusing pair: the kernel of `to` (or a firewall) answers connects of `from` with a reset.
  void refuse(int from, int to, bool on);
  void reset_links(int a, int b);
  void heal();  // ends refusals and delivers what cut links swallowed, as TCP's retransmission does

 private:
  struct Connection {
    int node[2] = {-1, -1};       // [0] opened it
    cluster::LinkId link[2];      // what each side calls it
    bool up[2] = {false, false};  // this side still holds its end
    bool established = false;
    std::vector<std::pair<int, std::shared_ptr<const bus::Message>>> swallowed;  // (receiving side, message)
  };
  using ConnectionId = uint64_t;
  static constexpr size_t kMaxSwallowed = 64;

  Connection* find(int node, cluster::LinkId link, ConnectionId* id, int* side);
  void resolve_connect(ConnectionId id, int to);
  void connect_failed(ConnectionId id, bool refused);
  void deliver(ConnectionId id, int side, const std::shared_ptr<const bus::Message>& message);
  void tell_lost(ConnectionId id, int side);
  void drop_end(ConnectionId id, int side);
  std::shared_ptr<const bus::Message> through_codec(const std::shared_ptr<const bus::Message>& message);

  World& world_;
  bool codec_;
  bool keep_swallowed_;
  ConnectionId next_ = 1;
  std::unordered_map<ConnectionId, Connection> connections_;
  std::vector<std::map<uint64_t, ConnectionId>> links_;  // by node: link -> connection; ordered, so that seeds replay
  std::vector<char> refuse_;
};

}  // namespace guccho::sim

// Connections and messages between simulated processes.
#include "tests/sim/transport.h"

#include <utility>

#include "node/bus/codec.h"
#include "tests/sim/process.h"
#include "tests/sim/world.h"

namespace guccho::sim {

using cluster::LinkId;

Transport::Transport(World& world, int nodes, bool codec, bool keep_swallowed)
    : world_(world),
      codec_(codec),
      keep_swallowed_(keep_swallowed),
      links_(static_cast<size_t>(nodes)),
      refuse_(static_cast<size_t>(nodes) * static_cast<size_t>(nodes)) {}

Transport::Connection* Transport::find(int node, LinkId link, ConnectionId* id, int* side) {
  const auto& links = links_[static_cast<size_t>(node)];
  const auto it = links.find(link.value);
  if (it == links.end()) return nullptr;
  Connection& c = connections_.at(it->second);
  *id = it->second;
  *side = c.node[0] == node && c.link[0] == link ? 0 : 1;
  return &c;
}

int Transport::peer_of(int from, LinkId link) const {
  const auto& links = links_[static_cast<size_t>(from)];
  const auto it = links.find(link.value);
  if (it == links.end()) return -1;
  const Connection& c = connections_.at(it->second);
  return c.node[0] == from && c.link[0] == link ? c.node[1] : c.node[0];
}

void Transport::open(int from, LinkId link, const std::string& ip) {
  const ConnectionId id = next_++;
  const int to = world_.node_at(ip);
  Connection c;
  c.node[0] = from;
  c.node[1] = to;
  c.link[0] = link;
  c.up[0] = true;
  connections_.emplace(id, std::move(c));
  links_[static_cast<size_t>(from)][link.value] = id;
  world_.after(world_.network.round_trip(), [this, id, to] { resolve_connect(id, to); });
}

void Transport::resolve_connect(ConnectionId id, int to) {
  const auto it = connections_.find(id);
  if (it == connections_.end() || !it->second.up[0]) return;
  Connection& c = it->second;
  const int from = c.node[0];
  const bool silent = to < 0 || from == to || world_.network.is_cut(from, to) || world_.network.is_cut(to, from) ||
                      world_.process(to).host_silent();
  if (silent) {
    world_.after(world_.connect_timeout(), [this, id] { connect_failed(id, false); });
    return;
  }
  const size_t pair = static_cast<size_t>(from) * links_.size() + static_cast<size_t>(to);
  if (!world_.process(to).alive() || refuse_[pair]) return connect_failed(id, true);
  // A stopped process's kernel accepts for it; it finds the link when it runs again.
  c.established = true;
  c.up[1] = true;
  c.link[1] = LinkId(LinkId::kInbound | id);
  links_[static_cast<size_t>(to)][c.link[1].value] = id;
  world_.process(to).post(cluster::LinkAccepted{c.link[1], world_.process(from).ip()});
  world_.process(from).post(cluster::LinkEstablished{c.link[0]});
}

void Transport::connect_failed(ConnectionId id, bool refused) {
  const auto it = connections_.find(id);
  if (it == connections_.end() || !it->second.up[0]) return;
  const int from = it->second.node[0];
  const LinkId link = it->second.link[0];
  drop_end(id, 0);
  world_.process(from).post(cluster::LinkFailed{link, refused});
}

void Transport::drop_end(ConnectionId id, int side) {
  Connection& c = connections_.at(id);
  c.up[side] = false;
  links_[static_cast<size_t>(c.node[side])].erase(c.link[side].value);
  if (!c.up[0] && !c.up[1]) connections_.erase(id);
}

std::shared_ptr<const bus::Message> Transport::through_codec(const std::shared_ptr<const bus::Message>& message) {
  if (!codec_) return message;
  auto decoded = bus::decode(bus::encode(*message));
  if (!decoded) {
    world_.broken("codec_round_trip", std::string("our own ") + bus::name(message->header.type) +
                                          " was refused: " + bus::name(decoded.error()));
    return message;
  }
  return std::make_shared<const bus::Message>(std::move(*decoded));
}

void Transport::send(int from, LinkId link, const std::shared_ptr<const bus::Message>& message) {
  ConnectionId id = 0;
  int side = 0;
  Connection* c = find(from, link, &id, &side);
  if (c == nullptr || !c->established) return;
  const int other = 1 - side;
  const int to = c->node[other];
  const auto sent = through_codec(message);
  if (world_.network.is_cut(from, to)) {
    if (keep_swallowed_ && c->swallowed.size() < kMaxSwallowed) c->swallowed.emplace_back(other, sent);
    return;
  }
  if (!c->up[other]) {
    if (!world_.process(to).host_silent()) {
      world_.after(world_.network.round_trip(), [this, id, side] { tell_lost(id, side); });
    }
    return;
  }
  const Fate fate = world_.network.send(from, to, world_.now());
  for (int i = 0; i < fate.copies; ++i) {
    world_.at(fate.at[static_cast<size_t>(i)], [this, id, other, sent] { deliver(id, other, sent); });
  }
}

void Transport::deliver(ConnectionId id, int side, const std::shared_ptr<const bus::Message>& message) {
  const auto it = connections_.find(id);
  if (it == connections_.end() || !it->second.up[side]) return;
  const Connection& c = it->second;
  const int from = c.node[1 - side];
  const int to = c.node[side];
  world_.process(to).post(
      cluster::MessageReceived{c.link[side], message, world_.process(from).ip(), world_.process(to).ip()});
}

void Transport::tell_lost(ConnectionId id, int side) {
  const auto it = connections_.find(id);
  if (it == connections_.end() || !it->second.up[side]) return;
  const int node = it->second.node[side];
  const LinkId link = it->second.link[side];
  drop_end(id, side);
  world_.process(node).post(cluster::LinkLost{link, true});
}

void Transport::close(int from, LinkId link) {
  ConnectionId id = 0;
  int side = 0;
  const Connection* c = find(from, link, &id, &side);
  if (c == nullptr) return;
  const int to = c->node[1 - side];
  const bool told = c->up[1 - side] && !world_.network.is_cut(from, to);
  drop_end(id, side);
  if (told) world_.after(world_.network.round_trip() / 2, [this, id, side] { tell_lost(id, 1 - side); });
}

void Transport::process_ended(int node, bool silent) {
  const auto links = links_[static_cast<size_t>(node)];
  for (const auto& [link, id] : links) {
    const auto it = connections_.find(id);
    if (it == connections_.end()) continue;
    const int side = it->second.node[0] == node && it->second.link[0].value == link ? 0 : 1;
    const int peer = it->second.node[1 - side];
    const bool told = !silent && it->second.up[1 - side] && !world_.network.is_cut(node, peer);
    drop_end(id, side);
    if (told) world_.after(world_.network.round_trip() / 2, [this, id, side] { tell_lost(id, 1 - side); });
  }
}

void Transport::refuse(int from, int to, bool on) {
  refuse_[static_cast<size_t>(from) * links_.size() + static_cast<size_t>(to)] = on;
}

void Transport::reset_links(int a, int b) {
  const auto links = links_[static_cast<size_t>(a)];
  for (const auto& [link, id] : links) {
    const auto it = connections_.find(id);
    if (it == connections_.end()) continue;
    const int side = it->second.node[0] == a && it->second.link[0].value == link ? 0 : 1;
    if (it->second.node[1 - side] != b || !it->second.established) continue;
    for (const int end : {0, 1}) world_.after(world_.network.round_trip(), [this, id, end] { tell_lost(id, end); });
  }
}

void Transport::heal() {
  refuse_.assign(refuse_.size(), 0);
  for (const auto& links : links_) {
    for (const auto& [link, id] : links) {
      auto swallowed = std::exchange(connections_.at(id).swallowed, {});
      for (auto& [side, message] : swallowed) {
        world_.after(world_.network.round_trip(), [this, id, side, message] { deliver(id, side, message); });
      }
    }
  }
}

}  // namespace guccho::sim

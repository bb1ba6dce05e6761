// The network of fabric.h.
#include "tests/unit/cluster/fabric.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace guccho::cluster {

namespace {
constexpr Millis kHop{1};
constexpr uint16_t kBusPort = 17000;
}  // namespace

size_t Fabric::add(Config config) {
  const size_t i = peers.size();
  Peer p;
  p.ip = "10.0.0." + std::to_string(i + 1);
  config.announce.ip = p.ip;
  config.announce.tcp_port = 7000;
  config.announce.bus_port = kBusPort;
  p.config = config;
  peers.push_back(std::move(p));
  start(i);
  return i;
}

void Fabric::start(size_t i, DatasetLoaded::Outcome outcome) {
  Peer& p = peers[i];
  ++p.incarnation;
  p.frozen = false;
  Rng rng(1000 + i * 17 + p.incarnation);
  auto state = p.conf.empty() ? PersistedState::fresh(rng.node_id()) : *PersistedState::parse(p.conf, p.own);
  p.member = std::make_unique<Member>(p.config, state, rng);
  p.next_tick = now;
  p.replica_synced = false;
  p.down_since.reset();
  step(i, Tick{});
  step(i, DatasetLoaded{.outcome = outcome, .offset = p.offset, .non_empty = {}});
}

void Fabric::kill(size_t i) {
  peers[i].member.reset();
  for (const auto& w : wires_) {
    if ((w->from == i || w->to == i) && w->open) {
      const size_t other = w->from == i ? w->to : w->from;
      const LinkId name = w->from == i ? w->in : w->out;
      const uint64_t incarnation = w->from == i ? w->to_incarnation : w->from_incarnation;
      w->open = false;
      after(kHop, [this, other, name, incarnation] {
        if (alive(other, incarnation)) step(other, LinkLost{.link = name, .reset = true});
      });
    }
  }
  std::erase_if(wires_, [i](const auto& w) { return w->from == i || w->to == i; });
}

void Fabric::run(Millis time) {
  const Instant end = now + time;
  run_until([this, end] { return now >= end; }, time + Millis{1000});
}

bool Fabric::run_until(const std::function<bool()>& condition, Millis limit) {
  const Instant end = now + limit;
  while (now < end) {
    if (condition()) return true;
    Instant next = now + Millis{100};
    if (!queue_.empty()) next = std::min(next, queue_.top().at);
    for (const Peer& p : peers) {
      if (p.member != nullptr && !p.frozen) next = std::min(next, p.next_tick);
    }
    next = std::max(next, now);
    wall += std::chrono::duration_cast<Millis>(next - now);
    now = next;
    while (!queue_.empty() && queue_.top().at <= now) {
      auto f = queue_.top().run;
      queue_.pop();
      f();
    }
    for (size_t i = 0; i < peers.size(); ++i) {
      if (peers[i].member == nullptr || peers[i].frozen || peers[i].next_tick > now) continue;
      peers[i].next_tick = now + Millis{100};
      Peer& p = peers[i];
      const View& v = view(i);
      // What a runtime would say: a replica is in sync while its primary's process serves.
      if (v.self().is_replica() && v.self().primary != kNoNode) {
        const size_t primary = index_of(v.self().primary_id);
        const bool up =
            !p.sync_blocked && primary < peers.size() && peers[primary].member != nullptr && !peers[primary].frozen &&
            !separated(i, primary) && view(primary).self().is_primary() &&
            view(primary).down_reason != DownReason::kLoading &&
            decide_full_sync(v.held, v.self().primary_id, view(primary).self().generation) == SyncDecision::kAccept;
        if (up && !p.replica_synced) step(i, SyncedFrom{.primary = view(i).self().primary_id});
        if (p.member == nullptr) continue;
        if (up) {
          p.offset = peers[primary].offset;
          p.down_since.reset();
        } else if (p.replica_synced) {
          p.down_since = now;
        }
        p.replica_synced = up;
        step(i,
             ReplicationStatus{.offset = p.offset, .link_up = up, .last_interaction = now, .down_since = p.down_since});
      } else {
        step(i, ReplicationStatus{.offset = p.offset, .writes_stopped = v.writes_paused});
      }
      step(i, Tick{});
    }
  }
  return condition();
}

void Fabric::step(size_t i, const Event& e) {
  if (peers[i].member == nullptr) return;
  if (peers[i].frozen) {
    after(Millis{1}, [this, i, e] { step(i, e); });
    return;
  }
  carry_out(i, peers[i].member->step(now, wall, e));
}

void Fabric::carry_out(size_t i, Effects fx) {
  Peer& p = peers[i];
  for (Effect& e : fx.immediate) apply(i, e);
  auto receipt = fx.persist.write([&](const PersistFile& f) -> Status {
    ++saves;
    (f.kind == PersistFile::Kind::kNodesConf ? p.conf : p.own) = f.text;
    return {};
  });
  for (Effect& e : std::move(fx.after_persist).redeem(*receipt)) apply(i, e);
  if (fx.wake_at) p.next_tick = std::min(p.next_tick, std::max(*fx.wake_at, now));
}

void Fabric::apply(size_t i, Effect& e) {
  Peer& p = peers[i];
  if (auto* o = std::get_if<OpenLink>(&e)) return connect(i, *o);
  if (auto* s = std::get_if<SendMessage>(&e)) {
    p.sent.push_back(*s->message);
    return deliver(i, *s);
  }
  if (auto* c = std::get_if<CloseLink>(&e)) return close(i, c->link);
  if (auto* r = std::get_if<Reply>(&e)) {
    p.replies[r->request.value] = r->result ? *r->result : "-" + r->result.error().text;
    return;
  }
  if (auto* l = std::get_if<LogLine>(&e)) {
    p.log.push_back(l->text);
    if (std::getenv("FABRIC_LOG") != nullptr && l->level >= LogLevel::kNotice) {
      std::printf("%9.3f node %zu: %s\n", static_cast<double>(now.time_since_epoch().count()) / 1e6, i,
                  l->text.c_str());
    }
    return;
  }
  if (!std::holds_alternative<Count>(e) && !std::holds_alternative<PublishView>(e)) p.effects.push_back(e);
}

void Fabric::connect(size_t i, const OpenLink& o) {
  const auto target = std::find_if(peers.begin(), peers.end(), [&](const Peer& p) { return p.ip == o.ip; });
  const auto to = static_cast<size_t>(target - peers.begin());
  const uint64_t from_incarnation = peers[i].incarnation;
  if (to == peers.size() || separated(i, to) || peers[to].frozen) return;  // never answered
  after(kHop, [this, i, to, link = o.link, from_incarnation] {
    if (!alive(i, from_incarnation)) return;
    if (peers[to].member == nullptr) {
      step(i, LinkFailed{.link = link, .refused = true});
      return;
    }
    wires_.push_back(std::make_unique<Wire>(
        Wire{i, to, link, LinkId(next_inbound_++), from_incarnation, peers[to].incarnation, true}));
    step(i, LinkEstablished{.link = link});
  });
}

Fabric::Wire* Fabric::wire(size_t i, LinkId link) {
  for (const auto& w : wires_) {
    if ((w->from == i && w->out == link) || (w->to == i && w->in == link)) return w.get();
  }
  return nullptr;
}

bus::Message Fabric::as_redis(bus::Message m) {
  m.header.own.reset();
  if (auto* ping = std::get_if<bus::PingBody>(&m.body)) ping->extensions = {};
  return m;
}

void Fabric::deliver(size_t i, const SendMessage& s) {
  const Wire* w = wire(i, s.link);
  if (w == nullptr) return;
  if (peers[i].redis && s.message->header.type == bus::MessageType::kElectorate) return;
  const size_t to = w->from == i ? w->to : w->from;
  if (separated(i, to)) return;
  const LinkId name = w->from == i ? w->in : w->out;
  const uint64_t incarnation = peers[to].incarnation;
  auto bytes = std::make_shared<std::string>(bus::encode(peers[i].redis ? as_redis(*s.message) : *s.message));
  after(kHop, [this, i, to, name, incarnation, bytes] {
    if (!alive(to, incarnation)) return;
    auto message = bus::decode(*bytes);
    if (!message) std::abort();
    step(to, MessageReceived{.link = name,
                             .message = std::make_shared<const bus::Message>(std::move(*message)),
                             .remote_ip = peers[i].ip,
                             .local_ip = peers[to].ip});
  });
}

void Fabric::close(size_t i, LinkId link) {
  const Wire* w = wire(i, link);
  if (w == nullptr) return;
  const size_t other = w->from == i ? w->to : w->from;
  const LinkId name = w->from == i ? w->in : w->out;
  const uint64_t incarnation = peers[other].incarnation;
  std::erase_if(wires_, [w](const auto& x) { return x.get() == w; });
  after(kHop, [this, other, name, incarnation] {
    if (alive(other, incarnation)) step(other, LinkLost{.link = name, .reset = true});
  });
}

std::string Fabric::request(size_t i, Request r) {
  const RequestId id(next_request_++);
  step(i, ClientRequest{.id = id, .request = std::move(r)});
  return peers[i].replies[id.value];
}

size_t Fabric::index_of(const NodeId& wanted) const {
  for (size_t i = 0; i < peers.size(); ++i) {
    if (peers[i].member != nullptr && id(i) == wanted) return i;
    if (peers[i].member == nullptr && peers[i].conf.find(wanted.str() + " " + peers[i].ip) != std::string::npos) {
      return i;
    }
  }
  return peers.size();
}

std::optional<size_t> Fabric::owner(size_t observer, uint16_t slot) const {
  const NodeView* n = view(observer).owner_of(Slot(slot));
  if (n == nullptr) return std::nullopt;
  return index_of(n->id);
}

bool Fabric::all_ok() const {
  return std::all_of(peers.begin(), peers.end(),
                     [](const Peer& p) { return p.member == nullptr || p.member->view()->cluster_ok; });
}

bool Fabric::logged(size_t i, const std::string& text) const {
  return std::any_of(peers[i].log.begin(), peers[i].log.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

bool Fabric::form(size_t primaries, size_t replicas_each, Config config) {
  const size_t total = primaries * (1 + replicas_each);
  for (size_t i = 0; i < total; ++i) add(config);
  for (size_t i = 1; i < total; ++i) request(0, request::Meet{.ip = peers[i].ip, .port = 7000, .bus_port = kBusPort});
  const auto everybody_knows = [&] {
    return std::all_of(peers.begin(), peers.end(), [&](const Peer& p) {
      const View& v = *p.member->view();
      return v.nodes.size() == total && std::all_of(v.nodes.begin(), v.nodes.end(), [](const NodeView& n) {
               return !n.has(bus::kFlagHandshake) && n.link_up && n.is_guccho;
             });
    });
  };
  if (!run_until(everybody_knows)) return false;
  for (size_t i = 0; i < primaries; ++i) {
    SlotSet slots;
    for (size_t s = kSlotCount * i / primaries; s < kSlotCount * (i + 1) / primaries; ++s) {
      slots.insert(Slot(static_cast<uint16_t>(s)));
    }
    request(i, request::SetConfigEpoch{.epoch = ConfigEpoch(i + 1)});
    if (request(i, request::AddSlots{.slots = slots}) != "OK") return false;
  }
  run(Millis{1500});
  for (size_t i = primaries; i < total; ++i) {
    if (request(i, request::Replicate{.primary = id(i % primaries)}) != "OK") return false;
  }
  return run_until([this] { return all_ok(); }) && (run(Millis{3000}), all_ok());
}

}  // namespace guccho::cluster

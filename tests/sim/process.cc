// Drives one member core as the runtime does: step, immediate effects, write, promises; one event at a time.
#include "tests/sim/process.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "node/bus/codec.h"
#include "tests/sim/world.h"

namespace guccho::sim {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

constexpr Micros kTickPeriod{100'000};
// A core that wakes more often than this in one tick period would keep a processor busy.
constexpr int kMaxTicks = 100;
// Shorter stand-stills are no reason for anybody to suspect us (node/runtime/absence.cc).
constexpr Millis kLeastAbsence{100};

}  // namespace

Process::Process(World& world, int index, NodeId id, NodeClock clock, cluster::Config config)
    : data(world, *this),
      world_(world),
      index_(index),
      id_(id),
      ip_(world.address(index, 0)),
      clock_(clock),
      config_(std::move(config)) {}

Instant Process::local_now() const {
  return clock_.monotonic(world_.now());
}

void Process::start(Loaded outcome) {
  ++incarnation_;
  running_since_ = world_.now();
  host_silent_ = false;
  frozen_ = writing_ = stop_at_write_ = false;
  auto state = cluster::PersistedState::fresh(id_);
  if (!disk_.nodes_conf.empty()) {
    auto parsed = cluster::PersistedState::parse(disk_.nodes_conf, disk_.own);
    if (!parsed) return world_.broken("state_readable", "node " + std::to_string(index_) + ": " + parsed.error().text);
    state = std::move(*parsed);
  }
  if (!config_.announce.ip.empty()) config_.announce.ip = ip_;
  world_.trace_event("start", index_, -1, incarnation_, static_cast<uint64_t>(outcome));
  member_ = std::make_unique<cluster::Member>(config_, state, Rng(world_.rng.next()));
  world_.checker.on_start(index_);
  data.load(outcome);
  post(cluster::Tick{});
  schedule_tick(world_.now() + kTickPeriod);
  const uint32_t incarnation = incarnation_;
  world_.after(Micros(static_cast<int64_t>(1'000 + world_.rng.below(50'000))), [this, incarnation] {
    if (incarnation == incarnation_ && alive()) data.loaded();
  });
}

void Process::stop(bool host_silent) {
  if (!alive()) return;
  world_.trace_event("stop", index_, -1, host_silent, writing_);
  if (writing_) disk_.write_some(pending_.persist, world_.rng.below(pending_.persist.files().size() + 1));
  host_silent_ = host_silent;
  frozen_ = writing_ = handling_ = tick_missed_ = false;
  absence_ = 0;
  ++incarnation_;
  pending_ = {};
  inbox_.clear();
  requests_.clear();
  next_tick_ = Instant::max();
  data.process_ended();
  view_.reset();
  // The core may be on the call stack below us (a crash ordered by an effect); it goes when the stack is gone.
  world_.bury(std::move(member_));
  world_.transport.process_ended(index_, host_silent);
}

void Process::freeze() {
  if (!running()) return;
  world_.trace_event("freeze", index_);
  frozen_ = true;
  frozen_since_ = world_.now();
}

void Process::thaw() {
  if (!alive() || !frozen_) return;
  world_.trace_event("thaw", index_);
  last_thaw_ = running_since_ = world_.now();
  frozen_ = false;
  notice_absence();
  // Whether a thawed process looks at its clock or at its sockets first is chance.
  if (world_.rng.below(2) == 0 && !writing_) handle(cluster::Tick{});
  drain();
}

// As node/runtime/absence.cc: the first thing that a process does when it runs again.
void Process::notice_absence() {
  const auto late = std::chrono::duration_cast<Millis>(world_.now() - frozen_since_);
  if (late <= std::max(kLeastAbsence, config_.node_timeout / 2) || view_ == nullptr) return;
  if (!view_->self().is_primary()) return;
  absence_ = ++absences_;
  inbox_.push_front(cluster::WasAbsent{.number = absence_, .duration = late});
}

void Process::replace(const NodeId& id) {
  id_ = id;
  disk_ = Disk();
  data.lose_for_good();
}

void Process::post(cluster::Event event) {
  if (!alive()) return;
  if (busy() || handling_) {
    if (inbox_.size() < kMaxInbox) inbox_.push_back(std::move(event));
    return;
  }
  handle(event);
  drain();
}

void Process::request(cluster::Request request, OnReply on_reply) {
  if (!alive()) return;
  const cluster::RequestId id(next_request_++);
  requests_.emplace(id.value, std::move(on_reply));
  post(data.status());
  post(cluster::ClientRequest{id, std::move(request)});
}

void Process::handle(const cluster::Event& event) {
  handling_ = true;
  const uint32_t incarnation = incarnation_;
  if (const auto* received = std::get_if<cluster::MessageReceived>(&event)) {
    const auto& header = received->message->header;
    const Process* sender = world_.process_of(header.sender);
    world_.trace_minor("got", index_, sender == nullptr ? -1 : sender->index(), static_cast<uint64_t>(header.type),
                       header.current_epoch.value);
    world_.checker.on_receive(index_, *received->message);
  } else if (const auto* asked = std::get_if<cluster::ClientRequest>(&event)) {
    world_.trace_event("request", index_, -1, asked->id.value, asked->request.index());
  }
  carry_out(member_->step(local_now(), clock_.unix_time(world_.now()), event));
  if (incarnation == incarnation_) handling_ = false;
}

void Process::carry_out(cluster::Effects fx) {
  if (fx.wake_at) schedule_tick(clock_.world_time(*fx.wake_at));
  // Immediate effects may be done before or after the write: the seed picks.
  const auto immediate = std::exchange(fx.immediate, {});
  if (fx.persist.empty()) {
    apply(immediate);
    const auto receipt = fx.persist.write([](const cluster::PersistFile&) { return Status{}; });
    apply(std::move(fx.after_persist).redeem(*receipt));
    return;
  }
  const uint32_t incarnation = incarnation_;
  if (world_.rng.below(2) == 0) {
    apply(immediate);
  } else {
    fx.immediate = immediate;
  }
  if (incarnation == incarnation_) begin_write(std::move(fx));
}

void Process::begin_write(cluster::Effects fx) {
  pending_ = std::move(fx);
  writing_ = true;
  const uint32_t incarnation = incarnation_;
  const Micros takes = world_.write_time();
  world_.trace_minor("write", index_, -1, pending_.persist.files().size(), static_cast<uint64_t>(takes.count()));
  if (stop_at_write_) {
    world_.after(takes / 2, [this, incarnation] {
      if (incarnation == incarnation_) world_.crash_in_write(index_);
    });
  }
  world_.after(takes, [this, incarnation] {
    if (incarnation == incarnation_ && writing_) finish_write();
  });
}

void Process::finish_write() {
  // A frozen process's write may reach the disk; what follows from it waits for the thaw.
  if (frozen_) {
    const uint32_t incarnation = incarnation_;
    world_.after(Micros(10'000), [this, incarnation] {
      if (incarnation == incarnation_ && writing_) finish_write();
    });
    return;
  }
  cluster::Effects fx = std::exchange(pending_, {});
  const uint32_t incarnation = incarnation_;
  const auto receipt = fx.persist.write([this](const cluster::PersistFile& file) {
    disk_.write(file);
    return Status{};
  });
  handling_ = true;
  writing_ = false;
  apply(fx.immediate);
  if (incarnation == incarnation_) apply(std::move(fx.after_persist).redeem(*receipt));
  if (incarnation != incarnation_) return;
  handling_ = false;
  drain();
}

void Process::apply(const std::vector<cluster::Effect>& effects) {
  const uint32_t incarnation = incarnation_;
  for (const cluster::Effect& effect : effects) {
    if (incarnation != incarnation_) return;
    apply_one(effect);
  }
}

void Process::apply_one(const cluster::Effect& effect) {
  using namespace cluster;
  std::visit(Overloaded{
                 [&](const SendMessage& e) {
                   const int to = world_.transport.peer_of(index_, e.link);
                   const auto& header = e.message->header;
                   const bool minor = header.type <= bus::MessageType::kMeet;
                   world_.trace_event(bus::name(header.type), index_, to, header.current_epoch.value,
                                      header.config_epoch.value, {}, minor);
                   world_.checker.on_send(index_, to, *e.message);
                   world_.transport.send(index_, e.link, e.message);
                 },
                 [&](const OpenLink& e) { world_.transport.open(index_, e.link, e.ip); },
                 [&](const CloseLink& e) { world_.transport.close(index_, e.link); },
                 [&](const Reply& e) {
                   auto found = requests_.extract(e.request.value);
                   if (!found) return world_.broken("one_reply", "a request was answered twice or never asked");
                   world_.trace_event("reply", index_, -1, e.request.value, e.result.has_value(),
                                      e.result ? *e.result : e.result.error().text);
                   if (found.mapped()) found.mapped()(e.result);
                 },
                 [&](const PublishView& e) { publish(e.view); },
                 [&](const SetReplicaOf& e) { data.follow(e.primary); },
                 [&](const PromoteSelf& e) {
                   world_.trace_event("promoted", index_, -1, 0, 0, e.reason);
                   world_.checker.on_promoted(index_);
                   data.promote();
                 },
                 [&](const FlushData&) { data.drop("flush"); },
                 [&](const DropKeysInSlots& e) { data.drop_slots(e.slots); },
                 [&](const PauseWrites& e) { data.pause(e.until); },
                 [&](const ResumeWrites&) { data.resume(); },
                 [&](const PresenceConfirmed& e) {
                   if (e.number == absence_) absence_ = 0;
                 },
                 [&](const DeliverPublish&) {},
                 [&](const LogLine& e) {
                   if (e.level >= LogLevel::kNotice) world_.trace_event("log", index_, -1, 0, 0, e.text);
                 },
                 [&](const Count&) {},
             },
             effect);
}

void Process::publish(const std::shared_ptr<const cluster::View>& view) {
  const auto old = std::exchange(view_, view);
  world_.checker.on_view(index_, old.get(), *view_);
}

void Process::drain() {
  while (alive() && !busy() && !handling_ && (!inbox_.empty() || tick_missed_)) {
    if (inbox_.empty()) {
      tick_missed_ = false;
      handle(cluster::Tick{});
      schedule_tick(world_.now() + kTickPeriod);
      continue;
    }
    const cluster::Event event = std::move(inbox_.front());
    inbox_.pop_front();
    handle(event);
  }
}

void Process::schedule_tick(Instant at) {
  if (at >= next_tick_ || !alive()) return;
  next_tick_ = at;
  const uint32_t incarnation = incarnation_;
  world_.at(at, [this, incarnation, at] {
    if (incarnation == incarnation_ && next_tick_ == at) tick_due();
  });
}

void Process::tick_due() {
  next_tick_ = Instant::max();
  if (world_.now() - ticks_since_ > kTickPeriod) {
    ticks_since_ = world_.now();
    ticks_ = 0;
  }
  if (++ticks_ > kMaxTicks) world_.broken("does_not_spin", "node " + std::to_string(index_) + " wakes without end");
  if (busy() || handling_) {
    tick_missed_ = true;
    return;
  }
  // Scheduled before the step, so that a wake-up asked for by it may only be earlier.
  schedule_tick(world_.now() + kTickPeriod);
  post(cluster::Tick{});
}

}  // namespace guccho::sim

// The model of data and replication.
#include "tests/sim/replication_model.h"

#include <algorithm>

#include "node/cluster/generation.h"
#include "tests/sim/process.h"
#include "tests/sim/world.h"

namespace guccho::sim {
namespace {

constexpr Millis kReplTimeout{5000};  // a silent link is given up
constexpr Millis kConnectEvery{500};

}  // namespace

// --- process life ---

void ReplicationModel::load(Loaded outcome) {
  outcome_ = position_.empty() ? Loaded::kNothing : outcome;
  const Position before = position_;
  emptied_ = !before.empty() && outcome_ != Loaded::kComplete;
  if (outcome_ == Loaded::kNothing) {
    position_ = world_.histories.begin(-1);
  } else if (outcome_ == Loaded::kPartial) {
    position_.offset -= static_cast<int64_t>(world_.rng.below(static_cast<uint64_t>(position_.offset) / 2 + 1));
    // What is written from here on is another history than the one that was cut off.
    position_ = world_.histories.fork(position_);
  }
  if (!before.empty()) world_.checker.on_data_lost_by_fault(self_.index());
}

void ReplicationModel::loaded() {
  loaded_ = true;
  self_.post(cluster::DatasetLoaded{outcome_, ReplOffset(position_.offset), non_empty()});
  report();
}

void ReplicationModel::process_ended() {
  loaded_ = false;
  state_ = State::kOff;
  ++attempt_;
  down_since_.reset();
  paused_until_.reset();
}

void ReplicationModel::lose_for_good() {
  const bool held = !position_.empty();
  position_ = Position();
  following_ = NodeId();
  emptied_ = false;
  if (held) world_.checker.on_data_lost_by_fault(self_.index());
}

// --- effects of the core ---

void ReplicationModel::follow(const NodeId& primary) {
  if (following_ == primary && state_ != State::kOff) return;
  if (state_ == State::kOnline) down_since_ = world_.now();
  following_ = primary;
  state_ = State::kConnecting;
  ++attempt_;
  paused_until_.reset();
  next_connect_ = world_.now();
}

void ReplicationModel::promote() {
  following_ = NodeId();
  state_ = State::kOff;
  ++attempt_;
  down_since_.reset();
  if (!position_.empty()) position_ = world_.histories.fork(position_);
}

void ReplicationModel::drop(const char* why) {
  replace(world_.histories.begin(-1), why);
}

void ReplicationModel::drop_slots(const SlotSet& slots) {
  for (const Slot s : world_.key_slots(world_.histories.shard(position_))) {
    if (slots.contains(s)) return drop("drop slots");
  }
}

void ReplicationModel::pause(Instant until) {
  paused_until_ = until;
  report();
}

// --- the periodic part ---

void ReplicationModel::tick() {
  if (!self_.running() || !loaded_ || self_.view() == nullptr) return;
  // A crash can come between the write that makes it a primary and the effect: the disk then says what it is.
  if (!following_.is_null() && self_.view()->self().is_primary()) promote();
  if (paused_until_ && self_.local_now() >= *paused_until_) paused_until_.reset();
  if (following_.is_null()) {
    if (serves()) write_some();
  } else if (state_ == State::kOnline) {
    pull();
  } else if (state_ == State::kConnecting && world_.now() >= next_connect_) {
    connect();
  }
  report();
}

bool ReplicationModel::serves() const {
  const cluster::View* view = self_.view();
  return self_.running() && !self_.fenced() && loaded_ && view != nullptr && view->self().is_primary() &&
         view->self().slot_count > 0 && view->cluster_ok && following_.is_null();
}

void ReplicationModel::write_some() {
  const int shard = world_.shard_owned_by(*self_.view());
  if (shard < 0 || paused_until_ || self_.view()->writes_paused) return;
  world_.checker.on_serve(self_.index(), shard);
  if (!world_.writes_on() || world_.rng.below(4) != 0) return;
  const bool was_empty = position_.empty();
  if (was_empty) position_ = world_.histories.begin(shard);
  position_.offset += 1 + static_cast<int64_t>(world_.rng.below(100));
  if (was_empty) self_.post(status());
}

Process* ReplicationModel::primary() const {
  return world_.process_of(following_);
}

bool ReplicationModel::reachable(const Process& peer) const {
  return peer.running() && !world_.network.is_cut(self_.index(), peer.index()) &&
         !world_.network.is_cut(peer.index(), self_.index());
}

void ReplicationModel::pull() {
  const Process* from = primary();
  if (from == nullptr) return link_down();  // it is no more
  const bool cut =
      world_.network.is_cut(self_.index(), from->index()) || world_.network.is_cut(from->index(), self_.index());
  if (from->incarnation() != peer_incarnation_ && !cut && !from->host_silent()) return link_down();
  if (!reachable(*from) || from->incarnation() != peer_incarnation_) {
    if (world_.now() - last_interaction_ > kReplTimeout) link_down();
    return;
  }
  if (!from->data.following().is_null()) return link_down();  // it became a replica: it hangs up
  last_interaction_ = world_.now();
  if (world_.rng.below(4) == 0) return;  // lag
  if (!world_.histories.contains(from->data.position(), position_)) return link_down();
  const bool was_empty = position_.empty();
  position_ = from->data.position();
  if (was_empty && !position_.empty()) self_.post(status());
}

void ReplicationModel::link_down() {
  state_ = State::kConnecting;
  down_since_ = world_.now();
  next_connect_ = world_.now() + kConnectEvery;
}

void ReplicationModel::connect() {
  next_connect_ = world_.now() + kConnectEvery;
  Process* from = primary();
  if (from == nullptr || !reachable(*from) || !from->data.is_loaded() || from->view() == nullptr) return;
  const cluster::View& theirs = *from->view();
  if (!theirs.self().is_primary() || !from->data.following().is_null()) return;
  const auto& histories = world_.histories;
  const bool prefix = !position_.empty() && histories.contains(from->data.position(), position_);
  if (prefix && from->data.position().offset - position_.offset <= world_.backlog()) return online(*from);
  if (theirs.self().generation.awaiting_takeover) return;  // it feeds nobody
  begin_full_sync(*from);
}

void ReplicationModel::begin_full_sync(Process& from) {
  const cluster::NodeView* known = self_.view()->find(from.id());
  if (known == nullptr) return;
  const auto decision = cluster::decide_full_sync(self_.view()->held, from.id(), known->generation);
  world_.trace_event("full sync?", self_.index(), from.index(), static_cast<uint64_t>(decision), 0);
  if (decision != cluster::SyncDecision::kAccept) return;
  state_ = State::kSyncing;
  const uint32_t attempt = ++attempt_;
  world_.after(Micros(static_cast<int64_t>(20'000 + world_.rng.below(1'000'000))),
               [this, to = from.index(), incarnation = from.incarnation(), attempt] {
                 finish_full_sync(to, incarnation, attempt);
               });
}

void ReplicationModel::finish_full_sync(int index, uint32_t incarnation, uint32_t attempt) {
  if (attempt != attempt_ || state_ != State::kSyncing) return;
  Process& from = world_.process(index);
  const bool usable = self_.running() && reachable(from) && from.incarnation() == incarnation &&
                      from.id() == following_ && from.data.following().is_null() && from.view() != nullptr &&
                      !from.view()->self().generation.awaiting_takeover;
  if (!usable) {
    state_ = State::kConnecting;
    next_connect_ = world_.now() + kConnectEvery;
    return;
  }
  replace(from.data.position(), "full sync");
  online(from);
}

void ReplicationModel::online(Process& from) {
  world_.trace_event("in sync", self_.index(), from.index(), position_.history,
                     static_cast<uint64_t>(position_.offset));
  state_ = State::kOnline;
  emptied_ = false;
  peer_incarnation_ = from.incarnation();
  last_interaction_ = world_.now();
  down_since_.reset();
  const Position before = position_;
  position_ = from.data.position();
  if (before.empty() != position_.empty()) self_.post(status());
  self_.post(cluster::SyncedFrom{from.id()});
  report();
}

void ReplicationModel::report() {
  cluster::ReplicationStatus status;
  status.offset = ReplOffset(position_.offset);
  status.link_up = state_ == State::kOnline;
  status.writes_stopped = paused_until_.has_value();
  const Instant local = self_.local_now();
  status.last_interaction = local - (world_.now() - last_interaction_);
  if (down_since_) status.down_since = local - (world_.now() - *down_since_);
  self_.post(status);
}

void ReplicationModel::replace(const Position& with, const char* why) {
  const Position before = position_;
  position_ = with;
  world_.checker.on_data_replaced(self_.index(), before, why);
  if (before.empty() != position_.empty()) self_.post(status());
}

SlotSet ReplicationModel::non_empty() const {
  SlotSet slots;
  if (position_.empty()) return slots;
  for (const Slot s : world_.key_slots(world_.histories.shard(position_))) slots.insert(s);
  return slots;
}

cluster::DatasetStatus ReplicationModel::status() const {
  return {non_empty()};
}

}  // namespace guccho::sim

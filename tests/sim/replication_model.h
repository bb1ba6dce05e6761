// A minimal model of a node's data and replication: writes with offsets, a lagging replica, partial and full syncs with
// the core's own decision about data generations, restarts that lost the data.
#pragma once

#include <cstdint>
#include <optional>

#include "node/cluster/events.h"
#include "tests/sim/dataset.h"

namespace guccho::sim {

class World;
class Process;

class ReplicationModel {
 public:
  using Loaded = cluster::DatasetLoaded::Outcome;

  ReplicationModel(World& world, Process& self) : world_(world), self_(self) {}

  // What the node holds; of a process that is down, what its disk holds.
  const Position& position() const { return position_; }
  // Whom it follows, also while down; null: nobody.
  const NodeId& following() const { return following_; }
  bool in_sync() const { return state_ == State::kOnline; }
  bool is_loaded() const { return loaded_; }
  // Started without (all of) its data, and has followed nobody since.
  bool was_emptied() const { return emptied_; }
  // Accepts writes for its slots, as a client would see it.
  bool serves() const;

  // Process life: load() when it starts, loaded() when loading has ended, process_ended() when it stopped.
  void load(Loaded outcome);
  void loaded();
  void process_ended();
  // Its disk is gone, and with it the node.
  void lose_for_good();

  // Effects of the core.
  void follow(const NodeId& primary);
  void promote();
  void drop(const char* why);
  void drop_slots(const SlotSet& slots);
  void pause(Instant until);
  void resume() { paused_until_.reset(); }

  // Every 100 ms: produce or pull writes, keep the link, report.
  void tick();
  cluster::DatasetStatus status() const;

 private:
  enum class State { kOff, kConnecting, kSyncing, kOnline };

  Process* primary() const;
  bool reachable(const Process& peer) const;
  void write_some();
  void pull();
  void connect();
  void begin_full_sync(Process& from);
  void finish_full_sync(int from, uint32_t incarnation, uint32_t attempt);
  void online(Process& from);
  void link_down();
  void report();
  void replace(const Position& with, const char* why);
  SlotSet non_empty() const;

  World& world_;
  Process& self_;
  Position position_;
  NodeId following_;
  bool loaded_ = false;
  bool emptied_ = false;
  Loaded outcome_ = Loaded::kNothing;
  State state_ = State::kOff;
  uint32_t peer_incarnation_ = 0;  // of the primary's process that the link leads to
  uint32_t attempt_ = 0;           // numbers syncs, so that an abandoned one does not finish
  Instant next_connect_{};
  Instant last_interaction_{};           // world time
  std::optional<Instant> down_since_;    // world time
  std::optional<Instant> paused_until_;  // own clock
};

}  // namespace guccho::sim

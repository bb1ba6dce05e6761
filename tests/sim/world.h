// A simulated world: the processes of one cluster, their network, the time, the checker; made from a seed, run to the
// end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/base/random.h"
#include "node/cluster/view.h"
#include "tests/sim/checker.h"
#include "tests/sim/dataset.h"
#include "tests/sim/network.h"
#include "tests/sim/options.h"
#include "tests/sim/process.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/shape.h"
#include "tests/sim/trace.h"
#include "tests/sim/transport.h"

namespace guccho::sim {

class World {
 public:
  World(const Options& options, uint64_t seed);

  // --- time ---
  Instant now() const { return queue_.now(); }
  void at(Instant when, std::function<void()> action) { queue_.push(when, std::move(action)); }
  void after(Micros delay, std::function<void()> action) { at(now() + delay, std::move(action)); }
  // Runs everything due until then. False when an invariant broke.
  bool run_for(Micros duration);
  // Runs until `why_not` has nothing to say or `bound` has passed; returns what it said last.
  std::string wait(Micros bound, const std::function<std::string()>& why_not);

  // --- the cluster ---
  const Shape& shape() const { return shape_; }
  uint64_t seed() const { return seed_; }
  int size() const { return static_cast<int>(processes_.size()); }
  Process& process(int i) { return *processes_[static_cast<size_t>(i)]; }
  const Process& process(int i) const { return *processes_[static_cast<size_t>(i)]; }
  Process* process_of(const NodeId& id);
  Millis node_timeout() const { return node_timeout_; }

  // --- addresses and slots ---
  std::string address(int node, int generation);
  int node_at(const std::string& ip) const;
  void move_address(int node);
  // The process has ended for good; another node, at its address or another, is ready to be started in its place.
  void replace(int node);
  SlotSet slots_of_shard(int shard) const;
  // The slots of a shard that hold keys.
  std::vector<Slot> key_slots(int shard) const;
  // The shard whose slots the view's own node owns, -1 for none.
  int shard_owned_by(const cluster::View& view) const;

  // --- what the seed chose ---
  Micros write_time();
  Micros connect_timeout() const { return node_timeout_; }
  int64_t backlog() const { return backlog_; }
  bool writes_on() const { return writes_on_; }
  void set_writes(bool on) { writes_on_ = on; }

  // --- reports ---
  void trace_event(const char* what, int node, int peer = -1, uint64_t x = 0, uint64_t y = 0, std::string note = {},
                   bool minor = false) {
    trace.add({now(), what, node, peer, x, y, std::move(note), minor});
  }
  // What happens all the time: part of the hash and of --trace, but not of the last events.
  void trace_minor(const char* what, int node, int peer, uint64_t x, uint64_t y) {
    trace_event(what, node, peer, x, y, {}, true);
  }
  void broken(std::string invariant, std::string detail) { checker.broken(std::move(invariant), std::move(detail)); }
  bool ok() const { return !checker.violation(); }

  // A process died while writing; somebody (the supervisor) restarts it some time later.
  void crash_in_write(int node);
  // Keeps a core that may still be on the call stack until the next event.
  void bury(std::unique_ptr<cluster::Member> member) { graveyard_.push_back(std::move(member)); }

  Rng rng;
  Trace trace;
  Network network;
  Histories histories;
  Transport transport;
  Checker checker;

 private:
  void make_processes();
  void data_tick();

  Options options_;
  uint64_t seed_;
  Shape shape_;
  Scheduler<std::function<void()>> queue_;
  Millis node_timeout_;
  int64_t backlog_;
  bool writes_on_ = false;
  std::vector<std::unique_ptr<Process>> processes_;
  std::unordered_map<NodeId, int> by_id_;
  std::unordered_map<std::string, int> by_address_;
  std::vector<int> address_generation_;
  std::vector<std::unique_ptr<cluster::Member>> graveyard_;
};

}  // namespace guccho::sim

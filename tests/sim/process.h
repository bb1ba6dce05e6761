// One simulated node process: a real member core on a virtual disk, clock and network, with a model of its data.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "node/cluster/member.h"
#include "tests/sim/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/replication_model.h"

namespace guccho::sim {

class World;

class Process {
 public:
  using Loaded = cluster::DatasetLoaded::Outcome;
  using OnReply = std::function<void(const Result<std::string>&)>;

  Process(World& world, int index, NodeId id, NodeClock clock, cluster::Config config);

  int index() const { return index_; }
  const NodeId& id() const { return id_; }
  const std::string& ip() const { return ip_; }
  uint32_t incarnation() const { return incarnation_; }
  bool alive() const { return member_ != nullptr; }
  bool frozen() const { return frozen_; }
  bool host_silent() const { return host_silent_; }
  bool running() const { return alive() && !frozen_; }
  // Since its start or its last thaw.
  Instant running_since() const { return running_since_; }
  // Its last thaw; nothing if it was never stopped.
  const std::optional<Instant>& last_thaw() const { return last_thaw_; }
  // Stopped for so long that it may have been replaced, and not told yet that it was not: clients get no answer.
  bool fenced() const { return absence_ != 0; }
  // The view in force; null while the process is down or before its first view.
  const cluster::View* view() const { return view_.get(); }
  // Its own clock's reading of this moment.
  Instant local_now() const;
  Millis node_timeout() const { return config_.node_timeout; }

  // Starts from what the disk holds; the data model is loaded with the given outcome.
  void start(Loaded outcome);
  // Ends without warning. `host_silent`: its machine went too; no kernel answers for it until the next start.
  void stop(bool host_silent);
  void freeze();
  void thaw();
  // Ends in the middle of its next write to disk, at a point that the seed chooses.
  void stop_at_next_write(bool on = true) { stop_at_write_ = on; }
  // While it is down: our own file beside nodes.conf is removed.
  void lose_own_file() { disk_.own.clear(); }
  void jump_wall_clock(Millis by) { clock_.jump_wall(by); }
  void change_address(std::string ip) { ip_ = std::move(ip); }
  // A new node in place of one that ended for good: an empty disk and another name.
  void replace(const NodeId& id);

  // Hands an event to the core, now or when the process runs again.
  void post(cluster::Event event);
  // The reply comes once, or never when the process ends before.
  void request(cluster::Request request, OnReply on_reply);

  ReplicationModel data;

 private:
  static constexpr size_t kMaxInbox = 200'000;  // beyond this a stopped process's peers would have been blocked

  bool busy() const { return frozen_ || writing_; }
  void handle(const cluster::Event& event);
  void carry_out(cluster::Effects fx);
  void begin_write(cluster::Effects fx);
  void finish_write();
  void apply(const std::vector<cluster::Effect>& effects);
  void apply_one(const cluster::Effect& effect);
  void drain();
  void schedule_tick(Instant at);
  void tick_due();
  void publish(const std::shared_ptr<const cluster::View>& view);
  void notice_absence();

  World& world_;
  int index_;
  NodeId id_;
  std::string ip_;
  NodeClock clock_;
  cluster::Config config_;
  Disk disk_;
  std::unique_ptr<cluster::Member> member_;
  std::shared_ptr<const cluster::View> view_;
  uint32_t incarnation_ = 0;
  bool frozen_ = false;
  Instant frozen_since_{};
  uint64_t absence_ = 0;   // number of the one that waits for its confirmation; 0: none
  uint64_t absences_ = 0;  // so far
  Instant running_since_{};
  std::optional<Instant> last_thaw_;
  bool host_silent_ = false;
  bool stop_at_write_ = false;
  bool handling_ = false;
  bool writing_ = false;
  cluster::Effects pending_;  // of the step whose write is under way
  std::deque<cluster::Event> inbox_;
  Instant next_tick_ = Instant::max();
  bool tick_missed_ = false;
  Instant ticks_since_{};  // start of the period in which ticks are counted
  int ticks_ = 0;
  uint64_t next_request_ = 1;
  std::unordered_map<uint64_t, OnReply> requests_;
};

}  // namespace guccho::sim

// Simulated nodes: a cluster in memory that behaves like real nodes as far as a planner can see: gossip, links, failure
// flags, votes, replication and its progress, restarts from what was on disk. For tests of the operator alone; the
// real member core has a simulator of its own (tests/sim).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "node/base/random.h"
#include "operator/backend/answer.h"
#include "operator/model/instance.h"
#include "operator/model/node_status.h"

namespace guccho::ops {

// What survives a restart: nodes.conf, and the keys where there is persistence.
struct SimDisk {
  NodeId id;
  Role role = Role::kPrimary;
  NodeId primary;
  std::vector<SlotRange> slots;
  ConfigEpoch config_epoch;
  std::map<NodeId, PeerView> peers;
  uint64_t keys = 0;        // 0 without persistence
  uint64_t generation = 0;  // one for each start
  uint64_t base = 0;        // the oldest generation whose data is still there
  bool held_data = false;
};

struct SimNode {
  InstanceId place;
  Endpoints endpoints;
  Incarnation incarnation;
  SimDisk state;
  bool running = true;
  bool frozen = false;  // SIGSTOP: neither answers nor gossips
  bool in_sync = false;
  bool awaiting_data = false;
  bool loading = false;
  int64_t offset = 0;
  uint64_t fencing_term = 0;
  std::set<NodeId> banned;          // by FORGET
  std::vector<Endpoints> meeting;   // handshakes begun
  std::optional<NodeId> hand_over;  // a graceful failover to this replica is under way
  bool alive() const { return running && !frozen; }
};

// Steps are rounds of gossip. Everything is deterministic, from the seed.
class SimNodes {
 public:
  explicit SimNodes(uint64_t seed) : rng_(seed) {}

  // A process for this place begins, from its disk if it has one.
  void start(InstanceId place, const Endpoints& endpoints, const Incarnation& incarnation, const SimDisk* disk);
  // It ends at once. What was on disk is returned.
  std::optional<SimDisk> stop(InstanceId place, bool persistent);
  void step();

  SimNode* find(InstanceId place);
  SimNode* find_running(const NodeId& id);
  std::vector<SimNode*> all();
  std::optional<NodeStatus> status(InstanceId place) const;

  // The mutating calls of NodeAdmin.
  Answer meet(SimNode& node, const Endpoints& peer);
  Answer assign(SimNode& node, std::span<const SlotRange> slots, ConfigEpoch epoch);
  Answer replicate(SimNode& node, const NodeId& primary);
  Answer failover(SimNode& node, FailoverMode mode, const ProofOfDeath* proof);
  Answer forget(SimNode& node, const NodeId& forgotten, const ProofOfDeath* proof);

  // A client writes: the owner gets keys, its replicas follow with the next step.
  void write(uint64_t keys_per_primary);

 private:
  void finish_handshakes(SimNode& node);
  void gossip(SimNode& node);
  void replicate_data(SimNode& node);
  void settle_lost_data(SimNode& node);
  void vote(SimNode& replica);
  void promote(SimNode& replica, const NodeId& old_primary);
  void rebind_slots(SimNode& node);
  bool can_decide(const SimNode& node) const;
  bool majority_alive(const SimNode& node) const;
  PeerView introduce_as(const SimNode& node) const;
  SimNode* at_address(const Endpoints& endpoints);
  const SimNode* running(const NodeId& id) const;

  Rng rng_;
  std::map<InstanceId, SimNode> nodes_;
};

}  // namespace guccho::ops

// A healthy, formed cluster as an observation, to be spoilt by one fact at a time. Node ids are easy to read: the node
// that was first in place s-o is forty times the digit of its place.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operator/plan/layout.h"
#include "operator/plan/plan.h"

namespace guccho::ops {

inline NodeId node_id(int number) {
  return *NodeId::parse(std::string(40, "0123456789abcdef"[number % 16]));
}

class Scene {
 public:
  Scene(int primaries, int replicas) {
    desired.key = {"default", "c"};
    desired.uid = "u";
    desired.generation = 7;
    desired.spec.primaries = primaries;
    desired.spec.replicas_per_primary = replicas;
    desired.spec.version = "0.1.0";
    for (int shard = 0; shard < primaries; ++shard) {
      for (int ordinal = 0; ordinal <= replicas; ++ordinal) add_place({shard, ordinal});
    }
  }

  // Processes run, nodes know nobody and nothing.
  Scene& fresh() {
    desired.status = {};
    for (auto& [place, node] : observed.nodes) {
      node.peers.clear();
      node.slots.clear();
      node.role = Role::kPrimary;
      node.primary = NodeId();
      node.config_epoch = ConfigEpoch(0);
      node.generation = DataGeneration(0);
      node.keys = 0;
    }
    return *this;
  }
  // All nodes are members of one cluster that was formed and is remembered as it is.
  Scene& formed() {
    const int shards = desired.spec.primaries;
    for (auto& [place, node] : observed.nodes) {
      const bool primary = place.ordinal == 0;
      node.role = primary ? Role::kPrimary : Role::kReplica;
      node.primary = primary ? NodeId() : id({place.shard, 0});
      node.slots = primary ? std::vector{shard_range(place.shard, shards)} : std::vector<SlotRange>{};
      node.config_epoch = ConfigEpoch(static_cast<uint64_t>(place.shard) + 1);
      node.link = primary ? ReplicationLink::kNone : ReplicationLink::kUp;
      node.in_sync = true;
      node.cluster_ok = true;
      node.keys = 10;
      node.offset = ReplOffset(1000);
      node.generation = DataGeneration(1);
      node.electorate.can_decide = observed.nodes.size() >= 3;
    }
    refresh_views();
    remember();
    return *this;
  }
  // Every node sees of every other what that one says of itself.
  void refresh_views() {
    for (auto& [place, node] : observed.nodes) {
      node.peers.clear();
      for (const auto& [other_place, other] : observed.nodes) {
        if (other_place != place) node.peers.push_back(view_of(other_place));
      }
    }
  }
  // The status of a round in this state becomes the memory.
  void remember() { desired.status = run().status; }

  Plan run() const { return plan(observed, desired, now); }

  PeerView view_of(InstanceId place) const {
    const NodeStatus& node = observed.nodes.at(place);
    const Endpoints& at = instance_of(place).endpoints;
    return {.id = node.id,
            .host = at.host,
            .port = at.port,
            .bus_port = at.bus_port,
            .role = node.role,
            .primary = node.primary,
            .config_epoch = node.config_epoch,
            .slots = node.slots,
            .linked = true};
  }
  NodeId id(InstanceId place) const { return node_id(place.shard * 5 + place.ordinal + 1); }
  NodeStatus& node(InstanceId place) { return observed.nodes.at(place); }
  Instance& instance(InstanceId place) { return const_cast<Instance&>(instance_of(place)); }
  PeerView& view(InstanceId viewer, InstanceId of) { return const_cast<PeerView&>(*node(viewer).peer(id(of))); }

  void add_place(InstanceId place) {
    const auto port = static_cast<uint16_t>(7000 + place.shard * 10 + place.ordinal);
    const std::string name = place.str();
    Instance instance{
        .id = place,
        .incarnation = {"run-" + name},
        .life = Running{},
        .revision = revision_of(desired.spec),
        .storage = {.id = "disk-" + name, .place = place, .state = StorageState::kPresent},
        .endpoints = {.host = "127.0.0.1", .port = port, .bus_port = static_cast<uint16_t>(port + 10000)}};
    observed.world.instances.push_back(instance);
    observed.world.complete = true;
    NodeStatus status;
    status.id = id(place);
    observed.nodes.emplace(place, status);
  }
  // No answer, and the world cannot say why.
  void silence(InstanceId place) { observed.nodes.erase(place); }
  // No answer, and the process was reaped.
  void kill(InstanceId place) {
    silence(place);
    instance(place).life = Gone{Evidence::kProcessReaped, "killed by signal 9"};
  }
  // What the others see of it then.
  void seen_failed(InstanceId place) {
    for (auto& [viewer, node] : observed.nodes) {
      for (PeerView& peer : node.peers) {
        if (peer.id != id(place)) continue;
        peer.linked = false;
        peer.failed = true;
      }
    }
  }
  void remove_place(InstanceId place) {
    silence(place);
    std::erase_if(observed.world.instances, [&](const Instance& i) { return i.id == place; });
  }
  // Everyone's view without this node.
  void forgotten(InstanceId place) {
    for (auto& [viewer, node] : observed.nodes)
      std::erase_if(node.peers, [&](const PeerView& p) { return p.id == id(place); });
  }
  // `heir` has the slots of its shard's first node, which follows it if it still answers.
  void fail_over(InstanceId heir) {
    const InstanceId first{heir.shard, 0};
    NodeStatus& winner = node(heir);
    winner.role = Role::kPrimary;
    winner.primary = NodeId();
    winner.slots = {shard_range(heir.shard, desired.spec.primaries)};
    winner.config_epoch = ConfigEpoch(100);
    winner.in_sync = true;
    for (auto& [place, node] : observed.nodes) {
      if (place.shard != heir.shard || place == heir) continue;
      node.role = Role::kReplica;
      node.primary = id(heir);
      node.slots.clear();
    }
    if (!observed.nodes.contains(first)) {
      for (auto& [place, node] : observed.nodes) {
        for (PeerView& peer : node.peers) {
          if (peer.id == id(first)) peer.slots.clear();
        }
      }
    }
    for (auto& [viewer, node] : observed.nodes) {
      for (PeerView& peer : node.peers) {
        for (const auto& [place, other] : observed.nodes) {
          if (peer.id == other.id) {
            const PeerView fresh_view = view_of(place);
            peer = fresh_view;
          }
        }
      }
    }
  }

  Observed observed;
  RedisCluster desired;
  UnixMillis now{Millis(1'000'000)};

 private:
  const Instance& instance_of(InstanceId place) const { return *observed.world.find(place); }
};

// A plan as text: each step, then each hold's name.
inline std::vector<std::string> words(const Plan& plan) {
  std::vector<std::string> out;
  for (const Step& step : plan.steps) out.push_back(describe(step));
  for (const Hold& hold : plan.holds) out.push_back("hold " + hold.name);
  return out;
}

inline const Condition& condition(const Plan& plan, std::string_view type) {
  return *plan.status.condition(type);
}

}  // namespace guccho::ops

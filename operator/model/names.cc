// The printed names of the model's enumerations, and small look-ups in its values.
#include <fmt/format.h>

#include <algorithm>

#include "operator/model/instance.h"
#include "operator/model/node_status.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops {

std::string_view to_string(Role role) {
  return role == Role::kPrimary ? "primary" : "replica";
}

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::kProcessReaped:
      return "process reaped";
    case Evidence::kContainerTerminated:
      return "container terminated";
    case Evidence::kStorageDeleted:
      return "storage deleted";
    case Evidence::kMachineDeleted:
      return "machine deleted";
  }
  return "?";
}

std::string_view to_string(ReplicationLink link) {
  switch (link) {
    case ReplicationLink::kNone:
      return "none";
    case ReplicationLink::kConnecting:
      return "connecting";
    case ReplicationLink::kSyncing:
      return "syncing";
    case ReplicationLink::kUp:
      return "up";
  }
  return "?";
}

std::string_view to_string(FailoverMode mode) {
  switch (mode) {
    case FailoverMode::kGraceful:
      return "graceful";
    case FailoverMode::kForce:
      return "force";
    case FailoverMode::kTakeover:
      return "takeover";
  }
  return "?";
}

std::string_view to_string(PersistenceMode mode) {
  switch (mode) {
    case PersistenceMode::kNone:
      return "none";
    case PersistenceMode::kSnapshot:
      return "snapshot";
    case PersistenceMode::kLog:
      return "log";
  }
  return "?";
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::kInitializing:
      return "Initializing";
    case Phase::kReconciling:
      return "Reconciling";
    case Phase::kReady:
      return "Ready";
    case Phase::kDegraded:
      return "Degraded";
    case Phase::kFailed:
      return "Failed";
  }
  return "?";
}

std::string_view to_string(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::kTrue:
      return "True";
    case ConditionStatus::kFalse:
      return "False";
    case ConditionStatus::kUnknown:
      return "Unknown";
  }
  return "?";
}

std::string InstanceId::str() const {
  return fmt::format("{}-{}", shard, ordinal);
}

namespace {
template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
}  // namespace

std::string describe(const Life& life) {
  return std::visit(Overloaded{
                        [](const Pending& p) { return "pending: " + p.reason; },
                        [](const Running&) { return std::string("running"); },
                        [](const Terminating&) { return std::string("terminating"); },
                        [](const UnknownLife&) { return std::string("unknown"); },
                        [](const Gone& g) { return fmt::format("gone ({}): {}", to_string(g.evidence), g.detail); },
                    },
                    life);
}

const Instance* World::find(InstanceId id) const {
  const auto it = std::ranges::find(instances, id, &Instance::id);
  return it == instances.end() ? nullptr : &*it;
}

const PeerView* NodeStatus::peer(const NodeId& peer_id) const {
  const auto it = std::ranges::find(peers, peer_id, &PeerView::id);
  return it == peers.end() ? nullptr : &*it;
}

const Condition* RedisClusterStatus::condition(std::string_view type) const {
  const auto it = std::ranges::find(conditions, type, &Condition::type);
  return it == conditions.end() ? nullptr : &*it;
}

}  // namespace guccho::ops

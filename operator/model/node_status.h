// What one node says about itself and about the others: the planner's view into the cluster. The admin service's Status
// (proto/guccho/admin/v1/admin.proto) in types of our own, so that nothing here needs gRPC.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "node/base/types.h"
#include "node/slots/slots.h"
#include "operator/model/instance.h"

namespace guccho::ops {

enum class ReplicationLink { kNone, kConnecting, kSyncing, kUp };
std::string_view to_string(ReplicationLink link);

// What one node believes about another.
struct PeerView {
  NodeId id;
  std::string host;
  uint16_t port = 0;
  uint16_t bus_port = 0;
  Role role = Role::kPrimary;
  NodeId primary;  // null for a primary
  ConfigEpoch config_epoch;
  std::vector<SlotRange> slots;
  bool linked = false;     // the bus link to it is up
  bool handshake = false;  // not yet a member
  bool suspected = false;  // PFAIL
  bool failed = false;     // FAIL
  bool is_guccho = true;
  friend bool operator==(const PeerView&, const PeerView&) = default;
};

// Who votes in a failover. version 0: the slot-owning primaries, as in Redis.
struct ElectorateView {
  uint64_t version = 0;
  std::vector<NodeId> voters;
  bool can_decide = false;  // three voters or more
  friend bool operator==(const ElectorateView&, const ElectorateView&) = default;
};

struct NodeStatus {
  NodeId id;
  std::string version;
  Incarnation incarnation;  // of the process that answered
  Role role = Role::kPrimary;
  NodeId primary;  // null for a primary
  std::string shard_id;
  std::vector<SlotRange> slots;  // ascending
  CurrentEpoch current_epoch;
  ConfigEpoch config_epoch;
  bool cluster_ok = false;
  uint32_t slots_served = 0;  // slots with an owner that is not FAIL, in this node's view
  bool loading = false;
  uint64_t keys = 0;
  uint64_t used_memory = 0;  // bytes
  ReplOffset offset;
  ReplicationLink link = ReplicationLink::kNone;
  bool in_sync = false;  // true for a primary
  std::vector<NodeId> in_sync_replicas;
  DataGeneration generation;  // of the data that it holds
  DataGeneration base;        // of a primary: the oldest generation of its own that this data continues
  // A primary that came back without the data it held: serves nothing until a replica took over.
  bool awaiting_data = false;
  ElectorateView electorate;
  std::vector<PeerView> peers;  // without itself
  bool draining = false;
  uint64_t fencing_term = 0;
  bool migrating = false;  // some slot of it is being moved, either way

  const PeerView* peer(const NodeId& peer_id) const;
};

// How a replica takes its primary's role.
enum class FailoverMode {
  kGraceful,  // the primary pauses writes until this replica has them all
  kForce,     // an election without the primary's consent
  kTakeover,  // without votes, by proof of death
};
std::string_view to_string(FailoverMode mode);

// Positive evidence that a process does not run any more, or, with the evidence of a deletion, that its data is gone too.
struct ProofOfDeath {
  NodeId node;
  Incarnation incarnation;
  Evidence evidence = Evidence::kProcessReaped;
  friend bool operator==(const ProofOfDeath&, const ProofOfDeath&) = default;
};

}  // namespace guccho::ops

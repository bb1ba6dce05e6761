// View: an immutable snapshot of what a member knows, read by workers, CLUSTER commands, routing and the admin service
// without locks. And its prints in Redis' formats.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "node/base/time.h"
#include "node/base/types.h"
#include "node/bus/message.h"
#include "node/cluster/config.h"
#include "node/cluster/generation.h"
#include "node/slots/slots.h"

namespace guccho::cluster {

// Position in View::nodes.
using NodeIndex = uint16_t;
inline constexpr NodeIndex kNoNode = 0xffff;

struct NodeView {
  NodeId id;
  std::string ip;         // of the bus; empty: not known yet
  uint16_t tcp_port = 0;  // 0: none
  uint16_t tls_port = 0;  // 0: none
  uint16_t bus_port = 0;
  std::string hostname;         // empty: not announced
  bus::ClientAddress client;    // where clients reach it when announced apart from the bus
  uint16_t flags = 0;           // bus::NodeFlag
  NodeIndex primary = kNoNode;  // of a replica
  NodeId primary_id;            // null: none
  UnixMillis ping_sent{};       // 0: no ping pending
  UnixMillis pong_received{};
  ConfigEpoch config_epoch;
  bool link_up = false;
  ReplOffset offset;
  NodeId shard_id;
  bool is_guccho = false;
  GenerationInfo generation;
  uint16_t slot_count = 0;

  bool has(uint16_t f) const { return (flags & f) != 0; }
  bool is_primary() const { return has(bus::kFlagPrimary); }
  bool is_replica() const { return has(bus::kFlagReplica); }
};

// Slot ownership, shared between views while it does not change.
struct SlotTable {
  std::array<NodeIndex, kSlotCount> owner;
  struct Moving {
    Slot slot;
    NodeId peer;
  };
  std::vector<Moving> migrating;  // ascending by slot; ours, on their way to `peer`
  std::vector<Moving> importing;  // ascending by slot; from `peer`
  uint16_t assigned = 0;          // slots with an owner
  SlotTable() { owner.fill(kNoNode); }
  // Null when the slot is not moving.
  const NodeId* migrating_to(Slot s) const;
  const NodeId* importing_from(Slot s) const;
};

// Why the cluster (as seen by this node) is not served. In the order in which they are checked.
enum class DownReason : uint8_t {
  kNone,
  kLoading,           // DatasetLoaded has not come yet
  kAwaitingTakeover,  // we lost the data that a replica may still hold (rule 2)
  kRejoining,         // back from a partition or just started: waiting before writes are served
  kMinority,          // no majority of the slot-owning primaries can be reached
  kUncovered          // a slot has no owner or its owner failed, and full coverage is required
};

// How failures are voted on (rule 5).
struct ElectorateView {
  bool primaries = true;  // slot-owning primaries vote, as in Redis; otherwise `voters` do
  bus::VoterList voters;
  bool no_automatic_failover = false;  // fewer than three voters: nothing can be decided by vote
};

// Message counts for CLUSTER INFO, by bus::MessageType 0 to 10.
struct MessageStats {
  std::array<uint64_t, 11> sent{};
  std::array<uint64_t, 11> received{};
};

struct View {
  std::vector<NodeView> nodes;  // [0] is this node; the others ascending by id
  std::shared_ptr<const SlotTable> slots = std::make_shared<SlotTable>();
  CurrentEpoch current_epoch;
  CurrentEpoch last_vote_epoch;
  bool cluster_ok = false;
  DownReason down_reason = DownReason::kLoading;
  uint16_t size = 0;  // primaries that own slots
  uint16_t slots_pfail = 0;
  uint16_t slots_fail = 0;
  ElectorateView electorate;
  HeldData held;               // whose data we hold, for decide_full_sync()
  bool writes_paused = false;  // by a manual failover
  MessageStats stats;
  uint64_t version = 0;  // grows with each view of one member
  // What routing needs to know of the configuration.
  bool allow_reads_when_down = false;
  bool allow_pubsubshard_when_down = true;
  bool require_full_coverage = true;
  bool tls_cluster = false;
  EndpointType preferred_endpoint = EndpointType::kIp;
  UnixMillis made_at{};

  const NodeView& self() const { return nodes.front(); }
  // Null when unknown. O(log n).
  const NodeView* find(const NodeId& id) const;
  NodeIndex index_of(const NodeId& id) const;
  const NodeView* owner_of(Slot s) const {
    const NodeIndex i = slots->owner[s.value];
    return i == kNoNode ? nullptr : &nodes[i];
  }
  bool owns(Slot s) const { return slots->owner[s.value] == 0; }
  // Slots of one node, in ascending ranges. O(slots).
  std::vector<SlotRange> slots_of(NodeIndex node) const;
};

// CLUSTER NODES (Redis 7): one line a node, '\n' after each. With `tls` the port shown is the TLS port.
std::string print_nodes(const View& view, bool tls);
// One line of it, without the line's end, as in CLUSTER REPLICAS.
std::string print_node(const View& view, NodeIndex node, bool tls);
// Lines for all nodes at once in O(nodes + slots); [i] belongs to view.nodes[i].
std::vector<std::string> print_node_lines(const View& view, bool tls);
// CLUSTER INFO: name and value pairs in Redis' order ("cluster_state", "ok") ...
std::vector<std::pair<std::string, std::string>> print_info(const View& view);

}  // namespace guccho::cluster

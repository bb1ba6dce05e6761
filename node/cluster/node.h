// What the core remembers about one node of the cluster. Internal to node/cluster.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/base/time.h"
#include "node/base/types.h"
#include "node/bus/message.h"
#include "node/cluster/events.h"
#include "node/cluster/view.h"

namespace guccho::cluster {

struct Node;

// A voter told us that it cannot reach the node.
struct FailureReport {
  NodeId reporter;
  Instant at;
};

struct Node {
  // What gossip about it says (heartbeat.cc) lies together: each message looks at a tenth of all nodes.
  NodeId id;
  uint16_t flags = 0;       // bus::NodeFlag
  uint16_t port = 0;        // base port: of TLS when the bus uses TLS
  uint16_t other_port = 0;  // the port of the other kind
  uint16_t bus_port = 0;
  uint16_t slot_count = 0;
  bool link_open = false;
  // Our connection to it. Value 0: none. `link_open` says whether it is established.
  LinkId link;
  uint64_t gossip_round = 0;         // in which it was last chosen
  std::string ip;                    // empty: not known
  std::optional<Instant> ping_sent;  // of the oldest unanswered PING, or of the first failed attempt to connect
  std::optional<Instant> pong_received;

  std::string hostname;
  bus::ClientAddress client;
  NodeId shard_id;

  Node* primary = nullptr;      // of a replica; null: none or not known yet
  std::vector<Node*> replicas;  // of a primary, ascending by id
  ConfigEpoch config_epoch;
  // The node's slots as a bitmap; rebuilt from Core::owner when stale (see Core::slots_of).
  std::shared_ptr<const SlotSet> slots;
  bool slots_stale = false;
  std::string slot_text;  // for nodes.conf; likewise
  bool slot_text_stale = false;

  Instant link_since{};     // when it was asked for
  Instant connect_after{};  // do not try again before

  Instant last_ping{};  // when the newest PING left
  // PINGs and MEETs that left on our link to it, and how many of them are answered or never will be. After an absence,
  // the PONG to this PING shows that it knows us still, and its current epoch (absence.cc).
  uint64_t pings_sent = 0;
  uint64_t pongs_received = 0;
  uint64_t asked_ping = 0;
  CurrentEpoch epoch_answered;
  bool pinged_us = false;      // later than its handshake with us could have lasted: it knows us
  Instant heard{};             // last message of any kind from it
  bool answered_here = false;  // it answered a PING since this process started

  Instant known_since{};          // when the handshake began or the node was added
  std::optional<Instant> met_at;  // when a handshake with it was completed
  Instant met_again{};            // when it was last asked again to meet us
  std::optional<Instant> fail_time;
  std::optional<Instant> voted_time;      // when we last voted for a replica of this primary
  NodeId voted_replica;                   // which one
  std::optional<Instant> orphaned_since;  // a primary whose last working replica is gone
  std::vector<FailureReport> reports;

  ReplOffset offset;
  bool takes_extensions = false;  // it set the extension flag: host names may be sent
  bool takes_shard_id = false;    // it sent a 7.2 extension: shard ids may be sent
  bool is_guccho = false;
  bus::GenerationInfo generation;
  bool generation_heard = false;   // since this process started
  bus::OwnHeader own;              // as last heard and meant: by which list it votes
  size_t watch = 0;                // its place in Core::watches
  NodeIndex view_index = kNoNode;  // in the view that is being made

  // It is suspected (PFAIL), but from before an absence of ours: it counts for nobody until we see it again
  // (absence.cc).
  bool suspicion_old = false;

  bool has(uint16_t flag) const { return (flags & flag) != 0; }
  void set(uint16_t flag) { flags = static_cast<uint16_t>(flags | flag); }
  void clear(uint16_t flag) { flags = static_cast<uint16_t>(flags & ~flag); }
  bool is_primary() const { return has(bus::kFlagPrimary); }
  bool is_replica() const { return has(bus::kFlagReplica); }
  bool in_handshake() const { return has(bus::kFlagHandshake); }
  bool pfail() const { return has(bus::kFlagPfail); }
  bool pfail_now() const { return pfail() && !suspicion_old; }
  bool failed() const { return has(bus::kFlagFail); }
  bool owns_slots() const { return slot_count > 0; }
  // Only who spoke since this process started, and without our mark, is known to be a redis-server: of the others we
  // know no more than that they are silent.
  bool is_redis() const { return !is_guccho && heard != Instant{}; }
};

}  // namespace guccho::cluster

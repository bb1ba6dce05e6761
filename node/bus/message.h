// A message of the Redis Cluster bus as a value: what codec.h reads from and writes to the wire (wire.h has the bytes).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "node/base/time.h"
#include "node/base/types.h"
#include "node/slots/slots.h"

namespace guccho::bus {

// Values are the wire's. 0 to 10 are Redis 7.0's; the last two are ours and go only to peers known to be Guccho.
enum class MessageType : uint16_t {
  kPing = 0,
  kPong = 1,
  kMeet = 2,
  kFail = 3,
  kPublish = 4,
  kFailoverAuthRequest = 5,
  kFailoverAuthAck = 6,
  kUpdate = 7,
  kManualFailoverStart = 8,
  kModule = 9,
  kPublishShard = 10,
  kElectorate = 0x4755,
};

// Node flags, as in the header and in gossip sections.
enum NodeFlag : uint16_t {
  kFlagPrimary = 1 << 0,
  kFlagReplica = 1 << 1,
  kFlagPfail = 1 << 2,
  kFlagFail = 1 << 3,
  kFlagMyself = 1 << 4,
  kFlagHandshake = 1 << 5,
  kFlagNoAddr = 1 << 6,
  kFlagMeet = 1 << 7,
  kFlagMigrateTo = 1 << 8,
  kFlagNoFailover = 1 << 9,
  kFlagExtensions = 1 << 10,
};

// mflags[0]
enum MessageFlag : uint8_t {
  kMessagePaused = 1 << 0,    // the primary has paused clients for a manual failover; `offset` is then final
  kMessageForceAck = 1 << 1,  // vote although the primary is not in FAIL (manual failover)
  kMessageExtensions = 1 << 2,
};

// What a Guccho node writes into the header bytes that Redis leaves zero and never reads (notused1). The mark itself is
// in every message we send; the other fields are zero unless the receiver is known to be Guccho.
struct OwnHeader {
  uint8_t version = 1;          // of our dialect; a greater one is read as this one
  uint64_t electorate_tag = 0;  // names the voter list that the sender knows (cluster/electorate.h); 0: none
  // It accepted a successor of that list, which may have been decided: it may vote by another one soon.
  bool list_accepted = false;
  bool by_list = false;  // votes are counted by that list, not by slot-owning primaries
  bool meant = false;    // the three above are filled in: the receiver was known to be Guccho
  friend bool operator==(const OwnHeader&, const OwnHeader&) = default;
};

struct Header {
  MessageType type = MessageType::kPing;
  NodeId sender;
  CurrentEpoch current_epoch;
  ConfigEpoch config_epoch;  // the sender's, or its primary's when it is a replica
  ReplOffset offset;
  // Slots served by the sender, or by its primary. Shared because one bitmap is sent to every peer. Null: none.
  std::shared_ptr<const SlotSet> slots;
  std::optional<NodeId> primary;  // of a replica
  std::string ip;                 // announced address; empty: the receiver takes it from the socket
  uint16_t port = 0;              // the base port: TLS when the cluster uses TLS
  uint16_t plain_port = 0;        // the plaintext port when `port` is TLS, else 0 (7.2: the TLS port)
  uint16_t bus_port = 0;
  uint16_t flags = 0;  // NodeFlag
  bool cluster_ok = false;
  uint8_t message_flags = 0;     // MessageFlag
  std::optional<OwnHeader> own;  // present: the sender is a Guccho node
};

// One entry of the gossip section of PING, PONG and MEET.
struct Gossip {
  NodeId id;
  uint32_t ping_sent_s = 0;      // seconds since 1970
  uint32_t pong_received_s = 0;  // seconds since 1970
  std::string ip;
  uint16_t port = 0;
  uint16_t bus_port = 0;
  uint16_t flags = 0;
  uint16_t plain_port = 0;
  friend bool operator==(const Gossip&, const Gossip&) = default;
};

// A node that the sender has forgotten; the receiver forgets it for `ttl` too (7.2).
struct ForgottenNode {
  NodeId id;
  uint64_t ttl_s = 0;
  friend bool operator==(const ForgottenNode&, const ForgottenNode&) = default;
};

// Which data a start of a node holds (see cluster/generation.h for what the fields mean).
struct GenerationInfo {
  DataGeneration generation;
  DataGeneration base;  // the oldest generation whose data this one continues
  bool awaiting_takeover = false;
  bool loss_accepted = false;
  NodeId candidate;    // the replica asked to take over; null: none yet
  NodeId held_source;  // a replica: whose data it holds; null: none
  DataGeneration held_generation;
  bool held_partial = false;  // read from disk at a restart and not synced since: may lack the newest writes
  friend bool operator==(const GenerationInfo&, const GenerationInfo&) = default;
};

// A voter list (see cluster/electorate.h).
struct VoterList {
  uint64_t version = 0;    // 0: no list yet
  NodeId founder;          // who made version 1: lists of different founders are unrelated
  bool primaries = false;  // the slot-owning primaries vote, as in Redis; `voters` then only says who agreed to that
  std::vector<NodeId> voters;  // ascending; at most kMaxVoters
  friend bool operator==(const VoterList&, const VoterList&) = default;
};
inline constexpr size_t kMaxVoters = 32;

// Where clients reach a node, when that differs from the bus address. Empty or 0: not announced.
struct ClientAddress {
  std::string ipv4;
  std::string ipv6;
  uint16_t port = 0;
  uint16_t tls_port = 0;
  friend bool operator==(const ClientAddress&, const ClientAddress&) = default;
};

// Extensions of PING, PONG and MEET. The first four are known to Redis (7.0 knows only the host name).
struct Extensions {
  std::optional<std::string> hostname;
  std::optional<std::string> human_name;  // 7.2 and Valkey; read, never sent
  std::vector<ForgottenNode> forgotten;
  std::optional<NodeId> shard_id;
  // Ours, sent only to Guccho peers.
  std::optional<GenerationInfo> generation;
  std::optional<ClientAddress> client_address;
  std::optional<VoterList> voters;
  bool empty() const {
    return !hostname && !human_name && forgotten.empty() && !shard_id && !generation && !client_address && !voters;
  }
};

struct PingBody {
  std::vector<Gossip> gossip;
  Extensions extensions;
};
struct FailBody {
  NodeId failed;
};
struct PublishBody {  // PUBLISH and PUBLISHSHARD
  std::string channel;
  std::string message;
};
struct UpdateBody {
  ConfigEpoch config_epoch;
  NodeId node;
  std::shared_ptr<const SlotSet> slots;
};
struct ModuleBody {
  uint64_t module_id = 0;
  uint8_t type = 0;
  std::string payload;
};
struct EmptyBody {};  // FAILOVER_AUTH_REQUEST, FAILOVER_AUTH_ACK, MFSTART

// One step of the agreement on a voter list (cluster/electorate.h).
struct ElectorateBody {
  enum class Step : uint8_t { kPrepare = 1, kPromise = 2, kAccept = 3, kAccepted = 4, kRefuse = 5 };
  Step step = Step::kPrepare;
  uint64_t version = 0;  // the version being decided
  NodeId founder;
  uint64_t ballot_round = 0;
  NodeId ballot_node;
  uint64_t accepted_round = 0;  // promise, refuse: the ballot of `value`; 0: none
  NodeId accepted_node;
  VoterList value;  // version 0: none
};

using Body = std::variant<EmptyBody, PingBody, FailBody, PublishBody, UpdateBody, ModuleBody, ElectorateBody>;

struct Message {
  Header header;
  Body body;
};

}  // namespace guccho::bus

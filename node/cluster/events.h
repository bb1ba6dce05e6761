// What may happen to a member: the input of Member::step. Times are passed beside the event, never read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "node/base/time.h"
#include "node/base/types.h"
#include "node/bus/message.h"
#include "node/cluster/config.h"
#include "node/slots/slots.h"

namespace guccho::cluster {

// A bus connection. Outbound links are named by the core (OpenLink); inbound ones by the runtime, with the top bit set.
struct LinkId : Strong<struct LinkIdTag, uint64_t> {
  using Strong::Strong;
  static constexpr uint64_t kInbound = uint64_t{1} << 63;
  constexpr bool inbound() const { return (value & kInbound) != 0; }
};

// The runtime's name for a request; comes back in the Reply. One request has exactly one Reply.
using RequestId = Strong<struct RequestIdTag, uint64_t>;

// --- time and links ---

// At least every 100 ms, and at Effects::wake_at.
struct Tick {};

// Of an outbound link: connected (after the TLS handshake where the bus uses TLS).
struct LinkEstablished {
  LinkId link;
};
// Of an outbound link: the attempt failed. `refused`: the peer's kernel answered that nothing listens there; otherwise
// the attempt timed out or the network is unreachable. The core may name the link never again.
struct LinkFailed {
  LinkId link;
  bool refused = false;
};
// An established link (either direction) ended without our CloseLink. `reset`: by the peer (RST or end of stream);
// otherwise by us (write limit reached, malformed packet).
struct LinkLost {
  LinkId link;
  bool reset = false;
};
// A peer connected to us. Optional: a message on an unknown inbound link is as good.
struct LinkAccepted {
  LinkId link;
  std::string remote_ip;
};

struct MessageReceived {
  LinkId link;
  std::shared_ptr<const bus::Message> message;
  std::string remote_ip;  // of the link's socket; used when the message announces no address
  std::string local_ip;   // of the link's socket; how we learn our own address from the first MEET
};

// --- what clients and the admin service ask for. Error texts are those of redis-server 7.0, without the '-'. ---

namespace request {
struct Meet {
  std::string ip;
  uint16_t port = 0;
  uint16_t bus_port = 0;  // 0: port + 10000
};
struct Forget {
  NodeId node;
};
struct AddSlots {  // ADDSLOTS and ADDSLOTSRANGE. The caller has parsed the slots and refused doubles.
  SlotSet slots;
};
struct DelSlots {  // DELSLOTS and DELSLOTSRANGE
  SlotSet slots;
};
struct FlushSlots {};  // needs an empty data set (DatasetStatus)
struct SetSlotMigrating {
  Slot slot;
  NodeId to;
};
struct SetSlotImporting {
  Slot slot;
  NodeId from;
};
struct SetSlotStable {
  Slot slot;
};
struct SetSlotNode {
  Slot slot;
  NodeId node;
};
struct Replicate {  // needs an empty data set and no slots when we are a primary
  NodeId primary;
};
// CLUSTER REPLICATE NO ONE is not Redis 7; the admin service uses Reset.
struct Failover {
  enum class Mode { kDefault, kForce, kTakeover };
  Mode mode = Mode::kDefault;
};
struct Reset {
  bool hard = false;
};
struct SetConfigEpoch {
  ConfigEpoch epoch;
};
struct BumpEpoch {};  // replies "BUMPED n" or "STILL n"
struct SaveConfig {};
struct CountFailureReports {
  NodeId node;
};
// A supervisor's proof (waitpid, a container status of terminated) that the process of `node` has ended: the only thing
// that may raise a replica where fewer than three voters exist. Refused unless we are a replica of `node` and its link
// is down.
struct TakeoverOnProof {
  NodeId node;
};
// A supervisor's proof that `node` is gone together with its data, so that the slots it owns may be owned by others.
// Refused unless it failed in our view (or is suspected, where too few are left to agree that it failed), and while
// anybody, alive or not, is known to follow it. Unknown already: "OK".
struct ForgetOnProof {
  NodeId node;
};
// An administrator accepts that the data this primary lost is gone: ends awaiting_takeover. Refused otherwise.
struct AcceptLoss {};
}  // namespace request

using Request =
    std::variant<request::Meet, request::Forget, request::AddSlots, request::DelSlots, request::FlushSlots,
                 request::SetSlotMigrating, request::SetSlotImporting, request::SetSlotStable, request::SetSlotNode,
                 request::Replicate, request::Failover, request::Reset, request::SetConfigEpoch, request::BumpEpoch,
                 request::SaveConfig, request::CountFailureReports, request::TakeoverOnProof, request::ForgetOnProof,
                 request::AcceptLoss>;

struct ClientRequest {
  RequestId id;
  Request request;
};

struct ConfigChanged {
  Config config;
};

// --- data and replication ---

// Once per start, when loading ended; until then the node serves nothing and takes part in gossip only.
struct DatasetLoaded {
  enum class Outcome {
    kNothing,  // nothing was found, or nothing was to be loaded
    kPartial,  // data that may lack the newest writes: a snapshot, a log that was not synced
    kComplete  // everything that was ever acknowledged: a save at shutdown, a log synced on each write
  };
  Outcome outcome = Outcome::kNothing;
  ReplOffset offset;  // position in the replication stream of what was loaded
  SlotSet non_empty;  // slots that hold keys
};

// Which slots hold keys now. Sent with each change of emptiness that the runtime notices (at most every 100 ms), and
// always directly before a ClientRequest whose answer depends on it (FlushSlots, SetSlot*, Replicate, Reset).
struct DatasetStatus {
  SlotSet non_empty;
};

// Sent at most every 100 ms, and at once when `link_up` changes or, during a manual failover (Effect PauseWrites, or as
// its replica), when the offset changes.
struct ReplicationStatus {
  ReplOffset offset;     // produced (primary) or applied (replica)
  bool link_up = false;  // replica: connected to its primary and in sync (online)
  // Replica: when the last byte came from the primary; meaningful when the link is up.
  Instant last_interaction{};
  // Replica: since when the link is down; nothing if it never was up (or is up).
  std::optional<Instant> down_since;
  // Primary, after PauseWrites: no write is under way any more and `offset` is final.
  bool writes_stopped = false;
};

// A full or partial sync from the primary has completed: from now on our data is that primary's.
struct SyncedFrom {
  NodeId primary;
};

// The process did not run for so long that it may have been replaced: answered by PresenceConfirmed with the same number.
// A later one takes the place of an earlier one.
struct WasAbsent {
  uint64_t number = 0;
  Millis duration{0};
};

// PUBLISH or SPUBLISH by a client of this node: to be told to the cluster.
struct PublishToCluster {
  bool sharded = false;
  std::string channel;
  std::string message;
};

using Event =
    std::variant<Tick, LinkEstablished, LinkFailed, LinkLost, LinkAccepted, MessageReceived, ClientRequest,
                 ConfigChanged, DatasetLoaded, DatasetStatus, ReplicationStatus, SyncedFrom, WasAbsent, PublishToCluster>;

}  // namespace guccho::cluster

// Translation of the admin service's messages.
#include "operator/backend/nodes/translate.h"

#include <fmt/format.h>

namespace guccho::ops {
namespace {

namespace wire = admin::v1;

// Empty text means "none" where that is allowed. Records the first problem.
class Reader {
 public:
  NodeId id(const std::string& text, const char* field) {
    const auto parsed = NodeId::parse(text);
    if (!parsed) problem(fmt::format("{}: '{}' is not a node id", field, text));
    return parsed.value_or(NodeId());
  }
  NodeId optional_id(const std::string& text, const char* field) { return text.empty() ? NodeId() : id(text, field); }

  std::vector<SlotRange> slots(const google::protobuf::RepeatedPtrField<wire::SlotRange>& ranges, const char* field) {
    std::vector<SlotRange> out;
    for (const wire::SlotRange& range : ranges) {
      if (range.first() > range.last() || range.last() >= kSlotCount) {
        problem(fmt::format("{}: {}-{} is no range of slots", field, range.first(), range.last()));
        return {};
      }
      out.push_back({Slot(static_cast<uint16_t>(range.first())), Slot(static_cast<uint16_t>(range.last()))});
    }
    return out;
  }

  uint16_t port(uint32_t value, const char* field) {
    if (value > 65535) problem(fmt::format("{}: {} is no port", field, value));
    return static_cast<uint16_t>(value);
  }

  Role role(wire::Role value) {
    if (value == wire::ROLE_UNSPECIFIED) problem("role: not given");
    return value == wire::ROLE_REPLICA ? Role::kReplica : Role::kPrimary;
  }

  Status status() const { return problem_.empty() ? Status() : Status(fail(problem_)); }

 private:
  void problem(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
  }
  std::string problem_;
};

ReplicationLink link_of(wire::ReplicationLink link) {
  switch (link) {
    case wire::REPLICATION_LINK_CONNECTING:
      return ReplicationLink::kConnecting;
    case wire::REPLICATION_LINK_SYNCING:
      return ReplicationLink::kSyncing;
    case wire::REPLICATION_LINK_UP:
      return ReplicationLink::kUp;
    default:
      return ReplicationLink::kNone;
  }
}

PeerView peer_of(const wire::Peer& message, Reader& read) {
  PeerView peer;
  peer.id = read.id(message.node_id(), "peers.node_id");
  peer.host = message.endpoint().host();
  peer.port = read.port(message.endpoint().port(), "peers.endpoint.port");
  peer.bus_port = read.port(message.endpoint().bus_port(), "peers.endpoint.bus_port");
  peer.role = read.role(message.role());
  peer.primary = read.optional_id(message.primary_id(), "peers.primary_id");
  peer.config_epoch = ConfigEpoch(message.config_epoch());
  peer.slots = read.slots(message.slots(), "peers.slots");
  peer.linked = message.linked();
  peer.handshake = message.handshake();
  peer.suspected = message.suspected();
  peer.failed = message.failed();
  peer.is_guccho = message.is_guccho();
  return peer;
}

}  // namespace

Result<NodeStatus> from_proto(const wire::NodeStatus& message) {
  Reader read;
  NodeStatus out;
  out.id = read.id(message.node_id(), "node_id");
  out.version = message.version();
  out.incarnation = Incarnation{message.incarnation()};
  out.role = read.role(message.role());
  out.primary = read.optional_id(message.primary_id(), "primary_id");
  out.shard_id = message.shard_id();
  out.slots = read.slots(message.slots(), "slots");
  out.current_epoch = CurrentEpoch(message.current_epoch());
  out.config_epoch = ConfigEpoch(message.config_epoch());
  out.cluster_ok = message.cluster_ok();
  out.slots_served = message.slots_served();
  out.loading = message.loading();
  out.keys = message.keys();
  out.used_memory = message.used_memory();
  out.offset = ReplOffset(message.replication_offset());
  out.link = link_of(message.link());
  out.in_sync = message.in_sync();
  for (const std::string& id : message.in_sync_replicas()) {
    out.in_sync_replicas.push_back(read.id(id, "in_sync_replicas"));
  }
  out.generation = DataGeneration(message.data_generation());
  out.base = DataGeneration(message.data_base());
  out.awaiting_data = message.awaiting_data();
  out.electorate.version = message.electorate().version();
  for (const std::string& id : message.electorate().voter_ids()) {
    out.electorate.voters.push_back(read.id(id, "electorate.voter_ids"));
  }
  out.electorate.can_decide = message.electorate().can_decide();
  for (const wire::Peer& peer : message.peers()) out.peers.push_back(peer_of(peer, read));
  out.draining = message.draining();
  out.fencing_term = message.fencing_term();
  out.migrating = message.migrating_size() + message.importing_size() > 0;
  if (auto good = read.status(); !good) return std::unexpected(good.error());
  return out;
}

wire::FailoverMode to_proto(FailoverMode mode) {
  switch (mode) {
    case FailoverMode::kGraceful:
      return wire::FAILOVER_MODE_GRACEFUL;
    case FailoverMode::kForce:
      return wire::FAILOVER_MODE_FORCE;
    case FailoverMode::kTakeover:
      return wire::FAILOVER_MODE_TAKEOVER;
  }
  return wire::FAILOVER_MODE_UNSPECIFIED;
}

wire::ProofOfDeath to_proto(const ProofOfDeath& proof) {
  wire::ProofOfDeath out;
  out.set_node_id(proof.node.str());
  out.set_incarnation(proof.incarnation.value);
  out.set_evidence(std::string(to_string(proof.evidence)));
  return out;
}

void to_proto(std::span<const SlotRange> slots, google::protobuf::RepeatedPtrField<wire::SlotRange>* out) {
  for (const SlotRange& range : slots) {
    wire::SlotRange* added = out->Add();
    added->set_first(range.first.value);
    added->set_last(range.last.value);
  }
}

}  // namespace guccho::ops

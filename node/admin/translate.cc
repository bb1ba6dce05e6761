// Translation of statuses and of the fields of requests.
#include "node/admin/translate.h"

#include <arpa/inet.h>
#include <fmt/core.h>

namespace guccho::admin {
namespace {

using cluster::kNoNode;
using cluster::NodeIndex;
using cluster::NodeView;
using cluster::View;

void add_range(google::protobuf::RepeatedPtrField<v1::SlotRange>* out, uint32_t first, uint32_t last) {
  v1::SlotRange* range = out->Add();
  range->set_first(first);
  range->set_last(last);
}

// Ranges of all nodes in one pass; `slots_of(owner)` says where an owner's ranges go.
template <class SlotsOf>
void add_owned_ranges(const View& view, SlotsOf slots_of) {
  const auto& owner = view.slots->owner;
  for (uint32_t first = 0; first < kSlotCount;) {
    uint32_t last = first;
    while (last + 1 < kSlotCount && owner[last + 1] == owner[first]) ++last;
    if (owner[first] != kNoNode) add_range(slots_of(owner[first]), first, last);
    first = last + 1;
  }
}

void add_moving(const std::vector<cluster::SlotTable::Moving>& moving,
                google::protobuf::RepeatedPtrField<v1::SlotRange>* out) {
  for (const auto& m : moving) {
    if (!out->empty() && out->rbegin()->last() + 1 == m.slot.value) {
      out->rbegin()->set_last(m.slot.value);
    } else {
      add_range(out, m.slot.value, m.slot.value);
    }
  }
}

void set_endpoint(const NodeView& node, v1::Endpoint* out) {
  out->set_host(node.ip);
  out->set_port(node.tcp_port);
  out->set_tls_port(node.tls_port);
  out->set_bus_port(node.bus_port);
}

v1::Role role_of(const NodeView& node) {
  return node.is_replica() ? v1::ROLE_REPLICA : v1::ROLE_PRIMARY;
}

std::string text_or_nothing(const NodeId& id) {
  return id.is_null() ? std::string() : id.str();
}

void set_peer(const NodeView& node, v1::Peer* out) {
  out->set_node_id(node.id.str());
  set_endpoint(node, out->mutable_endpoint());
  out->set_role(role_of(node));
  out->set_primary_id(text_or_nothing(node.primary_id));
  out->set_shard_id(text_or_nothing(node.shard_id));
  out->set_config_epoch(node.config_epoch.value);
  out->set_linked(node.link_up);
  out->set_handshake(node.has(bus::kFlagHandshake));
  out->set_suspected(node.has(bus::kFlagPfail));
  out->set_failed(node.has(bus::kFlagFail));
  out->set_is_guccho(node.is_guccho);
  out->set_hostname(node.hostname);
  out->set_replication_offset(node.offset.value);
}

void set_view(const View& view, v1::NodeStatus* out) {
  const NodeView& self = view.self();
  out->set_node_id(self.id.str());
  set_endpoint(self, out->mutable_endpoint());
  out->set_role(role_of(self));
  out->set_primary_id(text_or_nothing(self.primary_id));
  out->set_current_epoch(view.current_epoch.value);
  out->set_config_epoch(self.config_epoch.value);
  out->set_cluster_ok(view.cluster_ok);
  out->set_slots_served(static_cast<uint32_t>(view.slots->assigned - std::min(view.slots->assigned, view.slots_fail)));
  out->set_data_generation(view.held.generation.value);
  out->set_data_base(self.generation.base.value);
  out->set_awaiting_data(view.down_reason == cluster::DownReason::kAwaitingTakeover);
  for (size_t i = 1; i < view.nodes.size(); ++i) set_peer(view.nodes[i], out->add_peers());
  add_owned_ranges(view, [&](NodeIndex owner) {
    return owner == 0 ? out->mutable_slots() : out->mutable_peers(owner - 1)->mutable_slots();
  });
  add_moving(view.slots->migrating, out->mutable_migrating());
  add_moving(view.slots->importing, out->mutable_importing());
  const cluster::ElectorateView& electorate = view.electorate;
  out->mutable_electorate()->set_version(electorate.primaries ? 0 : electorate.voters.version);
  for (const NodeId& id : electorate.voters.voters) out->mutable_electorate()->add_voter_ids(id.str());
  out->mutable_electorate()->set_can_decide(!electorate.no_automatic_failover);
}

v1::ReplicationLink to_proto(ReplicationLink link) {
  switch (link) {
    case ReplicationLink::kNone:
      return v1::REPLICATION_LINK_NONE;
    case ReplicationLink::kConnecting:
      return v1::REPLICATION_LINK_CONNECTING;
    case ReplicationLink::kSyncing:
      return v1::REPLICATION_LINK_SYNCING;
    case ReplicationLink::kUp:
      return v1::REPLICATION_LINK_UP;
  }
  return v1::REPLICATION_LINK_UNSPECIFIED;
}

}  // namespace

void to_proto(const StatusFacts& facts, uint64_t fencing_term, v1::NodeStatus* out) {
  if (facts.view != nullptr) set_view(*facts.view, out);
  out->set_version(facts.version);
  out->set_incarnation(facts.incarnation);
  out->set_shard_id(facts.shard_id);
  out->set_loading(facts.loading);
  out->set_keys(facts.keys);
  out->set_expiring_keys(facts.expiring_keys);
  out->set_used_memory(facts.used_memory);
  out->set_replication_offset(facts.offset.value);
  out->set_link(to_proto(facts.link));
  out->set_in_sync(facts.in_sync);
  for (const NodeId& id : facts.in_sync_replicas) out->add_in_sync_replicas(id.str());
  out->set_draining(facts.draining);
  out->set_fencing_term(fencing_term);
}

void FieldReader::note(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

void FieldReader::require(bool good, const char* field, const char* problem) {
  if (!good) note(fmt::format("{}: {}", field, problem));
}

NodeId FieldReader::id(const std::string& text, const char* field) {
  const auto id = NodeId::parse(text);
  if (!id) note(fmt::format("{}: '{}' is no node id (40 hexadecimal characters)", field, text.substr(0, 64)));
  return id.value_or(NodeId());
}

SlotSet FieldReader::slots(const google::protobuf::RepeatedPtrField<v1::SlotRange>& ranges, const char* field) {
  SlotSet out;
  require(!ranges.empty(), field, "no slots given");
  for (const v1::SlotRange& range : ranges) {
    if (range.first() > range.last() || range.last() >= kSlotCount) {
      note(fmt::format("{}: {}-{} is no range within 0-16383", field, range.first(), range.last()));
      return out;
    }
    for (uint32_t s = range.first(); s <= range.last(); ++s) {
      const Slot slot(static_cast<uint16_t>(s));
      if (out.contains(slot)) note(fmt::format("{}: slot {} is given twice", field, s));
      out.insert(slot);
    }
  }
  return out;
}

uint16_t FieldReader::port(uint32_t value, const char* field) {
  if (value > 65535) note(fmt::format("{}: {} is no port", field, value));
  return static_cast<uint16_t>(value);
}

std::string FieldReader::address(const std::string& text, const char* field) {
  in6_addr ignored{};
  const bool numeric =
      inet_pton(AF_INET, text.c_str(), &ignored) == 1 || inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
  if (!numeric) note(fmt::format("{}: '{}' is no IP address", field, text.substr(0, 64)));
  return text;
}

}  // namespace guccho::admin

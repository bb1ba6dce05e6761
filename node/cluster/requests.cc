// What clients and the admin service ask for: CLUSTER subcommands that change something. Checks, texts and effects are
// redis-server 7.0's.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

using Answer = Result<std::string>;

Answer unknown_node(const NodeId& id) {
  return fail(fmt::format("ERR Unknown node {}", id.view()));
}

Answer ok(Core& c) {
  c.must_save();
  return "OK";
}

Answer handle(Core& c, const request::Meet& r) {
  if (r.bus_port == 0 && r.port > 55535) {
    return fail(fmt::format("ERR Invalid node address specified: {}:{}", r.ip, r.port));
  }
  const uint16_t bus_port = r.bus_port != 0 ? r.bus_port : static_cast<uint16_t>(r.port + 10000);
  if (Status s = start_handshake(c, r.ip, r.port, bus_port); !s) return fail(s.error().text);
  return "OK";
}

Answer handle(Core& c, const request::Forget& r) {
  Node* n = c.find(r.node);
  if (n == nullptr) return unknown_node(r.node);
  if (n == c.self) return fail("ERR I tried hard but I can't forget myself...");
  if (c.self->is_replica() && c.self->primary == n) return fail("ERR Can't forget my master!");
  if (is_vote_needed(c, *n)) {
    return fail(
        "ERR The voter list cannot be changed without this node's vote: forget those that are gone first, or try "
        "again when the others answer");
  }
  c.banned[r.node] = c.now + kForgetBan;
  c.remove_node(*n);
  report_lost_voters(c);
  return ok(c);
}

Answer handle(Core& c, const request::AddSlots& r) {
  std::optional<Slot> busy;
  r.slots.for_each([&](Slot s) {
    if (!busy && c.owner[s.value] != nullptr) busy = s;
  });
  if (busy) return fail(fmt::format("ERR Slot {} is already busy", busy->value));
  r.slots.for_each([&](Slot s) {
    c.importing.erase(s.value);
    c.assign(s, *c.self);
  });
  return ok(c);
}

Answer handle(Core& c, const request::DelSlots& r) {
  std::optional<Slot> free;
  r.slots.for_each([&](Slot s) {
    if (!free && c.owner[s.value] == nullptr) free = s;
  });
  if (free) return fail(fmt::format("ERR Slot {} is already unassigned", free->value));
  r.slots.for_each([&](Slot s) {
    c.migrating.erase(s.value);
    c.unassign(s);
  });
  return ok(c);
}

Answer handle(Core& c, const request::FlushSlots&) {
  if (!c.non_empty.empty()) return fail("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
  c.unassign_all(*c.self);
  c.migrating.clear();
  return ok(c);
}

// A node as clients may name it: until a handshake has ended, nobody knows whose name it is.
Node* find_named(Core& c, const NodeId& id) {
  Node* n = c.find(id);
  return n != nullptr && n->in_handshake() ? nullptr : n;
}

// The node that a SETSLOT names.
Result<Node*> setslot_target(Core& c, const NodeId& id, const char* unknown) {
  if (c.self->is_replica()) return fail("ERR Please use SETSLOT only with masters.");
  Node* n = find_named(c, id);
  if (n == nullptr) return fail(fmt::format("ERR {} {}", unknown, id.view()));
  if (n->is_replica()) return fail("ERR Target node is not a master");
  return n;
}

Answer handle(Core& c, const request::SetSlotMigrating& r) {
  if (c.self->is_primary() && c.owner[r.slot.value] != c.self) {
    return fail(fmt::format("ERR I'm not the owner of hash slot {}", r.slot.value));
  }
  const auto target = setslot_target(c, r.to, "I don't know about node");
  if (!target) return fail(target.error().text);
  if (*target == c.self) return fail("ERR Can't migrate a slot to the node that owns it");
  c.migrating[r.slot.value] = r.to;
  c.topology_changed = true;
  return ok(c);
}

Answer handle(Core& c, const request::SetSlotImporting& r) {
  if (c.self->is_primary() && c.owner[r.slot.value] == c.self) {
    return fail(fmt::format("ERR I'm already the owner of hash slot {}", r.slot.value));
  }
  const auto target = setslot_target(c, r.from, "I don't know about node");
  if (!target) return fail(target.error().text);
  c.importing[r.slot.value] = r.from;
  c.unclaimed.erase(r.slot.value);
  c.topology_changed = true;
  return ok(c);
}

Answer handle(Core& c, const request::SetSlotStable& r) {
  if (c.self->is_replica()) return fail("ERR Please use SETSLOT only with masters.");
  c.importing.erase(r.slot.value);
  c.migrating.erase(r.slot.value);
  c.topology_changed = true;
  return ok(c);
}

// The end of a migration that brought the slot here: the new claim needs an epoch of its own, greater than the old
// owner's, and everybody should know at once.
void finish_import(Core& c, Slot slot) {
  c.importing.erase(slot.value);
  bump_epoch_without_consensus(c);
  c.notice(fmt::format("configEpoch updated after importing slot {}", slot.value));
  broadcast_pong(c);
}

Answer handle(Core& c, const request::SetSlotNode& r) {
  const auto target = setslot_target(c, r.node, "Unknown node");
  if (!target) return fail(target.error().text);
  Node& n = **target;
  const bool was_mine = c.owner[r.slot.value] == c.self;
  if (was_mine && &n != c.self && c.non_empty.contains(r.slot)) {
    return fail(fmt::format(
        "ERR Can't assign hashslot {} to a different node while I still hold keys for this hash slot.", r.slot.value));
  }
  // Nothing is left to migrate, whoever owns it now.
  if (!c.non_empty.contains(r.slot)) c.migrating.erase(r.slot.value);
  c.assign(r.slot, n);
  c.topology_changed = true;
  if (was_mine && &n != c.self && !c.self->owns_slots() && c.config.allow_replica_migration) {
    c.log(LogLevel::kWarning,
          fmt::format("Configuration change detected. Reconfiguring myself as a replica of {}", n.id.view()));
    follow(c, n, "our last slot went to it");
  }
  if (&n == c.self && c.importing.contains(r.slot.value)) finish_import(c, r.slot);
  return ok(c);
}

Answer handle(Core& c, const request::Replicate& r) {
  Node* n = find_named(c, r.primary);
  if (n == nullptr) return unknown_node(r.primary);
  if (n == c.self) return fail("ERR Can't replicate myself");
  if (n->is_replica()) return fail("ERR I can only replicate a master, not a replica.");
  if (c.self->is_primary() && (c.self->owns_slots() || !c.non_empty.empty())) {
    return fail("ERR To set a master the node must be empty and without assigned slots.");
  }
  follow(c, *n, "CLUSTER REPLICATE");
  return ok(c);
}

Answer handle(Core& c, const request::Failover& r) {
  return request_failover(c, r.mode);
}

Answer handle(Core& c, const request::Reset& r) {
  if (c.self->is_primary() && !c.non_empty.empty()) {
    return fail("ERR CLUSTER RESET can't be called with master nodes containing keys");
  }
  const bool was_replica = c.self->is_replica();
  c.make_primary(*c.self);
  cancel_election(c);
  end_manual_failover(c);
  for (uint16_t s = 0; s < kSlotCount; ++s) c.unassign(Slot(s));
  c.migrating.clear();
  c.importing.clear();
  for (Node* n : std::vector<Node*>(c.order)) {
    if (n != c.self) c.remove_node(*n);
  }
  c.banned.clear();
  if (was_replica) {
    c.emit(FlushData{});
    c.emit(PromoteSelf{.reason = "CLUSTER RESET"});
  }
  c.awaiting = AwaitingTakeover();
  c.proposal = ElectorateProposal();
  // The cluster and its voter list are left; the generation goes on counting, as long as the name is kept.
  c.own = OwnState{.generation = c.own.generation, .shard_id = c.rng.node_id()};
  c.self->shard_id = c.own.shard_id;
  c.self->clear(bus::kFlagMigrateTo);
  if (r.hard) {
    c.current_epoch = CurrentEpoch();
    c.last_vote_epoch = CurrentEpoch();
    c.self->config_epoch = ConfigEpoch();
    c.rename_node(*c.self, c.rng.node_id());
    c.notice(fmt::format("Node hard reset, now I'm {}", c.self->id.view()));
  }
  c.own.held = {.source = c.self->id, .generation = c.own.generation};
  c.held_partial = false;
  c.save_own = true;
  return ok(c);
}

Answer handle(Core& c, const request::SetConfigEpoch& r) {
  if (c.order.size() > 1) {
    return fail("ERR The user can assign a config epoch only when the node does not know any other node.");
  }
  if (c.self->config_epoch.value != 0) return fail("ERR Node config epoch is already non-zero");
  c.self->config_epoch = r.epoch;
  c.current_epoch = CurrentEpoch(std::max(c.current_epoch.value, r.epoch.value));
  return ok(c);
}

Answer handle(Core& c, const request::BumpEpoch&) {
  const bool bumped = bump_epoch_without_consensus(c);
  return fmt::format("{} {}", bumped ? "BUMPED" : "STILL", c.self->config_epoch.value);
}

Answer handle(Core& c, const request::SaveConfig&) {
  return ok(c);
}

Answer handle(Core& c, const request::CountFailureReports& r) {
  Node* n = c.find(r.node);
  if (n == nullptr) return unknown_node(r.node);
  return std::to_string(count_failure_reports(c, *n));
}

Answer handle(Core& c, const request::TakeoverOnProof& r) {
  if (!c.self->is_replica() || c.self->primary == nullptr || c.self->primary->id != r.node) {
    return fail(fmt::format("ERR This node is not a replica of {}", r.node.view()));
  }
  if (!no_automatic_failover(c)) return fail("ERR A vote decides here: the cluster has three or more voters");
  if (c.self->primary->link_open) return fail("ERR The primary's bus link is up: it does not look dead from here");
  if (c.own.held.source != r.node) return fail("ERR This replica never held its primary's data");
  c.log(LogLevel::kWarning, fmt::format("Taking over from {}: a supervisor has proof of its death.", r.node.view()));
  bump_epoch_without_consensus(c);
  take_over(c, "Takeover on proof of death: I'm the new master.");
  return "OK";
}

// True when those who are left could not agree that a node failed, so that nobody waits for them.
bool too_few_to_agree(Core& c) {
  const auto left = std::count_if(c.order.begin(), c.order.end(), [&c](const Node* n) {
    const bool here = n == c.self || (n->link_open && !n->has(bus::kFlagPfail | bus::kFlagFail));
    return here && is_voter(c, *n);
  });
  return static_cast<size_t>(left) < quorum(c);
}

Answer handle(Core& c, const request::ForgetOnProof& r) {
  Node* n = c.find(r.node);
  if (n == nullptr) return "OK";
  if (!n->failed() && !(n->pfail() && too_few_to_agree(c))) {
    return fail(fmt::format("ERR {} has not failed: it does not look dead from here", r.node.view()));
  }
  if (!n->replicas.empty()) {
    return fail(fmt::format("ERR {} is followed by {}", r.node.view(), n->replicas.front()->id.view()));
  }
  c.log(LogLevel::kWarning,
        fmt::format("Forgetting {} and what it owned: a supervisor has proof that its data is gone.", r.node.view()));
  return handle(c, request::Forget{r.node});
}

Answer handle(Core& c, const request::AcceptLoss&) {
  return accept_loss(c);
}

}  // namespace

void on_event(Core& c, const ClientRequest& e) {
  const bool number = std::holds_alternative<request::CountFailureReports>(e.request);
  Answer answer = std::visit([&c](const auto& r) { return handle(c, r); }, e.request);
  c.emit(Reply{.request = e.id, .result = std::move(answer), .integer = number});
}

}  // namespace guccho::cluster

// Who owns which slot: claims in headers and UPDATE messages, and what follows when our own slots go.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// Longer than any two heartbeats of one node can overtake each other on their links: one that was late does not look
// like a slot given up.
Millis unclaimed_delay(const Core& c) {
  return c.config.node_timeout;
}
// By then every node that claims the slot has been heard several times.
constexpr Millis kUnownedAfter{5000};

bool free_to_claim(const Core& c, Slot s) {
  const auto it = c.unclaimed.find(s.value);
  return it != c.unclaimed.end() && c.now - it->second > unclaimed_delay(c);
}

// What the owner says about its own slots is the truth about them: what it does not claim, it gave up (to a claim that
// we have not heard of yet, or by an administrator's order), whatever its epoch has become since. Until somebody else
// claims such a slot, clients are still sent to it, as in Redis, but nobody is told that the slot is its: such an
// UPDATE would take the slot from the one who really has it, and nobody would claim it any more. Only by what was said
// in the newest epoch: older heartbeats may come late.
void note_unclaimed(Core& c, Node& owner, ConfigEpoch epoch, const SlotSet& claimed) {
  if (epoch != owner.config_epoch) return;
  for (auto it = c.unclaimed.begin(); it != c.unclaimed.end();) {
    const bool claims = c.owner[it->first] == &owner && claimed.contains(Slot(it->first));
    it = claims ? c.unclaimed.erase(it) : std::next(it);
  }
  const auto known = c.slots_of(owner);
  if (known == nullptr) return;
  SlotSet given_up = *known;
  given_up -= claimed;
  given_up.for_each([&](Slot s) {
    if (c.importing.contains(s.value) || !c.unclaimed.emplace(s.value, c.now).second) return;
    c.log(LogLevel::kVerbose, fmt::format("Slot {} is not claimed by its owner {} any more", s.value, owner.id.view()));
  });
}

// A slot is rebound only to a greater config epoch; an unowned one, and one that its owner has given up, to anybody.
// Slots that are being imported here are changed by SETSLOT only.
void rebind(Core& c, Node& claimant, ConfigEpoch epoch, const SlotSet& claimed) {
  Node* mine = &c.shard_primary();
  Node* new_primary = nullptr;
  size_t lost = 0;
  SlotSet lost_slots;
  claimed.for_each([&](Slot s) {
    Node* owner = c.owner[s.value];
    if (owner == &claimant || c.importing.contains(s.value)) return;
    if (owner != nullptr && owner->config_epoch >= epoch && !free_to_claim(c, s)) return;
    // Whether it holds keys is for the runtime to see: what we were told of may be a moment old.
    if (owner == c.self) lost_slots.insert(s);
    if (owner == c.self) c.migrating.erase(s.value);
    if (owner == mine) {
      new_primary = &claimant;
      ++lost;
      c.must_save();
    }
    c.assign(s, claimant);
    c.learned();
  });
  if (new_primary == nullptr) {
    // Our primary became a replica of another: follow that one.
    Node* primary = c.self->primary;
    if (primary != nullptr && primary->primary != nullptr && primary->primary != c.self) {
      follow(c, *primary->primary, "our primary became a replica itself");
    }
    return;
  }
  // Left without slots by a failover (or by the migration of the last slot): serve as a replica of the new owner.
  const bool all_from_us = lost == claimed.size();
  if (mine->slot_count == 0 && (c.config.allow_replica_migration || all_from_us)) {
    c.log(LogLevel::kWarning,
          fmt::format("Configuration change detected. Reconfiguring myself as a replica of {}", claimant.id.view()));
    follow(c, claimant, "it took over our slots with a newer epoch");
  } else if (!lost_slots.empty()) {
    c.emit(DropKeysInSlots{.slots = lost_slots});
  }
}

// The sender claims slots that somebody owns with a newer epoch: tell it.
void correct_old_claims(Core& c, Node& sender, const bus::Header& h) {
  std::vector<Node*> told;
  h.slots->for_each([&](Slot s) {
    Node* owner = c.owner[s.value];
    if (owner == nullptr || owner == &sender || owner->config_epoch <= h.config_epoch) return;
    if (c.unclaimed.contains(s.value)) return;
    if (std::find(told.begin(), told.end(), owner) != told.end()) return;
    told.push_back(owner);
    c.log(LogLevel::kVerbose, fmt::format("Node {} has old slots configuration, sending an UPDATE message about {}",
                                          sender.id.view(), owner->id.view()));
    send_to(c, sender,
            {.header = make_header(c, bus::MessageType::kUpdate, &sender),
             .body = bus::UpdateBody{
                 .config_epoch = owner->config_epoch, .node = owner->id, .slots = claimed_slots_of(c, *owner)}});
  });
}

// Does it own just these? O(its slots), and no table of all slots is searched.
bool has_exactly(const Core& c, const Node& n, const SlotSet& slots) {
  if (n.slot_count != slots.size()) return false;
  bool all = true;
  slots.for_each([&](Slot s) { all &= c.owner[s.value] == &n; });
  return all;
}

bool same_slots(const std::shared_ptr<const SlotSet>& a, const std::shared_ptr<const SlotSet>& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

}  // namespace

void follow(Core& c, Node& primary, const std::string& reason) {
  if (c.self == &primary) return;
  c.started_as_primary = false;
  if (c.self->is_primary()) {
    c.unassign_all(*c.self);
    c.self->clear(bus::kFlagPrimary | bus::kFlagMigrateTo);
    c.self->set(bus::kFlagReplica);
    c.migrating.clear();
    c.importing.clear();
    // What we held as a primary is ours until the sync replaces it.
    c.awaiting = AwaitingTakeover();
    c.shard_made_up = false;
  }
  if (c.self->primary != &primary && c.replication.link_up) {
    // What the runtime said last was about the link to another.
    c.replication.link_up = false;
    c.replication.down_since = c.now;
  }
  c.set_primary_of(*c.self, &primary);
  if (!primary.shard_id.is_null()) {
    c.self->shard_id = primary.shard_id;
    c.own.shard_id = primary.shard_id;
    c.save_own = true;
  }
  cancel_election(c);
  end_manual_failover(c);
  c.must_save();
  c.emit(SetReplicaOf{.primary = primary.id, .reason = reason});
  // The new primary must know at once who holds its data, should it be restarted without it.
  broadcast_pong(c);
}

void on_role_claim(Core& c, Node& sender, const bus::Header& h) {
  if (!h.primary) {
    if (!sender.is_primary()) {
      c.make_primary(sender);
      c.learned();
    }
    return;
  }
  if (sender.is_primary()) {
    c.unassign_all(sender);
    sender.clear(bus::kFlagPrimary | bus::kFlagMigrateTo);
    sender.set(bus::kFlagReplica);
    for (Node* r : std::vector<Node*>(sender.replicas)) {
      // Its replicas follow when they hear of it; until then we do not know whom they follow. Ours is kept: the rule
      // about a primary that became a replica needs it.
      if (r != c.self) c.set_primary_of(*r, nullptr);
    }
    c.learned();
  }
  Node* primary = c.find(*h.primary);
  if (primary != nullptr && primary != &sender && sender.primary != primary) {
    c.set_primary_of(sender, primary);
    c.learned();
  }
}

void on_slot_claims(Core& c, Node& sender, const bus::Header& h) {
  Node* shard = sender.is_primary() ? &sender : sender.primary;
  if (shard == nullptr) return;
  const auto known = c.slots_of(*shard);
  const bool same = same_slots(known, h.slots);
  if (same) {
    shard->slots = h.slots;  // one bitmap for both
  } else if (h.slots != nullptr) {
    if (sender.is_primary()) {
      rebind(c, sender, h.config_epoch, *h.slots);
      if (sender.slots_stale && has_exactly(c, sender, *h.slots)) {
        sender.slots = h.slots;
        sender.slots_stale = false;
      }
    }
    correct_old_claims(c, sender, h);
  }
  if (sender.is_primary() && (!same || !c.unclaimed.empty())) {
    note_unclaimed(c, sender, h.config_epoch, h.slots != nullptr ? *h.slots : SlotSet());
  }
  // A replica of a node that turned into a replica without any claim of slots.
  Node* primary = c.self->primary;
  if (primary == &sender && sender.primary != nullptr && sender.primary != c.self) {
    follow(c, *sender.primary, "our primary became a replica itself");
  }
}

void on_update(Core& c, const bus::UpdateBody& body) {
  Node* n = c.find(body.node);
  if (n == nullptr || n == c.self || n->config_epoch >= body.config_epoch) return;
  if (n->is_replica()) c.make_primary(*n);
  n->config_epoch = body.config_epoch;
  c.learned();
  if (body.slots != nullptr) rebind(c, *n, body.config_epoch, *body.slots);
  note_unclaimed(c, *n, body.config_epoch, body.slots != nullptr ? *body.slots : SlotSet());
}

std::shared_ptr<const SlotSet> claimed_slots_of(Core& c, Node& owner) {
  auto slots = c.slots_of(owner);
  if (slots == nullptr || c.unclaimed.empty()) return slots;
  auto claimed = std::make_shared<SlotSet>(*slots);
  for (const auto& [s, since] : c.unclaimed) claimed->erase(Slot(s));
  return claimed;
}

// A slot that nobody claims: the owner that we believe in would send clients on, perhaps in a circle.
void release_unclaimed(Core& c) {
  if (c.unclaimed.empty()) return;
  // From silence nothing is decided: whoever may claim it must be heard.
  const auto silent = [&c](const Node* n) {
    return n != c.self && n->is_primary() && !n->in_handshake() &&
           (!n->link_open || n->has(bus::kFlagPfail | bus::kFlagFail) || c.now - n->heard > c.config.node_timeout);
  };
  if (std::any_of(c.order.begin(), c.order.end(), silent)) return;
  SlotSet released;
  const Micros limit = std::max<Micros>(kUnownedAfter, 2 * unclaimed_delay(c));
  for (const auto& [s, since] : c.unclaimed) {
    if (c.now - since > limit) released.insert(Slot(s));
  }
  if (released.empty()) return;
  c.log(LogLevel::kWarning, fmt::format("SlotsUnclaimed: no node claims slots {}: they have no owner now. Give them to "
                                        "one with CLUSTER ADDSLOTS or redis-cli --cluster fix.",
                                        released.str()));
  released.for_each([&c](Slot s) { c.unassign(s); });
  c.must_save();
}

}  // namespace guccho::cluster

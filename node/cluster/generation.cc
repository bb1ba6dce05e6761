// Data generations. A primary that comes back without what it held asks its best replica to take over
// and serves nothing meanwhile. The exchange: each heartbeat between Guccho nodes says which data the sender holds; the
// returned primary hears its replicas, names the one with the most data in its heartbeats; that one stands for election
// with FORCEACK, so that voters (Redis' too) vote although the primary is up.
#include "node/cluster/generation.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// After the first replica that holds our data is heard, others have this long to say that they hold more. Where the
// best was restarted too and may lack the newest writes, it is kBoundedWait.
constexpr Millis kHearOthers{200};
// A candidate that was asked and did not take over by then: ask the best again.
constexpr Millis kAskAgain{3000};
// With an older copy of the data (a snapshot), or when only nodes that are not known as our replicas are silent, or
// Redis replicas, which cannot tell what they hold, we wait this many T, then serve what we have, as Redis would. While
// a Guccho replica is silent and we have no data at all there is no such end: only its answer or an administrator's
// word.
constexpr int kBoundedWait = 10;

// Generations grow with the wall clock too, so that a lost file of ours does not make an old number new.
DataGeneration next_generation(const Core& c) {
  const auto seconds = static_cast<uint64_t>(std::max<int64_t>(c.wall.time_since_epoch().count() / 1000, 1));
  return DataGeneration(std::max(c.own.generation.value + 1, seconds));
}

// Ours, or of an earlier primary of our shard whose data we continued: whoever has not synced from us since our
// election holds that, and it is all that is left of what we lost. Of a node that was not heard since we started the
// shard is not known: it may be ours.
bool is_our_shards(const Core& c, const NodeId& source) {
  if (source.is_null()) return false;
  if (source == c.self->id) return true;
  const auto it = c.nodes.find(source);
  return it == c.nodes.end() || it->second->shard_id.is_null() || it->second->shard_id == c.self->shard_id;
}

// A replica that synced before it heard our generation says 0: unknown, so it may.
bool holds_our_data(const Core& c, const Node& r) {
  return r.generation_heard && is_our_shards(c, r.generation.held_source);
}

// Data that was never out of memory comes first; data that came from us is newer than what an earlier primary left.
bool better(const Core& c, const Node& a, const Node* b) {
  if (b == nullptr) return true;
  const auto rank = [&c](const Node& n) {
    return std::tuple(!n.generation.held_partial, n.generation.held_source == c.self->id, n.generation.held_generation,
                      n.offset);
  };
  return rank(a) > rank(*b);
}

// With an older copy of the data of our own, only a replica that is ahead of it is worth asking.
bool holds_more(const Core& c, const Node& r) {
  return !c.awaiting.bounded || r.offset > c.replication.offset;
}

struct Holders {
  Node* best = nullptr;      // the replica with the most of our data
  bool unheard = false;      // somebody who may hold it has not said so yet
  bool unreachable = false;  // a replica holds it but cannot be asked now
  bool must_wait = false;    // one of those is known as our Guccho replica: its silence decides nothing
};

// Looks at every known node, not only at those that we know as replicas: one that began to follow us just before we
// died is not in our nodes.conf yet.
Holders look_for_holders(Core& c) {
  Holders h;
  for (Node* n : c.order) {
    const bool redis = n->answered_here && !n->is_guccho;
    if (n == c.self || n->in_handshake() || (redis && n->primary != c.self)) continue;
    if (!n->generation_heard) {
      h.unheard = true;
      h.must_wait |= n->primary == c.self && !redis;
    } else if (n->primary == c.self && holds_our_data(c, *n) && holds_more(c, *n)) {
      const bool askable = n->link_open && !n->failed();
      if (askable && better(c, *n, h.best)) h.best = n;
      h.unreachable |= !askable;
      h.must_wait |= !askable;
    }
  }
  return h;
}

void serve_what_we_have(Core& c, const std::string& why, bool loss_accepted) {
  c.log(LogLevel::kWarning, why);
  c.awaiting = AwaitingTakeover();
  c.shard_made_up = false;
  if (loss_accepted) c.own.loss_accepted = true;
  c.own.held = {.source = c.self->id, .generation = c.own.generation};
  c.save_own = true;
  c.changed(Urgency::kNow);
}

void name_candidate(Core& c, Node& candidate) {
  c.awaiting.candidate = candidate.id;
  c.awaiting.asked_at = c.now;
  c.notice(
      fmt::format("This primary was restarted without its data: asking replica {} (generation {}, offset {}) to "
                  "take over.",
                  candidate.id.view(), candidate.generation.held_generation.value, candidate.offset.value));
  for (Node* r : c.self->replicas) send_ping(c, *r);
}

void load_as_primary(Core& c, const DatasetLoaded& e) {
  using Outcome = DatasetLoaded::Outcome;
  const bool known = c.own.generation.value != 0;
  // What was complete when it was saved may itself have been what was left after a loss.
  const bool was_whole = c.own.held.source == c.self->id;
  // An owner of slots whose generation is not known (our own file was lost, or redis-server wrote the nodes.conf) held
  // data, as far as anybody can tell: whatever was loaded, a replica may hold more.
  const bool lost = known ? e.outcome != Outcome::kComplete || !was_whole : c.self->owns_slots();
  const bool older_copy = e.outcome == Outcome::kPartial || (!known && e.outcome == Outcome::kComplete);
  c.own.generation = next_generation(c);
  c.own.loss_accepted = false;
  c.save_own = true;
  if (!lost) {
    c.own.held = {.source = c.self->id, .generation = c.own.generation};
    return;
  }
  c.own.base = c.own.generation;
  if (c.order.size() == 1) {
    c.own.held = {.source = c.self->id, .generation = c.own.generation};
    c.shard_made_up = false;
    return;
  }
  c.own.held = {};
  c.awaiting = AwaitingTakeover{.active = true, .bounded = older_copy, .since = c.now};
  c.log(LogLevel::kWarning, fmt::format("This primary was restarted {}. It serves nothing until its replicas have said "
                                        "what they hold.",
                                        known ? "without the data it held" : "and does not know which data it held"));
}

}  // namespace

SyncDecision decide_full_sync(const HeldData& mine, const NodeId& primary, const GenerationInfo& theirs) {
  if (theirs.awaiting_takeover) return SyncDecision::kRefuseAwaiting;
  if (mine.source != primary || mine.generation.value == 0) return SyncDecision::kAccept;
  if (theirs.generation.value == 0 || theirs.loss_accepted) return SyncDecision::kAccept;
  const bool contained = theirs.base <= mine.generation && mine.generation <= theirs.generation;
  return contained ? SyncDecision::kAccept : SyncDecision::kRefuseEmptier;
}

void on_event(Core& c, const DatasetLoaded& e) {
  c.loaded = true;
  c.non_empty = e.non_empty;
  c.replication.offset = e.offset;
  c.changed(Urgency::kNow);
  if (c.self->is_primary()) {
    load_as_primary(c, e);
    return;
  }
  if (e.outcome == DatasetLoaded::Outcome::kNothing && c.own.held != HeldData()) {
    c.own.held = {};
    c.save_own = true;
  }
  // Data whose origin was not written before we stopped: of which generation is unknown, so our primary may ask for it.
  if (e.outcome != DatasetLoaded::Outcome::kNothing && c.own.held.source.is_null() && c.self->primary != nullptr) {
    c.own.held = {.source = c.self->primary->id, .generation = DataGeneration()};
    c.save_own = true;
  }
  // Whatever was loaded, the primary may have gone on without us.
  c.held_partial = e.outcome != DatasetLoaded::Outcome::kNothing;
  if (c.self->primary != nullptr) {
    c.emit(SetReplicaOf{.primary = c.self->primary->id, .reason = "as before the restart"});
  }
}

void on_event(Core& c, const SyncedFrom& e) {
  const Node* primary = c.find(e.primary);
  if (primary == nullptr) return;
  c.held_partial = false;
  const HeldData held{.source = e.primary,
                      .generation = primary->generation_heard ? primary->generation.generation : DataGeneration()};
  if (held == c.own.held) return;
  c.own.held = held;
  c.save_own = true;
  c.changed(Urgency::kTick);
}

// Elected, or ordered by an administrator: from now on our data is the shard's truth, whatever we held earlier.
void begin_generation_as_primary(Core& c) {
  c.own.generation = next_generation(c);
  c.own.base = DataGeneration();
  c.own.loss_accepted = false;
  c.own.held = {.source = c.self->id, .generation = c.own.generation};
  c.held_partial = false;
  c.awaiting = AwaitingTakeover();
  c.save_own = true;
}

bus::GenerationInfo own_generation_info(const Core& c) {
  return {.generation = c.own.generation,
          .base = c.own.base,
          .awaiting_takeover = c.awaiting.active,
          .loss_accepted = c.own.loss_accepted,
          .candidate = c.awaiting.candidate,
          .held_source = c.own.held.source,
          .held_generation = c.own.held.generation,
          .held_partial = c.held_partial};
}

void awaiting_tick(Core& c) {
  AwaitingTakeover& a = c.awaiting;
  if (!a.active) return;
  const Holders holders = look_for_holders(c);
  if (holders.best != nullptr) {
    if (!a.first_holder_heard) a.first_holder_heard = c.now;
    const Micros wait = holders.best->generation.held_partial ? c.config.node_timeout * kBoundedWait : kHearOthers;
    const bool heard_enough = (!holders.unheard && !holders.unreachable) || c.now - *a.first_holder_heard >= wait;
    const bool ask = a.candidate.is_null() ? heard_enough : c.now - a.asked_at >= kAskAgain;
    if (ask) name_candidate(c, *holders.best);
    c.wake_at(*a.first_holder_heard + wait);
    return;
  }
  const bool time_is_up = c.now - a.since > c.config.node_timeout * kBoundedWait;
  if (!holders.unheard && !holders.unreachable) {
    // Replicas with less than our older copy may replace what they have by it.
    serve_what_we_have(c, "No replica holds the data that this primary lost: it serves what it has.", a.bounded);
  } else if (time_is_up && (a.bounded || !holders.must_wait)) {
    serve_what_we_have(c, "No replica took over in time: this primary serves the data that it has.", true);
  }
}

void on_generation(Core& c, Node& sender) {
  if (c.awaiting.active && sender.primary == c.self) awaiting_tick(c);
  const bus::GenerationInfo& g = sender.generation;
  HeldData& held = c.own.held;
  // We synced before we knew what the primary's data is called.
  if (c.self->primary == &sender && held.source == sender.id && held.generation.value == 0 && !g.awaiting_takeover) {
    held.generation = g.generation;
    c.save_own = true;
  }
  if (!g.awaiting_takeover || g.candidate != c.self->id || c.self->primary != &sender) return;
  if (held.source != sender.id && !is_our_shards(c, held.source)) return;
  if (c.manual.until) return;
  c.notice(fmt::format("Primary {} lost its data and asks us to take over.", sender.id.view()));
  cancel_election(c);
  c.manual = ManualFailover{.until = c.now + c.config.manual_failover_timeout, .may_start = true};
}

Result<std::string> accept_loss(Core& c) {
  if (!c.awaiting.active) return fail("ERR This node is not waiting for a takeover of data that it lost");
  serve_what_we_have(c, "An administrator accepted the loss of the data that this primary held.", true);
  return "OK";
}

}  // namespace guccho::cluster

// Elections: when a replica asks for votes, when a voter gives one, what winning means. Redis Cluster specification,
// "Replica election and promotion"; what is faster here is said where it is.
#include <fmt/core.h>

#include <algorithm>

#include "node/cluster/electorate.h"
#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// Redis: 500 ms plus a random 0 to 500 ms, so that FAIL can spread, and 1 s for each sibling with more data.
constexpr Millis kRedisDelay{500};
constexpr Millis kRedisRankStep{1000};
// Between Guccho replicas: FAIL travels ahead of the request on the same connections, so only siblings must be let
// first, by what a few exchanges with them take. The first in rank waits two round trips, for its siblings' offsets;
// whatever each measured, that is well below the step that the next one waits.
constexpr Millis kMinStep{100};
constexpr Millis kMaxStep{1000};
constexpr int kStepRoundTrips = 20;
constexpr Millis kMinFirst{5};
constexpr Millis kMaxFirst{50};
constexpr Millis kFirstJitter{5};
constexpr Millis kMinTimeout{2000};
constexpr Millis kAskAgain{200};
// On a voter list candidates are voters: two that stood at once voted for themselves and neither wins. Trying again
// soon is harmless there.
constexpr Millis kListRetry{500};
// repl-ping-replica-period, which voters of Redis assume when they judge how old data may be.
constexpr Millis kReplicationPing{10000};

Millis auth_timeout(const Core& c) {
  return std::max(c.config.node_timeout * 2, kMinTimeout);
}

// The primary holds writes back, and that ends: what comes later (a process that was stopped reads its sockets before
// it looks at the clock) must not count.
bool forced(const Core& c) {
  return c.manual.until && c.now < *c.manual.until && c.manual.may_start;
}

// Siblings that may stand for election as well.
template <class F>
void for_each_sibling(const Core& c, F&& f) {
  for (Node* r : c.self->primary->replicas) {
    if (r != c.self && !r->has(bus::kFlagNoFailover)) f(*r);
  }
}

// How many siblings go first: those with more data and, of Guccho siblings with as much, those with a smaller name, so
// that two of them do not split the votes. (Redis leaves that to chance, and a Redis sibling would not wait for us.)
uint32_t rank_by_offset(const Core& c) {
  uint32_t rank = 0;
  for_each_sibling(c, [&](const Node& r) {
    const bool goes_first = r.is_guccho && r.offset == c.replication.offset && r.id < c.self->id &&
                            !r.has(bus::kFlagPfail | bus::kFlagFail);
    rank += r.offset > c.replication.offset || goes_first ? 1 : 0;
  });
  return rank;
}

Millis step_for(const Core& c) {
  bool redis_sibling = false;
  for_each_sibling(c, [&](const Node& r) { redis_sibling |= !r.is_guccho; });
  if (redis_sibling) return kRedisRankStep;
  const auto scaled = std::chrono::ceil<Millis>(c.round_trip * kStepRoundTrips);
  return std::clamp(scaled, kMinStep, kMaxStep);
}

Millis election_delay(Core& c, uint32_t rank) {
  bool alone = true;
  bool redis = false;
  for_each_sibling(c, [&](const Node& r) {
    alone &= r.has(bus::kFlagPfail | bus::kFlagFail);
    redis |= !r.is_guccho && !r.failed();
  });
  // A Redis voter must have heard of the FAIL from somebody before our request comes: it is not asked again.
  redis |= std::any_of(c.order.begin(), c.order.end(),
                       [&c](const Node* n) { return is_voter(c, *n) && n->is_redis() && !n->failed(); });
  if (alone && !redis) return Millis{0};
  const Millis first = std::clamp(std::chrono::ceil<Millis>(c.round_trip * 2), kMinFirst, kMaxFirst);
  const Millis base = redis ? kRedisDelay : first;
  const Millis chance = redis ? kRedisDelay : kFirstJitter;
  const Millis jitter{static_cast<int64_t>(c.rng.below(static_cast<uint64_t>(chance.count()) + 1))};
  return base + jitter + step_for(c) * rank;
}

// What we were as an empty primary of our own, and the data of another shard, are nothing here. Where shards have no
// names (Redis 7.0 primaries) any replica's data may be the shard's.
bool holds_nothing_of(const Core& c, const Node& primary) {
  const NodeId& source = c.own.held.source;
  if (source.is_null()) return true;
  if (source == primary.id) return false;
  if (source == c.self->id) return c.non_empty.empty();
  const auto it = c.nodes.find(source);
  if (it == c.nodes.end()) return false;
  const NodeId& shard = it->second->shard_id;
  return !shard.is_null() && !primary.shard_id.is_null() && shard != primary.shard_id;
}

// Data that is too old must not become the shard's truth. Null: fresh enough.
//
// A replica that was restarted (or attached) while its primary was down has not been in sync since. Without what it
// loaded it has nothing: it must not win against anybody who holds data, and a primary that comes back may be one, so
// it is never elected; only an administrator may raise it (CLUSTER FAILOVER FORCE or TAKEOVER). With data from disk it
// may lack what the primary acknowledged while it was away, and neither its offset nor the generation that it holds
// tells: the primary, which could say, is down. So it is elected only where cluster-replica-validity-factor 0 says that
// no data is too old. When the primary itself comes back without its data it asks for exactly such a copy
// (generation.cc).
const char* data_too_old(const Core& c) {
  if (holds_nothing_of(c, *c.self->primary)) {
    return "NoData: we hold none of the primary's data: restarted or attached while it was down. It, or a replica that "
           "holds it, must come back; or an administrator accepts the loss with CLUSTER FAILOVER FORCE";
  }
  if (c.config.replica_validity_factor == 0) return nullptr;
  Micros age{0};
  if (c.replication.link_up) {
    age = c.now - c.replication.last_interaction;
  } else if (c.replication.down_since) {
    age = c.now - *c.replication.down_since;
  } else {
    return "DataAgeUnknown: restarted with data from disk while the primary was down: what it acknowledged meanwhile "
           "is "
           "not known. cluster-replica-validity-factor 0 or CLUSTER FAILOVER FORCE accepts that";
  }
  age = std::max<Micros>(age - c.config.node_timeout, Micros{0});
  if (age > kReplicationPing + c.config.node_timeout * c.config.replica_validity_factor) {
    return "disconnected from the primary for longer than cluster-replica-validity-factor allows";
  }
  return nullptr;
}

Millis auth_retry(const Core& c) {
  return votes_by_list(c) ? kListRetry + step_for(c) * (1 + c.election.rank) : auth_timeout(c) * 2;
}

// Why this replica does not stand. Null: it may.
const char* reason_not_to_stand(Core& c) {
  if (accepted_small_list(c)) return "SmallVoterList: a list of fewer than three voters is being agreed on";
  if (forced(c)) return nullptr;
  const Node& primary = *c.self->primary;
  if (!primary.failed() || !primary.owns_slots()) return "";  // the ordinary case: nothing to report
  if (c.config.replica_no_failover) return "cluster-replica-no-failover is set";
  if (no_automatic_failover(c)) {
    return "NoAutomaticFailover: fewer than three voters: only a proof of death (CLUSTER FAILOVER TAKEOVER) may raise "
           "us";
  }
  return data_too_old(c);
}

void report(Core& c, const char* reason) {
  if (reason == nullptr || *reason == '\0' || reason == c.election.reported_reason) return;
  c.notice(fmt::format("Currently unable to failover: {}", reason));
  c.election.reported_reason = reason;
}

void schedule(Core& c) {
  ElectionState& e = c.election;
  e = ElectionState{.reported_reason = e.reported_reason};
  e.rank = forced(c) ? 0 : rank_by_offset(c);
  const Millis delay = forced(c) ? Millis{0} : election_delay(c, e.rank);
  e.scheduled = c.now + delay;
  if (delay.count() == 0) return;
  c.notice(fmt::format("Start of election delayed for {} milliseconds (rank #{}, offset {}).", delay.count(), e.rank,
                       c.replication.offset.value));
  // Siblings need our offset to know their rank.
  for_each_sibling(c, [&](Node& r) {
    if (r.link_open) send_heartbeat(c, r.link, bus::MessageType::kPong, &r);
  });
}

// News of a sibling with more data moves us back.
void update_rank(Core& c) {
  ElectionState& e = c.election;
  if (e.requested || forced(c)) return;
  const uint32_t rank = rank_by_offset(c);
  if (rank <= e.rank) return;
  const Millis added = step_for(c) * (rank - e.rank);
  e.scheduled = *e.scheduled + added;
  e.rank = rank;
  c.notice(fmt::format("Replica rank updated to #{}, added {} milliseconds of delay.", rank, added.count()));
}

void send_request(Core& c, Node& voter) {
  if (voter.in_handshake() || !voter.link_open) return;
  bus::Message m{.header = make_header(c, bus::MessageType::kFailoverAuthRequest, &voter), .body = bus::EmptyBody{}};
  // The epoch that we stand in, also when the cluster has moved on: a vote of another epoch must not count here.
  m.header.current_epoch = c.election.epoch;
  if (forced(c)) m.header.message_flags |= bus::kMessageForceAck;
  send_message(c, voter.link, std::move(m));
}

// A request or its answer may be lost with a connection, or come before the FAIL that makes it good. Guccho voters take
// a repeated request for what it is; Redis ones would log a refusal each time.
void ask_again(Core& c) {
  ElectionState& e = c.election;
  const Instant due = e.asked + kAskAgain;
  if (c.now < due) {
    c.wake_at(due);
    return;
  }
  e.asked = c.now;
  c.wake_at(c.now + kAskAgain);
  for (Node* n : c.order) {
    const bool voted = std::find(e.votes.begin(), e.votes.end(), n->id) != e.votes.end();
    if (n != c.self && n->is_guccho && is_voter(c, *n) && !voted) send_request(c, *n);
  }
}

void ask_for_votes(Core& c) {
  ElectionState& e = c.election;
  c.current_epoch = CurrentEpoch(c.current_epoch.value + 1);
  e.epoch = c.current_epoch;
  e.requested = true;
  e.asked = c.now;
  e.votes.clear();
  c.must_save();
  c.notice(fmt::format("Starting a failover election for epoch {}.", e.epoch.value));
  c.count("guccho_cluster_elections_started_total");
  // On a voter list we have a vote ourselves: given and saved like any other.
  if (votes_by_list(c) && is_voter(c, *c.self)) {
    c.last_vote_epoch = e.epoch;
    c.voted_for = c.self->id;
    e.votes.push_back(c.self->id);
  }
  c.wake_at(c.now + kAskAgain);
  for (Node* n : c.order) {
    if (n != c.self) send_request(c, *n);
  }
}

void count_votes(Core& c) {
  const ElectionState& e = c.election;
  // Only of those who are voters now: one that turned out to have been replaced does not count in the quorum either.
  const auto votes = std::count_if(e.votes.begin(), e.votes.end(), [&c](const NodeId& id) {
    const Node* voter = c.find(id);
    return voter != nullptr && is_voter(c, *voter);
  });
  if (!e.requested || static_cast<size_t>(votes) < quorum(c)) return;
  // What it was asked for must still be so: the primary has failed, or it waits for us.
  if (!forced(c) && (c.self->primary == nullptr || !c.self->primary->failed())) return;
  if (c.self->config_epoch.value < e.epoch.value) c.self->config_epoch = ConfigEpoch(e.epoch.value);
  // Who has won an epoch must not vote in it.
  c.last_vote_epoch = std::max(c.last_vote_epoch, e.epoch);
  c.count("guccho_cluster_elections_won_total");
  take_over(c, "Failover election won: I'm the new master.");
}

// Why a vote is refused; empty: it is given.
std::string reason_to_refuse(Core& c, const Node& sender, const bus::Header& h) {
  const bool force = (h.message_flags & bus::kMessageForceAck) != 0;
  if (h.current_epoch < c.current_epoch) {
    return fmt::format("reqEpoch ({}) < curEpoch({})", h.current_epoch.value, c.current_epoch.value);
  }
  if (c.last_vote_epoch >= c.current_epoch) return fmt::format("already voted for epoch {}", c.last_vote_epoch.value);
  if (sender.is_primary()) return "it is a master node";
  if (sender.primary == nullptr) return "I don't know its master";
  const Node& primary = *sender.primary;
  if (&primary == c.self ? !force : (!primary.failed() && !force)) return "its master is up";
  if (h.own && !may_elect_for(c, primary, h.own->electorate_tag)) return "its master counts by another voter list";
  const Millis wait = c.config.node_timeout * 2;
  // The one that we voted for may stand again: it has not won, or it would not ask.
  const bool another = primary.voted_replica != sender.id || !sender.is_guccho;
  if (another && primary.voted_time && c.now - *primary.voted_time < wait) {
    const auto left = std::chrono::ceil<Millis>(wait - (c.now - *primary.voted_time));
    return fmt::format("can't vote about this master before {} milliseconds", left.count());
  }
  std::string newer;
  if (h.slots != nullptr) {
    h.slots->for_each([&](Slot s) {
      const Node* owner = c.owner[s.value];
      if (newer.empty() && owner != nullptr && owner->config_epoch > h.config_epoch) {
        newer =
            fmt::format("slot {} epoch ({}) > reqEpoch ({})", s.value, owner->config_epoch.value, h.config_epoch.value);
      }
    });
  }
  return newer;
}

// May we vote for this candidate at all? Both must count by the same voters, or two majorities need not meet.
bool same_electorate(Core& c, const bus::Header& h) {
  if (!votes_by_list(c)) return c.self->is_primary() && c.self->owns_slots();
  // A Redis replica counts primaries, and its majority need not meet one of the list. With it in the cluster they will
  // vote soon (electorate.cc).
  if (!h.own) return false;
  if (accepted_small_list(c)) return false;
  return is_voter(c, *c.self) && h.own->electorate_tag == electorate_tag(c.own.electorate.list);
}

}  // namespace

void on_auth_request(Core& c, Node& sender, const bus::Header& h) {
  if (!same_electorate(c, h)) return;
  const auto vote = [&c, &sender] {
    bus::Message m{.header = make_header(c, bus::MessageType::kFailoverAuthAck, &sender), .body = bus::EmptyBody{}};
    m.header.current_epoch = c.last_vote_epoch;
    send_to(c, sender, std::move(m));
  };
  const bool again = c.voted_for == sender.id && c.last_vote_epoch == h.current_epoch && c.last_vote_epoch.value != 0;
  if (again) {
    vote();  // in case the first was lost
    return;
  }
  if (const std::string why = reason_to_refuse(c, sender, h); !why.empty()) {
    const auto denied = std::pair(sender.id, h.current_epoch);
    const LogLevel level = denied == c.last_denied ? LogLevel::kDebug : LogLevel::kNotice;  // it asks again and again
    c.last_denied = denied;
    c.log(level, fmt::format("Failover auth denied to {}: {}", sender.id.view(), why));
    return;
  }
  c.last_vote_epoch = c.current_epoch;
  c.voted_for = sender.id;
  sender.primary->voted_time = c.now;
  sender.primary->voted_replica = sender.id;
  c.must_save();
  c.notice(fmt::format("Failover auth granted to {} for epoch {}", sender.id.view(), c.current_epoch.value));
  c.count("guccho_cluster_votes_total");
  vote();
}

void on_auth_ack(Core& c, Node& sender, const bus::Header& h) {
  ElectionState& e = c.election;
  if (!e.requested || !c.self->is_replica() || h.current_epoch != e.epoch || !is_voter(c, sender)) return;
  if (c.now - *e.scheduled > auth_timeout(c)) return;  // of an election that has expired, perhaps while we were frozen
  if (votes_by_list(c) && (!h.own || h.own->electorate_tag != electorate_tag(c.own.electorate.list))) return;
  if (std::find(e.votes.begin(), e.votes.end(), sender.id) == e.votes.end()) e.votes.push_back(sender.id);
  count_votes(c);
}

void cancel_election(Core& c) {
  c.election = ElectionState();
}

void run_election(Core& c) {
  if (!c.self->is_replica() || c.self->primary == nullptr || !c.loaded) return;
  if (const char* reason = reason_not_to_stand(c); reason != nullptr) {
    report(c, reason);
    if (*reason == '\0' && c.election.scheduled) cancel_election(c);
    return;
  }
  ElectionState& e = c.election;
  if (!e.scheduled || c.now - *e.scheduled > auth_retry(c) || (forced(c) && !e.requested && *e.scheduled > c.now)) {
    schedule(c);
  }
  update_rank(c);
  if (c.now < *e.scheduled) {
    c.wake_at(*e.scheduled);
    return;
  }
  if (c.now - *e.scheduled > auth_timeout(c)) return;  // expired; the retry schedules a new one
  if (e.requested) {
    ask_again(c);
    return;
  }
  ask_for_votes(c);
  count_votes(c);
}

void take_over(Core& c, const std::string& reason) {
  Node* old = c.self->primary;
  c.notice(reason);
  c.make_primary(*c.self);
  if (old != nullptr) {
    if (const auto slots = claimed_slots_of(c, *old)) {
      slots->for_each([&c](Slot s) { c.assign(s, *c.self); });
    }
  }
  begin_generation_as_primary(c);
  cancel_election(c);
  end_manual_failover(c);
  c.must_save();
  c.emit(PromoteSelf{.reason = reason});
  broadcast_pong(c);
}

}  // namespace guccho::cluster

// Core: the state of a member and the helpers that every rule uses. The rules themselves lie in one file each, as
// functions over Core (rules.h). Internal to node/cluster.
#pragma once

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/base/random.h"
#include "node/cluster/config.h"
#include "node/cluster/effects.h"
#include "node/cluster/node.h"
#include "node/cluster/persisted.h"
#include "node/cluster/view.h"

namespace guccho::cluster {

// When a view must be published for a change.
// kSoon: at once, but where the cluster is so big that a view costs something, no sooner than pace() after the last.
enum class Urgency { kNone, kRefresh, kTick, kSoon, kNow };

// Names are random: any eight characters of one spread well.
struct NodeIdHash {
  size_t operator()(const NodeId& id) const {
    uint64_t words[2];
    std::memcpy(words, id.view().data(), sizeof words);
    return static_cast<size_t>((words[0] ^ (words[1] << 4)) * 0x9e3779b97f4a7c15ULL);
  }
};

// When a tick must look at a node again, at the latest of all that could be due by then (peers.cc).
struct Watch {
  Node* node = nullptr;
  Instant at = Instant::min();
};

// An election that this replica runs, or waits to run (election.cc).
struct ElectionState {
  std::optional<Instant> scheduled;  // when votes are (or were) to be asked for; nothing: none
  bool requested = false;
  Instant asked{};  // when requests were last sent
  CurrentEpoch epoch;
  uint32_t rank = 0;
  std::vector<NodeId> votes;              // without doubles
  const char* reported_reason = nullptr;  // why no election can start, as last logged
};

// A manual failover, as the primary or as its replica (manual_failover.cc).
struct ManualFailover {
  std::optional<Instant> until;              // nothing: none is under way
  NodeId replica;                            // primary side: who asked
  bool writes_stopped = false;               // primary side: the runtime said so, our offset is final
  std::optional<ReplOffset> primary_offset;  // replica side: the final offset of the primary
  bool may_start = false;                    // replica side: ask for votes now, with FORCEACK
};

// Restarted without the data we held (generation.cc).
struct AwaitingTakeover {
  bool active = false;
  bool bounded = false;  // we hold an older copy: serve it after a while, as Redis would
  Instant since{};
  NodeId candidate;
  Instant asked_at{};
  std::optional<Instant> first_holder_heard;
};

// Back after not running for a while (absence.cc).
struct Absence {
  bool active = false;
  uint64_t number = 0;
  Instant since{};           // the return
  CurrentEpoch epoch;        // what we knew then
  bool long_enough = false;  // for others to have replaced us
};

// A proposal of a new voter list that we are running (electorate.cc).
struct ElectorateProposal {
  bool active = false;
  bool accepting = false;  // phase 2
  uint64_t round = 0;
  bus::VoterList value;
  uint64_t best_accepted_round = 0;
  NodeId best_accepted_node;
  std::vector<NodeId> answers;
  Instant started{};
  Instant not_before{};
};

// An established voter list of another founder: two clusters were joined, and ours is the one to give up
// (electorate.cc).
struct RivalList {
  NodeId founder;
  std::optional<Instant> heard;
  NodeId not_taken;  // of another list, which decides nothing or not here: as last logged
};

// CLUSTER FORGET keeps a node from coming back through gossip for this long.
inline constexpr std::chrono::seconds kForgetBan{60};

struct Core {
  Core(Config c, const PersistedData& data, Rng r);

  Config config;
  Rng rng;
  Instant now{};
  UnixMillis wall{};
  std::optional<Instant> started;   // the first step
  bool started_as_primary = false;  // and nothing has changed that since

  // --- nodes ---
  std::unordered_map<NodeId, std::unique_ptr<Node>, NodeIdHash> nodes;
  std::vector<Node*> order;    // ascending by id, with handshake nodes and ourselves
  std::vector<Watch> watches;  // one for each node, in no order
  size_t suspects = 0;         // nodes in PFAIL
  Node* self = nullptr;
  std::unordered_map<uint64_t, NodeId> outbound;  // link -> node
  uint64_t next_link = 1;
  std::map<NodeId, Instant> banned;  // forgotten nodes, until when

  // --- slots ---
  std::array<Node*, kSlotCount> owner{};
  uint16_t assigned = 0;
  Instant slots_changed{};  // when any slot last changed its owner
  std::map<uint16_t, NodeId> migrating;
  std::map<uint16_t, NodeId> importing;
  // Slots whose owner, as we know it, does not claim them in its own heartbeats, and since when (ownership.cc).
  std::map<uint16_t, Instant> unclaimed;
  SlotSet non_empty;                                 // slots that hold keys here
  bool held_partial = false;                         // a replica's data came from disk and was not synced since
  std::vector<PersistedNode::Moving> dropped_moves;  // of nodes.conf, with nodes that it does not know

  // --- epochs ---
  CurrentEpoch current_epoch;
  CurrentEpoch last_vote_epoch;
  // Our own file was lost, and with it the name of our shard: others know it better (gossip.cc).
  bool shard_made_up = false;
  std::pair<NodeId, CurrentEpoch> last_denied;  // whose request in which epoch we refused last
  NodeId voted_for;                             // who got the vote of last_vote_epoch; null after a restart
  OwnState own;

  // --- state of the cluster as we see it (state.cc) ---
  bool loaded = false;
  bool state_ok = false;
  DownReason down_reason = DownReason::kLoading;
  bool recount = true;  // the counts below are older than the last change
  std::optional<Instant> counted_at;
  uint16_t size = 0;  // primaries that own slots
  uint16_t slots_pfail = 0;
  uint16_t slots_fail = 0;
  size_t voters = 0;                      // whose reach decides whether we may serve
  size_t reachable_voters = 0;            // of those
  size_t steady_voters = 0;               // of those, who count by our list and are not on the way to another
  std::optional<Instant> minority_since;  // last time we could not reach a majority

  // --- replication, as the runtime reports it ---
  ReplicationStatus replication;
  bool replication_heard = false;

  ElectionState election;
  ManualFailover manual;
  AwaitingTakeover awaiting;
  Absence absence;
  std::optional<Instant> last_step;  // of any event (notice_stand_still)
  std::optional<Instant> last_tick;
  CurrentEpoch settled_epoch;  // at the last tick that came in time: what we knew before we stood still
  ElectorateProposal proposal;
  RivalList rival;
  Micros round_trip{0};  // smoothed over all peers; 0: not measured
  std::optional<Instant> last_random_ping;
  std::optional<Instant> orphans_looked_for;
  uint64_t gossip_round = 0;  // of choosing whom to gossip about
  MessageStats stats;

  // --- output of the step ---
  std::vector<Effect> promises;
  Effects fx;
  bool save_conf = false;   // nodes.conf must be written in this step
  bool save_own = false;    // our own file must be written in this step
  bool save_later = false;  // worth writing, promises nothing: within a second
  std::optional<Instant> save_later_since;
  bool save_soon = false;  // news of others: promises nothing, should survive a crash
  std::optional<Instant> saved_at;
  Urgency publish = Urgency::kNow;
  bool topology_changed = true;  // nodes, slots or their migration: the view needs another slot table
  bool order_changed = true;     // nodes came or went: positions in the view are others
  SlotSet changed_slots;         // since the last view
  std::shared_ptr<const View> view;
  Instant view_at{};
  std::optional<Instant> wake;

  // --- output helpers ---
  void emit(Effect e) { promises.push_back(std::move(e)); }  // after the persist group of this step
  void act(Effect e) { fx.immediate.push_back(std::move(e)); }
  void log(LogLevel level, std::string text) { act(LogLine{.level = level, .text = std::move(text)}); }
  void notice(std::string text) { log(LogLevel::kNotice, std::move(text)); }
  void count(const char* name) { act(Count{.name = name}); }
  void wake_at(Instant t);
  void changed(Urgency u) {
    publish = std::max(publish, u);
    if (u >= Urgency::kTick) recount = true;
  }
  // What is O(nodes) for each piece of news (a view, nodes.conf) is done no more often than this: a small share of a
  // processor's time at any size.
  Micros pace() const { return Micros(500) * static_cast<int64_t>(order.size()); }
  // Something about others that came from where it is on disk already: nothing that we say promises it, and a vote, for
  // which it matters, saves everything. Lost in a crash, it is as if the news had not reached us yet.
  void learned() {
    save_soon = true;
    changed(Urgency::kSoon);
  }
  // Our role, epochs, votes or slot ownership changed.
  void must_save() {
    save_conf = true;
    changed(Urgency::kNow);
  }

  // --- nodes ---
  Node* find(const NodeId& id);
  Node* add_node(const NodeId& id, uint16_t flags);
  // Forgets the node: its slots become unassigned, its links are closed, its replicas lose their primary.
  void remove_node(Node& node);
  void rename_node(Node& node, const NodeId& id);
  // Puts a moving slot of nodes.conf back, if its peer is known.
  void restore_move(const PersistedNode::Moving& m, std::map<uint16_t, NodeId>& moves);
  void set_primary_of(Node& replica, Node* primary);
  void make_primary(Node& node);
  void close_link(Node& node);
  void set_pfail(Node& node, bool on);
  // Something of the node may be due earlier than was known: the next tick looks.
  void touch(Node& node) { watches[node.watch].at = Instant::min(); }
  void touch_all();
  bool is_banned(const NodeId& id);
  // The primary whose slots we speak for: ourselves, or our primary.
  Node& shard_primary() { return self->is_replica() && self->primary != nullptr ? *self->primary : *self; }

  // --- slots ---
  void assign(Slot s, Node& node);
  void unassign(Slot s);
  void unassign_all(Node& node);
  // The node's slots; null when none.
  std::shared_ptr<const SlotSet> slots_of(Node& node);

  // --- addresses ---
  uint16_t tcp_port(const Node& n) const { return config.tls_cluster ? n.other_port : n.port; }
  uint16_t tls_port(const Node& n) const { return config.tls_cluster ? n.port : n.other_port; }
  UnixMillis to_wall(Instant t) const { return wall - std::chrono::duration_cast<Millis>(now - t); }
};

}  // namespace guccho::cluster

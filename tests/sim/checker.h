// The invariants. Each has a name; the first break stops the run. They watch what members send, receive, publish and
// hold, and keep their own books, so that they share no code with what they check.
//
//   one_owner_per_epoch          no two nodes claim one slot in the same config epoch
//   rebind_needs_greater_epoch   in a view, a slot passes to another owner only at a greater config epoch, or when the
//                                old owner's newest heartbeat did not claim it
//   vote_once                    a node votes at most once in an epoch, restarts included
//   promotion_needs_majority     who wins an election has the votes of a majority of its electorate
//   fail_needs_majority          FAIL is declared only with fresh reports of a majority of the electorate
//   durable_before_visible       a restarted node is not older than what it has told others
//   epoch_never_goes_back        a node's current epoch grows, restarts included
//   electorate_agreed            one version of one founder's voter list is one list everywhere
//   electorate_one_at_a_time     consecutive voter lists differ by one voter, and any two majorities of them meet
//   lost_data_is_not_served      a primary that lost its data serves nothing while another node still has it
//   data_not_wiped               no sync or flush destroys the last copy of what a whole shard held
//   stale_replica_not_promoted   who becomes a primary holds what the whole shard held
// Checked elsewhere: one_reply, state_readable, does_not_spin (process.cc), codec_round_trip (transport.cc),
// gossip_discovers, cluster_forms, failover_happens, converges, replicated_data_kept (scenario.cc).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "node/bus/message.h"
#include "node/cluster/view.h"
#include "tests/sim/dataset.h"

namespace guccho::sim {

class World;

struct Violation {
  std::string invariant;
  std::string detail;
};

class Checker {
 public:
  Checker(World& world, int nodes, int shards);

  const std::optional<Violation>& violation() const { return violation_; }
  // Only the first break is kept: what follows is its consequence.
  void broken(std::string invariant, std::string detail);

  void on_start(int node);
  void on_receive(int node, const bus::Message& message);
  void on_send(int node, int to, const bus::Message& message);
  void on_view(int node, const cluster::View* old, const cluster::View& view);
  void on_promoted(int node);
  // From now on slots pass by elections only; until then administrators assign them, and may do so twice.
  void cluster_formed();

  // Data: a fault destroyed something; a decision replaced something; a primary stands ready to serve a shard.
  void on_data_lost_by_fault(int node);
  void on_data_replaced(int node, const Position& before, const char* why);
  void on_serve(int node, int shard);
  // What every member of a shard holds now is from here on to be kept.
  void note_safe_data();
  const Position& safe_data(int shard) const { return safe_[static_cast<size_t>(shard)]; }
  // Somebody may raise a replica on other grounds than votes (a supervisor's proof, an order), until he has the answer.
  void allow_takeover(int node, bool allowed = true) { books_[static_cast<size_t>(node)].takeover_allowed = allowed; }
  // Another node with another name runs in its place from now on.
  void on_replaced(int node) { books_[static_cast<size_t>(node)] = Books(); }

 private:
  struct Claim {
    uint64_t epoch = 0;
    std::shared_ptr<const SlotSet> slots;  // null: none
  };
  // What one node said, saw and was told. Survives restarts except where noted.
  struct Books {
    std::map<uint64_t, int> votes;  // epoch -> candidate
    uint64_t epoch_voted = 0;       // greatest
    uint64_t epoch_asked = 0;       // greatest for which it asked for votes
    uint64_t epoch_claimed = 0;     // greatest config epoch that it claimed for itself as a slot owner
    uint64_t epoch_seen = 0;        // greatest current epoch of its views
    bool just_started = false;      // no view published since the start
    bool takeover_allowed = false;
    std::set<int> told_failed;                       // FAIL messages received, since the node was last seen healthy
    std::map<std::pair<int, int>, Instant> reports;  // (reporter, suspect) -> when its last report arrived
    std::map<uint64_t, std::set<int>> acks_got;      // epoch -> voters whose acknowledgement was sent to this node
    std::map<int, Claim> claims_heard;               // by sender: what it claimed as a primary when last heard
  };

  Books& books(int node) { return books_[static_cast<size_t>(node)]; }
  int index(const NodeId& id) const;
  std::string name(int node) const { return "n" + std::to_string(node); }

  void check_vote(int node, int to, const bus::Header& header);
  void check_restart(int node, const cluster::View& view);
  void check_votes_got(int node, const cluster::View& old, const cluster::View& view);
  void check_failed_flags(int node, const cluster::View* old, const cluster::View& view);
  bool fail_is_justified(int node, int suspect, const cluster::View& view) const;
  std::vector<int> voters_of(const cluster::View& view) const;
  void check_claims(int node, const cluster::View& view);
  bool gave_up(int node, const NodeId& owner, Slot slot) const;
  void check_rebinds(int node, const cluster::View& old, const cluster::View& view);
  void check_electorate(int node, const cluster::View& view);
  void check_consecutive(const bus::VoterList& before, const bus::VoterList& after);
  bool better_candidate(const Position& data, int node) const;
  bool somebody_holds(const Position& data, int except) const;

  World& world_;
  std::optional<Violation> violation_;
  bool formed_ = false;
  std::vector<Books> books_;
  std::map<uint64_t, std::map<int, SlotSet>> claims_;            // config epoch -> claimant -> what it claimed in it
  std::map<std::pair<NodeId, uint64_t>, bus::VoterList> lists_;  // (founder, version)
  std::vector<Position> safe_;                                   // by shard: what all its members held at one time
};

}  // namespace guccho::sim

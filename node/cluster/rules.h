// The rules of membership, one file each; this is their index. Internal to node/cluster.
#pragma once

#include "node/cluster/core.h"

namespace guccho::cluster {

// links.cc: connections to peers.
void on_event(Core& c, const LinkEstablished& e);
void on_event(Core& c, const LinkFailed& e);
void on_event(Core& c, const LinkLost& e);
void maintain_link(Core& c, Node& n);
void open_link(Core& c, Node& node);

// heartbeat.cc: PING, PONG, MEET on their way out.
bus::Header make_header(Core& c, bus::MessageType type, const Node* to);
void send_message(Core& c, LinkId link, bus::Message message);
void send_to(Core& c, Node& node, bus::Message message);  // does nothing while the link is not open
void send_heartbeat(Core& c, LinkId link, bus::MessageType type, Node* to);
void send_ping(Core& c, Node& node);
void broadcast(Core& c, bus::MessageType type, const bus::Body& body);
// A PONG to all, so that they learn of our new role or slots at once.
void broadcast_pong(Core& c);
void repeat_meet(Core& c, Node& n);
void ping_if_due(Core& c, Node& n);
// The one not heard from longest among a few.
void ping_at_random(Core& c);

// peers.cc: all that a tick does for each peer.
void peers_tick(Core& c);

// packet.cc: messages on their way in.
void on_event(Core& c, const MessageReceived& e);

// handshake.cc: how nodes meet, and how addresses are learnt.
// A handshake is given up after T, but not sooner than a second: the other side may be starting.
Millis handshake_timeout(const Core& c);
Status start_handshake(Core& c, const std::string& ip, uint16_t port, uint16_t bus_port);
void on_meet(Core& c, const MessageReceived& e);
// True when the PONG ended a handshake of a node that was known already (the handshake node is gone).
bool on_handshake_pong(Core& c, Node& node, const MessageReceived& e);
void learn_own_address(Core& c, const MessageReceived& e);
void update_address(Core& c, Node& sender, const MessageReceived& e);
bool handshake_expired(const Core& c, const Node& n);
void apply_announce(Core& c);

// gossip.cc: gossip entries and extensions on their way in.
void on_gossip(Core& c, Node* sender, const bus::PingBody& body);
void on_extensions(Core& c, Node& sender, const bus::Extensions& x);

// failure.cc: PFAIL and FAIL.
void on_evidence_of_death(Core& c, Node& node, const char* evidence);
void detect_failure(Core& c, Node& n);
void add_failure_report(Core& c, Node& about, const NodeId& reporter);
void remove_failure_report(Core& c, Node& about, const NodeId& reporter);
size_t count_failure_reports(Core& c, Node& about);
void mark_failed_if_agreed(Core& c, Node& node);
void on_reachable(Core& c, Node& node);
void on_fail_message(Core& c, Node& sender, const NodeId& about);

// voters.cc: who votes, and by how many.
bool is_voter(Core& c, const Node& node);
size_t voter_count(Core& c);
size_t quorum(Core& c);
bool votes_by_list(const Core& c);
// Fewer than three voters: nobody is elected by vote, but for a handover on which both agree.
bool is_small_list(const Core& c);
// We accepted such a list; whether it was decided is not known yet. Until then we neither vote nor stand.
bool accepted_small_list(const Core& c);
// Nobody is elected by vote: a small list, or fewer than three slot-owning primaries that vote.
bool no_automatic_failover(Core& c);
// Does whoever can be elected need one of those whom we have just heard? Of `voters` in all, `heard` answered us, and
// of those `steady` count by our list and are not on the way to another (is_steady_voter in electorate.h).
bool meets_every_majority(const Core& c, size_t voters, size_t heard, size_t steady);

// electorate.cc: agreement on the voter list.
void electorate_tick(Core& c);
void on_voter_list(Core& c, const Node& sender, const bus::VoterList& list);
void on_electorate_message(Core& c, Node& sender, const bus::ElectorateBody& body);
// CLUSTER FORGET must wait: without this voter's answer the list could not be changed any more.
bool is_vote_needed(Core& c, const Node& node);
// So many voters are known no more that the list can never change: what an administrator can do about it.
void report_lost_voters(Core& c);
// An administrator's word in place of the majority that is gone (CLUSTER FAILOVER TAKEOVER at the primary). False:
// there is a majority, or voters that may come back, or no list.
bool found_list_again(Core& c);

// election.cc: votes and failover.
void on_auth_request(Core& c, Node& sender, const bus::Header& h);
void on_auth_ack(Core& c, Node& sender, const bus::Header& h);
void run_election(Core& c);
void cancel_election(Core& c);
void take_over(Core& c, const std::string& reason);

// manual_failover.cc
void on_manual_start(Core& c, Node& sender);
void on_paused_primary(Core& c, ReplOffset offset);
void manual_failover_tick(Core& c);
void end_manual_failover(Core& c);
Result<std::string> request_failover(Core& c, request::Failover::Mode mode);

// absence.cc: back after not running for a while.
void on_event(Core& c, const WasAbsent& e);
void on_new_link(Node& node);
void on_pong_of_link(Node& node, const bus::Header& h);
void check_presence(Core& c);
// The first of a step. How long this process stood still is seen by the time since the step before, as ticks come ten
// times a second.
void notice_stand_still(Core& c);

// epochs.cc
void observe_epochs(Core& c, Node& sender, const bus::Header& h);
void resolve_collision(Core& c, Node& sender, ConfigEpoch epoch);
// Raises our config epoch without asking. False when it was the greatest already.
bool bump_epoch_without_consensus(Core& c);

// ownership.cc: slots claimed by others, and what follows from losing ours.
void on_role_claim(Core& c, Node& sender, const bus::Header& h);
void on_slot_claims(Core& c, Node& sender, const bus::Header& h);
void on_update(Core& c, const bus::UpdateBody& body);
// The slots of a primary that it claims itself, as far as we know; null when none. What it has given up must not be
// claimed in its name.
std::shared_ptr<const SlotSet> claimed_slots_of(Core& c, Node& owner);
void release_unclaimed(Core& c);
void follow(Core& c, Node& primary, const std::string& reason);

// replica_migration.cc
void track_orphans(Core& c);
void migrate_to_orphan(Core& c);

// generation.cc
void on_event(Core& c, const DatasetLoaded& e);
void on_event(Core& c, const SyncedFrom& e);
void awaiting_tick(Core& c);
void on_generation(Core& c, Node& sender);
bus::GenerationInfo own_generation_info(const Core& c);
void begin_generation_as_primary(Core& c);
Result<std::string> accept_loss(Core& c);

// state.cc: is the cluster served, as seen from here?
// Brings Core::size and the other counts up to date. O(nodes) after a change, else O(1).
void count_cluster(Core& c);
void update_state(Core& c);

// requests.cc: what clients ask for.
void on_event(Core& c, const ClientRequest& e);

// snapshot.cc: Core -> View, Core -> files.
void publish_view(Core& c);
std::string nodes_conf_text(Core& c);

}  // namespace guccho::cluster

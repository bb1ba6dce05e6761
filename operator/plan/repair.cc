// Repair: nodes that lost sight of each other are introduced again, lone nodes follow their shard's primary, nodes that
// are certainly no more are forgotten.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "operator/plan/behaviours.h"

namespace guccho::ops {
namespace {

// One plan introduces at most this many pairs; the rest follows by gossip or in the next round.
constexpr size_t kMaxMeets = 200;

bool acquainted(const Member& one, const Member& other) {
  return Picture::knows(one, other.id) && Picture::knows(other, one.id);
}

// The wanted node with the most acquaintances, who know it too: where newcomers are introduced, so that one cluster
// grows rather than two. Before the formation it is the first place.
const Member* hub_of(const Picture& picture) {
  const Member* best = nullptr;
  long most = -1;
  for (const Member& member : picture.members) {
    if (!member.wanted || !member.usable()) continue;
    const long count = std::ranges::count_if(
        picture.members, [&](const Member& other) { return other.answers() && acquainted(member, other); });
    if (count > most) best = &member;
    most = std::max(most, count);
  }
  return best;
}

// Gossip spreads the rest of a new cluster from the hub. But a node that was forgotten and is wanted again is banned
// from gossip for a minute, so that in a cluster that stands the pairs that are missing are introduced as well: once.
bool cut_off(const Picture& picture, const Member& hub, const Member& viewer, const Member& other) {
  if (!picture.formed_before || Picture::knows(viewer, other.id)) return false;
  if (!acquainted(hub, viewer) || !acquainted(hub, other)) return false;
  return viewer.place < other.place || Picture::knows(other, viewer.id);
}

// The viewer has lost the other and looks for it where it no longer is.
bool looks_elsewhere(const Member& viewer, const Member& other) {
  const PeerView* peer = viewer.status->peer(other.id);
  if (!peer || peer->linked || !other.instance) return false;
  const Endpoints& real = other.instance->endpoints;
  return peer->host != real.host || peer->port != real.port || peer->bus_port != real.bus_port;
}

// A replica that serves another shard may come home only while it is not needed there.
bool spare(const Picture& picture, const Member& member) {
  return std::ranges::any_of(picture.followers(member.status->primary), [&](const Member* follower) {
    return follower->place != member.place && follower->status->in_sync;
  });
}

// Whether a replica shall follow `primary` instead of whom it follows now.
bool shall_move(const Picture& picture, const Member& member, const Member& primary) {
  const NodeId& followed = member.status->primary;
  if (followed == primary.id) return false;
  if (!member.wanted) {
    // It is about to leave, and matters only where it keeps another one that leaves from being forgotten.
    const Member* followed_member = picture.by_id(followed);
    return followed_member && !followed_member->wanted && !picture.owns_slots(followed);
  }
  // Whom it follows owns nothing any more: a failover that passed it by, or a node that was replaced.
  return !picture.owns_slots(followed) || spare(picture, member);
}

// Positive evidence only: its place answers, and as another node; or its place was removed, and it owns nothing. (If
// the place is wanted again, with the storage that is left of it, its node is introduced again.)
bool certainly_gone(const Picture& picture, const NodeSummary& old) {
  const Member* place = picture.at(old.instance);
  if (place && place->instance) return place->usable();
  return !place && !picture.owns_slots(old.id);
}

// Members that someone sees as failed, that are not ours as far as we remember: nodes that came and went while no
// operator looked, or such as somebody added by hand.
std::vector<const PeerView*> failed_strangers(const Picture& picture) {
  std::map<NodeId, const PeerView*> found;
  for (const Member& viewer : picture.members) {
    if (!viewer.answers()) continue;
    for (const PeerView& peer : viewer.status->peers) {
      if (peer.failed && !picture.by_id(peer.id) && !picture.remembered(peer.id)) found.emplace(peer.id, &peer);
    }
  }
  std::vector<const PeerView*> out;
  for (const auto& [id, peer] : found) out.push_back(peer);
  return out;
}

// Positive evidence that a node is not where it was: one of ours answers from its very address.
bool another_answers_at(const Picture& picture, const PeerView& peer) {
  return std::ranges::any_of(picture.members, [&](const Member& member) {
    if (!member.usable() || !member.instance || picture.owns_slots(peer.id)) return false;
    const Endpoints& here = member.instance->endpoints;
    return here.host == peer.host && here.port == peer.port && here.bus_port == peer.bus_port;
  });
}

// Someone who follows this node, or did when last heard, in words; empty when no view has one. Also one that is silent
// or not of ours: it may be the last that has the node's data.
std::string follower_in_any_view(const Picture& picture, const NodeId& id) {
  if (const auto followers = picture.followers(id); !followers.empty()) return followers[0]->str();
  for (const Member& viewer : picture.members) {
    if (!viewer.answers()) continue;
    const auto follows = [&](const PeerView& peer) { return peer.role == Role::kReplica && peer.primary == id; };
    const auto found = std::ranges::find_if(viewer.status->peers, follows);
    if (found != viewer.status->peers.end()) return found->id.str();
  }
  return {};
}

// Whoever still reaches it has reason to keep it: its proof must be wrong.
const Member* who_sees_it_well(const std::vector<const Member*>& knowing, const NodeId& id) {
  const auto well = [&](const Member* member) {
    const PeerView* peer = member->status->peer(id);
    return !peer->failed && !peer->suspected;
  };
  const auto found = std::ranges::find_if(knowing, well);
  return found == knowing.end() ? nullptr : *found;
}

// At every node that knows it, once all answer and nobody follows it. `home` is where it lived: for one that owns
// slots, another node that answers from there is the proof that what it held is gone.
void forget_everywhere(const Picture& picture, const NodeId& id, const Member* home, Draft& draft) {
  std::vector<const Member*> knowing;
  for (const Member& member : picture.members) {
    if (member.answers() && member.status->peer(id)) knowing.push_back(&member);
  }
  if (knowing.empty()) return;
  if (!picture.all_answer) {
    return draft.hold("NodeSilent", fmt::format("{} is not forgotten: {}", id.view(), picture.first_silence()));
  }
  if (const std::string follower = follower_in_any_view(picture, id); !follower.empty()) {
    return draft.hold("StillFollowed", fmt::format("{} is not forgotten: {} follows it", id.view(), follower));
  }
  std::optional<ProofOfDeath> proof;
  if (picture.owns_slots(id)) {
    if (!home || !home->instance || !home->usable() || home->id == id) return;
    if (const Member* viewer = who_sees_it_well(knowing, id)) {
      return draft.hold("NotFailedYet",
                        fmt::format("{} is not forgotten: {} does not see it fail", id.view(), viewer->str()));
    }
    proof = ProofOfDeath{id, home->instance->incarnation, Evidence::kStorageDeleted};
    draft.data_lost = Hold{"StorageLost", fmt::format("{} is gone with its storage, and no replica held its slots {}",
                                                      id.view(), picture.slots_of(id).str())};
  }
  for (const Member* member : knowing) draft.add(Forget{member->at(), id, proof});
}

}  // namespace

std::optional<std::string> foreign(const Picture& picture, const Member& member) {
  if (picture.remembered(member.id)) return std::nullopt;
  for (const Member& other : picture.members) {
    if (other.place != member.place && Picture::knows(other, member.id)) return std::nullopt;
  }
  const NodeStatus& status = *member.status;
  if (!status.slots.empty()) return fmt::format("{} owns slots of a cluster that is not this one", member.str());
  if (status.keys != 0) return fmt::format("{} holds {} keys and is not known here", member.str(), status.keys);
  for (const PeerView& peer : status.peers) {
    if (peer.handshake || picture.by_id(peer.id) || picture.remembered(peer.id)) continue;
    return fmt::format("{} belongs to a cluster with {}, which is not known here", member.str(), peer.id.view());
  }
  return std::nullopt;
}

void introduce(const Picture& picture, Draft& draft) {
  const Member* hub = hub_of(picture);
  if (!hub) return;
  size_t meets = 0;
  for (const Member& viewer : picture.members) {
    // One that is about to leave has to find the others too, until they forgot it.
    if (!viewer.usable() || (!viewer.wanted && !acquainted(*hub, viewer))) continue;
    for (const Member& other : picture.members) {
      // One that is about to leave but owns slots has to be heard, or it could not hand them over.
      const bool needed = other.wanted || picture.owns_slots(other.id);
      if (!needed || !other.usable() || other.place == viewer.place || !other.instance) continue;
      const bool stranger = &viewer == hub ? !acquainted(viewer, other) : cut_off(picture, *hub, viewer, other);
      if (!stranger && !looks_elsewhere(viewer, other)) continue;
      if (const auto reason = foreign(picture, other)) {
        draft.hold("ForeignNode", *reason);
      } else if (meets++ < kMaxMeets) {
        draft.add(Meet{viewer.at(), other.at()});
      }
    }
  }
}

void attach_replicas(const Picture& picture, Draft& draft) {
  for (const Member& member : picture.members) {
    if (!member.usable() || picture.owns_slots(member.id)) continue;
    const Member* primary = picture.primary_of(member.place.shard);
    if (!primary || !primary->usable() || primary->status->role != Role::kPrimary) continue;
    if (!Picture::knows(member, primary->id)) continue;  // to be introduced first
    const NodeStatus& status = *member.status;
    if (status.role == Role::kReplica) {
      if (shall_move(picture, member, *primary)) draft.add(Replicate{member.at(), primary->at()});
    } else if (!member.wanted) {
      continue;  // it is leaving, and nobody's replica: nothing to attach
    } else if (status.keys != 0) {
      // A returning primary with data turns into a replica by itself, once it hears who owns its slots now.
      draft.hold("LonePrimaryWithKeys", fmt::format("{} owns no slots but holds {} keys: not made a replica by force",
                                                    member.str(), status.keys));
    } else {
      draft.add(Replicate{member.at(), primary->at()});
    }
  }
}

void forget_gone(const Picture& picture, Draft& draft) {
  if (!picture.observed.world.complete) return;
  for (const NodeSummary& old : picture.memory.nodes) {
    if (picture.by_id(old.id) || !certainly_gone(picture, old)) continue;
    forget_everywhere(picture, old.id, picture.at(old.instance), draft);
  }
  for (const PeerView* stranger : failed_strangers(picture)) {
    if (another_answers_at(picture, *stranger)) {
      forget_everywhere(picture, stranger->id, /*home=*/nullptr, draft);
    } else {
      draft.hold("UnknownMember",
                 fmt::format("{} at {}:{} has failed and is none of this resource's nodes: forget it by "
                             "hand if it will not come back",
                             stranger->id.view(), stranger->host, stranger->port));
    }
  }
}

}  // namespace guccho::ops

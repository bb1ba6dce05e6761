// Repair: nodes that lost sight of each other are introduced again, lone nodes follow their shard's primary, nodes that
// are certainly no more are forgotten.
#include <fmt/format.h>

#include <algorithm>

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
  // Whom it follows owns nothing any more: a failover that passed it by, or a node that was replaced. That goes for
  // those about to leave too, since nobody is forgotten who is followed.
  if (!picture.owns_slots(followed)) return true;
  return member.wanted && spare(picture, member);
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
    if (!viewer.wanted || !viewer.usable()) continue;
    for (const Member& other : picture.members) {
      if (!other.wanted || !other.usable() || other.place == viewer.place || !other.instance) continue;
      const bool stranger_to_hub = &viewer == hub && !acquainted(viewer, other);
      if (!stranger_to_hub && !looks_elsewhere(viewer, other)) continue;
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

void forget_replaced(const Picture& picture, Draft& draft) {
  for (const NodeSummary& old : picture.memory.nodes) {
    const Member* place = picture.at(old.instance);
    // Positive evidence only: its place answers, and as another node. A place that is not wanted is scaling's business.
    if (picture.by_id(old.id) || !place || !place->wanted || !place->usable() || !picture.observed.world.complete)
      continue;
    std::vector<const Member*> knowing;
    for (const Member& member : picture.members) {
      if (member.answers() && member.status->peer(old.id)) knowing.push_back(&member);
    }
    if (knowing.empty()) continue;
    if (!picture.all_wanted_answer) {
      draft.hold("NodeSilent", fmt::format("{} is not forgotten: {}", old.id.view(), picture.first_silence()));
      continue;
    }
    if (const auto followers = picture.followers(old.id); !followers.empty()) {
      draft.hold("StillFollowed",
                 fmt::format("{} is not forgotten: {} follows it", old.id.view(), followers[0]->str()));
      continue;
    }
    if (picture.owns_slots(old.id)) {
      draft.data_lost =
          Hold{"StorageLost", fmt::format("{} came back as another node without its storage, and no replica "
                                          "held its slots {}",
                                          old.instance.str(), picture.slots_of(old.id).str())};
    }
    for (const Member* member : knowing) draft.add(Forget{member->at(), old.id});
  }
}

}  // namespace guccho::ops

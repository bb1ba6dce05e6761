// The status: discrete facts about what was observed, with a reason for everything that is not as asked for.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "operator/plan/behaviours.h"

namespace guccho::ops {
namespace {

// How long DataLost stays True after a loss, so that a person sees it and old news does not stay for ever.
constexpr Millis kDataLostShown = std::chrono::hours(24);

// Why something is not as asked for: the first reason, in the order of the places. Nothing: it is.
using Reason = std::optional<Hold>;

Hold make(std::string name, std::string message) {
  return {std::move(name), std::move(message)};
}

// Keeps the time of the last change, which is what a person wants to know.
Condition dated(const RedisClusterStatus& memory, std::string type, ConditionStatus status, std::string reason,
                std::string message, UnixMillis now) {
  const Condition* before = memory.condition(type);
  const UnixMillis since = before && before->status == status ? before->last_transition : now;
  return {std::move(type), status, std::move(reason), std::move(message), since};
}

class StatusMaker {
 public:
  StatusMaker(const Picture& picture, const Draft& draft, UnixMillis now)
      : picture_(picture), draft_(draft), memory_(picture.memory), now_(now) {}

  RedisClusterStatus make_all() {
    out_.observed_generation = picture_.desired.generation;
    out_.selector = fmt::format("guccho.io/cluster={},guccho.io/role=primary", picture_.desired.key.name);
    list_nodes();
    count();
    out_.shards = shards();
    const Reason unready = not_ready();
    const auto unformed = not_formed(picture_);
    const bool formed = picture_.formed_before ? !draft_.data_lost : !unformed && !unready;
    const Reason degraded = formed ? is_degraded(unformed) : std::nullopt;
    const Reason progress = progressing(formed, unformed);
    put("Ready", !unready && formed,
        unready  ? *unready
        : formed ? make("AllSlotsServed", "every slot is served")
                 : make("NotFormed", unformed.value_or("")));
    put("Progressing", bool(progress), progress.value_or(make("Settled", "nothing is to be done")));
    put("Degraded", bool(degraded), degraded.value_or(make("AsAskedFor", "every instance does what it shall")));
    put("ClusterFormed", formed,
        formed ? make("EveryViewAgrees", "every node sees the same cluster")
               : make("Forming", unformed.value_or("verifying")));
    put_slots();
    put_failover();
    put_hold("ScaleInBlocked", draft_.scale_in_blocked);
    put_hold("ScaleOutBlocked", draft_.scale_out_blocked);
    put_placement();
    put_data_lost();
    put_revision();
    out_.phase = phase(formed, bool(unready), bool(degraded), bool(progress));
    return std::move(out_);
  }

 private:
  void put(std::string type, bool is_true, const Hold& why) {
    out_.conditions.push_back(dated(memory_, std::move(type),
                                    is_true ? ConditionStatus::kTrue : ConditionStatus::kFalse, why.name, why.message,
                                    now_));
  }
  void put_hold(std::string type, const std::optional<Hold>& hold) {
    put(std::move(type), bool(hold), hold.value_or(make("NotBlocked", "")));
  }

  int shards() const;
  void list_nodes();
  NodeSummary summary_of(const Member& member) const;
  bool in_sync_of(const Member& member) const;
  void count();
  Reason not_ready() const;
  Reason is_degraded(const std::optional<std::string>& unformed) const;
  Reason progressing(bool formed, const std::optional<std::string>& unformed) const;
  void put_slots();
  void put_failover();
  void put_placement();
  void put_data_lost();
  void put_revision();
  std::optional<Hold> fresh_loss() const;
  Phase phase(bool formed, bool unready, bool degraded, bool progress) const;

  const Picture& picture_;
  const Draft& draft_;
  const RedisClusterStatus& memory_;
  const UnixMillis now_;
  RedisClusterStatus out_;
};

// A replica whose primary is silent keeps what was last said of it: its link is down because of the primary, and
// whether it held everything is what a take-over asks.
bool StatusMaker::in_sync_of(const Member& member) const {
  if (member.status->role == Role::kPrimary) return !member.status->awaiting_data;
  const NodeSummary* before = picture_.remembered(member.id);
  const Member* primary = picture_.by_id(member.status->primary);
  const bool primary_has_its_data = primary && !primary->status->awaiting_data;
  return member.status->in_sync || (!primary_has_its_data && before && before->in_sync);
}

NodeSummary StatusMaker::summary_of(const Member& member) const {
  const NodeSummary* before = picture_.remembered(member.id);
  // While it waits for who has its data, what it held is not forgotten: only that tells a loss.
  const bool keep = member.status->awaiting_data && before;
  return {.id = member.id,
          .instance = member.place,
          .role = member.status->role,
          .zone = member.instance ? member.instance->zone : "",
          .slots = picture_.owns_slots(member.id) ? picture_.slots_of(member.id).str() : "",
          .in_sync = in_sync_of(member),
          .generation = keep ? before->generation : member.status->generation};
}

int StatusMaker::shards() const {
  const bool assigns =
      std::ranges::any_of(draft_.steps, [](const Step& step) { return std::holds_alternative<AssignSlots>(step); });
  return memory_.shards > 0 || picture_.formed_before || assigns ? picture_.shards : 0;
}

void StatusMaker::list_nodes() {
  std::set<NodeId> listed;
  for (const Member& member : picture_.members) {
    if (member.answers() && listed.insert(member.id).second) out_.nodes.push_back(summary_of(member));
  }
  // Nodes of earlier rounds that are silent, or that someone still knows, or whose storage is still there.
  std::vector<NodeSummary> kept;
  for (const NodeSummary& old : memory_.nodes) {
    if (listed.contains(old.id)) continue;
    const Member* place = picture_.at(old.instance);
    const bool place_is_its = place && place->instance && !place->answers();
    const bool known = std::ranges::any_of(
        picture_.members, [&](const Member& m) { return m.answers() && m.status->peer(old.id) != nullptr; });
    const auto& left = picture_.observed.world.left_storage;
    const bool stored = std::ranges::find(left, old.instance, &StorageInfo::place) != left.end() && !place;
    // Whoever is silent may know it: nothing is dropped before everyone answered.
    if (!picture_.all_answer || place_is_its || known || stored) {
      kept.push_back(old);
      // What the others say about its slots: it may have lost them since.
      if (picture_.owns_slots(old.id)) {
        kept.back().slots = picture_.slots_of(old.id).str();
      } else if (picture_.unowned().empty()) {
        kept.back().slots.clear();
      }
    }
  }
  out_.nodes.insert(out_.nodes.begin(), kept.begin(), kept.end());
  std::ranges::stable_sort(out_.nodes, {}, &NodeSummary::instance);
}

void StatusMaker::count() {
  for (const Member& member : picture_.members) {
    if (!member.answers()) continue;
    const bool primary = member.status->role == Role::kPrimary;
    if (primary && picture_.owns_slots(member.id)) ++out_.primaries;
    if (!primary) ++out_.replicas;
    const bool ready =
        primary ? picture_.owns_slots(member.id) && !member.status->awaiting_data : member.status->in_sync;
    if (member.wanted && member.usable() && ready) ++out_.ready_instances;
  }
}

// Why not every slot is served.
Reason StatusMaker::not_ready() const {
  if (const SlotSet unowned = picture_.unowned(); !unowned.empty()) {
    return make("SlotsNotAssigned", fmt::format("{} slots have no owner", unowned.size()));
  }
  for (const auto& [owner, slots] : picture_.owned()) {
    const Member* member = picture_.by_id(owner);
    if (!member) {
      return make("OwnerSilent", fmt::format("{}, owner of slots {}, does not answer", owner.view(), slots.str()));
    }
    if (member->status->loading) return make("OwnerLoading", fmt::format("{} loads its data", member->str()));
    if (member->status->awaiting_data) {
      return make("OwnerWithoutData", fmt::format("{} came back without its data and waits for a replica to take over "
                                                  "slots {}",
                                                  member->str(), slots.str()));
    }
  }
  for (const Member& member : picture_.members) {
    if (member.wanted && member.usable() && !member.status->cluster_ok && picture_.owns_slots(member.id)) {
      return make("ClusterDown", fmt::format("{} sees the cluster as down", member.str()));
    }
  }
  if (!picture_.views_agree) return make("ViewsDiffer", "the nodes do not agree yet who owns each slot");
  return std::nullopt;
}

Reason StatusMaker::is_degraded(const std::optional<std::string>& unformed) const {
  if (!picture_.all_wanted_answer) return make("InstanceSilent", picture_.first_silence());
  for (const Member& member : picture_.members) {
    if (!member.wanted || !member.answers() || picture_.owns_slots(member.id)) continue;
    if (member.status->role == Role::kPrimary) {
      return make("LonePrimary", fmt::format("{} follows nobody and owns no slots", member.str()));
    }
    if (!member.status->in_sync) {
      return make("ReplicaNotInSync",
                  fmt::format("{} is not in sync (link {})", member.str(), to_string(member.status->link)));
    }
  }
  if (unformed) return make("ViewsDiffer", *unformed);
  return std::nullopt;
}

Reason StatusMaker::progressing(bool formed, const std::optional<std::string>& unformed) const {
  if (!draft_.steps.empty()) return make(std::string(name_of(draft_.steps[0])), describe(draft_.steps[0]));
  if (!formed) return make("Forming", draft_.holds.empty() ? unformed.value_or("verifying") : draft_.holds[0].message);
  for (const Member& member : picture_.members) {
    if (member.instance && !member.wanted && member.place.shard < picture_.shards && !draft_.scale_in_blocked) {
      return make("ScalingIn", member.str() + " is being removed");
    }
  }
  return std::nullopt;
}

void StatusMaker::put_slots() {
  const SlotSet unowned = picture_.unowned();
  put("SlotsAssigned", unowned.empty(),
      unowned.empty() ? make("AllAssigned", "every slot has an owner")
                      : make("Unassigned", fmt::format("{} slots have no owner", unowned.size())));
}

void StatusMaker::put_failover() {
  Reason none;
  if (picture_.size == 1) none = make("NoReplicas", "no replicas are asked for");
  for (const Member& member : picture_.members) {
    if (none || !member.answers() || !member.wanted || !picture_.any_slot_owned) continue;
    if (!member.status->electorate.can_decide) {
      none =
          make("TooFewVoters", "fewer than three can vote: a replica takes over only by proof of its primary's death");
    }
  }
  put("NoAutomaticFailover", bool(none), none.value_or(make("CanVote", "a majority can elect a replica")));
}

// A shard all of whose instances run on one machine, although the world says that there are several.
void StatusMaker::put_placement() {
  std::set<std::string> hosts;
  for (const Member& m : picture_.members) {
    if (m.instance && !m.instance->host_name.empty()) hosts.insert(m.instance->host_name);
  }
  Reason limited;
  for (int shard = 0; shard < picture_.shards && picture_.size > 1 && !hosts.empty(); ++shard) {
    std::set<std::string> own;
    for (const Member& m : picture_.members) {
      if (m.place.shard == shard && m.instance) own.insert(m.instance->host_name);
    }
    if (own.size() == 1 && !limited) {
      limited = make("SameMachine", fmt::format("all instances of shard {} run on {}", shard, *own.begin()));
    }
  }
  put("PlacementLimited", bool(limited), limited.value_or(make("NotLimited", "")));
}

// A primary that still owns its slots, but whose data does not continue what it held: no replica could take over.
std::optional<Hold> StatusMaker::fresh_loss() const {
  if (draft_.data_lost) return draft_.data_lost;
  for (const Member& member : picture_.members) {
    if (!member.answers() || member.status->role != Role::kPrimary || member.status->awaiting_data) continue;
    const NodeSummary* before = picture_.remembered(member.id);
    const bool was_owner = before && before->role == Role::kPrimary && !before->slots.empty();
    if (!was_owner || before->generation.value == 0 || member.status->base <= before->generation) continue;
    if (!picture_.owns_slots(member.id)) continue;
    return make("RestartedEmpty", fmt::format("{} was restarted without what it held, and no replica had it; "
                                              "persistence is {}",
                                              member.str(), to_string(picture_.desired.spec.persistence.mode)));
  }
  return std::nullopt;
}

void StatusMaker::put_data_lost() {
  if (auto loss = fresh_loss()) return put("DataLost", true, *loss);
  const Condition* before = memory_.condition("DataLost");
  if (before && before->status == ConditionStatus::kTrue && now_ - before->last_transition < kDataLostShown) {
    out_.conditions.push_back(*before);
    return;
  }
  put("DataLost", false, make("NothingLost", ""));
}

void StatusMaker::put_revision() {
  const std::string wanted = revision_of(picture_.desired.spec);
  int old = 0;
  for (const Member& m : picture_.members) old += m.wanted && m.instance && m.instance->revision != wanted;
  put("RolloutPending", old > 0,
      old == 0
          ? make("NewestRevision", "")
          : make("RolloutUnavailable", fmt::format("{} instances run another revision than asked for: this release "
                                                   "does not restart nodes by itself",
                                                   old)));
}

Phase StatusMaker::phase(bool formed, bool unready, bool degraded, bool progress) const {
  const bool blocked = draft_.scale_in_blocked || draft_.scale_out_blocked;
  if (!formed) return Phase::kInitializing;
  if (unready || degraded) return Phase::kDegraded;
  return progress || blocked ? Phase::kReconciling : Phase::kReady;
}

// What one wanted member sees of another, as far as it is not as it should be.
std::optional<std::string> ill_seen(const Member& viewer, const Member& other) {
  const PeerView* peer = viewer.status->peer(other.id);
  const auto say = [&](const char* how) { return fmt::format("{} sees {} as {}", viewer.str(), other.str(), how); };
  if (!peer) return say("unknown");
  if (peer->handshake) return say("not yet a member");
  if (peer->failed || peer->suspected) return say("failing");
  if (peer->role != other.status->role || peer->primary != other.status->primary) return say("in another role");
  return std::nullopt;
}

}  // namespace

std::optional<std::string> not_formed(const Picture& picture) {
  if (!picture.all_wanted_answer) return picture.first_silence();
  if (const SlotSet free = picture.unowned(); !free.empty()) return fmt::format("{} slots have no owner", free.size());
  for (const Member& member : picture.members) {
    if (!member.wanted) continue;
    const Member* primary = picture.primary_of(member.place.shard);
    if (!primary) return fmt::format("shard {} has no primary", member.place.shard);
    if (!picture.owns_slots(member.id) && member.status->primary != primary->id) {
      return fmt::format("{} does not follow {} yet", member.str(), primary->str());
    }
    for (const Member& other : picture.members) {
      if (!other.wanted || other.place == member.place) continue;
      if (auto reason = ill_seen(member, other)) return reason;
    }
  }
  if (!picture.views_agree) return "the nodes do not agree yet who owns each slot";
  return std::nullopt;
}

RedisClusterStatus make_status(const Picture& picture, const Draft& draft, UnixMillis now) {
  return StatusMaker(picture, draft, now).make_all();
}

std::map<InstanceId, Role> roles_of(const Picture& picture) {
  std::map<InstanceId, Role> roles;
  for (const Member& member : picture.members) {
    if (member.answers()) roles[member.place] = member.status->role;
  }
  return roles;
}

}  // namespace guccho::ops

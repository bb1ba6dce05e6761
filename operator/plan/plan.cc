// Puts the parts of a plan together.
#include "operator/plan/plan.h"

#include <fmt/format.h>

#include <set>

#include "operator/plan/behaviours.h"

namespace guccho::ops {
namespace {

constexpr Millis kWaitBusy{300};       // steps were taken or nodes are on their way: look again soon
constexpr Millis kWaitGuarding{1000};  // only the operator notices a death
constexpr Millis kWaitSettled{5000};

// Two places that answer with one identity: a copied data directory. Nothing said by either can be told apart.
std::optional<std::string> same_identity(const Observed& observed) {
  std::map<NodeId, InstanceId> seen;
  for (const auto& [place, status] : observed.nodes) {
    const auto [it, fresh] = seen.emplace(status.id, place);
    if (!fresh) return fmt::format("{} and {} are both node {}", it->second.str(), place.str(), status.id.view());
  }
  return std::nullopt;
}

Millis wait_for(const Plan& plan) {
  if (!plan.steps.empty() || plan.status.phase != Phase::kReady) return kWaitBusy;
  const Condition* guarded = plan.status.condition("NoAutomaticFailover");
  return guarded && guarded->status == ConditionStatus::kTrue ? kWaitGuarding : kWaitSettled;
}

}  // namespace

Plan plan(const Observed& observed, const RedisCluster& desired, UnixMillis now) {
  const Picture picture(observed, desired);
  Draft draft;
  if (desired.deleting) {
    draft.hold("Deleting", "the resource is being deleted");
  } else if (const auto twice = same_identity(observed)) {
    draft.hold("SameIdentity", *twice);
  } else {
    take_over(picture, draft);
    ensure_places(picture, draft);
    introduce(picture, draft);
    forget_gone(picture, draft);
    assign_slots(picture, draft);
    attach_replicas(picture, draft);
    shrink_replicas(picture, draft);
    refuse_resharding(picture, draft);
  }
  Plan out;
  out.status = make_status(picture, draft, now);
  out.roles = roles_of(picture);
  out.steps = std::move(draft.steps);
  out.holds = std::move(draft.holds);
  for (const auto& blocked : {draft.scale_in_blocked, draft.scale_out_blocked, draft.data_lost}) {
    if (blocked) out.holds.push_back(*blocked);
  }
  out.wait = wait_for(out);
  return out;
}

}  // namespace guccho::ops

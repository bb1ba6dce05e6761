// The round.
#include "operator/engine/reconciler.h"

#include <fmt/format.h>

#include <algorithm>

namespace guccho::ops {
namespace {

// After a step that was taken, or one that met another state than was observed: the next observation tells.
constexpr Millis kSoon{100};

Outcome failure(std::string error) {
  return {.failed = true, .again = std::nullopt, .error = std::move(error), .plan = {}};
}

std::string_view word_of(Answer::Kind kind) {
  switch (kind) {
    case Answer::Kind::kAccepted:
      return "accepted";
    case Answer::Kind::kConflict:
      return "conflict";
    case Answer::Kind::kRefused:
      return "refused";
    case Answer::Kind::kFenced:
      return "fenced";
    case Answer::Kind::kUnanswered:
      return "not answered";
  }
  return "?";
}

}  // namespace

Reconciler::State& Reconciler::state_of(const ObjectKey& key) {
  const std::lock_guard lock(mutex_);
  auto& state = states_[key];
  if (!state) state = std::make_unique<State>();
  return *state;
}

Outcome Reconciler::reconcile(const ObjectKey& key, std::stop_token stop) {
  const auto term = parts_.leadership.term();
  if (!term) return failure("not leading: " + term.error().text);
  parts_.nodes.set_term(*term);

  auto found = parts_.resources.get(key, {options_.call_timeout, stop});
  if (!found) return failure(found.error().text);
  if (!*found) {
    const std::lock_guard lock(mutex_);
    states_.erase(key);
    return {};
  }
  State& state = state_of(key);
  RedisCluster cluster = std::move(**found);
  if (state.cluster && state.cluster->uid == cluster.uid) {
    cluster.status = state.cluster->status;  // newer than what is written, or the same
  } else {
    state.written = cluster.status;
    state.written_at = parts_.clock.now() - options_.status_interval;
  }

  const auto observed = observe(parts_.backend, parts_.nodes, key, options_, stop);
  if (!observed) {
    say(cluster, state, Event::Severity::kWarning, "ObserveFailed", observed.error().text);
    return failure(observed.error().text);
  }
  Plan plan = ops::plan(*observed, cluster, parts_.clock.wall());
  cluster.status = plan.status;
  state.cluster = cluster;
  say_holds(plan, cluster, state);
  // Before the first slot is assigned: an operator that finds some of them owned must know the layout that they are of.
  if (state.written->shards != cluster.status.shards && write_status(state, /*at_once=*/true, stop)) {
    Outcome outcome = failure("the status cannot be written, which slots are to be assigned by");
    outcome.plan = std::move(plan);
    return outcome;
  }
  const Answer answer = act(plan, *observed, cluster, state, stop);
  publish_roles(plan, cluster, state, stop);
  const auto write_in = write_status(state, /*at_once=*/false, stop);

  if (!answer.ok() && answer.kind != Answer::Kind::kConflict) {
    Outcome outcome = failure(fmt::format("{}: {}", word_of(answer.kind), answer.reason));
    outcome.plan = std::move(plan);
    return outcome;
  }
  Millis again = answer.ok() ? plan.wait : kSoon;
  if (write_in) again = std::min(again, *write_in);
  return {.failed = false, .again = again, .error = answer.reason, .plan = std::move(plan)};
}

// No step depends on another, so that one that is refused keeps no other from being done. Silence ends the round: each
// further call may cost its whole timeout; and so does a newer operator.
Answer Reconciler::act(const Plan& plan, const Observed& observed, const RedisCluster& cluster, State& state,
                       std::stop_token stop) {
  Answer worst = Answer::accepted();
  for (const Step& step : plan.steps) {
    if (stop.stop_requested()) return Answer::unanswered("stopping");
    const Instant now = parts_.clock.now();
    if (!state.pacer.may_send(step, now)) continue;
    const Answer answer = execute(step, observed, cluster, parts_.backend, parts_.nodes, {options_.call_timeout, stop});
    if (answer.ok()) {
      state.pacer.accepted(step, now);
      say(cluster, state, Event::Severity::kNormal, std::string(name_of(step)), describe(step));
      continue;
    }
    const std::string what = fmt::format("{}: {}: {}", describe(step), word_of(answer.kind), answer.reason);
    say(cluster, state, Event::Severity::kWarning, std::string(name_of(step)) + "Failed", what);
    if (worst.ok() || worst.kind == Answer::Kind::kConflict) worst = {answer.kind, what};
    if (answer.kind == Answer::Kind::kUnanswered || answer.kind == Answer::Kind::kFenced) return {answer.kind, what};
  }
  return worst;
}

void Reconciler::say(const RedisCluster& cluster, State& state, Event::Severity severity, std::string reason,
                     std::string message) {
  const Event event{severity, std::move(reason), std::move(message), parts_.clock.wall()};
  if (state.events.admit(event, parts_.clock.now())) parts_.backend.emit(cluster.key, event);
}

void Reconciler::say_holds(const Plan& plan, const RedisCluster& cluster, State& state) {
  for (const Hold& hold : plan.holds) say(cluster, state, Event::Severity::kWarning, hold.name, hold.message);
}

void Reconciler::publish_roles(const Plan& plan, const RedisCluster& cluster, State& state, std::stop_token stop) {
  if (plan.roles.empty() || plan.roles == state.roles) return;
  if (parts_.backend.set_roles(cluster.key, plan.roles, {options_.call_timeout, stop}).ok()) state.roles = plan.roles;
}

std::optional<Millis> Reconciler::write_status(State& state, bool at_once, std::stop_token stop) {
  const RedisCluster& cluster = *state.cluster;
  if (state.written == cluster.status) return std::nullopt;
  const Instant now = parts_.clock.now();
  const Instant due = state.written_at + options_.status_interval;
  if (!at_once && now < due) return std::chrono::ceil<Millis>(due - now);
  const Answer answer =
      parts_.resources.write_status(cluster.key, cluster.uid, cluster.status, {options_.call_timeout, stop});
  state.written_at = now;
  if (answer.ok()) state.written = cluster.status;
  return answer.ok() ? std::nullopt : std::optional(options_.status_interval);
}

void Reconciler::flush() {
  const std::lock_guard lock(mutex_);
  for (auto& [key, state] : states_) {
    if (state->cluster) write_status(*state, /*at_once=*/true, {});
  }
}

}  // namespace guccho::ops

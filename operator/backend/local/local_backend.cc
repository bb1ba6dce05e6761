// Observing and acting through the files of the state directory.
#include "operator/backend/local/local_backend.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "operator/backend/local/node_config.h"
#include "operator/backend/local/ports.h"
#include "operator/backend/local/rendering.h"

namespace guccho::ops::local {

using supervise::Desired;
using supervise::Presence;

namespace {

constexpr int64_t kMendSeconds = 2;

UnixMillis unix_now() {
  return UnixMillis(std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()));
}
int64_t monotonic_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string machine_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

Answer answer_of(const Status& done) {
  return done ? Answer::accepted() : Answer::unanswered(done.error().text);
}

StorageInfo storage_of(const StateDir& state, InstanceId id) {
  return {state.data_path(id), id, StorageState::kPresent, 0};
}

Instance instance_of(const StateDir& state, const PlaceFacts& facts) {
  Instance out;
  out.id = facts.id;
  out.incarnation = incarnation_of(facts);
  out.life = life_of(facts);
  out.revision = facts.record ? facts.record->revision : facts.desired ? facts.desired->revision : "";
  out.storage = storage_of(state, facts.id);
  out.endpoints.host = facts.place.host;
  out.endpoints.port = facts.place.port;
  out.endpoints.bus_port = facts.place.bus_port;
  out.endpoints.router_port = facts.place.router_port;
  out.endpoints.admin = fmt::format("unix:{}/{}", state.data_path(facts.id), kAdminSocket);
  out.host_name = machine_name();
  return out;
}

// Its maker died before anything could run in it. Nobody but ensure_shard() goes on with it, so to the planner it must
// be missing.
bool is_half_made(const PlaceFacts& facts) {
  return !facts.place.removed && !facts.desired && !facts.record && is_down(facts);
}

World world_of(const StateDir& state, const std::vector<PlaceFacts>& all) {
  World world;
  world.complete = true;
  world.at = unix_now();
  for (const PlaceFacts& facts : all) {
    if (is_half_made(facts)) continue;
    if (facts.place.removed && is_down(facts)) {
      world.left_storage.push_back(storage_of(state, facts.id));
    } else {
      world.instances.push_back(instance_of(state, facts));
    }
  }
  return world;
}

Result<std::vector<PlaceFacts>> read_all(const StateDir& state) {
  const auto places = state.places();
  if (!places) return std::unexpected(places.error());
  std::vector<PlaceFacts> out;
  for (const InstanceId id : *places) {
    auto facts = state.facts(id);
    if (!facts) return std::unexpected(facts.error());
    out.push_back(std::move(*facts));
  }
  return out;
}

bool exists(const PlaceFacts& facts) {
  return !facts.place.removed;
}

bool ports_are_free(const Place& place) {
  return can_listen(place.host, place.port) && can_listen(place.host, place.bus_port) &&
         can_listen(place.host, place.router_port);
}

// Its supervisor waits between two starts.
bool waits_for_start(const PlaceFacts& facts) {
  return facts.supervisor == Presence::kRunning && facts.process == Presence::kGone && facts.record->failures > 0;
}

// The addresses for the next start of a place where nothing runs: the present ones if they can be had, else new ones.
Result<Place> choose_place(const LocalSpec& local, const PlaceFacts& facts, const std::vector<PlaceFacts>& all) {
  const uint16_t first = local.first_port ? local.first_port : kDefaultFirstPort;
  const uint16_t first_router = local.first_router_port ? local.first_router_port : kDefaultFirstRouterPort;
  Place place = facts.place;
  place.removed = false;
  const bool as_wished =
      place.host == local.host && place.first_port == first && place.first_router_port == first_router;
  if (as_wished && ports_are_free(place)) return place;
  std::set<uint16_t> taken;
  for (const PlaceFacts& other : all) {
    if (other.id != facts.id) taken.insert({other.place.port, other.place.bus_port, other.place.router_port});
  }
  auto chosen = choose_ports(first, first_router, taken, [&](uint16_t port) { return can_listen(local.host, port); });
  if (!chosen) {
    // An address that cannot be had makes every port look taken.
    if (auto host = check_host(local.host); !host) return std::unexpected(host.error());
    return std::unexpected(chosen.error());
  }
  place.host = local.host;
  place.port = chosen->port;
  place.bus_port = static_cast<uint16_t>(chosen->port + kBusOffset);
  place.router_port = chosen->router_port;
  place.first_port = first;
  place.first_router_port = first_router;
  return place;
}

}  // namespace

Result<World> observe_only(const StateDir& state) {
  const auto all = read_all(state);
  if (!all) return std::unexpected(all.error());
  return world_of(state, *all);
}

LocalBackend::LocalBackend(StateDir state, std::string node_program, std::function<void(const Event&)> on_event)
    : state_(std::move(state)), spawner_(std::move(node_program)), on_event_(std::move(on_event)) {}

Result<World> LocalBackend::observe(const ObjectKey&, const CallContext& call) {
  const auto all = read_all(state_);
  if (!all) return std::unexpected(all.error());
  for (const PlaceFacts& facts : *all) mend(facts, *all, call);
  return world_of(state_, *all);
}

void LocalBackend::mend(const PlaceFacts& facts, const AllFacts& all, const CallContext& call) {
  if (!facts.desired) return;  // half made
  if (facts.place.removed && facts.desired->goal == Desired::Goal::kRun && !is_down(facts)) {
    remove(facts);  // was interrupted between its two files
  }
  // Not by the goal, which is `stop` too where an end for new addresses was not followed by a start.
  const bool shall_run = exists(facts) && !stopping_;
  const bool waits = shall_run && waits_for_start(facts);
  if (waits) take_spec_over(facts, all);
  const bool left_stopped = shall_run && facts.desired->goal == Desired::Goal::kStop;
  const bool lost_ports = waits && !ports_are_free(facts.place);
  // A node without a supervisor needs one also for its end.
  const bool needs_supervisor = facts.supervisor == Presence::kGone && (shall_run || facts.process != Presence::kGone);
  if (!left_stopped && !lost_ports && !needs_supervisor) return;
  int64_t& mended_at = mended_at_[facts.id];
  if (mended_at != 0 && monotonic_seconds() - mended_at < kMendSeconds) return;
  mended_at = monotonic_seconds();

  const Status done = !shall_run   ? spawner_.start(state_.place_path(facts.id))
                      : lost_ports ? move_place(facts, all, call)
                                   : restart_place(facts.id, all);
  if (done) return;
  const std::string text = fmt::format("{}: {}", facts.id.str(), done.error().text);
  emit({}, {Event::Severity::kWarning, "NotStarted", text, unix_now()});
}

Result<RedisCluster> LocalBackend::present_resource() const {
  auto cluster = state_.resource();
  if (!cluster) return std::unexpected(cluster.error());
  if (!*cluster) return fail("there is no resource");
  return std::move(**cluster);
}

// What a node is started with next, in the present revision; a spec that cannot be used changes nothing, and is said
// once.
std::optional<Rendering> LocalBackend::render_present(const RedisCluster& cluster, InstanceId id, const AllFacts& all) {
  auto next = render(state_, all, cluster, id, revision_of(cluster.spec));
  const std::string problem = next ? "" : next.error().text;
  if (!problem.empty() && problem != last_problem_) {
    emit({}, {Event::Severity::kWarning, "SpecNotUsed", problem, unix_now()});
  }
  last_problem_ = problem;
  return next ? std::optional(std::move(*next)) : std::nullopt;
}

// For a node that its supervisor is about to start again: with the present spec then.
void LocalBackend::take_spec_over(const PlaceFacts& facts, const AllFacts& all) {
  const auto cluster = present_resource();
  if (!cluster || facts.desired->revision == revision_of(cluster->spec)) return;
  const auto next = render_present(*cluster, facts.id, all);
  if (!next || next->revision == facts.desired->revision) return;
  Desired desired = *facts.desired;
  desired.revision = next->revision;
  // In this order for the reason that write_rendering() has. Whatever fails here is done by a later round.
  if (state_.write_node_config(facts.id, next->config)) (void)state_.write_desired(facts.id, desired);
}

// New addresses for a node that its supervisor cannot start. They are looked for first: without them the supervisor
// would be ended for nothing.
Status LocalBackend::move_place(const PlaceFacts& facts, const AllFacts& all, const CallContext& call) {
  const auto cluster = present_resource();
  if (!cluster) return std::unexpected(cluster.error());
  if (auto place = choose_place(cluster->spec.local, facts, all); !place) return std::unexpected(place.error());
  end_supervisor(facts, call);
  return restart_place(facts.id, all);
}

// Read anew: a node may have started before its supervisor saw that it should end.
Status LocalBackend::restart_place(InstanceId id, const AllFacts& all) {
  auto facts = state_.facts(id);
  if (!facts) return std::unexpected(facts.error());
  const auto cluster = present_resource();
  if (!cluster) return std::unexpected(cluster.error());
  if (!is_down(*facts)) return start(*facts, all, cluster->spec.local);
  const auto next = render_present(*cluster, id, all);
  if (!next) {
    if (auto fits = check_as_it_was(state_, all, id); !fits) return fits;
    return start(*facts, all, cluster->spec.local);
  }
  if (auto done = write_rendering(*facts, *next); !done) return done;
  return start(*facts, all, next->local);
}

// The configuration before the revision's name, which start() writes: a node that starts in between is at worst taken
// for an older one and started once more.
Status LocalBackend::write_rendering(PlaceFacts& facts, const Rendering& rendering) {
  const auto present = supervise::read_file(state_.node_config_path(facts.id));
  if (!present || *present != rendering.config) {
    if (auto done = state_.write_node_config(facts.id, rendering.config); !done) return done;
  }
  if (!facts.desired) facts.desired = Desired{};
  facts.desired->revision = rendering.revision;
  return {};
}

// Lets a place run: its addresses, its desired state, its supervisor, as far as they are missing.
Status LocalBackend::start(const PlaceFacts& facts, const AllFacts& all, const LocalSpec& local) {
  const std::string directory = state_.place_path(facts.id);
  if (facts.supervisor == Presence::kUnknown) return fail("whether its supervisor runs cannot be told");
  if (spawner_.running(directory) && facts.supervisor == Presence::kGone)
    return {};  // has not written its first record
  Desired desired = facts.desired.value_or(Desired{});
  desired.goal = Desired::Goal::kRun;
  if (is_down(facts)) {
    auto place = choose_place(local, facts, all);
    if (!place) return std::unexpected(place.error());
    if (*place != facts.place) {
      if (auto done = state_.write_place(facts.id, *place); !done) return done;
    }
    desired.arguments = node_arguments(state_.node_config_path(facts.id), *place);
  }
  // Unchanged, this wakes a supervisor for nothing, which is cheaper than another way to be wrong.
  if (auto done = state_.write_desired(facts.id, desired); !done) return done;
  if (facts.supervisor == Presence::kRunning) return {};
  return spawner_.start(directory);
}

Answer LocalBackend::ensure_shard(const RedisCluster& cluster, int shard, int size, const std::string& revision,
                                  const CallContext&) {
  auto all = read_all(state_);
  if (!all) return Answer::unanswered(all.error().text);
  const auto beyond = std::ranges::find_if(
      *all, [&](const PlaceFacts& f) { return exists(f) && f.id.shard == shard && f.id.ordinal >= size; });
  if (beyond != all->end()) {
    return Answer::refused(fmt::format("shard {} has {}: a size of {} would remove it", shard, beyond->id.str(), size));
  }
  for (int ordinal = 0; ordinal < size; ++ordinal) {
    const Answer answer = ensure_place(cluster, {shard, ordinal}, revision, *all);
    if (!answer.ok()) return answer;
    all = read_all(state_);  // the next one must not take the same ports
    if (!all) return Answer::unanswered(all.error().text);
  }
  return Answer::accepted();
}

Answer LocalBackend::ensure_place(const RedisCluster& cluster, InstanceId id, const std::string& revision,
                                  const AllFacts& all) {
  const auto found = std::ranges::find(all, id, &PlaceFacts::id);
  PlaceFacts facts;
  facts.id = id;
  if (found != all.end()) facts = *found;
  if (facts.place.removed && !is_down(facts)) return Answer::conflict(fmt::format("{} is still ending", id.str()));
  const auto next = render(state_, all, cluster, id, revision);
  if (!next) return Answer::refused(next.error().text);

  if (!facts.desired || facts.desired->revision != next->revision) {
    // Only for a new place: where a directory that was there is missing, its disk may be, and an empty one in its stead
    // would be taken for the proof that its data is gone.
    if (!facts.desired) {
      if (auto done = supervise::make_directories(state_.data_path(id)); !done) return answer_of(done);
    }
    if (auto done = write_rendering(facts, *next); !done) return answer_of(done);
  } else if (facts.supervisor == Presence::kRunning && facts.desired->goal == Desired::Goal::kRun) {
    return Answer::accepted();  // as it shall be
  }
  return answer_of(start(facts, all, next->local));
}

// For a supervisor between two starts: it ends as soon as it reads this. Whether it did shows in the facts.
void LocalBackend::end_supervisor(const PlaceFacts& facts, const CallContext& call) {
  Desired stop = *facts.desired;
  stop.goal = Desired::Goal::kStop;
  if (!state_.write_desired(facts.id, stop)) return;
  constexpr Millis kPoll{10};
  for (Millis waited{0}; waited < call.timeout && !call.stop.stop_requested(); waited += kPoll) {
    const bool reaped = !spawner_.running(state_.place_path(facts.id));
    if (reaped && supervise::presence_of(facts.record->supervisor) == Presence::kGone) return;
    std::this_thread::sleep_for(kPoll);
  }
}

Answer LocalBackend::restart(const ObjectKey&, InstanceId id, const Incarnation& incarnation, const CallContext&) {
  const auto all = read_all(state_);
  if (!all) return Answer::unanswered(all.error().text);
  const auto facts = std::ranges::find(*all, id, &PlaceFacts::id);
  if (facts == all->end() || !exists(*facts) || !facts->desired) {
    return Answer::conflict(fmt::format("there is no {}", id.str()));
  }
  if (incarnation_of(*facts) != incarnation) {
    return Answer::conflict(fmt::format("{} runs as {}", id.str(), incarnation_of(*facts).value));
  }
  Desired desired = *facts->desired;
  desired.restart = incarnation.value;
  return answer_of(state_.write_desired(id, desired));
}

Answer LocalBackend::remove(const PlaceFacts& facts) {
  Place place = facts.place;
  place.removed = true;
  if (auto done = state_.write_place(facts.id, place); !done) return answer_of(done);
  Desired desired = facts.desired.value_or(Desired{});
  desired.goal = Desired::Goal::kStop;
  return answer_of(state_.write_desired(facts.id, desired));
}

Answer LocalBackend::remove_highest(const ObjectKey&, InstanceId highest, const Incarnation& incarnation,
                                    const CallContext&) {
  const auto all = read_all(state_);
  if (!all) return Answer::unanswered(all.error().text);
  for (const PlaceFacts& facts : *all) {
    if (exists(facts) && facts.id.shard == highest.shard && facts.id.ordinal > highest.ordinal) {
      return Answer::refused(fmt::format("{} is not the highest: there is {}", highest.str(), facts.id.str()));
    }
  }
  const auto facts = std::ranges::find(*all, highest, &PlaceFacts::id);
  if (facts == all->end() || !exists(*facts)) return Answer::accepted();
  if (incarnation_of(*facts) != incarnation) {
    return Answer::conflict(fmt::format("{} runs as {}", highest.str(), incarnation_of(*facts).value));
  }
  return remove(*facts);
}

Answer LocalBackend::remove_shard(const ObjectKey&, int shard, const CallContext&) {
  const auto all = read_all(state_);
  if (!all) return Answer::unanswered(all.error().text);
  for (const PlaceFacts& facts : *all) {
    if (exists(facts) && facts.id.shard > shard) {
      return Answer::refused(fmt::format("shard {} is not the highest: there is {}", shard, facts.id.str()));
    }
  }
  for (const PlaceFacts& facts : *all) {
    if (facts.id.shard != shard || !exists(facts)) continue;
    if (const Answer answer = remove(facts); !answer.ok()) return answer;
  }
  return Answer::accepted();
}

Answer LocalBackend::release_storage(const ObjectKey&, const std::string& storage_id, const std::string& evidence,
                                     const CallContext&) {
  const auto all = read_all(state_);
  if (!all) return Answer::unanswered(all.error().text);
  for (const PlaceFacts& facts : *all) {
    if (state_.data_path(facts.id) != storage_id) continue;
    if (exists(facts) || !is_down(facts)) return Answer::refused(fmt::format("{} uses it", facts.id.str()));
    emit({}, {Event::Severity::kNormal, "StorageReleased", fmt::format("{}: {}", storage_id, evidence), unix_now()});
    return answer_of(state_.delete_place(facts.id));
  }
  return Answer::accepted();
}

Answer LocalBackend::grow_storage(const ObjectKey&, int, uint64_t, const CallContext&) {
  return Answer::refused("a local directory has no size");
}

Answer LocalBackend::set_roles(const ObjectKey&, const std::map<InstanceId, Role>& roles, const CallContext&) {
  return answer_of(state_.write_roles(roles));
}

void LocalBackend::emit(const ObjectKey&, const Event& event) {
  state_.append_event(event);
  if (on_event_) on_event_(event);
}

Result<bool> LocalBackend::stop_all() {
  stopping_ = true;
  auto all = read_all(state_);
  if (!all) return std::unexpected(all.error());
  const auto roles = state_.roles();
  const auto is_replica = [&](const PlaceFacts& facts) {
    const auto role = roles.find(facts.id);
    return role != roles.end() && role->second == Role::kReplica;
  };
  const auto runs = [&](const PlaceFacts& facts) {
    return !is_down(facts) || spawner_.running(state_.place_path(facts.id));
  };
  const bool replicas_run =
      std::ranges::any_of(*all, [&](const PlaceFacts& facts) { return is_replica(facts) && runs(facts); });
  bool nothing_runs = true;
  for (PlaceFacts& facts : *all) {
    nothing_runs = nothing_runs && !runs(facts);
    if (replicas_run && !is_replica(facts)) continue;
    if (facts.desired && facts.desired->goal == Desired::Goal::kRun) {
      facts.desired->goal = Desired::Goal::kStop;
      if (auto written = state_.write_desired(facts.id, *facts.desired); !written) {
        return std::unexpected(written.error());
      }
    }
    mend(facts, *all, {});
  }
  return nothing_runs;
}

Status LocalBackend::resume_all() {
  stopping_ = false;
  const auto all = read_all(state_);
  if (!all) return std::unexpected(all.error());
  for (const PlaceFacts& facts : *all) {
    if (!exists(facts) || !facts.desired || facts.desired->goal == Desired::Goal::kRun) continue;
    Desired run = *facts.desired;
    run.goal = Desired::Goal::kRun;
    if (auto written = state_.write_desired(facts.id, run); !written) return written;
  }
  return {};
}

}  // namespace guccho::ops::local

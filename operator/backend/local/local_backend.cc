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

namespace guccho::ops::local {

using supervise::Desired;

namespace {

constexpr int64_t kMendSeconds = 5;

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

// First line of the password file; empty when the spec names none.
Result<std::string> password_of(const AuthSpec& auth) {
  if (!auth.secret_name.empty()) return fail("spec.auth.secretName: there are no Secrets here, use passwordFile");
  if (auth.password_file.empty()) return std::string();
  auto text = supervise::read_file(auth.password_file);
  if (!text) return fail("spec.auth.passwordFile: " + text.error().text);
  std::string password = text->substr(0, text->find('\n'));
  if (password.empty()) return fail(fmt::format("spec.auth.passwordFile: {}: first line is empty", auth.password_file));
  return password;
}

StorageInfo storage_of(const StateDir& state, InstanceId id) {
  return {state.data_path(id), StorageState::kPresent, 0};
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

World world_of(const StateDir& state, const std::vector<PlaceFacts>& all) {
  World world;
  world.complete = true;
  world.at = unix_now();
  for (const PlaceFacts& facts : all) {
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
         (place.router_port == 0 || can_listen(place.host, place.router_port));
}

// Before a first start there is no record; a supervisor that waits between two starts has one.
bool waits_for_start(const PlaceFacts& facts) {
  return facts.supervisor_alive && !facts.process_alive && facts.record->failures > 0;
}

}  // namespace

Result<World> observe_only(const StateDir& state) {
  const auto all = read_all(state);
  if (!all) return std::unexpected(all.error());
  return world_of(state, *all);
}

LocalBackend::LocalBackend(StateDir state, std::string node_program, std::function<void(const Event&)> on_event)
    : state_(std::move(state)), spawner_(std::move(node_program)), on_event_(std::move(on_event)) {}

Result<LocalBackend::AllFacts> LocalBackend::all_facts() const {
  return read_all(state_);
}

Result<World> LocalBackend::observe(const ObjectKey&, const CallContext&) {
  const auto all = all_facts();
  if (!all) return std::unexpected(all.error());
  for (const PlaceFacts& facts : *all) mend(facts);
  return world_of(state_, *all);
}

void LocalBackend::mend(const PlaceFacts& facts) {
  if (!facts.desired) return;  // being made: ensure_shard goes on with it
  if (facts.place.removed && facts.desired->goal == Desired::Goal::kRun && !is_down(facts)) {
    remove(facts);  // was interrupted between its two files
  }
  const bool shall_run = exists(facts) && facts.desired->goal == Desired::Goal::kRun;
  // A node without a supervisor needs one also for its end.
  if (facts.supervisor_alive || !(shall_run || facts.process_alive)) return;
  const std::string directory = state_.place_path(facts.id);
  int64_t& mended_at = mended_at_[facts.id];
  if (spawner_.running(directory) || (mended_at != 0 && monotonic_seconds() - mended_at < kMendSeconds)) return;
  mended_at = monotonic_seconds();
  if (auto started = spawner_.start(directory); !started) {
    emit({}, {Event::Severity::kWarning, "SupervisorNotStarted", started.error().text, unix_now()});
  }
}

Answer LocalBackend::ensure_shard(const RedisCluster& cluster, int shard, int size, const std::string& revision,
                                  const CallContext& call) {
  auto all = all_facts();
  if (!all) return Answer::unanswered(all.error().text);
  const auto beyond = std::ranges::find_if(
      *all, [&](const PlaceFacts& f) { return exists(f) && f.id.shard == shard && f.id.ordinal >= size; });
  if (beyond != all->end()) {
    return Answer::refused(fmt::format("shard {} has {}: a size of {} would remove it", shard, beyond->id.str(), size));
  }
  for (int ordinal = 0; ordinal < size; ++ordinal) {
    const Answer answer = ensure_place(cluster, {shard, ordinal}, revision, *all, call);
    if (!answer.ok()) return answer;
    all = all_facts();  // the next one must not take the same ports
    if (!all) return Answer::unanswered(all.error().text);
  }
  return Answer::accepted();
}

Answer LocalBackend::ensure_place(const RedisCluster& cluster, InstanceId id, const std::string& revision,
                                  const AllFacts& all, const CallContext& call) {
  const auto found = std::ranges::find(all, id, &PlaceFacts::id);
  const PlaceFacts* present = found == all.end() ? nullptr : &*found;
  if (present && present->place.removed && !is_down(*present)) {
    return Answer::conflict(fmt::format("{} is still ending", id.str()));
  }
  const auto password = password_of(cluster.spec.auth);
  if (!password) return Answer::refused(password.error().text);

  // A node that cannot start because others took its ports gets new ones; nothing may start it meanwhile.
  if (present && waits_for_start(*present) && !ports_are_free(present->place)) {
    if (auto ended = end_supervisor(*present, call); !ended) return Answer::unanswered(ended.error().text);
    const auto now = state_.facts(id);
    if (!now) return Answer::unanswered(now.error().text);
    if (!is_down(*now)) return Answer::conflict(fmt::format("{} has started meanwhile", id.str()));
    return ensure_place(cluster, id, revision, {*now}, call);
  }
  Place place = present ? present->place : Place{};
  const bool may_move = !present || is_down(*present);
  if (may_move) {
    auto chosen = choose_place(cluster.spec, present, all);
    if (!chosen) return Answer::refused(chosen.error().text);
    place = std::move(*chosen);
  }
  Desired desired = present && present->desired ? *present->desired : Desired{};
  desired.goal = Desired::Goal::kRun;
  desired.revision = revision;
  desired.arguments = {state_.node_config_path(id)};

  const std::string config = node_config(cluster.spec, place, state_.data_path(id), *password);
  // The configuration before the desired state that names its revision: a node that starts in between is at worst taken
  // for an older one and started once more.
  if (!present || present->place != place) {
    if (auto done = state_.write_place(id, place); !done) return answer_of(done);
  }
  const bool new_revision = !present || !present->desired || present->desired->revision != revision;
  if (new_revision || may_move) {
    if (auto done = state_.write_node_config(id, config); !done) return answer_of(done);
  }
  if (!present || present->desired != desired) {
    if (auto done = state_.write_desired(id, desired); !done) return answer_of(done);
  }
  if (present && present->supervisor_alive) return Answer::accepted();
  return answer_of(spawner_.start(state_.place_path(id)));
}

// The present addresses if they can be had, else new ones.
Result<Place> LocalBackend::choose_place(const RedisClusterSpec& spec, const PlaceFacts* present,
                                         const AllFacts& all) const {
  if (present && present->place.host == spec.local.host && ports_are_free(present->place)) {
    Place place = present->place;
    place.removed = false;
    return place;
  }
  std::set<uint16_t> taken;
  for (const PlaceFacts& other : all) {
    if (!present || other.id != present->id) {
      taken.insert({other.place.port, other.place.bus_port, other.place.router_port});
    }
  }
  const uint16_t first = spec.local.first_port ? spec.local.first_port : kDefaultFirstPort;
  const uint16_t first_router = spec.local.first_router_port ? spec.local.first_router_port : kDefaultFirstRouterPort;
  const std::string& host = spec.local.host;
  auto chosen = choose_ports(first, first_router, taken, [&](uint16_t port) { return can_listen(host, port); });
  if (!chosen) return std::unexpected(chosen.error());
  Place place;
  place.host = host;
  place.port = chosen->port;
  place.bus_port = static_cast<uint16_t>(chosen->port + kBusOffset);
  place.router_port = chosen->router_port;
  return place;
}

// For a supervisor between two starts: it ends as soon as it reads this.
Status LocalBackend::end_supervisor(const PlaceFacts& facts, const CallContext& call) {
  Desired stop = *facts.desired;
  stop.goal = Desired::Goal::kStop;
  if (auto written = state_.write_desired(facts.id, stop); !written) return written;
  constexpr Millis kPoll{10};
  for (Millis waited{0}; waited < call.timeout && !call.stop.stop_requested(); waited += kPoll) {
    const bool reaped = !spawner_.running(state_.place_path(facts.id));
    if (reaped && !supervise::is_running(facts.record->supervisor)) return {};
    std::this_thread::sleep_for(kPoll);
  }
  return fail(fmt::format("the supervisor of {} has not ended yet", facts.id.str()));
}

Answer LocalBackend::restart(const ObjectKey&, InstanceId id, const Incarnation& incarnation, const CallContext&) {
  const auto all = all_facts();
  if (!all) return Answer::unanswered(all.error().text);
  const auto facts = std::ranges::find(*all, id, &PlaceFacts::id);
  if (facts == all->end() || !exists(*facts) || !facts->desired) {
    return Answer::conflict(fmt::format("there is no {}", id.str()));
  }
  if (facts->desired->restart == incarnation.value) return Answer::accepted();  // asked for, or done, already
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
  const auto all = all_facts();
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
  const auto all = all_facts();
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
  const auto all = all_facts();
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
  const auto all = all_facts();
  if (!all) return std::unexpected(all.error());
  bool nothing_runs = true;
  for (const PlaceFacts& facts : *all) {
    if (facts.desired && facts.desired->goal == Desired::Goal::kRun) {
      Desired stop = *facts.desired;
      stop.goal = Desired::Goal::kStop;
      if (auto written = state_.write_desired(facts.id, stop); !written) return std::unexpected(written.error());
    }
    mend(facts);
    if (!is_down(facts) || spawner_.running(state_.place_path(facts.id))) nothing_runs = false;
  }
  return nothing_runs;
}

Status LocalBackend::resume_all() {
  const auto all = all_facts();
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

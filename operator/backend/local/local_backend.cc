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

// Its maker died before anything could run in it. Nobody but ensure_shard() goes on with it, so to the planner it must be
// missing.
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
  return facts.supervisor_alive && !facts.process_alive && facts.record->failures > 0;
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
  if (!chosen) return std::unexpected(chosen.error());
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
  const bool shall_run = exists(facts) && facts.desired->goal == Desired::Goal::kRun;
  const bool lost_ports = shall_run && waits_for_start(facts) && !ports_are_free(facts.place);
  // A node without a supervisor needs one also for its end.
  const bool needs_supervisor = !facts.supervisor_alive && (shall_run || facts.process_alive);
  if (!lost_ports && !needs_supervisor) return;
  int64_t& mended_at = mended_at_[facts.id];
  if (mended_at != 0 && monotonic_seconds() - mended_at < kMendSeconds) return;
  mended_at = monotonic_seconds();

  if (lost_ports) end_supervisor(facts, call);
  const Status done = shall_run ? restart_place(facts.id, all) : spawner_.start(state_.place_path(facts.id));
  if (done) return;
  const std::string text = fmt::format("{}: {}", facts.id.str(), done.error().text);
  emit({}, {Event::Severity::kWarning, "NotStarted", text, unix_now()});
}

// Read anew: a node may have started before its supervisor saw that it should end.
Status LocalBackend::restart_place(InstanceId id, const AllFacts& all) {
  auto facts = state_.facts(id);
  if (!facts) return std::unexpected(facts.error());
  auto cluster = state_.resource();
  if (!cluster) return std::unexpected(cluster.error());
  if (!*cluster) return fail("there is no resource");
  return start(*facts, all, (*cluster)->spec.local);
}

// Lets a place run: its addresses, its desired state, its supervisor, as far as they are missing.
Status LocalBackend::start(const PlaceFacts& facts, const AllFacts& all, const LocalSpec& local) {
  const std::string directory = state_.place_path(facts.id);
  if (spawner_.running(directory) && !facts.supervisor_alive) return {};  // has not written its first record yet
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
  if (facts.supervisor_alive) return {};
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
  const auto password = password_of(cluster.spec.auth);
  if (!password) return Answer::refused(password.error().text);

  if (!facts.desired || facts.desired->revision != revision) {
    if (auto done = supervise::make_directories(state_.data_path(id)); !done) return answer_of(done);
    // The configuration before the revision's name: a node that starts in between is at worst taken for an older one
    // and started once more.
    const std::string config = node_config(cluster.spec, state_.data_path(id), *password);
    if (auto done = state_.write_node_config(id, config); !done) return answer_of(done);
    if (!facts.desired) facts.desired = Desired{};
    facts.desired->revision = revision;
  } else if (facts.supervisor_alive && facts.desired->goal == Desired::Goal::kRun) {
    return Answer::accepted();  // as it shall be
  }
  return answer_of(start(facts, all, cluster.spec.local));
}

// For a supervisor between two starts: it ends as soon as it reads this. Whether it did shows in the facts.
void LocalBackend::end_supervisor(const PlaceFacts& facts, const CallContext& call) {
  Desired stop = *facts.desired;
  stop.goal = Desired::Goal::kStop;
  if (!state_.write_desired(facts.id, stop)) return;
  constexpr Millis kPoll{10};
  for (Millis waited{0}; waited < call.timeout && !call.stop.stop_requested(); waited += kPoll) {
    const bool reaped = !spawner_.running(state_.place_path(facts.id));
    if (reaped && !supervise::is_running(facts.record->supervisor)) return;
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

// The fake world: places and their processes, resources, and the faults.
#include "operator/backend/fake/fake_world.h"

#include <fmt/format.h>

#include <algorithm>

namespace guccho::ops {
namespace {

class NoSubscription : public Subscription {};

Result<NodeStatus> silence() {
  return fail("no answer in time");
}

}  // namespace

template <class Act>
Answer FakeWorld::perform(std::string description, Act act) {
  if (dead()) return Answer::unanswered("this operator is dead");
  const int number = acts_ + 1;
  if (faults.drop_every > 0 && number % faults.drop_every == 0) {
    ++acts_;
    return Answer::unanswered("the call was lost");
  }
  if (!faults.stale) before_ = look();
  const Answer answer = act();
  if (!answer.ok()) return answer;
  ++acts_;
  journal_.push_back(std::move(description));
  if (faults.lose_every > 0 && number % faults.lose_every == 0) return Answer::unanswered("the answer was lost");
  return answer;
}

// ---- the passing of time ----

void FakeWorld::begin(Place& place) {
  Instance& instance = place.instance;
  instance.incarnation = Incarnation{fmt::format("start-{}", ++starts_)};
  instance.life = Running{};
  instance.revision = place.revision;
  instance.storage.state = StorageState::kPresent;
  nodes_.start(instance.id, instance.endpoints, instance.incarnation, place.disk ? &*place.disk : nullptr);
}

void FakeWorld::end(Place& place, const std::string& detail) {
  const bool persistent = resource_.spec.persistence.mode != PersistenceMode::kNone;
  if (auto disk = nodes_.stop(place.instance.id, persistent)) place.disk = disk;
  place.instance.life = Gone{Evidence::kProcessReaped, detail};
}

void FakeWorld::step() {
  now_ += Millis(100);
  if (!faults.stale) before_ = look();
  for (auto it = places_.begin(); it != places_.end();) {
    Place& place = it->second;
    if (!place.removing) {
      ++it;
      continue;
    }
    end(place, "removed");
    left_.push_back(place.instance.storage);
    if (place.disk) left_disks_[place.instance.storage.id] = *place.disk;
    it = places_.erase(it);
  }
  for (auto& [id, place] : places_) {
    const bool idle =
        std::holds_alternative<Gone>(place.instance.life) || std::holds_alternative<Pending>(place.instance.life);
    if (idle && !place.down) begin(place);
  }
  nodes_.step();
}

// ---- what happens to it ----

void FakeWorld::put_resource(const RedisCluster& cluster) {
  const RedisClusterStatus status = resource_.status;
  resource_ = cluster;
  if (has_resource_) resource_.status = status;
  has_resource_ = true;
}

void FakeWorld::kill(InstanceId place) {
  end(places_.at(place), "killed by signal 9");
}

void FakeWorld::hold_down(InstanceId place, bool down) {
  places_.at(place).down = down;
}

void FakeWorld::freeze(InstanceId place, bool frozen) {
  if (SimNode* node = nodes_.find(place)) node->frozen = frozen;
}

void FakeWorld::move_ports(InstanceId place) {
  Endpoints& endpoints = places_.at(place).instance.endpoints;
  endpoints.port = next_port_++;
  endpoints.bus_port = static_cast<uint16_t>(endpoints.port + 10000);
}

void FakeWorld::lose_storage(InstanceId place) {
  kill(place);
  places_.at(place).disk.reset();
}

// ---- Backend ----

World FakeWorld::look() const {
  World world{.complete = true, .instances = {}, .left_storage = left_, .at = now_};
  for (const auto& [id, place] : places_) world.instances.push_back(place.instance);
  return world;
}

Result<World> FakeWorld::observe(const ObjectKey&, const CallContext& call) {
  if (call.stop.stop_requested()) return fail("stopped");
  if (dead() || faults.observe_fails) return fail("the world does not answer");
  World world = faults.stale && before_ ? *before_ : look();
  for (Instance& instance : world.instances) {
    if (faults.unknown.contains(instance.id)) instance.life = UnknownLife{now_};
  }
  if (faults.incomplete) {
    world.complete = false;
    std::erase_if(world.instances, [&](const Instance& i) { return faults.unseen.contains(i.id); });
  }
  return world;
}

int FakeWorld::size_of(int shard) const {
  return static_cast<int>(
      std::ranges::count_if(places_, [&](const auto& entry) { return entry.first.shard == shard; }));
}

Answer FakeWorld::ensure_shard(const RedisCluster& cluster, int shard, int size, const std::string& revision,
                               const CallContext&) {
  return perform(fmt::format("ensure_shard {} {}", shard, size), [&] {
    if (size < size_of(shard)) return Answer::refused(fmt::format("shard {} has {} places", shard, size_of(shard)));
    for (int ordinal = 0; ordinal < size; ++ordinal) {
      const InstanceId id{shard, ordinal};
      const auto [it, fresh] = places_.try_emplace(id);
      Place& place = it->second;
      place.revision = revision;
      if (!fresh) continue;
      const std::string storage = cluster.key.name + "/" + id.str();
      place.instance.id = id;
      place.instance.life = Pending{"its supervisor is starting"};
      place.instance.storage = {.id = storage, .place = id, .state = StorageState::kPresent};
      place.instance.endpoints = {.host = "127.0.0.1", .admin = "fake:" + id.str()};
      move_ports(id);
      std::erase_if(left_, [&](const StorageInfo& left) { return left.id == storage; });
      if (const auto disk = left_disks_.extract(storage)) place.disk = disk.mapped();
    }
    return Answer::accepted();
  });
}

Answer FakeWorld::restart(const ObjectKey&, InstanceId id, const Incarnation& incarnation, const CallContext&) {
  return perform("restart " + id.str(), [&] {
    const auto it = places_.find(id);
    if (it == places_.end()) return Answer::conflict("no such place");
    if (it->second.instance.incarnation != incarnation) return Answer::conflict("another incarnation runs");
    end(it->second, "restarted");
    return Answer::accepted();
  });
}

Answer FakeWorld::remove_highest(const ObjectKey&, InstanceId highest, const Incarnation& incarnation,
                                 const CallContext&) {
  return perform("remove_highest " + highest.str(), [&] {
    const auto it = places_.find(highest);
    if (it == places_.end()) return Answer::accepted();
    if (highest.ordinal != size_of(highest.shard) - 1) return Answer::refused("not the highest of its shard");
    if (it->second.instance.incarnation != incarnation) return Answer::conflict("another incarnation runs");
    it->second.removing = true;
    it->second.instance.life = Terminating{};
    return Answer::accepted();
  });
}

Answer FakeWorld::remove_shard(const ObjectKey&, int shard, const CallContext&) {
  return perform(fmt::format("remove_shard {}", shard), [&] {
    if (!places_.empty() && places_.rbegin()->first.shard > shard) return Answer::refused("not the highest shard");
    for (auto& [id, place] : places_) {
      if (id.shard != shard) continue;
      place.removing = true;
      place.instance.life = Terminating{};
    }
    return Answer::accepted();
  });
}

Answer FakeWorld::release_storage(const ObjectKey&, const std::string& storage_id, const std::string&,
                                  const CallContext&) {
  return perform("release_storage " + storage_id, [&] {
    const bool used =
        std::ranges::any_of(places_, [&](const auto& e) { return e.second.instance.storage.id == storage_id; });
    if (used) return Answer::refused("a place uses it");
    std::erase_if(left_, [&](const StorageInfo& left) { return left.id == storage_id; });
    left_disks_.erase(storage_id);
    return Answer::accepted();
  });
}

Answer FakeWorld::grow_storage(const ObjectKey&, int shard, uint64_t size, const CallContext&) {
  return perform(fmt::format("grow_storage {} {}", shard, size), [&] {
    for (auto& [id, place] : places_) {
      if (id.shard == shard && size < place.instance.storage.size) return Answer::refused("less than the present size");
    }
    for (auto& [id, place] : places_) {
      if (id.shard == shard) place.instance.storage.size = size;
    }
    return Answer::accepted();
  });
}

// Publishing roles is not an act of a plan: it is not counted and no fault touches it.
Answer FakeWorld::set_roles(const ObjectKey&, const std::map<InstanceId, Role>& roles, const CallContext&) {
  if (dead()) return Answer::unanswered("this operator is dead");
  roles_ = roles;
  ++role_writes_;
  return Answer::accepted();
}

void FakeWorld::emit(const ObjectKey&, const Event& event) {
  if (!dead()) events_.push_back(event);
}

// ---- NodeAdmin ----

InstanceId FakeWorld::place_of(const std::string& admin) const {
  for (const auto& [id, place] : places_) {
    if (place.instance.endpoints.admin == admin) return id;
  }
  return {-1, -1};
}

std::vector<Result<NodeStatus>> FakeWorld::status(std::span<const NodeRef> nodes, const CallContext& call) {
  std::vector<Result<NodeStatus>> out;
  for (const NodeRef& node : nodes) {
    const InstanceId place = place_of(node.admin);
    auto status = nodes_.status(place);
    const bool silent = dead() || call.stop.stop_requested() || faults.unknown.contains(place) || !status;
    out.push_back(silent ? silence() : Result<NodeStatus>(std::move(*status)));
  }
  return out;
}

Answer FakeWorld::on_node(const NodeRef& ref, std::string description, auto act) {
  const InstanceId place = place_of(ref.admin);
  SimNode* node = nodes_.find(place);
  if (!node || !node->alive() || faults.unknown.contains(place)) return Answer::unanswered("no answer in time");
  if (term_ < leader_ || term_.value < node->fencing_term) return Answer::fenced("an old term");
  return perform(description + " at " + place.str(), [&] {
    if (node->state.id != ref.id) return Answer::conflict("this is another node");
    node->fencing_term = term_.value;
    return act(*node);
  });
}

Answer FakeWorld::meet(const NodeRef& node, const Endpoints& peer, const CallContext&) {
  return on_node(node, "meet " + peer.admin, [&](SimNode& n) { return nodes_.meet(n, peer); });
}

Answer FakeWorld::assign_slots(const NodeRef& node, std::span<const SlotRange> slots, ConfigEpoch epoch,
                               const CallContext&) {
  return on_node(node, "assign_slots", [&](SimNode& n) { return nodes_.assign(n, slots, epoch); });
}

Answer FakeWorld::replicate(const NodeRef& node, const NodeId& primary, const CallContext&) {
  return on_node(node, "replicate", [&](SimNode& n) { return nodes_.replicate(n, primary); });
}

Answer FakeWorld::failover(const NodeRef& node, FailoverMode mode, const ProofOfDeath* proof, const CallContext&) {
  return on_node(node, fmt::format("failover {}", to_string(mode)),
                 [&](SimNode& n) { return nodes_.failover(n, mode, proof); });
}

Answer FakeWorld::forget(const NodeRef& node, const NodeId& forgotten, const ProofOfDeath* proof, const CallContext&) {
  return on_node(node, "forget", [&](SimNode& n) { return nodes_.forget(n, forgotten, proof); });
}

Result<std::vector<std::string>> FakeWorld::capabilities(const NodeRef&, const CallContext&) {
  return std::vector<std::string>{"takeover"};
}

Result<std::map<std::string, std::string>> FakeWorld::get_config(const NodeRef&, std::span<const std::string>,
                                                                 const CallContext&) {
  return fail("simulated nodes have no configuration");
}

Answer FakeWorld::set_config(const NodeRef&, const std::map<std::string, std::string>&, const CallContext&) {
  return Answer::refused("simulated nodes have no configuration");
}

Answer FakeWorld::drain(const NodeRef&, const CallContext&) {
  return Answer::refused("simulated nodes do not drain");
}

Answer FakeWorld::shutdown(const NodeRef& node, bool, const CallContext&) {
  const InstanceId place = place_of(node.admin);
  return on_node(node, "shutdown", [&](SimNode&) {
    end(places_.at(place), "exited with 0");
    return Answer::accepted();
  });
}

// ---- ResourceStore and Leadership ----

Result<std::vector<ObjectKey>> FakeWorld::list(const CallContext&) {
  return has_resource_ ? std::vector<ObjectKey>{resource_.key} : std::vector<ObjectKey>{};
}

Result<std::optional<RedisCluster>> FakeWorld::get(const ObjectKey& key, const CallContext& call) {
  if (dead() || call.stop.stop_requested()) return fail("the store does not answer");
  if (!has_resource_ || resource_.key != key) return std::optional<RedisCluster>();
  return std::optional<RedisCluster>(resource_);
}

Answer FakeWorld::write_status(const ObjectKey&, const std::string& uid, const RedisClusterStatus& status,
                               const CallContext&) {
  if (dead()) return Answer::unanswered("this operator is dead");
  if (uid != resource_.uid) return Answer::conflict("another object");
  resource_.status = status;
  ++status_writes_;
  return Answer::accepted();
}

std::unique_ptr<Subscription> FakeWorld::watch(std::function<void(const ObjectKey&)> changed) {
  if (has_resource_) changed(resource_.key);
  return std::make_unique<NoSubscription>();
}

Result<FencingTerm> FakeWorld::term() {
  if (!leads_) return fail("another operator leads");
  return leader_;
}

}  // namespace guccho::ops

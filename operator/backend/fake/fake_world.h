// A world in memory behind the three interfaces of the operator, with the faults that real ones show too rarely: parts
// that cannot be observed, stale observations, acts whose answer is lost, an operator that dies after any act.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "operator/backend/backend.h"
#include "operator/backend/fake/sim_nodes.h"
#include "operator/backend/node_admin.h"
#include "operator/backend/resources.h"

namespace guccho::ops {

struct Faults {
  bool incomplete = false;       // observe() cannot see everything: the unseen places are left out
  std::set<InstanceId> unseen;   // the places that an incomplete observation leaves out
  std::set<InstanceId> unknown;  // their life is Unknown and their nodes are silent
  bool stale = false;            // observe() answers with the world of before the last change
  bool observe_fails = false;
  int lose_every = 0;   // each n-th act happens but is not answered; 0: none
  int drop_every = 0;   // each n-th act does not happen and is not answered; 0: none
  int dies_after = -1;  // so many acts succeed, then nothing works any more; -1: never
};

// Everything happens in the calling thread; time passes only with step().
class FakeWorld : public Backend, public NodeAdmin, public ResourceStore, public Leadership {
 public:
  explicit FakeWorld(uint64_t seed = 1) : nodes_(seed) {}

  Faults faults;
  SimNodes& nodes() { return nodes_; }
  // One round: processes start and end, nodes gossip.
  void step();
  UnixMillis now() const { return now_; }

  void put_resource(const RedisCluster& cluster);
  RedisCluster& resource() { return resource_; }

  // What a person or a machine does to it.
  void kill(InstanceId place);                  // the process dies; its supervisor starts another with the next step
  void hold_down(InstanceId place, bool down);  // its supervisor does not start it any more (a crash loop)
  void freeze(InstanceId place, bool frozen);
  void move_ports(InstanceId place);    // it gets other ports at its next start
  void lose_storage(InstanceId place);  // kills it too: comes back as another node
  int acts() const { return acts_; }
  // Every act that happened, as text, in order.
  const std::vector<std::string>& journal() const { return journal_; }
  const std::vector<Event>& events() const { return events_; }
  const std::map<InstanceId, Role>& published_roles() const { return roles_; }
  int status_writes() const { return status_writes_; }
  int role_writes() const { return role_writes_; }

  // Backend
  Result<World> observe(const ObjectKey& cluster, const CallContext& call) override;
  Answer ensure_shard(const RedisCluster& cluster, int shard, int size, const std::string& revision,
                      const CallContext& call) override;
  Answer restart(const ObjectKey& cluster, InstanceId id, const Incarnation& incarnation,
                 const CallContext& call) override;
  Answer remove_highest(const ObjectKey& cluster, InstanceId highest, const Incarnation& incarnation,
                        const CallContext& call) override;
  Answer remove_shard(const ObjectKey& cluster, int shard, const CallContext& call) override;
  Answer release_storage(const ObjectKey& cluster, const std::string& storage_id, const std::string& evidence,
                         const CallContext& call) override;
  Answer grow_storage(const ObjectKey& cluster, int shard, uint64_t size, const CallContext& call) override;
  Answer set_roles(const ObjectKey& cluster, const std::map<InstanceId, Role>& roles, const CallContext& call) override;
  void emit(const ObjectKey& cluster, const Event& event) override;

  // NodeAdmin
  void set_term(FencingTerm term) override { term_ = term; }
  std::vector<Result<NodeStatus>> status(std::span<const NodeRef> nodes, const CallContext& call) override;
  Result<std::vector<std::string>> capabilities(const NodeRef& node, const CallContext& call) override;
  Answer meet(const NodeRef& node, const Endpoints& peer, const CallContext& call) override;
  Answer assign_slots(const NodeRef& node, std::span<const SlotRange> slots, ConfigEpoch epoch,
                      const CallContext& call) override;
  Answer replicate(const NodeRef& node, const NodeId& primary, const CallContext& call) override;
  Answer failover(const NodeRef& node, FailoverMode mode, const ProofOfDeath* proof, const CallContext& call) override;
  Answer forget(const NodeRef& node, const NodeId& forgotten, const ProofOfDeath* proof,
                const CallContext& call) override;
  Result<std::map<std::string, std::string>> get_config(const NodeRef& node, std::span<const std::string> patterns,
                                                        const CallContext& call) override;
  Answer set_config(const NodeRef& node, const std::map<std::string, std::string>& values,
                    const CallContext& call) override;
  Answer drain(const NodeRef& node, const CallContext& call) override;
  Answer shutdown(const NodeRef& node, bool hand_over, const CallContext& call) override;

  // ResourceStore
  Result<std::vector<ObjectKey>> list(const CallContext& call) override;
  Result<std::optional<RedisCluster>> get(const ObjectKey& key, const CallContext& call) override;
  Answer write_status(const ObjectKey& key, const std::string& uid, const RedisClusterStatus& status,
                      const CallContext& call) override;
  std::unique_ptr<Subscription> watch(std::function<void(const ObjectKey&)> changed) override;

  // Leadership
  Result<FencingTerm> term() override;
  // From now on another operator leads: this one's acts are fenced off.
  void depose(FencingTerm successor) {
    leader_ = successor;
    leads_ = false;
  }

 private:
  struct Place {
    Instance instance;
    std::optional<SimDisk> disk;
    std::string revision;  // to be started with
    bool down = false;
    bool removing = false;
  };

  // Runs `act` unless a fault is due, and decides what the caller hears of it.
  template <class Act>
  Answer perform(std::string description, Act act);
  Answer on_node(const NodeRef& node, std::string description, auto act);
  bool dead() const { return faults.dies_after >= 0 && acts_ >= faults.dies_after; }
  void begin(Place& place);
  void end(Place& place, const std::string& detail);
  World look() const;
  InstanceId place_of(const std::string& admin) const;
  int size_of(int shard) const;

  SimNodes nodes_;
  std::map<InstanceId, Place> places_;
  std::vector<StorageInfo> left_;
  std::map<std::string, SimDisk> left_disks_;
  std::optional<World> before_;  // what a stale observation shows
  RedisCluster resource_;
  bool has_resource_ = false;
  std::vector<std::string> journal_;
  std::vector<Event> events_;
  UnixMillis now_{Millis(1'700'000'000'000)};
  FencingTerm term_;
  FencingTerm leader_{1};
  bool leads_ = true;
  uint64_t starts_ = 0;
  uint16_t next_port_ = 7000;
  int acts_ = 0;
  std::map<InstanceId, Role> roles_;
  int status_writes_ = 0;
  int role_writes_ = 0;
};

}  // namespace guccho::ops

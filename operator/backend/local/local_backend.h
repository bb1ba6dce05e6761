// The world of processes on this machine: each node runs under a supervisor of its own (node/supervise), which keeps it
// running while no operator lives. This side only writes desired state beside the supervisors and reads their records.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/backend/backend.h"
#include "operator/backend/local/rendering.h"
#include "operator/backend/local/spawn.h"
#include "operator/backend/local/state_dir.h"

namespace guccho::ops::local {

// What runs, without changing anything: for those who do not lead. `complete` is false when some file cannot be read.
Result<World> observe_only(const StateDir& state);

// One state directory is one cluster, so that the object keys in the calls say nothing new. The caller holds
// StateDir::lead(). Not thread-safe: one object, one thread.
class LocalBackend final : public Backend {
 public:
  // `node_program`: guccho-node, absolute. `on_event`: shown to people as it happens; may be empty.
  LocalBackend(StateDir state, std::string node_program, std::function<void(const Event&)> on_event);

  // Also mends what no supervisor can: supervisors that are missing (killed, or a machine that was booted) are put
  // back, which in the other world is the part of the kubelet's service manager, and a node that cannot start because
  // others took its ports gets new ones. At most once in 2 s for each place. A node that ended is started again with
  // the spec of now.
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

  // `guccho down`: asks every node to end in an orderly way, and every supervisor with it; replicas first, since a
  // primary that ends hands its role to a replica and waits for it. To be called until it says that nothing runs.
  Result<bool> stop_all();
  // `guccho up` after it: lets all places run again that were not removed.
  Status resume_all();

 private:
  using AllFacts = std::vector<PlaceFacts>;

  void mend(const PlaceFacts& facts, const AllFacts& all, const CallContext& call);
  Result<RedisCluster> present_resource() const;
  std::optional<Rendering> render_present(const RedisCluster& cluster, InstanceId id, const AllFacts& all);
  void take_spec_over(const PlaceFacts& facts, const AllFacts& all);
  Status write_rendering(PlaceFacts& facts, const Rendering& rendering);
  Status move_place(const PlaceFacts& facts, const AllFacts& all, const CallContext& call);
  Answer ensure_place(const RedisCluster& cluster, InstanceId id, const std::string& revision, const AllFacts& all);
  Status start(const PlaceFacts& facts, const AllFacts& all, const LocalSpec& local);
  Status restart_place(InstanceId id, const AllFacts& all);
  void end_supervisor(const PlaceFacts& facts, const CallContext& call);
  Answer remove(const PlaceFacts& facts);

  StateDir state_;
  SupervisorSpawner spawner_;
  std::function<void(const Event&)> on_event_;
  std::map<InstanceId, int64_t> mended_at_;  // seconds of the monotonic clock, from 1
  std::string last_problem_;                 // of the present spec, as it was said last
  bool stopping_ = false;                    // stop_all() was called: nothing is started any more
};

}  // namespace guccho::ops::local

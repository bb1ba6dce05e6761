// The world that runs the nodes: the one interface behind which Kubernetes, local processes and the fake live. It only
// observes and acts; every decision is the planner's. One contract test (tests/unit/operator_backend/contract.h) runs
// over all implementations.
#pragma once

#include <map>
#include <string>

#include "node/base/result.h"
#include "operator/backend/answer.h"
#include "operator/model/instance.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops {

// Something that happened to a cluster, for people. The engine has removed repetitions.
struct Event {
  enum class Severity { kNormal, kWarning };
  Severity severity = Severity::kNormal;
  std::string reason;  // CamelCase
  std::string message;
  UnixMillis at{};
};

// Implementations are called from one thread per object; calls for different objects may come at the same time. All
// acts are idempotent: the same act again is Accepted and changes nothing.
class Backend {
 public:
  virtual ~Backend() = default;

  // All places of this cluster, those beyond the desired size included. An error, like complete=false, means unknown.
  virtual Result<World> observe(const ObjectKey& cluster, const CallContext& call) = 0;

  // Makes the places (shard, 0) to (shard, size-1) exist, with their storage, and run `revision` of the resource's
  // spec. Never removes a place (a smaller size than the present one is Refused) and never restarts a running process:
  // one that runs another revision goes on until restart().
  virtual Answer ensure_shard(const RedisCluster& cluster, int shard, int size, const std::string& revision,
                              const CallContext& call) = 0;

  // Ends this incarnation in an orderly way and starts the place again with the newest revision given for its shard.
  // Conflict if another incarnation runs by now.
  virtual Answer restart(const ObjectKey& cluster, InstanceId id, const Incarnation& incarnation,
                         const CallContext& call) = 0;

  // Ends and removes the place with the highest ordinal of a shard; its storage stays and is then listed under
  // left_storage. Conflict if the incarnation there is another one. The place is observed until its process is gone.
  virtual Answer remove_highest(const ObjectKey& cluster, InstanceId highest, const Incarnation& incarnation,
                                const CallContext& call) = 0;

  // As remove_highest for all places of a shard. Refused unless the shard is the highest one.
  virtual Answer remove_shard(const ObjectKey& cluster, int shard, const CallContext& call) = 0;

  // Deletes storage for ever. Refused while a place uses it. `evidence` says why it is not needed, for the log.
  virtual Answer release_storage(const ObjectKey& cluster, const std::string& storage_id, const std::string& evidence,
                                 const CallContext& call) = 0;

  // Bytes. Refused where the world has no sizes, and for less than the present size.
  virtual Answer grow_storage(const ObjectKey& cluster, int shard, uint64_t size, const CallContext& call) = 0;

  // Publishes who is primary and who replica (labels, a file): for others to read, never read back by the planner.
  virtual Answer set_roles(const ObjectKey& cluster, const std::map<InstanceId, Role>& roles,
                           const CallContext& call) = 0;

  virtual void emit(const ObjectKey& cluster, const Event& event) = 0;
};

}  // namespace guccho::ops

// Where RedisCluster resources live and who may lead: the API server and its Lease, or a state directory and its lock.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "node/base/result.h"
#include "operator/backend/answer.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops {

// Ends what was begun when it is destroyed.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class ResourceStore {
 public:
  virtual ~ResourceStore() = default;

  virtual Result<std::vector<ObjectKey>> list(const CallContext& call) = 0;
  // The newest version; nothing when there is certainly no such resource (an error when that cannot be told). A
  // resource that does not pass the schema is an error that names the field.
  virtual Result<std::optional<RedisCluster>> get(const ObjectKey& key, const CallContext& call) = 0;
  // Replaces the status of the object with this uid; Conflict if that is not the present one.
  virtual Answer write_status(const ObjectKey& key, const std::string& uid, const RedisClusterStatus& status,
                              const CallContext& call) = 0;
  // Calls `changed` from a thread of its own whenever a resource or something in its world may have changed, the first
  // time at once for every resource. Until the returned object is destroyed.
  virtual std::unique_ptr<Subscription> watch(std::function<void(const ObjectKey&)> changed) = 0;
};

// The right to act. Only one operator of a world holds it.
class Leadership {
 public:
  virtual ~Leadership() = default;
  // The term of this leadership, or why it is not ours (another one leads, the lock cannot be had). Cheap: asked before
  // every reconcile.
  virtual Result<FencingTerm> term() = 0;
};

}  // namespace guccho::ops

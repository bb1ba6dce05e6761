// The RedisCluster resource of a state directory, and the right to act on it.
#pragma once

#include <memory>

#include "operator/backend/local/state_dir.h"
#include "operator/backend/resources.h"

namespace guccho::ops::local {

// Stores what a person's file says, as `kubectl apply` does: a first one gets a uid, a changed spec a new generation.
// Refused when the directory belongs to a resource of another name.
Result<RedisCluster> apply(const StateDir& state, const RedisCluster& wanted);

// The one resource of a state directory. Safe to call from several threads.
class LocalStore final : public ResourceStore {
 public:
  explicit LocalStore(StateDir state) : state_(std::move(state)) {}
  Result<std::vector<ObjectKey>> list(const CallContext& call) override;
  Result<std::optional<RedisCluster>> get(const ObjectKey& key, const CallContext& call) override;
  Answer write_status(const ObjectKey& key, const std::string& uid, const RedisClusterStatus& status,
                      const CallContext& call) override;
  // Wakes on a new resource.json and on every new record of a supervisor.
  std::unique_ptr<Subscription> watch(std::function<void(const ObjectKey&)> changed) override;

 private:
  StateDir state_;
};

class LocalLeadership final : public Leadership {
 public:
  explicit LocalLeadership(StateDir::Leader leader) : leader_(std::move(leader)) {}
  Result<FencingTerm> term() override { return leader_.term; }

 private:
  StateDir::Leader leader_;
};

}  // namespace guccho::ops::local

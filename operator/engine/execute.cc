// Looking and acting: the two borders between the planner's values and the interfaces of the world and its nodes.
#include <fmt/format.h>

#include "operator/engine/reconciler.h"

namespace guccho::ops {
namespace {

// Who can possibly answer: a place whose process is certainly not there is not asked.
bool may_answer(const Instance& instance) {
  return !instance.endpoints.admin.empty() && !std::holds_alternative<Gone>(instance.life) &&
         !std::holds_alternative<Pending>(instance.life);
}

class Executor {
 public:
  Executor(const Observed& observed, const RedisCluster& cluster, Backend& backend, NodeAdmin& nodes,
           const CallContext& call)
      : observed_(observed), cluster_(cluster), backend_(backend), nodes_(nodes), call_(call) {}

  Answer operator()(const EnsureShard& s) {
    return backend_.ensure_shard(cluster_, s.shard, s.size, s.revision, call_);
  }
  Answer operator()(const RemoveHighest& s) {
    return backend_.remove_highest(cluster_.key, s.place, s.incarnation, call_);
  }
  Answer operator()(const ReleaseStorage& s) {
    return backend_.release_storage(cluster_.key, s.storage, s.evidence, call_);
  }
  Answer operator()(const Meet& s) {
    const Instance* peer = observed_.world.find(s.peer.place);
    if (!peer) return Answer::conflict(s.peer.place.str() + " is not there");
    return on(s.at, [&](const NodeRef& ref) { return nodes_.meet(ref, peer->endpoints, call_); });
  }
  Answer operator()(const AssignSlots& s) {
    return on(s.at, [&](const NodeRef& ref) { return nodes_.assign_slots(ref, s.slots, s.epoch, call_); });
  }
  Answer operator()(const Replicate& s) {
    return on(s.at, [&](const NodeRef& ref) { return nodes_.replicate(ref, s.primary.node, call_); });
  }
  Answer operator()(const Failover& s) {
    return on(s.at,
              [&](const NodeRef& ref) { return nodes_.failover(ref, s.mode, s.proof ? &*s.proof : nullptr, call_); });
  }
  Answer operator()(const Forget& s) {
    return on(s.at,
              [&](const NodeRef& ref) { return nodes_.forget(ref, s.node, s.proof ? &*s.proof : nullptr, call_); });
  }

 private:
  Answer on(const NodeAt& at, auto call) {
    const Instance* instance = observed_.world.find(at.place);
    if (!instance) return Answer::conflict(at.place.str() + " is not there");
    return call(NodeRef{instance->endpoints.admin, at.node});
  }

  const Observed& observed_;
  const RedisCluster& cluster_;
  Backend& backend_;
  NodeAdmin& nodes_;
  const CallContext& call_;
};

}  // namespace

Observed ask_nodes(World world, NodeAdmin& nodes, const CallContext& call) {
  Observed observed{.world = std::move(world), .nodes = {}};
  std::vector<InstanceId> places;
  std::vector<NodeRef> refs;
  for (const Instance& instance : observed.world.instances) {
    if (!may_answer(instance)) continue;
    places.push_back(instance.id);
    refs.push_back({instance.endpoints.admin, NodeId()});
  }
  auto answers = nodes.status(refs, call);
  for (size_t i = 0; i < answers.size() && i < places.size(); ++i) {
    if (answers[i]) observed.nodes.emplace(places[i], std::move(*answers[i]));
  }
  return observed;
}

Result<Observed> observe(Backend& backend, NodeAdmin& nodes, const ObjectKey& key, const EngineOptions& options,
                         std::stop_token stop) {
  auto world = backend.observe(key, {options.call_timeout, stop});
  if (!world) return fail(world.error().text);
  return ask_nodes(std::move(*world), nodes, {options.status_timeout, stop});
}

Answer execute(const Step& step, const Observed& observed, const RedisCluster& cluster, Backend& backend,
               NodeAdmin& nodes, const CallContext& call) {
  return std::visit(Executor(observed, cluster, backend, nodes, call), step);
}

}  // namespace guccho::ops

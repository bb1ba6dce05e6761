// One round for one object: lead? read it, look at its world and its nodes, plan, act, say what happened. Keeps nothing
// that a new operator would need: what it remembers is only for politeness (pacing, repetitions, write rates).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "node/base/result.h"
#include "operator/backend/backend.h"
#include "operator/backend/node_admin.h"
#include "operator/backend/resources.h"
#include "operator/engine/clock.h"
#include "operator/engine/events.h"
#include "operator/engine/pacer.h"
#include "operator/plan/plan.h"

namespace guccho::ops {

// All that the engine works with. They must outlive it.
struct Parts {
  ResourceStore& resources;
  Backend& backend;
  NodeAdmin& nodes;
  Leadership& leadership;
  const Clock& clock;
};

struct EngineOptions {
  Millis call_timeout{2000};     // of each call on the world, and of acts on nodes
  Millis status_timeout{1000};   // of asking all nodes of an object at once
  Millis status_interval{5000};  // a status is written at most this often
};

// Asks those nodes of the world that can possibly answer, all at once. Also what `guccho plan` and the table look at.
Observed ask_nodes(World world, NodeAdmin& nodes, const CallContext& call);

// The world and the answers of its nodes. An error: unknown.
Result<Observed> observe(Backend& backend, NodeAdmin& nodes, const ObjectKey& key, const EngineOptions& options,
                         std::stop_token stop);

// Carries one step out, on the endpoints and in the state that were observed.
Answer execute(const Step& step, const Observed& observed, const RedisCluster& cluster, Backend& backend,
               NodeAdmin& nodes, const CallContext& call);

struct Outcome {
  bool failed = false;          // try again after a back-off
  std::optional<Millis> again;  // when not failed; nothing: the object is gone
  std::string error;            // one line, for the log; empty when all is well
  std::optional<Plan> plan;     // what was decided, when it came that far
};

// Safe to call from several threads for different objects.
class Reconciler {
 public:
  Reconciler(const Parts& parts, const EngineOptions& options) : parts_(parts), options_(options) {}

  Outcome reconcile(const ObjectKey& key, std::stop_token stop);
  // Writes the statuses that wait for their interval. Once, at a clean stop.
  void flush();

 private:
  struct State {
    std::optional<RedisCluster> cluster;  // as of the last round, with the newest status
    std::optional<RedisClusterStatus> written;
    Instant written_at;
    std::map<InstanceId, Role> roles;
    EventFilter events;
    Pacer pacer;
  };

  State& state_of(const ObjectKey& key);
  Answer act(const Plan& plan, const Observed& observed, const RedisCluster& cluster, State& state,
             std::stop_token stop);
  void say(const RedisCluster& cluster, State& state, Event::Severity severity, std::string reason,
           std::string message);
  void say_holds(const Plan& plan, const RedisCluster& cluster, State& state);
  void publish_roles(const Plan& plan, const RedisCluster& cluster, State& state, std::stop_token stop);
  // How long until a changed status may be written; nothing when there is none to write.
  std::optional<Millis> write_status(State& state, bool at_once, std::stop_token stop);

  Parts parts_;
  EngineOptions options_;
  std::mutex mutex_;  // guards the map, not the states: an object is worked on by one thread
  std::map<ObjectKey, std::unique_ptr<State>> states_;
};

}  // namespace guccho::ops

// Talking to nodes: the client side of the admin service, shared by all worlds. No gRPC types, so that the planner's
// tests and the simulator can put simulated nodes behind it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/base/types.h"
#include "node/slots/slots.h"
#include "operator/backend/answer.h"
#include "operator/model/instance.h"
#include "operator/model/node_status.h"

namespace guccho::ops {

// How a call finds its node, and which node it means: one that has another id answers Conflict.
struct NodeRef {
  std::string admin;  // Endpoints::admin
  NodeId id;          // null where the caller cannot know it yet (never for a mutating call)
};

// Every mutating call carries the fencing term given with set_term(). Safe to call from several threads.
class NodeAdmin {
 public:
  virtual ~NodeAdmin() = default;

  // Used by all later mutating calls. Terms never go down.
  virtual void set_term(FencingTerm term) = 0;

  // Asks all of them at the same time; the whole takes at most the call's timeout. One result for each, in order; an
  // error is silence and means nothing else.
  virtual std::vector<Result<NodeStatus>> status(std::span<const NodeRef> nodes, const CallContext& call) = 0;

  virtual Result<std::vector<std::string>> capabilities(const NodeRef& node, const CallContext& call) = 0;

  virtual Answer meet(const NodeRef& node, const Endpoints& peer, const CallContext& call) = 0;
  // All or none; slots that it owns already are no error.
  virtual Answer assign_slots(const NodeRef& node, std::span<const SlotRange> slots, ConfigEpoch epoch,
                              const CallContext& call) = 0;
  virtual Answer replicate(const NodeRef& node, const NodeId& primary, const CallContext& call) = 0;
  // Sent to the replica that shall become primary. `proof` is demanded by kTakeover and ignored otherwise.
  virtual Answer failover(const NodeRef& node, FailoverMode mode, const ProofOfDeath* proof,
                          const CallContext& call) = 0;
  // Already forgotten is Accepted. `proof`, that its data is gone, is demanded for a node that owns slots.
  virtual Answer forget(const NodeRef& node, const NodeId& forgotten, const ProofOfDeath* proof,
                        const CallContext& call) = 0;

  virtual Result<std::map<std::string, std::string>> get_config(const NodeRef& node,
                                                                std::span<const std::string> patterns,
                                                                const CallContext& call) = 0;
  virtual Answer set_config(const NodeRef& node, const std::map<std::string, std::string>& values,
                            const CallContext& call) = 0;
  virtual Answer drain(const NodeRef& node, const CallContext& call) = 0;
  virtual Answer shutdown(const NodeRef& node, bool hand_over, const CallContext& call) = 0;
};

}  // namespace guccho::ops

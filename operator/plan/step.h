// The steps of a plan: values that can be printed and compared. Each is idempotent, names whom it means (place, node,
// incarnation), and is based on one observation; its effect is believed only from a later one.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "node/base/types.h"
#include "node/slots/slots.h"
#include "operator/model/instance.h"
#include "operator/model/node_status.h"

namespace guccho::ops {

// A node and the place where it was observed.
struct NodeAt {
  InstanceId place;
  NodeId node;
  friend bool operator==(const NodeAt&, const NodeAt&) = default;
};

struct EnsureShard {
  int shard = 0;
  int size = 0;
  std::string revision;
  friend bool operator==(const EnsureShard&, const EnsureShard&) = default;
};
struct RemoveHighest {
  InstanceId place;
  Incarnation incarnation;
  friend bool operator==(const RemoveHighest&, const RemoveHighest&) = default;
};
struct ReleaseStorage {
  std::string storage;
  std::string evidence;
  friend bool operator==(const ReleaseStorage&, const ReleaseStorage&) = default;
};
struct Meet {
  NodeAt at;
  NodeAt peer;
  friend bool operator==(const Meet&, const Meet&) = default;
};
struct AssignSlots {
  NodeAt at;
  std::vector<SlotRange> slots;
  ConfigEpoch epoch;  // to take if it has none; 0: none
  friend bool operator==(const AssignSlots&, const AssignSlots&) = default;
};
struct Replicate {
  NodeAt at;
  NodeAt primary;
  friend bool operator==(const Replicate&, const Replicate&) = default;
};
struct Failover {
  NodeAt at;  // the replica that shall become primary
  FailoverMode mode = FailoverMode::kGraceful;
  std::optional<ProofOfDeath> proof;
  friend bool operator==(const Failover&, const Failover&) = default;
};
struct Forget {
  NodeAt at;
  NodeId node;                        // whom to forget
  std::optional<ProofOfDeath> proof;  // that its data is gone; demanded for one that owns slots
  friend bool operator==(const Forget&, const Forget&) = default;
};

using Step = std::variant<EnsureShard, RemoveHighest, ReleaseStorage, Meet, AssignSlots, Replicate, Failover, Forget>;

// "assign slots 0-5460 to 0-0 (3f2a91c0)": one line, for people; equal steps give equal text.
std::string describe(const Step& step);
// "AssignSlots": the name of the kind, the reason of its event.
std::string_view name_of(const Step& step);
// True for what cannot be taken back: never planned from silence or from an incomplete view of the world.
bool irreversible(const Step& step);

}  // namespace guccho::ops

// Where a queued transaction may run, found out before EXEC is counted or refused for the node's state.
#pragma once

#include <optional>
#include <string>

#include "node/slots/slots.h"

namespace guccho::runtime {

// What the commands of a queue need, all together.
struct ExecNeeds {
  std::optional<Slot> slot;
  bool crosses_slots = false;
  bool multiple_keys = false;
  bool writes = false;
  bool session = false;    // commands about the connection
  bool exclusive = false;  // node-wide commands
};

struct ExecPlan {
  ExecNeeds needs;
  bool route_at_owner = false;  // the slot is moving: its owner looks for the keys
  bool forward = false;         // another node's slot, on the router port
  std::string error;            // a redirection or CROSSSLOT; empty: runs here, or is forwarded
};

}  // namespace guccho::runtime

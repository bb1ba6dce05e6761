// Where a queued transaction may run, found out before EXEC is counted or refused for the node's state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "node/commands/command.h"
#include "node/slots/slots.h"

namespace guccho::runtime {

// Whether it may change data or send messages, as a script may: it waits for the end of a pause, and is not done twice.
inline bool has_effect(uint32_t command_flags) {
  return (command_flags & (commands::kWrite | commands::kMayReplicate)) != 0;
}

// To whom a replica does not redirect, since no key says where the primary is.
inline constexpr std::string_view kReadonlyError = "READONLY You can't write against a read only replica.";

// On the router port, where no other node is asked to watch.
inline constexpr std::string_view kWatchElsewhere =
    "EXECABORT On the router port a transaction on keys of another node may not use WATCH";

// What the commands of a queue need, all together.
struct ExecNeeds {
  std::optional<Slot> slot;
  bool crosses_slots = false;
  bool multiple_keys = false;
  bool writes = false;     // for certain: a replica redirects it
  bool effect = false;     // has_effect() of any
  bool session = false;    // commands about the connection
  bool exclusive = false;  // node-wide commands
};

// Whether another node can do it all.
inline bool portable(const ExecNeeds& needs) {
  return !needs.session && !needs.exclusive;
}

struct ExecPlan {
  ExecNeeds needs;
  bool route_at_owner = false;  // the slot is moving: its owner looks for the keys
  bool forward = false;         // another node's slot, on the router port
  std::string error;            // a redirection or CROSSSLOT; empty: runs here, or is forwarded
};

}  // namespace guccho::runtime

// Where a command must go: the decision of a cluster node for each command with keys, as redis-server 7.0's, as a pure
// function of the command's facts and the view.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "node/cluster/view.h"
#include "node/slots/slots.h"

namespace guccho::routing {

// The facts of one command (or of a whole MULTI block, or script) that the decision needs.
struct Query {
  std::optional<Slot> slot;          // of its keys or shard channels; nothing: it has none
  bool crosses_slots = false;        // its keys lie in more than one slot
  bool multiple_keys = false;        // it has more than one distinct key
  bool writes = false;               // command flag "write"
  bool shard_channel = false;        // SSUBSCRIBE, SUNSUBSCRIBE, SPUBLISH
  bool asking = false;               // the connection sent ASKING, or the command has the flag "asking"
  bool readonly_connection = false;  // the connection sent READONLY
  bool migrate_command = false;      // MIGRATE: served where its slot is moving
  // Only looked at when must_look_up_keys() says so: how many of the keys exist here, and how many do not.
  uint32_t keys_present = 0;
  uint32_t keys_missing = 0;
};

// Whether the caller must count the keys that exist before route(): our own slot is on its way out or in.
bool must_look_up_keys(const cluster::View& view, const Query& query);

enum class DownReason : uint8_t {
  kUnbound,  // the slot has no owner
  kState,    // the cluster is down as seen from here
  kReadOnly  // it is down, and only reads are allowed
};

struct Serve {
  friend bool operator==(const Serve&, const Serve&) = default;
};
struct Moved {
  Slot slot;
  cluster::NodeIndex node = cluster::kNoNode;
  friend bool operator==(const Moved&, const Moved&) = default;
};
struct Ask {
  Slot slot;
  cluster::NodeIndex node = cluster::kNoNode;
  friend bool operator==(const Ask&, const Ask&) = default;
};
struct TryAgain {
  friend bool operator==(const TryAgain&, const TryAgain&) = default;
};
struct CrossSlot {
  friend bool operator==(const CrossSlot&, const CrossSlot&) = default;
};
struct Down {
  DownReason reason = DownReason::kState;
  friend bool operator==(const Down&, const Down&) = default;
};
using Decision = std::variant<Serve, Moved, Ask, TryAgain, CrossSlot, Down>;

// O(1), apart from the search among moving slots.
Decision route(const cluster::View& view, const Query& query);

// How the asking client reached us, which decides the address that it is told.
struct Client {
  bool tls = false;
  bool ipv6 = false;
};

struct Endpoint {
  std::string
      host;  // empty: cluster-preferred-endpoint-type unknown-endpoint; "?": a host name is preferred, none known
  uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
// The address of `node` for clients: what it announced for them, else its bus address; by the preferred endpoint type.
Endpoint endpoint_of(const cluster::View& view, const cluster::NodeView& node, Client client);

// The error reply without the leading '-', e.g. "MOVED 3999 127.0.0.1:6381". The decision is not Serve.
std::string error_text(const cluster::View& view, const Decision& decision, Client client);

}  // namespace guccho::routing

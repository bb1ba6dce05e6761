// The world that runs the nodes, as the planner sees it: places, the processes in them, their storage. No pod, process,
// port allocation or StatefulSet appears here; each backend translates its own world into these values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "node/base/time.h"
#include "node/base/types.h"

namespace guccho::ops {

enum class Role { kPrimary, kReplica };
std::string_view to_string(Role role);

// A place in the cluster's layout. It names where a node runs, never which node (that is the NodeId) and never its
// role.
struct InstanceId {
  int shard = 0;
  int ordinal = 0;
  std::string str() const;  // "0-1"
  friend auto operator<=>(const InstanceId&, const InstanceId&) = default;
};

// One run of a node in a place: another process is another incarnation. Opaque; locally boot id, process id and start
// time, on Kubernetes the pod's uid and the container's restart count.
struct Incarnation {
  std::string value;
  friend auto operator<=>(const Incarnation&, const Incarnation&) = default;
};

// Why the world knows that something is gone for good. There is no member for silence.
enum class Evidence { kProcessReaped, kContainerTerminated, kStorageDeleted, kMachineDeleted };
std::string_view to_string(Evidence evidence);

// The life of one incarnation.
struct Pending {
  std::string reason;  // "its supervisor is starting"; nothing ran here yet (after a process ended the life is Gone)
  friend bool operator==(const Pending&, const Pending&) = default;
};
struct Running {
  friend bool operator==(const Running&, const Running&) = default;
};
struct Terminating {
  friend bool operator==(const Terminating&, const Terminating&) = default;
};
struct UnknownLife {   // the world cannot say: its supervisor or its machine does not answer
  UnixMillis since{};  // of the last thing that is known
  friend bool operator==(const UnknownLife&, const UnknownLife&) = default;
};
// This incarnation ended; the place may start another one (a supervisor's restart), which is then observed instead.
struct Gone {
  Evidence evidence = Evidence::kProcessReaped;
  std::string detail;  // "killed by signal 9"
  friend bool operator==(const Gone&, const Gone&) = default;
};
using Life = std::variant<Pending, Running, Terminating, UnknownLife, Gone>;
std::string describe(const Life& life);

enum class StorageState { kAbsent, kPresent, kReleasing };

struct StorageInfo {
  std::string id;    // opaque; locally the data directory
  InstanceId place;  // whose it is, or was
  StorageState state = StorageState::kAbsent;
  uint64_t size = 0;  // bytes; 0: the world sets no limit
  friend bool operator==(const StorageInfo&, const StorageInfo&) = default;
};

// How to reach a node. `host` is what other nodes are told.
struct Endpoints {
  std::string host;
  uint16_t port = 0;
  uint16_t tls_port = 0;  // 0: none
  uint16_t bus_port = 0;
  uint16_t router_port = 0;  // 0: none
  std::string admin;         // gRPC target: "unix:/path" or "host:port"
  friend bool operator==(const Endpoints&, const Endpoints&) = default;
};

struct Instance {
  InstanceId id;
  // Of the current or, when the life is Gone, of the last process. Empty before the first start.
  Incarnation incarnation;
  Life life = Pending{};
  std::string revision;  // what it was started with: revision_of() at that time
  StorageInfo storage;
  Endpoints endpoints;
  std::string zone;       // empty: unknown
  std::string host_name;  // the machine
  bool evicting = false;  // the world wants to take this place away soon
  friend bool operator==(const Instance&, const Instance&) = default;
};

// What the world answered. Every place that exists is listed, also those beyond the desired size, and storage that is
// left over from removed places.
struct World {
  // False when any part of the world could not be asked: then an absent instance is unknown, not absent.
  bool complete = false;
  std::vector<Instance> instances;        // ascending by id
  std::vector<StorageInfo> left_storage;  // of places that no longer exist
  UnixMillis at{};

  const Instance* find(InstanceId id) const;
};

}  // namespace guccho::ops

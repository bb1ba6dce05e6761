// The RedisCluster resource (guccho.io/v1): what a person asks for (spec) and what the operator reports (status).
// The schema (types, defaults, limits, unknown fields) is the CRD file alone: see operator/model/parse.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/types.h"
#include "node/slots/slots.h"
#include "operator/model/instance.h"

namespace guccho::ops {

inline constexpr std::string_view kApiVersion = "guccho.io/v1";
inline constexpr std::string_view kKind = "RedisCluster";

// Which resource: unique within one world.
struct ObjectKey {
  std::string namespace_name;  // "default" where the file says none
  std::string name;
  std::string str() const { return namespace_name + "/" + name; }
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

// What a node keeps on its storage. kNone: only nodes.conf; its keys are gone after a restart without a replica.
enum class PersistenceMode { kNone, kSnapshot, kLog };
std::string_view to_string(PersistenceMode mode);

struct StorageSpec {
  std::string size;           // Kubernetes quantity; a local directory has no size
  std::string storage_class;  // empty: the world's default
  friend bool operator==(const StorageSpec&, const StorageSpec&) = default;
};

struct PersistenceSpec {
  PersistenceMode mode = PersistenceMode::kNone;
  StorageSpec storage;
  friend bool operator==(const PersistenceSpec&, const PersistenceSpec&) = default;
};

// Kubernetes quantities, empty where not given. Locally limits.cpu and limits.memory become io-threads and maxmemory.
struct Quantities {
  std::string cpu;
  std::string memory;
  friend bool operator==(const Quantities&, const Quantities&) = default;
};
struct ResourcesSpec {
  Quantities requests;
  Quantities limits;
  friend bool operator==(const ResourcesSpec&, const ResourcesSpec&) = default;
};

// Where the password of the default user comes from: at most one of the two; neither: no password.
struct AuthSpec {
  std::string secret_name;    // Kubernetes: key "password" of this Secret
  std::string password_file;  // local: first line of this file
  friend bool operator==(const AuthSpec&, const AuthSpec&) = default;
};

// Only the local world reads it.
struct LocalSpec {
  std::string host;         // address of every node
  uint16_t first_port = 0;  // client port of the first node; the next ones follow; 0: the backend's default
  uint16_t first_router_port = 0;
  friend bool operator==(const LocalSpec&, const LocalSpec&) = default;
};

struct RedisClusterSpec {
  int primaries = 0;
  int replicas_per_primary = 0;
  std::string version;
  std::string image;  // empty: the one that belongs to the version
  // redis.conf directives, values as redis.conf writes them. Directives that the operator sets itself are refused.
  std::map<std::string, std::string> config;
  PersistenceSpec persistence;
  ResourcesSpec resources;
  AuthSpec auth;
  LocalSpec local;

  int shard_size() const { return 1 + replicas_per_primary; }
  int total() const { return primaries * shard_size(); }
  friend bool operator==(const RedisClusterSpec&, const RedisClusterSpec&) = default;
};

enum class Phase { kInitializing, kReconciling, kReady, kDegraded, kFailed };
std::string_view to_string(Phase phase);

enum class ConditionStatus { kTrue, kFalse, kUnknown };
std::string_view to_string(ConditionStatus status);

// One condition of the status: listType=map, key type.
struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::kUnknown;
  std::string reason;   // CamelCase, for programs
  std::string message;  // for people
  UnixMillis last_transition{};
  friend bool operator==(const Condition&, const Condition&) = default;
};

struct NodeSummary {
  NodeId id;
  InstanceId instance;
  Role role = Role::kPrimary;
  std::string zone;
  std::string slots;  // "0-5460", empty for a replica
  bool in_sync = false;
  DataGeneration generation;  // of the data that it held last; 0: none
  friend bool operator==(const NodeSummary&, const NodeSummary&) = default;
};

// What the operator last said. It is also the planner's only memory: which node lived where, and whether the cluster
// was ever formed, and into how many shards. Discrete facts only, so that it is written only when something happened.
struct RedisClusterStatus {
  Phase phase = Phase::kInitializing;
  int64_t observed_generation = 0;
  // Among how many shards the slots are divided; 0 while none was assigned. From the first assignment on (it is written
  // before that is sent) this counts and not the spec, whatever becomes of the slots' owners.
  int shards = 0;
  int primaries = 0;        // primaries that own slots
  int replicas = 0;         // replicas that follow one
  int ready_instances = 0;  // answering, loaded, and in sync if replicas
  std::string selector;     // for the scale subresource
  std::vector<Condition> conditions;
  // Also of nodes that are silent, and of removed places until they are forgotten everywhere and their storage is gone.
  std::vector<NodeSummary> nodes;

  const Condition* condition(std::string_view type) const;
  friend bool operator==(const RedisClusterStatus&, const RedisClusterStatus&) = default;
};

struct RedisCluster {
  ObjectKey key;
  std::string uid;         // of this very object; a deleted and remade one has another
  int64_t generation = 1;  // grows with each change of the spec
  bool deleting = false;   // its removal was asked for
  RedisClusterSpec spec;
  RedisClusterStatus status;
};

// A name of all that a node process is started with apart from its place and addresses: equal text, no restart needed.
// 16 hexadecimal characters.
std::string revision_of(const RedisClusterSpec& spec);

}  // namespace guccho::ops

// What the admin service needs of the node; implemented by the runtime. No gRPC types, so that only this folder needs
// them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/result.h"
#include "node/base/types.h"
#include "node/cluster/events.h"
#include "node/cluster/view.h"

namespace guccho::admin {

enum class ReplicationLink : uint8_t { kNone, kConnecting, kSyncing, kUp };

// What a node says about itself beyond its view of the cluster.
struct StatusFacts {
  std::shared_ptr<const cluster::View> view;  // null while the node starts
  std::string version;
  std::string incarnation;  // of this process: boot id, process id, start time
  std::string shard_id;
  bool loading = false;
  uint64_t keys = 0;
  uint64_t expiring_keys = 0;
  uint64_t used_memory = 0;
  ReplOffset offset{};
  ReplicationLink link = ReplicationLink::kNone;
  bool in_sync = false;                  // true for a primary
  std::vector<NodeId> in_sync_replicas;  // of a primary
  bool draining = false;
};

// All calls come from the service's threads, several at once.
class AdminHost {
 public:
  // Called once, from any thread, possibly before the call that was given it returns. Success carries the reply's text.
  using Done = std::function<void(Result<std::string>)>;

  virtual ~AdminHost() = default;

  virtual StatusFacts status() = 0;
  // To the member core; errors are its texts ("ERR ...").
  virtual void submit(cluster::Request request, Done done) = 0;
  virtual std::vector<std::pair<std::string, std::string>> config_get(std::span<const std::string_view> patterns) = 0;
  // CONFIG SET of all pairs, then CONFIG REWRITE if asked for.
  virtual void config_set(std::vector<std::pair<std::string, std::string>> pairs, bool rewrite, Done done) = 0;
  // Reads the files of the tls-* directives again.
  virtual void reload_certificates(Done done) = 0;
  // Hands the primary role to an in-sync replica if there is one; the node goes on serving.
  virtual void drain(Done done) = 0;
  // Begins to stop and returns; the process ends afterwards. `hand_over`: as SIGTERM does.
  virtual void shutdown(bool hand_over) = 0;
};

}  // namespace guccho::admin

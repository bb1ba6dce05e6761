// Health: whether the node has started, is alive, is ready, as a pure rule, and the plain HTTP endpoint that
// Kubernetes' probes ask (/startup, /live, /ready: 200, or 503 with the reason). Never the state of another shard: else
// one lost slot would take every node out of service.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "node/base/result.h"
#include "node/base/time.h"

namespace guccho::metrics {

enum class Probe : uint8_t { kStartup, kLive, kReady };

// What the answers follow from.
struct HealthFacts {
  bool loaded = false;         // data was read, the ports are open
  Millis slowest_turn_age{0};  // how long ago the least lively worker's loop turned
  bool in_cluster = false;     // knows at least one other node, or owns slots
  bool is_replica = false;
  bool synced = false;         // of a replica: streaming from its primary
  bool awaiting_data = false;  // a primary that came back without its data and serves nothing
  bool stopping = false;       // on its way out: no new clients
};

// A worker that did not turn for so long is stuck: loops wake at least ten times a second, and no command may take
// anything like it.
inline constexpr Millis kStuckAfter{10'000};

struct HealthAnswer {
  bool ok = false;
  std::string reason;  // one line; "ok" when it is
};
HealthAnswer answer(Probe probe, const HealthFacts& facts);

class HealthEndpoint {
 public:
  // Stops; waits for a running request, and up to 2 s for the library's own loop: a process that ends leaves it out.
  virtual ~HealthEndpoint() = default;

  // `bind` as the directive. `facts` is called from the endpoint's threads, possibly two at once.
  static Result<std::unique_ptr<HealthEndpoint>> start(std::span<const std::string> bind, uint16_t port,
                                                       std::function<HealthFacts()> facts);
};

}  // namespace guccho::metrics

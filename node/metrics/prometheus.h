// The Prometheus endpoint: GET /metrics on a port of its own, served by threads of its own. A scrape takes one snapshot
// and prints the registry; it never touches a worker's hot path.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "node/base/result.h"
#include "node/metrics/snapshot.h"

namespace guccho::metrics {

class PrometheusEndpoint {
 public:
  // Stops; waits for a running scrape, and up to 2 s for the library's own loop: a process that ends leaves it out.
  virtual ~PrometheusEndpoint() = default;

  // `bind` as the directive. `take` is called from the endpoint's thread, one call at a time.
  static Result<std::unique_ptr<PrometheusEndpoint>> start(std::span<const std::string> bind, uint16_t port,
                                                           std::function<Snapshot()> take);
};

// The exposition text itself, as /metrics answers it.
std::string exposition(const Snapshot& snapshot);

}  // namespace guccho::metrics

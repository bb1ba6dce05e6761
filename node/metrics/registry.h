// The one list of measurements: for each, its place in INFO, its Prometheus name, what it means, and how it is read
// from a snapshot. INFO, CLUSTER INFO and the Prometheus endpoint are prints of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "node/metrics/snapshot.h"

namespace guccho::metrics {

enum class Section : uint8_t {
  kNone,  // Prometheus only
  kServer,
  kClients,
  kMemory,
  kPersistence,
  kStats,
  kReplication,
  kCpu,
  kModules,
  kCommandstats,
  kErrorstats,
  kLatencystats,
  kCluster,
  kKeyspace,
  kClusterInfo,  // of CLUSTER INFO
};

enum class Type : uint8_t { kInfoOnly, kCounter, kGauge };

using Value = std::variant<uint64_t, int64_t, double, std::string>;

struct Metric {
  Section section;
  std::string_view field;       // of INFO; empty: not there
  std::string_view prometheus;  // as redis_exporter calls it, or guccho_*; empty: not there
  Type type;
  std::string_view help;
  Value (*read)(const Snapshot&);
  // When the field is shown at all; null means always.
  bool (*when)(const Snapshot&) = nullptr;
};

// In the order in which INFO prints them.
std::span<const Metric> registry();

// "Server", "Clients", ...: the heading in INFO.
std::string_view title(Section section);

}  // namespace guccho::metrics

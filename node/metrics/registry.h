// The one list of measurements: for each, its place in INFO, its Prometheus name, what it means, and how it is read
// from a snapshot. INFO, CLUSTER INFO and the Prometheus endpoint are prints of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

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
  kGuccho,       // what Redis has no field for; not among the default sections
  kClusterInfo,  // CLUSTER INFO
};

enum class Type : uint8_t { kInfoOnly, kCounter, kGauge, kHistogram, kSummary };

// How INFO writes a number; Prometheus always writes it plainly.
enum class Format : uint8_t {
  kPlain,    // 17; doubles with two decimals
  kSix,      // 0.003217
  kPercent,  // 99.69%
  kHuman,    // bytes as 1.59M
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// INFO fields whose names or number vary: "slave0" -> "ip=...", "db0" -> "keys=...".
using Lines = std::vector<std::pair<std::string, std::string>>;

struct Sample {
  Labels labels;
  double value = 0;
};

// Of a histogram: (upper bound, number of values up to it); of a summary: (quantile from 0 to 1, value).
struct Distribution {
  Labels labels;
  uint64_t count = 0;
  double sum = 0;
  std::vector<std::pair<double, double>> points;
};

using Value =
    std::variant<uint64_t, int64_t, double, std::string, Lines, std::vector<Sample>, std::vector<Distribution>>;

struct Metric {
  Section section = Section::kNone;
  std::string_view field;       // of INFO; empty: not there
  std::string_view prometheus;  // as redis_exporter calls it, or guccho_*; empty: not there
  Type type = Type::kInfoOnly;
  Format format = Format::kPlain;
  std::string_view help;  // of those that Prometheus has
  Value (*read)(const Snapshot&) = nullptr;
  bool (*when)(const Snapshot&) = nullptr;  // whether it is there at all; null means always
};

// In the order in which INFO prints the fields of a section.
std::span<const Metric> registry();

// "Server", "Clients", ...: the heading in INFO; empty for those that are not sections of INFO.
std::string_view title(Section section);

}  // namespace guccho::metrics

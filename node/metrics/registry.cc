// Puts the parts of the registry together.
#include "node/metrics/registry.h"

#include "node/metrics/tables.h"

namespace guccho::metrics {

std::span<const Metric> registry() {
  static const std::vector<Metric> all = [] {
    std::vector<Metric> rows;
    for (std::span<const Metric> part : {process_table(), stats_table(), replication_table(), guccho_table()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

std::string_view title(Section section) {
  switch (section) {
    case Section::kServer:
      return "Server";
    case Section::kClients:
      return "Clients";
    case Section::kMemory:
      return "Memory";
    case Section::kPersistence:
      return "Persistence";
    case Section::kStats:
      return "Stats";
    case Section::kReplication:
      return "Replication";
    case Section::kCpu:
      return "CPU";
    case Section::kModules:
      return "Modules";
    case Section::kCommandstats:
      return "Commandstats";
    case Section::kErrorstats:
      return "Errorstats";
    case Section::kLatencystats:
      return "Latencystats";
    case Section::kCluster:
      return "Cluster";
    case Section::kKeyspace:
      return "Keyspace";
    case Section::kGuccho:
      return "Guccho";
    case Section::kNone:
    case Section::kClusterInfo:
      break;
  }
  return {};
}

}  // namespace guccho::metrics

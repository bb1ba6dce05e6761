// The parts of the registry, one file a topic. Not for use outside this folder.
#pragma once

#include <span>

#include "node/metrics/registry.h"

namespace guccho::metrics {

std::span<const Metric> process_table();      // server, clients, memory, persistence, CPU
std::span<const Metric> stats_table();        // stats, commands, errors, latencies
std::span<const Metric> replication_table();  // replication, cluster, keyspace
std::span<const Metric> guccho_table();       // what Redis does not have

// Rows are written with these, so that a row is one line or two.
#define GUCCHO_READ(...) []([[maybe_unused]] const Snapshot& s) -> Value { return __VA_ARGS__; }

inline Value read_zero(const Snapshot&) {
  return uint64_t{0};
}

constexpr Metric info_only(Section section, std::string_view field, Value (*read)(const Snapshot&),
                           Format format = Format::kPlain, bool (*when)(const Snapshot&) = nullptr) {
  return {.section = section,
          .field = field,
          .prometheus = "",
          .type = Type::kInfoOnly,
          .format = format,
          .help = "",
          .read = read,
          .when = when};
}
constexpr Metric counter(Section section, std::string_view field, std::string_view name, std::string_view help,
                         Value (*read)(const Snapshot&), Format format = Format::kPlain) {
  return {.section = section,
          .field = field,
          .prometheus = name,
          .type = Type::kCounter,
          .format = format,
          .help = help,
          .read = read,
          .when = nullptr};
}
constexpr Metric gauge(Section section, std::string_view field, std::string_view name, std::string_view help,
                       Value (*read)(const Snapshot&), Format format = Format::kPlain,
                       bool (*when)(const Snapshot&) = nullptr) {
  return {.section = section,
          .field = field,
          .prometheus = name,
          .type = Type::kGauge,
          .format = format,
          .help = help,
          .read = read,
          .when = when};
}
// A field that Redis has for something that does not exist here; clients expect to find it.
constexpr Metric absent(Section section, std::string_view field) {
  return info_only(section, field, read_zero);
}

// Whether at least one command or error makes this family of samples exist is decided by its own reader.
constexpr Metric family(std::string_view name, Type type, std::string_view help, Value (*read)(const Snapshot&),
                        bool (*when)(const Snapshot&) = nullptr) {
  return {.section = Section::kNone,
          .field = "",
          .prometheus = name,
          .type = type,
          .format = Format::kPlain,
          .help = help,
          .read = read,
          .when = when};
}

}  // namespace guccho::metrics

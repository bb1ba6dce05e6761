// The registry's rows: names that Prometheus takes, each once.
#include "node/metrics/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace guccho::metrics {
namespace {

TEST(Registry, NamesAreUniqueAndWellFormed) {
  std::set<std::string_view> prometheus;
  std::set<std::pair<Section, std::string_view>> fields;
  for (const Metric& m : registry()) {
    ASSERT_NE(m.read, nullptr) << m.field << m.prometheus;
    if (!m.field.empty()) {
      EXPECT_TRUE(fields.emplace(m.section, m.field).second) << m.field;
      EXPECT_NE(m.section, Section::kNone) << m.field;
    }
    if (m.prometheus.empty()) {
      EXPECT_EQ(m.type, Type::kInfoOnly) << m.field;
      continue;
    }
    EXPECT_NE(m.type, Type::kInfoOnly) << m.prometheus;
    EXPECT_FALSE(m.help.empty()) << m.prometheus;
    EXPECT_TRUE(prometheus.insert(m.prometheus).second) << m.prometheus;
    EXPECT_TRUE(m.prometheus.starts_with("redis_") || m.prometheus.starts_with("guccho_")) << m.prometheus;
    EXPECT_TRUE(std::all_of(m.prometheus.begin(), m.prometheus.end(), [](char c) {
      return c == '_' || (c >= 'a' && c <= 'z');
    })) << m.prometheus;
  }
}

TEST(Registry, ValuesHaveTheShapeOfTheirType) {
  Snapshot s;
  s.replication.is_replica = true;
  s.replication.replicas.push_back({.ip = "1.2.3.4", .port = 1, .state = "online"});
  s.commands.push_back({.name = "get", .calls = 1});
  s.workers.errors_by_prefix["ERR"] = 1;
  for (const Metric& m : registry()) {
    if (m.prometheus.empty()) continue;
    const Value v = m.read(s);
    const bool distribution = std::holds_alternative<std::vector<Distribution>>(v);
    EXPECT_EQ(distribution, m.type == Type::kHistogram || m.type == Type::kSummary) << m.prometheus;
    EXPECT_FALSE(std::holds_alternative<std::string>(v) || std::holds_alternative<Lines>(v)) << m.prometheus;
  }
}

}  // namespace
}  // namespace guccho::metrics

// The table of nodes that people see. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "operator/plan/plan.h"

namespace guccho::ops::app {

// One place as shown. Strings are ready to print.
struct Row {
  InstanceId place;
  std::string id;     // of the node, 40 characters; empty while it is silent and was never heard
  std::string role;   // "primary", "replica of 0-0", "" when unknown
  std::string slots;  // "0-5460"
  std::optional<uint64_t> keys;
  std::string in_sync;  // "yes", "no", "" when unknown
  std::string state;    // "serving", "loading", "silent", "gone (...)"
  Endpoints endpoints;
  Incarnation incarnation;
  friend bool operator==(const Row&, const Row&) = default;
};

// `memory`: what the operator last said, for the ids of silent nodes.
std::vector<Row> rows_of(const Observed& observed, const RedisClusterStatus& memory);

// Headings and one line a row, each ending with a newline; columns as wide as needed.
std::string table_text(const std::vector<Row>& rows);

// "demo: Ready, 3 primaries, 3 replicas, 6 of 6 instances ready" and the conditions that a person should know.
std::vector<std::string> summary_lines(const RedisCluster& cluster);

// What differs between two looks, one line for each node, key counts apart.
std::vector<std::string> changes(const std::vector<Row>& before, const std::vector<Row>& after);

}  // namespace guccho::ops::app

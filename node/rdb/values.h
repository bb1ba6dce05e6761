// Putting a value together from what was read of it: its strings, checked and decoded as its type says.
#pragma once

#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/rdb/format.h"
#include "node/rdb/record.h"

namespace guccho::rdb {

// What was read of a value that is no stream; which of these, its type says.
struct ValueParts {
  std::vector<std::string> strings;
  std::vector<Container> containers;  // of the strings, where each has one
  ScoredList scored;
  TimedFieldList timed;
};

// Takes from `parts`. Errors say what is damaged. Linear, but for a check that names come once, which hashes them.
Result<Value> value_of(const TypeInfo& type, ValueParts& parts);
// A collection without elements: Redis leaves its key out.
bool is_empty(const Value& value);

}  // namespace guccho::rdb

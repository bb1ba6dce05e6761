// YAML to JSON values, as kubectl converts them before the API server sees them.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "node/base/result.h"

namespace guccho::ops {

// One document of at most 1 MiB and 100,000 values, aliases counted as often as they are used. Plain yes, no, on and
// off are booleans (YAML 1.1). A key that is given twice is an error.
Result<nlohmann::json> json_of_yaml(std::string_view text);

}  // namespace guccho::ops

// Times as resources write them.
#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/base/time.h"

namespace guccho::ops {

// RFC 3339 in UTC with milliseconds: "2024-05-01T10:20:30.000Z".
std::string time_text(UnixMillis time);
// With or without a fraction of a second; only UTC ("Z").
Result<UnixMillis> parse_time(std::string_view text);

}  // namespace guccho::ops

// Function libraries in the RDB format: records of a file, and the payload of FUNCTION DUMP, which is some of them and
//
//   u16 little-endian RDB version | u64 little-endian CRC-64/Jones of everything before
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"

namespace guccho::rdb {

// One library's code as a record.
void append_function(std::string& out, std::string_view code);

// The end of a payload, also that of DUMP.
void append_payload_footer(std::string& payload);
// What is before the footer; nothing when its version is newer than what we read or the checksum is wrong.
std::optional<std::string_view> payload_body(std::string_view payload);

// The code of each library of a payload's body, which must hold nothing else.
Result<std::vector<std::string>> read_functions(std::string_view body);

}  // namespace guccho::rdb

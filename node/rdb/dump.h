// DUMP's payload: a value as in an RDB stream (type byte, value), the RDB version as u16 little-endian, and
// CRC-64/Jones of everything before as u64 little-endian.
#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/rdb/reader.h"
#include "node/store/entry.h"

namespace guccho::rdb {

std::string dump(const store::Entry& entry);

// Whether version and checksum are fine: what is checked before the value is looked at.
bool is_dump(std::string_view payload);

// The value in a payload for which is_dump() holds, checked as untrusted input is, without a key and an expiry. What it
// returns, load() takes.
Result<Record> restore(std::string_view payload);

}  // namespace guccho::rdb

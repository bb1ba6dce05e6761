// What a primary answers to PSYNC. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace guccho::runtime {

struct PsyncReply {
  bool full = false;   // FULLRESYNC: the data set follows, and then the stream from `offset` on; otherwise CONTINUE
  std::string replid;  // of the history from here on; empty: the one that was asked for (CONTINUE before Redis 4)
  int64_t offset = 0;  // with `full`
};

// A position that no stream of bytes reaches, so that adding what is received overflows nothing.
inline constexpr int64_t kMostReplOffset = int64_t{1} << 62;

// Reads the line without its end. What else a primary says (an error), and numbers that cannot be, are errors that
// quote the line.
Result<PsyncReply> parse_psync_reply(std::string_view line);

}  // namespace guccho::runtime

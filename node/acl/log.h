// ACL LOG: the latest denials, newest first. Equal ones within a minute are counted together.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "node/acl/selector.h"
#include "node/base/time.h"

namespace guccho::acl {

enum class LogContext : uint8_t { kTopLevel, kMulti, kLua };

struct LogEntry {
  uint64_t id = 0;
  uint64_t count = 1;
  Denial reason = Denial::kNone;
  LogContext context = LogContext::kTopLevel;
  std::string object;  // the command, key or channel
  std::string user;
  std::string client;  // as in CLIENT LIST
  UnixMillis created{};
  UnixMillis updated{};
};

class Log {
 public:
  // Takes an entry with what is known of it; `limit` is acllog-max-len. Looks at ten entries at most.
  void note(LogEntry entry, UnixMillis now, size_t limit);
  std::vector<LogEntry> newest(size_t count) const;
  void clear() { entries_.clear(); }

 private:
  std::deque<LogEntry> entries_;
  uint64_t next_id_ = 0;
};

// The words of ACL LOG.
std::string_view name_of(Denial reason);
std::string_view name_of(LogContext context);

}  // namespace guccho::acl

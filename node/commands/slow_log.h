// SLOWLOG's entries: the newest commands that took longer than slowlog-log-slower-than. A plain value; the runtime puts
// a lock around it, which only slow commands take.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/time.h"

namespace guccho::commands {

struct CommandSpec;

struct SlowCommand {
  uint64_t id = 0;  // counts all that were ever noted
  UnixMillis when{};
  Micros duration{};
  std::vector<std::string> args;  // shortened, passwords left out
  uint64_t client_id = 0;
};

class SlowLog {
 public:
  // Keeps the newest `limit` (slowlog-max-len). Commands that the table excludes (EXEC, whose parts are noted) are not
  // kept.
  void note(const CommandSpec& spec, std::span<const std::string_view> args, UnixMillis when, Micros duration,
            uint64_t client_id, size_t limit);
  // The newest first, at most `count`.
  std::vector<SlowCommand> newest(size_t count) const;
  size_t size() const { return entries_.size(); }
  void clear() { entries_.clear(); }

 private:
  std::deque<SlowCommand> entries_;  // the newest in front
  uint64_t next_id_ = 0;
};

}  // namespace guccho::commands

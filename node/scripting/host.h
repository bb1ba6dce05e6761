// What a running script may ask of the outside. The runtime's worker implements it, and a fake in unit tests.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "node/resp/buffer.h"
#include "node/resp/writer.h"

namespace guccho::scripting {

enum class Permission : uint8_t { kAllowed, kDenied, kUnknownCommand };

// redis.set_repl: where the effects go.
inline constexpr unsigned kReplicateToLog = 1;
inline constexpr unsigned kReplicateToReplicas = 2;

class ScriptHost {
 public:
  virtual ~ScriptHost() = default;
  // Runs one command and appends its reply. What scripts may not do is answered with an error, as by a server. The
  // views are valid during the call only.
  virtual void call(std::span<const std::string_view> args, resp::Version version, resp::Buffer& reply) = 0;
  // redis.acl_check_cmd
  virtual Permission may_call(std::span<const std::string_view> args) = 0;
  // Level 0 (debug) to 3 (warning).
  virtual void log(int level, std::string_view text) = 0;
  virtual void set_replication(unsigned targets) = 0;
  // Called every 100,000 instructions or so. The text of the error by which the script ends now; empty: it goes on.
  virtual std::string_view interrupt() = 0;
};

}  // namespace guccho::scripting

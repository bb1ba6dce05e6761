// Times in arguments: expiries of SET and GETEX, timeouts of WAIT and CLIENT PAUSE.
#pragma once

#include <optional>
#include <string_view>

#include "node/base/time.h"
#include "node/commands/context.h"

namespace guccho::commands {

enum class TimeUnit : uint8_t { kSeconds, kMilliseconds };

struct ExpiryArgument {
  std::string_view text;
  TimeUnit unit = TimeUnit::kMilliseconds;
  bool absolute = false;  // since 1970; otherwise from now
};

// The moment that SET's and GETEX's options mean; zero and negative times are refused. Nothing after an error reply.
std::optional<UnixMillis> read_expiry(Context& c, const ExpiryArgument& argument);

// A timeout in milliseconds, zero or more. Nothing after an error reply.
std::optional<Millis> read_timeout(Context& c, std::string_view text);
// The timeout of a blocking command: seconds, with a fraction or without, zero or more. Rounded up to a millisecond.
std::optional<Millis> read_block_timeout(Context& c, std::string_view text);

// A time that has come: the key is deleted at once instead of being given a dead expiry. Only a primary decides so.
inline bool already_expired(const Context& c, UnixMillis when) {
  return when <= c.now && c.is_primary && !c.caller.from_primary;
}

}  // namespace guccho::commands

// Reading times, with redis-server's checks against overflow.
#include "node/commands/times.h"

#include <cmath>
#include <limits>

#include "node/commands/numbers.h"

namespace guccho::commands {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

}  // namespace

std::optional<UnixMillis> read_expiry(Context& c, const ExpiryArgument& argument) {
  const std::optional<int64_t> number = parse_integer(argument.text);
  if (!number) {
    c.not_an_integer();
    return std::nullopt;
  }
  const int64_t scale = argument.unit == TimeUnit::kSeconds ? 1000 : 1;
  const int64_t base = argument.absolute ? 0 : c.now.time_since_epoch().count();
  if (*number <= 0 || *number > kMax / scale || *number * scale > kMax - base) {
    c.invalid_expire_time();
    return std::nullopt;
  }
  return UnixMillis(Millis(*number * scale + base));
}

std::optional<Millis> read_timeout(Context& c, std::string_view text) {
  const std::optional<int64_t> timeout = parse_integer(text);
  if (!timeout) {
    c.reply.error("ERR timeout is not an integer or out of range");
  } else if (*timeout < 0) {
    c.reply.error("ERR timeout is negative");
  } else if (*timeout > kMax - c.now.time_since_epoch().count()) {
    c.reply.error("ERR timeout is out of range");
  } else {
    return Millis(*timeout);
  }
  return std::nullopt;
}

std::optional<Millis> read_block_timeout(Context& c, std::string_view text) {
  const std::optional<long double> seconds = parse_long_double(text);
  if (!seconds) {
    c.reply.error("ERR timeout is not a float or out of range");
    return std::nullopt;
  }
  const long double millis = std::ceil(*seconds * 1000);
  if (millis > static_cast<long double>(kMax - c.now.time_since_epoch().count())) {
    c.reply.error("ERR timeout is out of range");
  } else if (millis < 0) {
    c.reply.error("ERR timeout is negative");
  } else {
    return Millis(static_cast<int64_t>(millis));
  }
  return std::nullopt;
}

}  // namespace guccho::commands

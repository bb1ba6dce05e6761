// When keys end: EXPIRE, TTL, PERSIST and their relatives.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/commands/times.h"
#include "node/store/keyspace.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;

struct Conditions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;
};

// False after an error reply.
bool parse_conditions(Context& c, Conditions& o) {
  for (size_t i = 3; i < c.argc(); ++i) {
    if (equals_ignore_case("nx", c.arg(i))) {
      o.nx = true;
    } else if (equals_ignore_case("xx", c.arg(i))) {
      o.xx = true;
    } else if (equals_ignore_case("gt", c.arg(i))) {
      o.gt = true;
    } else if (equals_ignore_case("lt", c.arg(i))) {
      o.lt = true;
    } else {
      c.reply.error("ERR Unsupported option " + std::string(c.arg(i)));
      return false;
    }
  }
  if (o.nx && (o.xx || o.gt || o.lt)) {
    c.reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return false;
  }
  if (o.gt && o.lt) {
    c.reply.error("ERR GT and LT options at the same time are not compatible");
    return false;
  }
  return true;
}

// A key without expiry lives for ever: nothing is later, anything is earlier.
bool conditions_hold(const Conditions& o, std::optional<UnixMillis> current, UnixMillis when) {
  if (o.nx && current) return false;
  if (o.xx && !current) return false;
  if (o.gt && (!current || when <= *current)) return false;
  if (o.lt && current && when >= *current) return false;
  return true;
}

// Negative times are allowed (they delete the key); nothing after an error reply.
std::optional<UnixMillis> read_moment(Context& c, TimeUnit unit, bool absolute) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const auto number = parse_integer(c.arg(2));
  if (!number) {
    c.not_an_integer();
    return std::nullopt;
  }
  const int64_t scale = unit == TimeUnit::kSeconds ? 1000 : 1;
  const int64_t base = absolute ? 0 : c.now.time_since_epoch().count();
  if (*number > kMax / scale || *number < std::numeric_limits<int64_t>::min() / scale ||
      *number * scale > kMax - base) {
    c.invalid_expire_time();
    return std::nullopt;
  }
  return UnixMillis(Millis(*number * scale + base));
}

// Relative times are replicated as absolute ones, so that a replica's clock and delay do not matter.
void replicate_expiry(Context& c, UnixMillis when) {
  store::IntText scratch;
  std::vector<std::string_view> request(c.args.begin(), c.args.end());
  request[0] = "PEXPIREAT";
  request[2] = store::print_integer(when.time_since_epoch().count(), scratch);
  c.replicate_as(request);
}

void expire_at(Context& c, TimeUnit unit, bool absolute) {
  Conditions conditions;
  if (!parse_conditions(c, conditions)) return;
  const std::optional<UnixMillis> when = read_moment(c, unit, absolute);
  if (!when) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr || !conditions_hold(conditions, entry->expiry(), *when)) return c.reply.integer(0);
  if (already_expired(c, *when)) {
    c.data.erase(key);
    c.changed(key.bytes, config::kNotifyGeneric, "del");
    c.replicate_as({c.config.lazyfree_lazy_expire ? "UNLINK" : "DEL", key.bytes});
  } else {
    c.data.set_expiry(key, entry, *when);
    c.changed(key.bytes, config::kNotifyGeneric, "expire");
    if (!absolute || unit == TimeUnit::kSeconds) replicate_expiry(c, *when);
  }
  c.reply.integer(1);
}

// -2: no such key; -1: no expiry. Seconds are rounded to the nearest.
void reply_expiry(Context& c, TimeUnit unit, bool absolute) {
  const Entry* entry = c.peek(c.key(1));
  if (entry == nullptr) return c.reply.integer(-2);
  const std::optional<UnixMillis> expiry = entry->expiry();
  if (!expiry) return c.reply.integer(-1);
  const int64_t millis =
      absolute ? expiry->time_since_epoch().count() : std::max<int64_t>((*expiry - c.now).count(), 0);
  c.reply.integer(unit == TimeUnit::kSeconds ? (millis + 500) / 1000 : millis);
}

}  // namespace

void expire(Context& c) {
  expire_at(c, TimeUnit::kSeconds, false);
}
void expireat(Context& c) {
  expire_at(c, TimeUnit::kSeconds, true);
}
void pexpire(Context& c) {
  expire_at(c, TimeUnit::kMilliseconds, false);
}
void pexpireat(Context& c) {
  expire_at(c, TimeUnit::kMilliseconds, true);
}

void ttl(Context& c) {
  reply_expiry(c, TimeUnit::kSeconds, false);
}
void pttl(Context& c) {
  reply_expiry(c, TimeUnit::kMilliseconds, false);
}
void expiretime(Context& c) {
  reply_expiry(c, TimeUnit::kSeconds, true);
}
void pexpiretime(Context& c) {
  reply_expiry(c, TimeUnit::kMilliseconds, true);
}

void persist(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr || !entry->has_expiry()) return c.reply.integer(0);
  c.data.persist(key, entry);
  c.changed(key.bytes, config::kNotifyGeneric, "persist");
  c.reply.integer(1);
}

}  // namespace guccho::commands::handlers

// DUMP and RESTORE: one value as bytes.
#include "node/rdb/dump.h"

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/commands/times.h"
#include "node/rdb/load.h"
#include "node/store/keyspace.h"

namespace guccho::commands::handlers {
namespace {

using store::KeyRef;

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  std::optional<int64_t> idle_seconds;
  std::optional<int64_t> frequency;
};

// False after an error reply.
bool parse_restore(Context& c, RestoreOptions& o) {
  for (size_t i = 4; i < c.argc(); ++i) {
    const bool more = i + 1 < c.argc();
    if (equals_ignore_case("replace", c.arg(i))) {
      o.replace = true;
    } else if (equals_ignore_case("absttl", c.arg(i))) {
      o.absolute = true;
    } else if (equals_ignore_case("idletime", c.arg(i)) && more && !o.frequency) {
      o.idle_seconds = parse_integer(c.arg(++i));
      if (!o.idle_seconds) {
        c.not_an_integer();
        return false;
      }
      if (*o.idle_seconds < 0) {
        c.reply.error("ERR Invalid IDLETIME value, must be >= 0");
        return false;
      }
    } else if (equals_ignore_case("freq", c.arg(i)) && more && !o.idle_seconds) {
      o.frequency = parse_integer(c.arg(++i));
      if (!o.frequency) {
        c.not_an_integer();
        return false;
      }
      if (*o.frequency < 0 || *o.frequency > 255) {
        c.reply.error("ERR Invalid FREQ value, must be >= 0 and <= 255");
        return false;
      }
    } else {
      c.syntax_error();
      return false;
    }
  }
  return true;
}

// The moment that the third argument means; nothing after an error reply.
struct Expiry {
  std::optional<UnixMillis> when;
};
std::optional<Expiry> read_ttl(Context& c, bool absolute) {
  const auto ttl = parse_integer(c.arg(2));
  if (!ttl) {
    c.not_an_integer();
    return std::nullopt;
  }
  if (*ttl < 0) {
    c.reply.error("ERR Invalid TTL value, must be >= 0");
    return std::nullopt;
  }
  if (*ttl == 0) return Expiry{};
  const int64_t base = absolute ? 0 : c.now.time_since_epoch().count();
  int64_t when = 0;
  // What is beyond the end of time is in the past, as the sum is in redis-server.
  if (__builtin_add_overflow(base, *ttl, &when)) when = INT64_MIN;
  return Expiry{UnixMillis(Millis(when))};
}

// As it was sent, but for the time, which becomes absolute.
void replicate_restore(Context& c, const RestoreOptions& o, std::optional<UnixMillis> when) {
  if (!when || o.absolute) return;
  const std::string time = std::to_string(when->time_since_epoch().count());
  std::vector<std::string_view> request(c.args.begin(), c.args.end());
  request[2] = time;
  request.emplace_back("ABSTTL");
  c.replicate_as(request);
}

void remove_old(Context& c, const KeyRef& key, bool was_there) {
  c.data.erase(key);
  if (!was_there) return;
  c.changed(key.bytes, config::kNotifyGeneric, "del");
  c.replicate_as({c.config.lazyfree_lazy_server_del ? "UNLINK" : "DEL", key.bytes});
}

}  // namespace

void dump(Context& c) {
  const store::Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return c.reply.null();
  c.reply.bulk(rdb::dump(*entry));
}

void restore(Context& c) {
  RestoreOptions o;
  if (!parse_restore(c, o)) return;
  const KeyRef key = c.key(1);
  const bool there = c.find_for_write(key) != nullptr;
  if (there && !o.replace) return c.reply.error("BUSYKEY Target key name already exists.");
  const auto expiry = read_ttl(c, o.absolute);
  if (!expiry) return;
  if (!rdb::is_dump(c.arg(3))) return c.reply.error("ERR DUMP payload version or checksum are wrong");
  Result<rdb::Record> record = rdb::restore(c.arg(3));
  if (!record) return c.reply.error("ERR Bad data format");

  if (expiry->when && already_expired(c, *expiry->when)) {
    remove_old(c, key, there);
    return c.reply.ok();
  }
  record->key = key.bytes;
  record->expiry = expiry->when;
  if (o.idle_seconds) record->idle_seconds = static_cast<uint64_t>(*o.idle_seconds);
  if (o.frequency) record->frequency = static_cast<uint8_t>(*o.frequency);
  // It takes what restore() accepts; were that untrue, no half of a value would stay.
  if (Status s = rdb::load(c.data, std::move(*record)); !s) {
    remove_old(c, key, there);
    return c.reply.error("ERR Bad data format");
  }
  if (!there) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyGeneric, "restore");
  replicate_restore(c, o, expiry->when);
  c.reply.ok();
}

void restore_asking(Context& c) {
  restore(c);
}

}  // namespace guccho::commands::handlers

// When fields of hashes end: HEXPIRE, HTTL, HPERSIST and their relatives. What keys have in expire.cc.
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/hash_fields.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/store/keyspace.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::HashValue;
using store::KeyRef;

// The answers of each field.
constexpr int64_t kNoField = -2;
constexpr int64_t kNoTtl = -1;
constexpr int64_t kConditionFailed = 0;
constexpr int64_t kDone = 1;
constexpr int64_t kDeleted = 2;

enum class Condition : uint8_t { kNone, kNx, kXx, kGt, kLt };

Condition condition_of(std::string_view word) {
  if (equals_ignore_case("nx", word)) return Condition::kNx;
  if (equals_ignore_case("xx", word)) return Condition::kXx;
  if (equals_ignore_case("gt", word)) return Condition::kGt;
  if (equals_ignore_case("lt", word)) return Condition::kLt;
  return Condition::kNone;
}

// A field without expiry lives for ever: nothing is later, anything is earlier.
bool holds(Condition condition, int64_t current, int64_t when) {
  const bool timed = current != HashValue::kNoExpiry;
  switch (condition) {
    case Condition::kNone:
      return true;
    case Condition::kNx:
      return !timed;
    case Condition::kXx:
      return timed;
    case Condition::kGt:
      return timed && when > current;
    case Condition::kLt:
      return !timed || when < current;
  }
  return false;
}

void reply_no_fields(Context& c, size_t count) {
  c.reply.array(count);
  for (size_t i = 0; i < count; ++i) c.reply.integer(kNoField);
}

// HEXPIRE key time [NX | XX | GT | LT] FIELDS n field...: either all fields that the condition allows get the time, or,
// when it is over, all of them go.
void expire_fields_at(Context& c, TimeUnit unit, bool absolute) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return;
  const auto when = read_field_expiry(c, {.text = c.arg(2), .unit = unit, .absolute = absolute});
  if (!when) return;
  const Condition condition = condition_of(c.arg(3));
  const auto fields = read_fields(c, condition == Condition::kNone ? 3 : 4, kExpireErrors);
  if (!fields) return;
  if (entry == nullptr) return reply_no_fields(c, fields->size());

  HashValue hash = open_hash(c, key, entry);
  const bool over = already_expired(c, *when);
  std::vector<std::string_view> changed;
  c.reply.array(fields->size());
  for (const std::string_view field : *fields) {
    const auto current = hash.expiry(field);
    if (!current) {
      c.reply.integer(kNoField);
    } else if (!holds(condition, *current, when->time_since_epoch().count())) {
      c.reply.integer(kConditionFailed);
    } else {
      over ? void(hash.erase(field)) : hash.set_expiry(field, *when);
      changed.push_back(field);
      c.reply.integer(over ? kDeleted : kDone);
    }
  }
  if (changed.empty()) return;
  c.changed(key.bytes, config::kNotifyHash, over ? "hdel" : "hexpire");
  if (over) {
    c.effects.count_expired_fields(changed.size());
    replicate_deletion(c, key, changed);
    return delete_if_empty(c, key, hash);
  }
  store::IntText scratch;
  const auto millis = store::print_integer(when->time_since_epoch().count(), scratch);
  replicate_fields(c, {"HPEXPIREAT", key.bytes, millis}, changed);
}

// HTTL key FIELDS n field.... Seconds are rounded up.
void reply_times(Context& c, TimeUnit unit, bool absolute) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_hash_or_missing(c, entry)) return;
  const auto fields = read_fields(c, 2, kExpireErrors);
  if (!fields) return;
  if (entry == nullptr) return reply_no_fields(c, fields->size());
  const HashValue hash = open_hash(c, key, entry);
  c.reply.array(fields->size());
  for (const std::string_view field : *fields) {
    const auto expiry = hash.expiry(field);
    if (!expiry || *expiry == HashValue::kNoExpiry) {
      c.reply.integer(expiry ? kNoTtl : kNoField);
      continue;
    }
    const int64_t millis = absolute ? *expiry : *expiry - c.now.time_since_epoch().count();
    c.reply.integer(unit == TimeUnit::kSeconds ? (millis + 999) / 1000 : millis);
  }
}

}  // namespace

void hexpire(Context& c) {
  expire_fields_at(c, TimeUnit::kSeconds, false);
}
void hexpireat(Context& c) {
  expire_fields_at(c, TimeUnit::kSeconds, true);
}
void hpexpire(Context& c) {
  expire_fields_at(c, TimeUnit::kMilliseconds, false);
}
void hpexpireat(Context& c) {
  expire_fields_at(c, TimeUnit::kMilliseconds, true);
}

void httl(Context& c) {
  reply_times(c, TimeUnit::kSeconds, false);
}
void hpttl(Context& c) {
  reply_times(c, TimeUnit::kMilliseconds, false);
}
void hexpiretime(Context& c) {
  reply_times(c, TimeUnit::kSeconds, true);
}
void hpexpiretime(Context& c) {
  reply_times(c, TimeUnit::kMilliseconds, true);
}

void hpersist(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return;
  const auto fields = read_fields(c, 2, kExpireErrors);
  if (!fields) return;
  if (entry == nullptr) return reply_no_fields(c, fields->size());
  HashValue hash = open_hash(c, key, entry);
  std::vector<std::string_view> changed;
  c.reply.array(fields->size());
  for (const std::string_view field : *fields) {
    const auto expiry = hash.expiry(field);
    if (!expiry || *expiry == HashValue::kNoExpiry) {
      c.reply.integer(expiry ? kNoTtl : kNoField);
      continue;
    }
    hash.persist(field);
    changed.push_back(field);
    c.reply.integer(kDone);
  }
  if (changed.empty()) return;
  c.changed(key.bytes, config::kNotifyHash, "hpersist");
  replicate_fields(c, {"HPERSIST", key.bytes}, changed);
}

}  // namespace guccho::commands::handlers

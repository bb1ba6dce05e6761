// Hashes: fields and their values. HRANDFIELD is in hash_random.cc, fields that expire are in hash_expire.cc and
// hash_getex.cc.
#include <cmath>
#include <string>

#include "node/commands/handlers.h"
#include "node/commands/hash_fields.h"
#include "node/commands/numbers.h"
#include "node/commands/scan_options.h"
#include "node/store/hash_value.h"
#include "node/store/keyspace.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::HashValue;
using store::IntText;
using store::KeyRef;
using store::Ttl;

void reply_field(Context& c, const HashValue& hash, std::string_view field, ExpiredFields& expired) {
  IntText scratch;
  if (const auto value = hash.get(field, scratch)) return c.reply.bulk(*value);
  c.reply.null();
  expired.missed(field);
}

// HSET and HMSET: fields and values in turn. How many fields are new, nothing after an error reply.
std::optional<int64_t> set_fields(Context& c) {
  if (c.argc() % 2 == 1) {
    c.wrong_arity();
    return std::nullopt;
  }
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return std::nullopt;
  HashValue hash(c.data, key, entry);
  int64_t added = 0;
  for (size_t i = 2; i < c.argc(); i += 2) added += hash.set(c.arg(i), c.arg(i + 1)) ? 1 : 0;
  if (entry == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyHash, "hset");
  return added;
}

enum class Part { kFields, kValues };

void reply_part(Context& c, Part part) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return c.reply.array(0);
  if (!is_hash_or_missing(c, entry)) return;
  const HashValue hash = open_hash(c, key, entry);
  c.reply.array(hash.visible_size());
  hash.for_each(
      [&](std::string_view field, std::string_view value) { c.reply.bulk(part == Part::kFields ? field : value); });
}

// Stores a text in one field, argument 2, and says so. A field that has expired is as good as none, and is replicated
// as HSET: a replica still sees it.
void store_text(Context& c, HashValue& hash, std::string_view text, Ttl ttl, std::string_view event) {
  const bool is_new = hash.entry() == nullptr;
  const KeyRef key = c.key(1);
  ExpiredFields expired(c, key, hash);
  const bool overwrites = expired.overwrites(c.arg(2));
  hash.set(c.arg(2), text, overwrites ? Ttl::clear() : ttl);
  expired.announce();
  if (is_new) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyHash, event);
  if (overwrites) c.replicate_as({"HSET", key.bytes, c.arg(2), text});
}

}  // namespace

void hset(Context& c) {
  if (const auto added = set_fields(c)) c.reply.integer(*added);
}

void hmset(Context& c) {
  if (set_fields(c)) c.reply.ok();
}

void hsetnx(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return;
  HashValue hash = open_hash(c, key, entry);
  if (hash.contains(c.arg(2))) return c.reply.integer(0);
  store_text(c, hash, c.arg(3), Ttl::clear(), "hset");
  c.reply.integer(1);
}

void hget(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return c.reply.null();
  if (!is_hash_or_missing(c, entry)) return;
  HashValue hash = open_hash(c, key, entry);
  ExpiredFields expired(c, key, hash);
  reply_field(c, hash, c.arg(2), expired);
  expired.finish();
}

void hmget(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_hash_or_missing(c, entry)) return;
  HashValue hash = open_hash(c, key, entry);
  ExpiredFields expired(c, key, hash);
  c.reply.array(c.argc() - 2);
  for (const std::string_view field : c.args.subspan(2)) reply_field(c, hash, field, expired);
  expired.finish();
}

void hgetall(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return c.reply.map(0);
  if (!is_hash_or_missing(c, entry)) return;
  const HashValue hash = open_hash(c, key, entry);
  c.reply.map(hash.visible_size());
  hash.for_each([&](std::string_view field, std::string_view value) {
    c.reply.bulk(field);
    c.reply.bulk(value);
  });
}

void hkeys(Context& c) {
  reply_part(c, Part::kFields);
}
void hvals(Context& c) {
  reply_part(c, Part::kValues);
}

void hlen(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_hash_or_missing(c, entry)) return;
  c.reply.integer(static_cast<int64_t>(HashValue(c.data, key, entry).size()));
}

void hexists(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_hash_or_missing(c, entry)) return;
  HashValue hash = open_hash(c, key, entry);
  const bool there = hash.contains(c.arg(2));
  c.reply.integer(there ? 1 : 0);
  if (there) return;
  ExpiredFields expired(c, key, hash);
  expired.missed(c.arg(2));
  expired.finish();
}

void hstrlen(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_hash_or_missing(c, entry)) return;
  IntText scratch;
  HashValue hash = open_hash(c, key, entry);
  const auto value = hash.get(c.arg(2), scratch);
  c.reply.integer(value ? static_cast<int64_t>(value->size()) : 0);
  if (value) return;
  ExpiredFields expired(c, key, hash);
  expired.missed(c.arg(2));
  expired.finish();
}

void hdel(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_hash_or_missing(c, entry)) return;
  HashValue hash(c.data, key, entry);
  int64_t removed = 0;
  for (size_t i = 2; i < c.argc() && hash.size() > 0; ++i) removed += hash.erase(c.arg(i)) ? 1 : 0;
  if (removed > 0) {
    const bool empty = hash.size() == 0;
    if (empty) c.data.erase(key);
    c.changed(key.bytes, config::kNotifyHash, "hdel");
    if (empty) c.changed(key.bytes, config::kNotifyGeneric, "del");
  }
  c.reply.integer(removed);
}

void hincrby(Context& c) {
  const auto increment = parse_integer(c.arg(3));
  if (!increment) return c.not_an_integer();
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return;
  HashValue hash = open_hash(c, key, entry);
  IntText scratch;
  int64_t number = 0;
  if (const auto old = hash.get(c.arg(2), scratch)) {
    const auto parsed = parse_integer(*old);
    if (!parsed) return c.reply.error("ERR hash value is not an integer");
    number = *parsed;
  }
  if (__builtin_add_overflow(number, *increment, &number)) {
    return c.reply.error("ERR increment or decrement would overflow");
  }
  store_text(c, hash, store::print_integer(number, scratch), Ttl::keep(), "hincrby");
  c.reply.integer(number);
}

// Replicated as HSET with the result, since floating point sums may differ between machines; as HSETEX where the
// field's expiry is to stay.
void hincrbyfloat(Context& c) {
  const auto increment = parse_long_double(c.arg(3));
  if (!increment) return c.not_a_float();
  if (std::isinf(*increment)) return c.reply.error("ERR value is NaN or Infinity");
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return;
  HashValue hash = open_hash(c, key, entry);
  IntText scratch;
  long double number = 0;
  if (const auto old = hash.get(c.arg(2), scratch)) {
    const auto parsed = parse_long_double(*old);
    if (!parsed) return c.reply.error("ERR hash value is not a float");
    number = *parsed;
  }
  number += *increment;
  if (std::isnan(number) || std::isinf(number)) {
    return c.reply.error("ERR increment would produce NaN or Infinity");
  }
  LongDoubleText text_scratch;
  const std::string_view text = print_long_double(number, text_scratch);
  store_text(c, hash, text, Ttl::keep(), "hincrbyfloat");
  if (hash.timed() && hash.expiry(c.arg(2)) != HashValue::kNoExpiry) {
    c.replicate_as({"HSETEX", key.bytes, "KEEPTTL", "FIELDS", "1", c.arg(2), text});
  } else if (!c.rewritten()) {
    c.replicate_as({"HSET", key.bytes, c.arg(2), text});
  }
  c.reply.bulk(text);
}

void hscan(Context& c) {
  const auto cursor = read_cursor(c, c.arg(2));
  if (!cursor) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) {
    c.reply.array(2);
    reply_cursor(c.reply, 0);
    return c.reply.array(0);
  }
  if (!is_hash_or_missing(c, entry)) return;
  ScanOptions options;
  if (!parse_scan_options(c, 3, false, options)) return;

  resp::Buffer fields;
  resp::ReplyWriter writer(fields, c.reply.version());
  size_t found = 0;
  const uint64_t next =
      open_hash(c, key, entry).scan(*cursor, options.count, [&](std::string_view field, std::string_view value) {
        if (!options.matches(field)) return;
        writer.bulk(field);
        writer.bulk(value);
        ++found;
      });
  c.reply.array(2);
  reply_cursor(c.reply, next);
  c.reply.array(found * 2);
  c.reply.raw(fields.view());
}

}  // namespace guccho::commands::handlers

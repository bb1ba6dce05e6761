// Values and expiries of fields at once: HGETEX, HSETEX, HGETDEL.
#include <algorithm>
#include <string>
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
using store::IntText;
using store::KeyRef;
using store::Ttl;

// EX, PX, EXAT, PXAT; nothing for other words.
std::optional<ExpiryArgument> expiry_option(std::string_view word) {
  if (equals_ignore_case("ex", word)) return ExpiryArgument{.unit = TimeUnit::kSeconds};
  if (equals_ignore_case("px", word)) return ExpiryArgument{.unit = TimeUnit::kMilliseconds};
  if (equals_ignore_case("exat", word)) return ExpiryArgument{.unit = TimeUnit::kSeconds, .absolute = true};
  if (equals_ignore_case("pxat", word)) return ExpiryArgument{.unit = TimeUnit::kMilliseconds, .absolute = true};
  return std::nullopt;
}

std::string_view print_millis(UnixMillis when, IntText& scratch) {
  return store::print_integer(when.time_since_epoch().count(), scratch);
}

void reply_nulls(Context& c, size_t count) {
  c.reply.array(count);
  for (size_t i = 0; i < count; ++i) c.reply.null();
}

// ---- HSETEX ----

struct SetOptions {
  enum class Exists : uint8_t { kAny, kNone, kAll };
  Exists exists = Exists::kAny;
  bool keep_ttl = false;
  std::optional<UnixMillis> when;
  std::span<const std::string_view> pairs;  // fields and values in turn
};

// False after an error reply.
bool read_pairs(Context& c, size_t at, SetOptions& o) {
  if (at + 3 >= c.argc()) {
    c.wrong_arity();
    return false;
  }
  const auto count = parse_integer(c.arg(at + 1));
  constexpr int64_t kMaxFields = (int64_t{1} << 30) - 1;
  if (!count || *count < 1 || *count > kMaxFields) {
    c.reply.error("ERR invalid number of fields");
    return false;
  }
  o.pairs = c.args.subspan(at + 2);
  if (o.pairs.size() != 2 * static_cast<size_t>(*count)) {
    c.wrong_arity();
    return false;
  }
  return true;
}

// False after an error reply. FIELDS and what belongs to it end the request.
bool read_set_options(Context& c, SetOptions& o) {
  bool has_ttl = false;
  for (size_t i = 2; i < c.argc(); ++i) {
    const std::string_view word = c.arg(i);
    if (equals_ignore_case("fields", word)) return read_pairs(c, i, o);
    if (equals_ignore_case("fxx", word) || equals_ignore_case("fnx", word)) {
      if (o.exists != SetOptions::Exists::kAny) {
        c.reply.error("ERR Only one of FXX or FNX arguments can be specified");
        return false;
      }
      o.exists = equals_ignore_case("fxx", word) ? SetOptions::Exists::kAll : SetOptions::Exists::kNone;
      continue;
    }
    auto expiry = expiry_option(word);
    o.keep_ttl = o.keep_ttl || equals_ignore_case("keepttl", word);
    if (!expiry && !equals_ignore_case("keepttl", word)) {
      c.reply.error("ERR unknown argument: " + std::string(word));
      return false;
    }
    if (has_ttl) {
      c.reply.error("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
      return false;
    }
    has_ttl = true;
    if (!expiry) continue;
    if (++i == c.argc()) {
      c.reply.error("ERR missing expire time");
      return false;
    }
    expiry->text = c.arg(i);
    if (!(o.when = read_field_expiry(c, *expiry))) return false;
  }
  c.reply.error("ERR missing FIELDS argument");
  return false;
}

// FNX, FXX. Fields that have expired are deleted when the answer is no: else they are about to be set.
bool exist_as_wanted(const HashValue& hash, const SetOptions& o, ExpiredFields& expired) {
  if (o.exists == SetOptions::Exists::kAny) return true;
  const bool wanted = o.exists == SetOptions::Exists::kAll;
  for (size_t i = 0; i < o.pairs.size(); i += 2) {
    if (hash.contains(o.pairs[i]) == wanted) continue;
    for (size_t seen = 0; seen <= i; seen += 2) {
      if (!hash.contains(o.pairs[seen])) expired.missed(o.pairs[seen]);
    }
    expired.finish();
    return false;
  }
  return true;
}

// Results, not conditions. What needs none of the newer words is an HSET, which older replicas understand, too.
void replicate_set(Context& c, const KeyRef& key, const SetOptions& o, bool timed) {
  if (o.when) {
    IntText scratch;
    return replicate_fields(c, {"HSETEX", key.bytes, "PXAT", print_millis(*o.when, scratch)}, o.pairs, 2);
  }
  if (o.keep_ttl && timed) return replicate_fields(c, {"HSETEX", key.bytes, "KEEPTTL"}, o.pairs, 2);
  std::vector<std::string_view> request{"HSET", key.bytes};
  request.insert(request.end(), o.pairs.begin(), o.pairs.end());
  c.replicate_as(request);
}

// The time is over already: the fields were set, and go.
void delete_pairs(Context& c, const KeyRef& key, HashValue& hash, const SetOptions& o) {
  std::vector<std::string_view> fields;
  for (size_t i = 0; i < o.pairs.size(); i += 2) {
    if (hash.erase(o.pairs[i])) fields.push_back(o.pairs[i]);
  }
  c.effects.count_expired_fields(fields.size());
  c.changed(key.bytes, config::kNotifyHash, "hdel");
  replicate_deletion(c, key, fields);
  delete_if_empty(c, key, hash);
}

}  // namespace

void hsetex(Context& c) {
  SetOptions o;
  if (!read_set_options(c, o)) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return;
  HashValue hash = open_hash(c, key, entry);
  ExpiredFields expired(c, key, hash);
  if (!exist_as_wanted(hash, o, expired)) return c.reply.integer(0);

  const bool was_timed = hash.timed();
  for (size_t i = 0; i < o.pairs.size(); i += 2) {
    const std::string_view field = o.pairs[i];
    const std::string_view value = o.pairs[i + 1];
    Ttl ttl = o.when ? Ttl::at(*o.when) : o.keep_ttl ? Ttl::keep() : Ttl::clear();
    if (expired.overwrites(field) && o.keep_ttl) {
      // The dead expiry is not to be kept: not by a replica either.
      ttl = Ttl::clear();
      c.replicate_as({"HSET", key.bytes, field, value});
    }
    hash.set(field, value, ttl);
  }
  expired.announce();
  if (entry == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyHash, "hset");
  if (o.when && already_expired(c, *o.when)) {
    delete_pairs(c, key, hash, o);
  } else {
    if (o.when) c.changed(key.bytes, config::kNotifyHash, "hexpire");
    replicate_set(c, key, o, was_timed);
  }
  c.reply.integer(1);
}

// HGETEX key [EX | PX | EXAT | PXAT time | PERSIST] FIELDS n field...
void hgetex(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return;
  std::optional<UnixMillis> when;
  const bool persist = equals_ignore_case("persist", c.arg(2));
  auto expiry = expiry_option(c.arg(2));
  if (expiry) {
    expiry->text = c.arg(3);
    if (!(when = read_field_expiry(c, *expiry))) return;
  }
  const auto fields = read_fields(c, expiry ? 4 : persist ? 3 : 2, kGetErrors);
  if (!fields) return;
  if (entry == nullptr) return reply_nulls(c, fields->size());

  HashValue hash = open_hash(c, key, entry);
  ExpiredFields expired(c, key, hash);
  const bool over = when && already_expired(c, *when);
  std::vector<std::string_view> changed;
  c.reply.array(fields->size());
  for (const std::string_view field : *fields) {
    IntText scratch;
    const auto value = hash.get(field, scratch);
    if (!value) {
      c.reply.null();
      expired.missed(field);
      continue;
    }
    c.reply.bulk(*value);  // before the change
    if (over) {
      hash.erase(field);
    } else if (when) {
      hash.set_expiry(field, *when);
    } else if (persist && hash.expiry(field) != HashValue::kNoExpiry) {
      hash.persist(field);
    } else {
      continue;
    }
    changed.push_back(field);
  }
  if (changed.empty()) return expired.finish();
  expired.announce();
  c.changed(key.bytes, config::kNotifyHash, over ? "hdel" : when ? "hexpire" : "hpersist");
  if (over) {
    c.effects.count_expired_fields(changed.size());
    replicate_deletion(c, key, changed);
  } else if (when) {
    IntText scratch;
    replicate_fields(c, {"HPEXPIREAT", key.bytes, print_millis(*when, scratch)}, changed);
  } else {
    replicate_fields(c, {"HPERSIST", key.bytes}, changed);
  }
  delete_if_empty(c, key, hash);
}

// HGETDEL key FIELDS n field...
void hgetdel(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_hash_or_missing(c, entry)) return;
  const auto fields = read_fields(c, 2, kGetErrors);
  if (!fields) return;
  if (entry == nullptr) return reply_nulls(c, fields->size());
  HashValue hash = open_hash(c, key, entry);
  ExpiredFields expired(c, key, hash);
  std::vector<std::string_view> deleted;
  c.reply.array(fields->size());
  for (const std::string_view field : *fields) {
    IntText scratch;
    const auto value = hash.get(field, scratch);
    if (!value) {
      c.reply.null();
      expired.missed(field);
      continue;
    }
    c.reply.bulk(*value);  // before the change
    hash.erase(field);
    deleted.push_back(field);
  }
  if (deleted.empty()) return expired.finish();
  expired.announce();
  c.changed(key.bytes, config::kNotifyHash, "hdel");
  replicate_deletion(c, key, deleted);
  delete_if_empty(c, key, hash);
}

}  // namespace guccho::commands::handlers

// Expired fields, and the arguments that name fields.
#include "node/commands/hash_fields.h"

#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/store/keyspace.h"

namespace guccho::commands {

using store::HashValue;
using store::KeyRef;

bool is_hash_or_missing(Context& c, const store::Entry* entry) {
  if (entry == nullptr || entry->type() == store::Type::kHash) return true;
  c.wrong_type();
  return false;
}

HashValue open_hash(Context& c, const KeyRef& key, store::Entry* entry) {
  HashValue hash(c.data, key, entry);
  if (!c.caller.from_primary) hash.hide_expired(c.now);
  return hash;
}

void delete_if_empty(Context& c, const KeyRef& key, const HashValue& hash) {
  if (hash.entry() == nullptr || hash.size() != 0) return;
  c.data.erase(key);
  c.effects.key_changed(key.slot, key.bytes, config::kNotifyGeneric, "del");
}

// ---- expired fields ----

// Replicated at once, before anything that the command itself does.
void ExpiredFields::missed_slow(std::string_view field) {
  if (!may_delete() || !hash_.hides(field) || c_.effects.keeps_expired()) return;
  hash_.erase(field);
  const std::string_view request[] = {"HDEL", key_.bytes, field};
  c_.effects.replicate(request);
  c_.effects.count_expired_fields(1);
  found_ = true;
}

bool ExpiredFields::overwrites_slow(std::string_view field) {
  if (!may_delete() || !hash_.hides(field)) return false;
  c_.effects.count_expired_fields(1);
  found_ = true;
  return true;
}

void ExpiredFields::delete_some() {
  // Read, not deleted; about 0.1 ms. The rest is the active cycle's.
  constexpr size_t kMost = 1000;
  if (!may_delete() || c_.effects.keeps_expired()) return;
  const auto told = [this](std::span<const std::string_view> fields) {
    std::vector<std::string_view> request{"HDEL", key_.bytes};
    request.insert(request.end(), fields.begin(), fields.end());
    c_.effects.replicate(request);
    c_.effects.count_expired_fields(fields.size());
    found_ = true;
  };
  hash_.expire(c_.now, kMost, told);
}

void ExpiredFields::announce() {
  if (found_) c_.effects.key_changed(key_.slot, key_.bytes, config::kNotifyHash, "hexpired");
}

void ExpiredFields::finish_slow() {
  announce();
  delete_if_empty(c_, key_, hash_);
}

// ---- arguments ----

std::optional<std::span<const std::string_view>> read_fields(Context& c, size_t at, const FieldsErrors& errors) {
  if (at >= c.argc() || !equals_ignore_case("fields", c.arg(at))) {
    c.reply.error("ERR Mandatory argument FIELDS is missing or not at the right position");
    return std::nullopt;
  }
  if (at + 1 >= c.argc()) {
    c.wrong_arity();
    return std::nullopt;
  }
  const auto count = parse_integer(c.arg(at + 1));
  if (!count || *count < 1) {
    c.reply.error(errors.bad_count);
    return std::nullopt;
  }
  const auto fields = c.args.subspan(at + 2);
  if (static_cast<uint64_t>(*count) != fields.size()) {
    c.reply.error("ERR The `numfields` parameter must match the number of arguments");
    return std::nullopt;
  }
  return fields;
}

std::optional<UnixMillis> read_field_expiry(Context& c, const ExpiryArgument& argument) {
  // Two bits of the 48 that the formats have for it are kept free, as in Redis.
  constexpr int64_t kMax = HashValue::kMaxExpiry >> 2;
  const auto number = parse_integer(argument.text);
  if (!number) {
    c.not_an_integer();
    return std::nullopt;
  }
  if (*number < 0) {
    c.reply.error("ERR invalid expire time, must be >= 0");
    return std::nullopt;
  }
  const int64_t scale = argument.unit == TimeUnit::kSeconds ? 1000 : 1;
  const int64_t base = argument.absolute ? 0 : c.now.time_since_epoch().count();
  if (*number > kMax / scale || *number * scale > kMax - base) {
    c.invalid_expire_time();
    return std::nullopt;
  }
  return UnixMillis(Millis(*number * scale + base));
}

// ---- replication ----

void replicate_fields(Context& c, std::initializer_list<std::string_view> words,
                      std::span<const std::string_view> items, size_t width) {
  store::IntText scratch;
  std::vector<std::string_view> request(words);
  request.push_back("FIELDS");
  request.push_back(store::print_integer(static_cast<int64_t>(items.size() / width), scratch));
  request.insert(request.end(), items.begin(), items.end());
  c.replicate_as(request);
}

void replicate_deletion(Context& c, const KeyRef& key, std::span<const std::string_view> fields) {
  std::vector<std::string_view> request{"HDEL", key.bytes};
  request.insert(request.end(), fields.begin(), fields.end());
  c.replicate_as(request);
}

}  // namespace guccho::commands

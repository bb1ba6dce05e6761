// HRANDFIELD: fields chosen at random, with or without repetition.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "node/base/random.h"
#include "node/commands/handlers.h"
#include "node/commands/hash_fields.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/store/hash_value.h"
#include "node/store/keyspace.h"

namespace guccho::commands {
namespace {

using store::HashValue;

// A negative count asks for that many fields with repetition, however large the hash: the reply's length is limited.
constexpr int64_t kMaxRepeats = int64_t{1} << 26;

void reply_pair(Context& c, std::string_view field, std::string_view value, bool with_values) {
  if (with_values && c.reply.resp3()) c.reply.array(2);
  c.reply.bulk(field);
  if (with_values) c.reply.bulk(value);
}

void reply_header(Context& c, size_t count, bool with_values) {
  c.reply.array(with_values && !c.reply.resp3() ? count * 2 : count);
}

void reply_with_repetition(Context& c, const HashValue& hash, size_t count, bool with_values) {
  Rng rng(c.host.next_random());
  reply_header(c, count, with_values);
  for (size_t i = 0; i < count; ++i) {
    hash.random(rng, [&](std::string_view field, std::string_view value) { reply_pair(c, field, value, with_values); });
  }
}

// Picks evenly among all subsets: each field is taken with the chance that as many are still wanted as are left.
void reply_distinct(Context& c, const HashValue& hash, size_t count, bool with_values) {
  Rng rng(c.host.next_random());
  size_t left = hash.visible_size();
  size_t wanted = std::min(count, left);
  reply_header(c, wanted, with_values);
  hash.for_each([&](std::string_view field, std::string_view value) {
    if (rng.below(left--) >= wanted) return;
    --wanted;
    reply_pair(c, field, value, with_values);
  });
}

// COUNT and WITHVALUES; nothing after an error reply.
std::optional<std::pair<int64_t, bool>> parse_count(Context& c) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const auto count = parse_integer(c.arg(2));
  if (!count) {
    c.not_an_integer();
  } else if (*count < -kMax) {
    c.reply.error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  } else if (c.argc() > 4 || (c.argc() == 4 && !equals_ignore_case("withvalues", c.arg(3)))) {
    c.syntax_error();
  } else if (*count < -kMaxRepeats || (c.argc() == 4 && *count > kMax / 2)) {
    c.reply.error("ERR value is out of range");
  } else {
    return std::pair(*count, c.argc() == 4);
  }
  return std::nullopt;
}

}  // namespace

void handlers::hrandfield(Context& c) {
  const bool with_count = c.argc() > 2;
  std::optional<std::pair<int64_t, bool>> count;
  if (with_count && !(count = parse_count(c))) return;
  const store::KeyRef key = c.key(1);
  store::Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return with_count ? c.reply.array(0) : c.reply.null();
  if (entry->type() != store::Type::kHash) return c.wrong_type();
  HashValue hash = open_hash(c, key, entry);
  if (hash.timed()) {
    ExpiredFields expired(c, key, hash);
    expired.delete_some();
    const size_t visible = hash.visible_size();
    expired.finish();
    if (visible == 0) return with_count ? c.reply.array(0) : c.reply.null();
  }
  if (!with_count) {
    Rng rng(c.host.next_random());
    return hash.random(rng, [&](std::string_view field, std::string_view) { c.reply.bulk(field); });
  }
  const auto [number, with_values] = *count;
  number < 0 ? reply_with_repetition(c, hash, static_cast<size_t>(-number), with_values)
             : reply_distinct(c, hash, static_cast<size_t>(number), with_values);
}

}  // namespace guccho::commands

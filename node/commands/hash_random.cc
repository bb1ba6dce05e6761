// HRANDFIELD: fields chosen at random, with or without repetition.
#include <algorithm>

#include "node/base/random.h"
#include "node/commands/handlers.h"
#include "node/commands/hash_fields.h"
#include "node/commands/host.h"
#include "node/commands/random_choice.h"
#include "node/store/hash_value.h"
#include "node/store/keyspace.h"

namespace guccho::commands {
namespace {

using store::HashValue;

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
void reply_selected(Context& c, const HashValue& hash, size_t wanted, size_t left, Rng& rng, bool with_values) {
  hash.for_each([&](std::string_view field, std::string_view value) {
    if (wanted == 0 || rng.below(left--) >= wanted) return;
    --wanted;
    reply_pair(c, field, value, with_values);
  });
}

void reply_distinct(Context& c, const HashValue& hash, size_t count, bool with_values) {
  Rng rng(c.host.next_random());
  const size_t visible = hash.visible_size();
  const size_t wanted = std::min(count, visible);
  reply_header(c, wanted, with_values);
  // Where most fields are hidden, a draw is not cheap.
  const bool mostly_visible = visible >= hash.size() / 2;
  if (!hash.is_table() || !mostly_visible || !drawing_suits(wanted, visible)) {
    return reply_selected(c, hash, wanted, visible, rng, with_values);
  }
  draw_distinct(
      wanted, [&](auto visit) { hash.random(rng, visit); },
      [&](std::string_view field, std::string_view value) { reply_pair(c, field, value, with_values); });
}

}  // namespace

void handlers::hrandfield(Context& c) {
  const bool with_count = c.argc() > 2;
  std::optional<RandomCount> count;
  if (with_count && !(count = read_random_count(c, "withvalues"))) return;
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

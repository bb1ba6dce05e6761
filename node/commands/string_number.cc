// Strings as numbers: INCR, DECR and INCRBYFLOAT.
#include <cmath>
#include <limits>

#include "node/commands/context.h"
#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/store/keyspace.h"
#include "node/store/string_value.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::IntText;
using store::KeyRef;

void add(Context& c, int64_t increment) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  int64_t number = 0;
  if (entry != nullptr) {
    if (entry->type() != store::Type::kString) return c.wrong_type();
    const std::optional<int64_t> old = store::string_integer(*entry);
    if (!old) return c.not_an_integer();
    number = *old;
  }
  if (__builtin_add_overflow(number, increment, &number)) {
    return c.reply.error("ERR increment or decrement would overflow");
  }
  store::StringValue(c.data, key, entry).assign(number);
  if (entry == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyString, "incrby");
  c.reply.integer(number);
}

}  // namespace

void incr(Context& c) {
  add(c, 1);
}
void decr(Context& c) {
  add(c, -1);
}

void incrby(Context& c) {
  const std::optional<int64_t> increment = parse_integer(c.arg(2));
  if (!increment) return c.not_an_integer();
  add(c, *increment);
}

void decrby(Context& c) {
  const std::optional<int64_t> decrement = parse_integer(c.arg(2));
  if (!decrement) return c.not_an_integer();
  // The one number without a negative.
  if (*decrement == std::numeric_limits<int64_t>::min()) return c.reply.error("ERR decrement would overflow");
  add(c, -*decrement);
}

// Replicated as SET with the result, since floating point sums may differ between machines.
void incrbyfloat(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  long double number = 0;
  if (entry != nullptr) {
    if (entry->type() != store::Type::kString) return c.wrong_type();
    IntText digits;
    const auto old = parse_long_double(store::string_bytes(*entry, digits));
    if (!old) return c.not_a_float();
    number = *old;
  }
  const auto increment = parse_long_double(c.arg(2));
  if (!increment) return c.not_a_float();
  number += *increment;
  if (std::isnan(number) || std::isinf(number)) {
    return c.reply.error("ERR increment would produce NaN or Infinity");
  }
  LongDoubleText scratch;
  const std::string_view text = print_long_double(number, scratch);
  store::StringValue(c.data, key, entry).assign(text);
  if (entry == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyString, "incrbyfloat");
  c.replicate_as({"SET", key.bytes, text, "KEEPTTL"});
  c.reply.bulk(text);
}

}  // namespace guccho::commands::handlers

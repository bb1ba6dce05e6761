// Commands about all keys of the node: SCAN, KEYS, RANDOMKEY, DBSIZE, FLUSHALL. They run while all workers stand still.
#include <charconv>
#include <limits>

#include "node/base/glob.h"
#include "node/commands/handlers.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/scan_options.h"
#include "node/commands/text.h"
#include "node/store/keyspace.h"

namespace guccho::commands {

bool ScanOptions::matches(std::string_view name) const {
  return !pattern || glob_match(*pattern, name);
}

bool parse_scan_options(Context& c, size_t first, bool with_type, ScanOptions& out) {
  for (size_t i = first; i < c.argc(); i += 2) {
    const bool has_value = i + 1 < c.argc();
    if (has_value && equals_ignore_case("count", c.arg(i))) {
      const auto count = parse_integer(c.arg(i + 1));
      if (!count) {
        c.not_an_integer();
        return false;
      }
      if (*count < 1) {
        c.syntax_error();
        return false;
      }
      out.count = static_cast<size_t>(*count);
    } else if (has_value && equals_ignore_case("match", c.arg(i))) {
      out.pattern = c.arg(i + 1);
      if (*out.pattern == "*") out.pattern.reset();
    } else if (has_value && with_type && equals_ignore_case("type", c.arg(i))) {
      out.type = c.arg(i + 1);
    } else {
      c.syntax_error();
      return false;
    }
  }
  return true;
}

std::optional<uint64_t> read_cursor(Context& c, std::string_view text) {
  const auto cursor = parse_cursor(text);
  if (!cursor) c.reply.error("ERR invalid cursor");
  return cursor;
}

void reply_cursor(resp::ReplyWriter& reply, uint64_t cursor) {
  char digits[24];
  const char* end = std::to_chars(digits, digits + sizeof digits, cursor).ptr;
  reply.bulk({digits, static_cast<size_t>(end - digits)});
}

namespace handlers {
namespace {

using store::Entry;
using store::ScanCursor;

// The first slot from `slot` on that holds keys; kSlotCount when there is none.
uint32_t next_filled_slot(Host& host, uint32_t slot) {
  while (slot < kSlotCount && host.keys_in_slot(Slot(static_cast<uint16_t>(slot))) == 0) ++slot;
  return slot;
}

// Visits at least `count` entries from the cursor on, where there are as many, slot by slot; returns the next cursor.
uint64_t walk(Host& host, ScanCursor cursor, size_t count, const store::Keyspace::Visit& visit) {
  size_t visited = 0;
  const auto counting = [&](const Entry& entry) {
    ++visited;
    visit(entry);
  };
  while (visited < count) {
    const uint32_t slot = next_filled_slot(host, cursor.slot.value);
    if (slot == kSlotCount) return 0;
    if (slot != cursor.slot.value) cursor = {Slot(static_cast<uint16_t>(slot)), 0};
    const auto next = host.keyspace_of(cursor.slot).scan_slot(cursor.slot, cursor.position, count - visited, counting);
    if (next) {
      cursor.position = *next;
    } else if (cursor.slot.value + 1 == kSlotCount) {
      return 0;
    } else {
      cursor = {Slot(static_cast<uint16_t>(cursor.slot.value + 1)), 0};
    }
  }
  return cursor.encode();
}

// ASYNC, SYNC, or what lazyfree-lazy-user-flush says; nothing after an error reply.
std::optional<bool> flush_now(Context& c) {
  if (c.argc() == 1) return !c.config.lazyfree_lazy_user_flush;
  if (c.argc() == 2 && equals_ignore_case("sync", c.arg(1))) return true;
  if (c.argc() == 2 && equals_ignore_case("async", c.arg(1))) return false;
  c.syntax_error();
  return std::nullopt;
}

}  // namespace

void scan(Context& c) {
  const auto cursor = read_cursor(c, c.arg(1));
  if (!cursor) return;
  ScanOptions options;
  if (!parse_scan_options(c, 2, true, options)) return;

  resp::Buffer keys;
  resp::ReplyWriter writer(keys, c.reply.version());
  size_t found = 0;
  const uint64_t next = walk(c.host, ScanCursor::decode(*cursor), options.count, [&](const Entry& entry) {
    if (entry.expired(c.now) || !options.matches(entry.key())) return;
    if (options.type && !equals_ignore_case(store::type_name(entry.type()), *options.type)) return;
    writer.bulk(entry.key());
    ++found;
  });
  c.reply.array(2);
  reply_cursor(c.reply, next);
  c.reply.array(found);
  c.reply.raw(keys.view());
}

void keys(Context& c) {
  const bool all = c.arg(1) == "*";
  const size_t mark = c.reply.begin_deferred();
  size_t found = 0;
  walk(c.host, {}, std::numeric_limits<size_t>::max(), [&](const Entry& entry) {
    if (entry.expired(c.now) || !(all || glob_match(c.arg(1), entry.key()))) return;
    c.reply.bulk(entry.key());
    ++found;
  });
  c.reply.end_array(mark, found);
}

// A worker by its share of the keys, then a key of it. A few expired ones may be met; where only such are, there is
// none.
void randomkey(Context& c) {
  constexpr int kTries = 100;
  const auto keyspaces = c.host.keyspaces();
  uint64_t total = 0;
  for (const store::Keyspace* k : keyspaces) total += k->keys();
  for (int i = 0; total > 0 && i < kTries; ++i) {
    uint64_t pick = c.host.next_random() % total;
    size_t worker = 0;
    while (pick >= keyspaces[worker]->keys()) pick -= keyspaces[worker++]->keys();
    const Entry* entry = keyspaces[worker]->random_entry();
    if (entry != nullptr && !entry->expired(c.now)) return c.reply.bulk(entry->key());
  }
  c.reply.null();
}

void dbsize(Context& c) {
  c.reply.integer(static_cast<int64_t>(c.host.key_count()));
}

void flushall(Context& c) {
  const auto now = flush_now(c);
  if (!now) return;
  constexpr size_t kFreeAtOnce = 1'000'000;
  c.effects.removing_all_keys();
  for (store::Keyspace* k : c.host.keyspaces()) {
    k->flush_all();
    while (*now && k->free_step(kFreeAtOnce)) {
    }
  }
  c.mark_dirty();
  c.reply.ok();
}

// There is one database.
void flushdb(Context& c) {
  flushall(c);
}

}  // namespace handlers
}  // namespace guccho::commands

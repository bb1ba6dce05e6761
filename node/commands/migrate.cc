// MIGRATE: its arguments. What it does is done beside the workers, by runtime/migration.
#include <charconv>
#include <unordered_set>

#include "node/commands/handlers.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"

namespace guccho::commands::handlers {
namespace {

constexpr size_t kKey = 3;
constexpr size_t kFirstOption = 6;
constexpr Millis kDefaultTimeout{1000};

// The port as Redis reads it: a number at the beginning of the text or 0, cut to 16 bits.
uint16_t loose_port(std::string_view text) {
  int64_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return static_cast<uint16_t>(port);
}

// The options; the first of the keys is at `keys`, which end where the arguments end. False after an error reply.
bool parse_options(Context& c, Migration& m, size_t& keys, bool& many) {
  for (size_t i = kFirstOption; i < c.argc(); ++i) {
    const size_t more = c.argc() - 1 - i;
    if (equals_ignore_case("copy", c.arg(i))) {
      m.copy = true;
    } else if (equals_ignore_case("replace", c.arg(i))) {
      m.replace = true;
    } else if (equals_ignore_case("auth", c.arg(i)) && more >= 1) {
      m.password = c.arg(++i);
    } else if (equals_ignore_case("auth2", c.arg(i)) && more >= 2) {
      m.user = c.arg(++i);
      m.password = c.arg(++i);
    } else if (equals_ignore_case("keys", c.arg(i))) {
      if (!c.arg(kKey).empty()) {
        c.reply.error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
        return false;
      }
      keys = i + 1;
      many = true;
      return true;
    } else {
      c.syntax_error();
      return false;
    }
  }
  return true;
}

}  // namespace

void migrate(Context& c) {
  Migration m;
  size_t first = kKey;
  bool many = false;
  if (!parse_options(c, m, first, many)) return;
  const auto timeout = parse_integer(c.arg(5));
  if (!timeout) return c.not_an_integer();
  const auto database = parse_integer(c.arg(4));
  if (!database) return c.not_an_integer();
  // The reply is the other server's, and neither a transaction nor a script can wait for it without stopping all else.
  if (c.caller.in_script) return c.reply.error("ERR MIGRATE cannot be called by a script here");
  if (c.caller.in_exec) return c.reply.error("ERR MIGRATE cannot run inside MULTI here");
  // A key that is named twice goes once.
  std::unordered_set<std::string_view> seen;
  for (const std::string_view key : c.args.subspan(first, many ? c.argc() - first : 1)) {
    if (seen.insert(key).second) m.keys.emplace_back(key);
  }
  if (m.keys.empty()) return c.reply.simple("NOKEY");
  if (!c.is_primary) return c.reply.error("READONLY You can't write against a read only replica.");
  m.host = c.arg(1);
  m.port = loose_port(c.arg(2));
  m.slot = key_slot(m.keys.front());
  m.database = *database;
  m.timeout = *timeout > 0 ? Millis(*timeout) : kDefaultTimeout;
  c.host.migrate(std::move(m), c.defer());
}

}  // namespace guccho::commands::handlers

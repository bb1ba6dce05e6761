// DEBUG: what tests need, where enable-debug-command allows it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/rdb/dump.h"
#include "node/store/keyspace.h"

namespace guccho::commands {
namespace {

// Over a Unix socket or from a loopback address.
bool is_local(const Session& session) {
  return session.address.starts_with("127.") || session.address.starts_with("[::1]") ||
         session.address.starts_with("::1:") || session.address.starts_with('/');
}

bool is_allowed(const Context& c) {
  switch (c.config.enable_debug_command) {
    case config::Guard::kNo:
      return false;
    case config::Guard::kYes:
      return true;
    case config::Guard::kLocal:
      return is_local(*c.session);
  }
  return false;
}

// Stops the whole node, as it stops redis-server: all workers are parked while it sleeps.
void sleep(Context& c) {
  constexpr double kMaxSeconds = 3600;
  const double seconds = parse_double(c.arg(2)).value_or(0);
  if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(std::min(seconds, kMaxSeconds)));
  c.reply.ok();
}

// Of DUMP's payload: type, version and checksum, which the length of a value does not count.
constexpr size_t kDumpOverhead = 1 + 2 + 8;

void object(Context& c) {
  const Slot slot = key_slot(c.arg(2));
  store::Keyspace& keyspace = c.host.keyspace_of(slot);
  const store::Entry* entry = keyspace.find({slot, c.arg(2)});
  if (entry == nullptr || entry->expired(c.now)) return c.reply.error("ERR no such key");
  char address[32];
  std::snprintf(address, sizeof address, "%p", static_cast<const void*>(entry));
  c.reply.simple("Value at:" + std::string(address) +
                 " refcount:1 encoding:" + std::string(store::encoding_name(entry->encoding())) + " serializedlength:" +
                 std::to_string(rdb::dump(*entry).size() - kDumpOverhead) + " lru:" + std::to_string(entry->access()) +
                 " lru_seconds_idle:" + std::to_string(keyspace.idle_seconds(*entry)));
}

void help(Context& c) {
  constexpr std::string_view kLines[] = {"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                                         "OBJECT <key>",
                                         "    Show low level info about `key` and associated value.",
                                         "SLEEP <seconds>",
                                         "    Stop the server for <seconds>. Decimals allowed.",
                                         "HELP",
                                         "    Prints this help."};
  c.reply.array(std::size(kLines));
  for (const std::string_view line : kLines) c.reply.simple(line);
}

}  // namespace

void handlers::debug(Context& c) {
  if (!is_allowed(c)) {
    return c.reply.error(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a "
        "local connection, otherwise you need to set this option in the configuration file, and then restart the "
        "server.");
  }
  if (c.argc() == 2 && equals_ignore_case("help", c.arg(1))) return help(c);
  if (c.argc() == 3 && equals_ignore_case("sleep", c.arg(1))) return sleep(c);
  if (c.argc() == 3 && equals_ignore_case("object", c.arg(1))) return object(c);
  c.reply.error("ERR unknown subcommand or wrong number of arguments for '" + std::string(c.arg(1).substr(0, 128)) +
                "'. Try DEBUG HELP.");
}

}  // namespace guccho::commands

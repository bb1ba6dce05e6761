// SLOWLOG: keeping slow commands, and showing them.
#include "node/commands/slow_log.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/secrets.h"

namespace guccho::commands {
namespace {

// As in redis-server.
constexpr size_t kMaxArguments = 32;
constexpr size_t kMaxArgumentBytes = 128;

std::string shortened(std::string_view arg) {
  if (arg.size() <= kMaxArgumentBytes) return std::string(arg);
  return fmt::format("{}... ({} more bytes)", arg.substr(0, kMaxArgumentBytes), arg.size() - kMaxArgumentBytes);
}

void reply_slow_command(resp::ReplyWriter& reply, const SlowCommand& entry, const Session* client) {
  reply.array(6);
  reply.integer(static_cast<int64_t>(entry.id));
  reply.integer(entry.when.time_since_epoch().count() / 1000);
  reply.integer(entry.duration.count());
  reply.array(entry.args.size());
  for (const std::string& arg : entry.args) reply.bulk(arg);
  reply.bulk(client != nullptr ? client->address : "");
  reply.bulk(client != nullptr ? client->name : "");
}

}  // namespace

void SlowLog::note(const CommandSpec& spec, std::span<const std::string_view> args, UnixMillis when, Micros duration,
                   uint64_t client_id, size_t limit) {
  if (spec.has(kSkipSlowlog)) return;
  SlowCommand entry{.id = next_id_++, .when = when, .duration = duration, .client_id = client_id};
  const size_t shown = args.size() > kMaxArguments ? kMaxArguments - 1 : args.size();
  for (size_t i = 0; i < shown; ++i) {
    entry.args.push_back(is_secret(spec, args, i) ? std::string(kRedacted) : shortened(args[i]));
  }
  if (shown < args.size()) entry.args.push_back("... (" + std::to_string(args.size() - shown) + " more arguments)");
  entries_.push_front(std::move(entry));
  while (entries_.size() > limit) entries_.pop_back();
}

std::vector<SlowCommand> SlowLog::newest(size_t count) const {
  const size_t n = std::min(count, entries_.size());
  return {entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(n)};
}

namespace handlers {

// A command may have run on another worker than its connection's, so address and name are looked up now; they are empty
// once the client is gone.
void slowlog_get(Context& c) {
  int64_t count = 10;
  if (c.argc() > 3) return subcommand_syntax_error(c);
  if (c.argc() == 3) {
    const auto number = parse_integer(c.arg(2));
    if (!number || *number < -1) return c.reply.error("ERR count should be greater than or equal to -1");
    count = *number;
  }
  std::map<uint64_t, const Session*> clients;
  c.host.for_each_session([&](Session& session) { clients[session.id] = &session; });
  const std::vector<SlowCommand> entries = c.host.slow_commands(count < 0 ? SIZE_MAX : static_cast<size_t>(count));
  c.reply.array(entries.size());
  for (const SlowCommand& entry : entries) {
    const auto client = clients.find(entry.client_id);
    reply_slow_command(c.reply, entry, client != clients.end() ? client->second : nullptr);
  }
}

void slowlog_len(Context& c) {
  c.reply.integer(static_cast<int64_t>(c.host.slow_command_count()));
}

void slowlog_reset(Context& c) {
  c.host.forget_slow_commands();
  c.reply.ok();
}

void slowlog_help(Context& c) {
  reply_help(
      c, {"GET [<count>]", "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
          "    Entries are made of:", "    id, timestamp, time in microseconds, arguments array, client IP and port,",
          "    client name", "LEN", "    Return the length of the slowlog.", "RESET", "    Reset the slowlog."});
}

}  // namespace handlers
}  // namespace guccho::commands

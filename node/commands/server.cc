// The server as a whole: INFO, CONFIG, ROLE, TIME, MONITOR, SHUTDOWN, and the replication dialogue's entry.
#include <vector>

#include "node/base/version.h"
#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/scripting/running.h"

namespace guccho::commands::handlers {
namespace {

void reply_role_of_primary(resp::ReplyWriter& reply, const ReplicationStatus& status) {
  reply.array(3);
  reply.bulk("master");
  reply.integer(status.offset.value);
  const size_t mark = reply.begin_deferred();
  size_t online = 0;
  for (const ReplicaLink& link : status.replicas) {
    if (!link.online) continue;
    reply.array(3);
    reply.bulk(link.ip);
    reply.bulk_integer(link.port);
    reply.bulk_integer(link.acknowledged.value);
    ++online;
  }
  reply.end_array(mark, online);
}

void reply_role_of_replica(resp::ReplyWriter& reply, const ReplicationStatus& status) {
  reply.array(5);
  reply.bulk("slave");
  reply.bulk(status.primary_ip);
  reply.integer(status.primary_port);
  reply.bulk(status.link_state);
  reply.integer(status.link_state == "connected" ? status.read_offset.value : -1);
}

// ABORT comes alone; SAVE and NOSAVE exclude each other. False for a syntax error.
bool parse_shutdown(Context& c, ShutdownOptions& o, bool& abort) {
  for (const std::string_view word : c.args.subspan(1)) {
    if (equals_ignore_case("nosave", word)) {
      o.nosave = true;
    } else if (equals_ignore_case("save", word)) {
      o.save = true;
    } else if (equals_ignore_case("now", word)) {
      o.now = true;
    } else if (equals_ignore_case("force", word)) {
      o.force = true;
    } else if (equals_ignore_case("abort", word)) {
      abort = true;
    } else {
      return false;
    }
  }
  const bool any = o.save || o.nosave || o.now || o.force;
  return !(abort && any) && !(o.save && o.nosave);
}

}  // namespace

void info(Context& c) {
  c.reply.verbatim("txt", c.host.info(c.args.subspan(1)));
}

void config_get(Context& c) {
  const auto values = c.host.config_get(c.args.subspan(2));
  c.reply.map(values.size());
  for (const auto& [name, value] : values) {
    c.reply.bulk(name);
    c.reply.bulk(value);
  }
}

void config_set(Context& c) {
  if (c.argc() % 2 == 1) return c.syntax_error();
  std::vector<std::pair<std::string, std::string>> pairs;
  for (size_t i = 2; i < c.argc(); i += 2) pairs.emplace_back(c.arg(i), c.arg(i + 1));
  const Status done = c.host.config_set(pairs);
  done ? c.reply.ok() : c.reply.error(done.error().text);
}

void config_rewrite(Context& c) {
  const Status done = c.host.config_rewrite();
  done ? c.reply.ok() : c.reply.error(done.error().text);
}

void config_resetstat(Context& c) {
  c.host.reset_statistics();
  c.reply.ok();
}

void config_help(Context& c) {
  reply_help(c,
             {"GET <pattern>", "    Return parameters matching the glob-like <pattern> and their values.",
              "SET <directive> <value>", "    Set the configuration <directive> to <value>.", "RESETSTAT",
              "    Reset statistics reported by the INFO command.", "REWRITE", "    Rewrite the configuration file."});
}

void role(Context& c) {
  const ReplicationStatus status = c.host.replication_status();
  status.is_primary ? reply_role_of_primary(c.reply, status) : reply_role_of_replica(c.reply, status);
}

// Not the command's frozen time: two of one script differ.
void time(Context& c) {
  constexpr int64_t kSecond = 1'000'000;
  const int64_t micros = c.host.wall_clock().count();
  c.reply.array(2);
  c.reply.bulk_integer(micros / kSecond);
  c.reply.bulk_integer(micros % kSecond);
}

void monitor(Context& c) {
  if (c.caller.in_exec) return c.reply.error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  if (c.session->kind == SessionKind::kMonitor) return;  // redis-server answers nothing, either
  c.host.start_monitor(*c.session);
  c.reply.ok();
}

void shutdown(Context& c) {
  ShutdownOptions options;
  bool abort = false;
  if (!parse_shutdown(c, options, abort)) return c.syntax_error();
  if (abort) return c.host.abort_shutdown() ? c.reply.ok() : c.reply.error("ERR No shutdown in progress.");
  // What the script has done so far is neither whole nor undone.
  const scripting::BusyScriptPtr busy = c.host.busy_scripts().one();
  if (busy && !options.nosave) return c.reply.error(busy->refusal());
  c.host.shutdown(options, c.defer());
}

// Who follows whom is decided by CLUSTER REPLICATE.
void replicaof(Context& c) {
  c.reply.error("ERR REPLICAOF not allowed in cluster mode.");
}
void slaveof(Context& c) {
  replicaof(c);
}

void failover(Context& c) {
  c.reply.error("ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.");
}

void swapdb(Context& c) {
  c.reply.error("ERR SWAPDB is not allowed in cluster mode");
}

void replconf(Context& c) {
  c.host.replication_command(*c.session, c);
}
void psync(Context& c) {
  c.host.replication_command(*c.session, c);
}
void sync(Context& c) {
  c.host.replication_command(*c.session, c);
}

void lolwut(Context& c) {
  if (c.argc() >= 3 && equals_ignore_case("version", c.arg(1)) && !parse_integer(c.arg(2))) {
    return c.not_an_integer();
  }
  c.reply.verbatim("txt", "Redis ver. " + std::string(kRedisVersion) + "\n");
}

}  // namespace guccho::commands::handlers

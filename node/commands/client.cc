// CLIENT: what connections are, and what may be done to them.
#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "node/commands/client_text.h"
#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/commands/times.h"

namespace guccho::commands {
namespace {

// The letters of CLIENT LIST's flags.
std::string client_flags(const Session& s) {
  std::string flags;
  if (s.kind == SessionKind::kMonitor) flags += 'O';
  if (s.kind == SessionKind::kReplica) flags += 'S';
  if (s.kind == SessionKind::kPrimary) flags += 'M';
  if (s.kind == SessionKind::kPubsub) flags += 'P';
  if (s.transaction.active) flags += 'x';
  if (s.blocked) flags += 'b';
  if (s.tracking) {
    flags += 't';
    if (s.tracking->broken) flags += 'R';
    if (s.tracking->broadcast) flags += 'B';
  }
  const WatchFlag& broken = s.transaction.watch_broken;
  if (broken != nullptr && broken->load(std::memory_order_relaxed)) flags += 'd';
  if (s.close_after_reply) flags += 'c';
  if (s.readonly) flags += 'r';
  if (s.no_evict) flags += 'e';
  if (s.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

int64_t seconds_between(UnixMillis from, UnixMillis to) {
  return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

// The kinds that CLIENT KILL and LIST take as TYPE. A monitor counts as a normal client there, as in redis-server.
std::optional<SessionKind> kind_by_name(std::string_view name) {
  if (equals_ignore_case("normal", name)) return SessionKind::kNormal;
  if (equals_ignore_case("slave", name) || equals_ignore_case("replica", name)) return SessionKind::kReplica;
  if (equals_ignore_case("pubsub", name)) return SessionKind::kPubsub;
  if (equals_ignore_case("master", name)) return SessionKind::kPrimary;
  return std::nullopt;
}

bool is_of_kind(const Session& s, SessionKind kind) {
  return s.kind == kind || (s.kind == SessionKind::kMonitor && kind == SessionKind::kNormal);
}

void unknown_kind(Context& c, std::string_view name) {
  c.reply.error("ERR Unknown client type '" + std::string(name) + "'");
}

// Which connections CLIENT KILL means.
struct KillFilter {
  std::optional<uint64_t> id;
  std::optional<SessionKind> kind;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  std::optional<std::string_view> user;
  bool skip_me = true;

  bool matches(const Session& s) const {
    return (!id || s.id == *id) && (!kind || is_of_kind(s, *kind)) && (!address || s.address == *address) &&
           (!local_address || s.local_address == *local_address) &&
           (!user || (s.user != nullptr && s.user->name() == *user));
  }
};

// One option and its value; false after an error reply.
bool take_kill_option(Context& c, KillFilter& f, std::string_view option, std::string_view value) {
  if (equals_ignore_case("id", option)) {
    const auto id = parse_integer(value);
    if (!id || *id < 1) {
      c.reply.error("ERR client-id should be greater than 0");
      return false;
    }
    f.id = static_cast<uint64_t>(*id);
  } else if (equals_ignore_case("type", option)) {
    f.kind = kind_by_name(value);
    if (!f.kind) {
      unknown_kind(c, value);
      return false;
    }
  } else if (equals_ignore_case("addr", option)) {
    f.address = value;
  } else if (equals_ignore_case("laddr", option)) {
    f.local_address = value;
  } else if (equals_ignore_case("user", option)) {
    if (c.host.users()->find(value) == nullptr) {
      c.reply.error("ERR No such user '" + std::string(value) + "'");
      return false;
    }
    f.user = value;
  } else if (equals_ignore_case("skipme", option) && equals_ignore_case("yes", value)) {
    f.skip_me = true;
  } else if (equals_ignore_case("skipme", option) && equals_ignore_case("no", value)) {
    f.skip_me = false;
  } else {
    c.syntax_error();
    return false;
  }
  return true;
}

int64_t kill(Context& c, const KillFilter& filter) {
  std::vector<Session*> victims;
  c.host.for_each_session([&](Session& s) {
    if (filter.matches(s) && !(filter.skip_me && s.id == c.caller.client_id)) victims.push_back(&s);
  });
  for (Session* s : victims) c.host.close_session(*s, s->id == c.caller.client_id);
  return static_cast<int64_t>(victims.size());
}

// ON or OFF; nothing after an error reply.
std::optional<bool> read_switch(Context& c, std::string_view word) {
  if (equals_ignore_case("on", word)) return true;
  if (equals_ignore_case("off", word)) return false;
  c.syntax_error();
  return std::nullopt;
}

}  // namespace

bool valid_client_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char ch) { return ch >= '!' && ch <= '~'; });
}

size_t memory_of(const Session& s) {
  const Transaction& t = s.transaction;
  return s.query_buffer_used + s.query_buffer_free + s.output_buffer_used + s.output_queue_bytes + t.queued_bytes +
         t.queue.size() * sizeof(QueuedCommand) + t.watched_keys.size() * sizeof(std::string) + sizeof(Session);
}

std::string describe_client(const Session& s, UnixMillis now) {
  const Transaction& t = s.transaction;
  std::string out = "id=" + std::to_string(s.id) + " addr=" + s.address + " laddr=" + s.local_address +
                    " fd=" + std::to_string(s.fd) + " name=" + s.name +
                    " age=" + std::to_string(seconds_between(s.created, now)) +
                    " idle=" + std::to_string(seconds_between(s.last_interaction, now)) + " flags=" + client_flags(s);
  const Subscriptions none;
  const Subscriptions& subscribed = s.subscriptions ? *s.subscriptions : none;
  out += " db=0 sub=" + std::to_string(subscribed.channels.size()) +
         " psub=" + std::to_string(subscribed.patterns.size()) +
         " ssub=" + std::to_string(subscribed.shard_channels.size());
  out += " multi=" + (t.active ? std::to_string(t.queue.size()) : "-1");
  out += " qbuf=" + std::to_string(s.query_buffer_used) + " qbuf-free=" + std::to_string(s.query_buffer_free) +
         " argv-mem=0 multi-mem=" + std::to_string(t.queued_bytes) + " rbs=" + std::to_string(s.output_buffer_used) +
         " rbp=" + std::to_string(s.output_buffer_used) + " obl=" + std::to_string(s.output_buffer_used) +
         " oll=" + std::to_string(s.output_queue_length) + " omem=" + std::to_string(s.output_queue_bytes) +
         " tot-mem=" + std::to_string(memory_of(s)) + " events=r cmd=";
  out += s.last_command != nullptr ? s.last_command->full_name : "NULL";
  out += " user=" + (s.user != nullptr ? s.user->name() : "(superuser)") +
         " redir=" + (s.tracking ? std::to_string(s.tracking->redirect) : "-1") +
         " resp=" + std::to_string(static_cast<int>(s.resp)) + " lib-name=" + s.library_name +
         " lib-ver=" + s.library_version;
  return out;
}

namespace handlers {

void client_id(Context& c) {
  c.reply.integer(static_cast<int64_t>(c.session->id));
}

void client_info(Context& c) {
  c.reply.verbatim("txt", describe_client(*c.session, c.now) + "\n");
}

void client_list(Context& c) {
  std::optional<SessionKind> kind;
  std::vector<uint64_t> ids;
  if (c.argc() == 4 && equals_ignore_case("type", c.arg(2))) {
    kind = kind_by_name(c.arg(3));
    if (!kind) return unknown_kind(c, c.arg(3));
  } else if (c.argc() > 3 && equals_ignore_case("id", c.arg(2))) {
    for (const std::string_view text : c.args.subspan(3)) {
      const auto id = parse_integer(text);
      if (!id) return c.reply.error("ERR Invalid client ID");
      ids.push_back(static_cast<uint64_t>(*id));
    }
  } else if (c.argc() != 2) {
    return c.syntax_error();
  }
  std::map<uint64_t, const Session*> sessions;
  c.host.for_each_session([&](Session& s) {
    if (!kind || is_of_kind(s, *kind)) sessions.emplace(s.id, &s);
  });
  std::string text;
  const auto add = [&](const Session& s) { text += describe_client(s, c.now) + "\n"; };
  // Those that are asked for in the order asked for, as often as asked for.
  for (const uint64_t id : ids) {
    if (const auto it = sessions.find(id); it != sessions.end()) add(*it->second);
  }
  if (ids.empty()) {
    for (const auto& [id, s] : sessions) add(*s);
  }
  c.reply.verbatim("txt", text);
}

void client_kill(Context& c) {
  KillFilter filter;
  if (c.argc() == 3) {  // the older form: one address, oneself not spared
    filter.address = c.arg(2);
    filter.skip_me = false;
    if (kill(c, filter) == 0) return c.reply.error("ERR No such client");
    return c.reply.ok();
  }
  for (size_t i = 2; i < c.argc(); i += 2) {
    if (i + 1 == c.argc()) return c.syntax_error();
    if (!take_kill_option(c, filter, c.arg(i), c.arg(i + 1))) return;
  }
  c.reply.integer(kill(c, filter));
}

void client_getname(Context& c) {
  if (c.session->name.empty()) return c.reply.null();
  c.reply.bulk(c.session->name);
}

void client_setname(Context& c) {
  if (!valid_client_name(c.arg(2))) return c.reply.error(kBadClientName);
  c.session->name = c.arg(2);
  c.reply.ok();
}

void client_setinfo(Context& c) {
  std::string* field = nullptr;
  if (equals_ignore_case("lib-name", c.arg(2))) field = &c.session->library_name;
  if (equals_ignore_case("lib-ver", c.arg(2))) field = &c.session->library_version;
  if (field == nullptr) return c.reply.error("ERR Unrecognized option '" + std::string(c.arg(2)) + "'");
  if (!valid_client_name(c.arg(3))) {
    return c.reply.error("ERR " + std::string(c.arg(2)) + " cannot contain spaces, newlines or special characters.");
  }
  *field = c.arg(3);
  c.reply.ok();
}

void client_no_evict(Context& c) {
  const auto on = read_switch(c, c.arg(2));
  if (!on) return;
  c.session->no_evict = *on;
  c.reply.ok();
}

void client_no_touch(Context& c) {
  const auto on = read_switch(c, c.arg(2));
  if (!on) return;
  c.session->no_touch = *on;
  c.reply.ok();
}

void client_reply(Context& c) {
  ReplyMode& mode = c.session->reply_mode;
  if (equals_ignore_case("on", c.arg(2))) {
    mode = ReplyMode::kOn;
    c.reply.ok();
  } else if (equals_ignore_case("off", c.arg(2))) {
    mode = ReplyMode::kOff;
  } else if (equals_ignore_case("skip", c.arg(2))) {
    if (mode != ReplyMode::kOff) mode = ReplyMode::kSkipNext;
  } else {
    c.syntax_error();
  }
}

void client_pause(Context& c) {
  if (c.argc() > 4) return subcommand_syntax_error(c);
  const bool only_writes = c.argc() == 4 && equals_ignore_case("write", c.arg(3));
  if (c.argc() == 4 && !only_writes && !equals_ignore_case("all", c.arg(3))) {
    return c.reply.error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  const auto timeout = read_timeout(c, c.arg(2));
  if (!timeout) return;
  c.host.pause_clients(c.now + *timeout, !only_writes);
  c.reply.ok();
}

void client_unpause(Context& c) {
  c.host.unpause_clients();
  c.reply.ok();
}

void client_unblock(Context& c) {
  if (c.argc() > 4) return subcommand_syntax_error(c);
  const bool with_error = c.argc() == 4 && equals_ignore_case("error", c.arg(3));
  if (c.argc() == 4 && !with_error && !equals_ignore_case("timeout", c.arg(3))) {
    return c.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const auto id = parse_integer(c.arg(2));
  if (!id) return c.not_an_integer();
  c.reply.integer(*id > 0 && c.host.unblock(static_cast<uint64_t>(*id), with_error) ? 1 : 0);
}

void client_help(Context& c) {
  reply_help(c, {"CACHING (YES|NO)",
                 "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
                 "GETREDIR",
                 "    Return the client ID we are redirecting to when tracking is enabled.",
                 "GETNAME",
                 "    Return the name of the current connection.",
                 "ID",
                 "    Return the ID of the current connection.",
                 "INFO",
                 "    Return information about the current client connection.",
                 "KILL <ip:port>",
                 "    Kill connection made from <ip:port>.",
                 "KILL <option> <value> [<option> <value> [...]]",
                 "    Kill connections. Options are:",
                 "    * ADDR (<ip:port>|<unixsocket>:0)",
                 "      Kill connections made from the specified address",
                 "    * LADDR (<ip:port>|<unixsocket>:0)",
                 "      Kill connections made to specified local address",
                 "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                 "      Kill connections by type.",
                 "    * USER <username>",
                 "      Kill connections authenticated by <username>.",
                 "    * SKIPME (YES|NO)",
                 "      Skip killing current connection (default: yes).",
                 "LIST [options ...]",
                 "    Return information about client connections. Options:",
                 "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                 "      Return clients of specified type.",
                 "UNPAUSE",
                 "    Stop the current client pause, resuming traffic.",
                 "PAUSE <timeout> [WRITE|ALL]",
                 "    Suspend all, or just write, clients for <timeout> milliseconds.",
                 "REPLY (ON|OFF|SKIP)",
                 "    Control the replies sent to the current connection.",
                 "SETNAME <name>",
                 "    Assign the name <name> to the current connection.",
                 "SETINFO <option> <value>",
                 "    Set client meta attr. Options are:",
                 "    * LIB-NAME: the client lib name.",
                 "    * LIB-VER: the client lib version.",
                 "UNBLOCK <clientid> [TIMEOUT|ERROR]",
                 "    Unblock the specified blocked client.",
                 "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
                 "         [OPTIN] [OPTOUT] [NOLOOP]",
                 "    Control server assisted client side caching.",
                 "TRACKINGINFO",
                 "    Report tracking status for the current connection.",
                 "NO-EVICT (ON|OFF)",
                 "    Protect current client connection from eviction.",
                 "NO-TOUCH (ON|OFF)",
                 "    Will not touch LRU/LFU stats when this mode is on."});
}

}  // namespace handlers
}  // namespace guccho::commands

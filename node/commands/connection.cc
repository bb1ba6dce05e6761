// The connection itself: PING, ECHO, SELECT, AUTH, HELLO, RESET, QUIT. CLIENT is in client.cc.
#include <string>

#include "node/base/version.h"
#include "node/commands/client_text.h"
#include "node/commands/handlers.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/ranges.h"
#include "node/commands/subscriptions.h"
#include "node/commands/text.h"

namespace guccho::commands::handlers {
namespace {

constexpr std::string_view kWrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";

// Logs in, or leaves the connection as it was.
bool authenticate(Context& c, std::string_view user, std::string_view password) {
  acl::UserRef known = c.host.users()->authenticate(user, password);
  if (known == nullptr) {
    c.host.note_denial(*c.session, {.reason = acl::Denial::kAuth,
                                    .context = c.caller.in_exec ? acl::LogContext::kMulti : acl::LogContext::kTopLevel,
                                    .object = std::string(c.arg(0)),
                                    .user = std::string(user),
                                    .client = {}});
    return false;
  }
  c.session->authenticated = true;
  c.session->user = std::move(known);
  return true;
}

struct HelloOptions {
  int64_t version = 0;  // 0: leave it
  bool has_login = false;
  std::string_view user;
  std::string_view password;
  bool has_name = false;
  std::string_view name;
};

// False after an error reply.
bool parse_hello(Context& c, HelloOptions& o) {
  if (c.argc() >= 2) {
    const auto version = parse_integer(c.arg(1));
    if (!version) {
      c.reply.error("ERR Protocol version is not an integer or out of range");
      return false;
    }
    if (*version < 2 || *version > 3) {
      c.reply.error("NOPROTO unsupported protocol version");
      return false;
    }
    o.version = *version;
  }
  for (size_t i = 2; i < c.argc(); ++i) {
    const size_t more = c.argc() - 1 - i;
    if (equals_ignore_case("auth", c.arg(i)) && more >= 2) {
      o.has_login = true;
      o.user = c.arg(++i);
      o.password = c.arg(++i);
    } else if (equals_ignore_case("setname", c.arg(i)) && more >= 1) {
      o.has_name = true;
      o.name = c.arg(++i);
      if (!valid_client_name(o.name)) {
        c.reply.error(kBadClientName);
        return false;
      }
    } else {
      c.reply.error("ERR Syntax error in HELLO option '" + std::string(c.arg(i)) + "'");
      return false;
    }
  }
  return true;
}

// In the protocol that was just chosen.
void reply_hello(Context& c) {
  resp::ReplyWriter reply(c.reply.buffer(), c.session->resp);
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(kRedisVersion);
  reply.bulk("proto");
  reply.integer(static_cast<int64_t>(c.session->resp));
  reply.bulk("id");
  reply.integer(static_cast<int64_t>(c.session->id));
  reply.bulk("mode");
  reply.bulk("cluster");
  reply.bulk("role");
  reply.bulk(c.is_primary ? "master" : "replica");
  reply.bulk("modules");
  reply.array(0);
}

}  // namespace

void ping(Context& c) {
  if (c.argc() > 2) return c.wrong_arity();
  // To a subscriber that knows no pushes an answer looks like a message.
  if (c.session != nullptr && c.session->kind == SessionKind::kPubsub && !c.reply.resp3()) {
    c.reply.array(2);
    c.reply.bulk("pong");
    return c.reply.bulk(c.argc() == 2 ? c.arg(1) : std::string_view());
  }
  if (c.argc() == 2) return c.reply.bulk(c.arg(1));
  c.reply.simple("PONG");
}

void echo(Context& c) {
  c.reply.bulk(c.arg(1));
}

void select(Context& c) {
  const auto index = read_int32(c, c.arg(1));
  if (!index) return;
  if (*index != 0) return c.reply.error("ERR SELECT is not allowed in cluster mode");
  c.reply.ok();
}

void auth(Context& c) {
  if (c.argc() > 3) return c.syntax_error();
  if (c.argc() == 2 && c.host.users()->default_user()->no_password()) {
    return c.reply.error(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  const bool accepted =
      c.argc() == 2 ? authenticate(c, acl::kDefaultUser, c.arg(1)) : authenticate(c, c.arg(1), c.arg(2));
  accepted ? c.reply.ok() : c.reply.error(kWrongPassword);
}

void hello(Context& c) {
  HelloOptions o;
  if (!parse_hello(c, o)) return;
  if (o.has_login && !authenticate(c, o.user, o.password)) return c.reply.error(kWrongPassword);
  if (!c.session->authenticated) {
    return c.reply.error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time");
  }
  if (o.has_name) c.session->name = o.name;
  if (o.version != 0) c.session->resp = static_cast<resp::Version>(o.version);
  reply_hello(c);
}

void reset(Context& c) {
  Session& s = *c.session;
  if (s.kind == SessionKind::kReplica || s.kind == SessionKind::kPrimary) {
    return c.reply.error("ERR can only reset normal client connections");
  }
  leave_all_channels(c);
  if (s.tracking) c.host.stop_tracking(s);
  if (s.kind == SessionKind::kMonitor) c.host.stop_monitor(s);
  s.kind = SessionKind::kNormal;
  s.transaction = {};
  s.name.clear();
  s.user = c.host.users()->default_user();
  s.authenticated = !c.host.users()->password_required();
  s.resp = resp::Version::kResp2;
  s.reply_mode = ReplyMode::kOn;
  s.readonly = s.asking = s.no_evict = s.no_touch = false;
  c.reply.simple("RESET");
}

void quit(Context& c) {
  c.session->close_after_reply = true;
  c.reply.ok();
}

}  // namespace guccho::commands::handlers

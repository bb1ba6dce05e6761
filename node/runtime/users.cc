// Users in force: loading and saving them, and what their changes mean for connections; the log of denials.
#include "node/acl/users.h"

#include <algorithm>

#include "node/base/log.h"
#include "node/commands/client_text.h"
#include "node/commands/permission.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"

namespace guccho::runtime {

using commands::Session;

// ---- loading and saving ----

Result<acl::Users> Node::read_aclfile(const config::Config& config) const {
  const Result<std::string> text = data_dir_.read(config.aclfile);
  if (!text) return fail("Error loading ACLs, opening file '" + config.aclfile + "': " + text.error().text);
  return acl::Users::parse(commands::acl_rules(config), *text, config.aclfile);
}

Status Node::load_users() {
  const auto config = config_.load();
  if (!config->aclfile.empty()) {
    Result<acl::Users> users = read_aclfile(*config);
    if (!users) return fail("aclfile: " + users.error().text);
    put_users(std::move(*users));
    return {};
  }
  acl::Users users = *users_.load();
  for (const config::UserLine& line : config->users) {
    if (acl::has_blanks(line.name)) return fail(line.where + ": user: a name cannot hold blanks or zero bytes");
    std::vector<std::string_view> rules = {"reset"};
    rules.insert(rules.end(), line.rules.begin(), line.rules.end());
    if (Status s = users.set(commands::acl_rules(*config), line.name, rules); !s) {
      return fail(line.where + ": user: " + s.error().text);
    }
  }
  put_users(std::move(users));
  return {};
}

Status Node::load_users(Session& asking) {
  Result<acl::Users> users = read_aclfile(*config_.load());
  if (!users) return fail(users.error().text);
  const auto old = users_.load();
  put_users(std::move(*users));
  update_sessions(&asking, old.get());
  return {};
}

Status Node::save_users() {
  const auto config = config_.load();
  std::string text;
  for (const std::string& line : users()->lines()) text += line + "\n";
  Status saved = data_dir_.replace(config->aclfile, text);
  if (!saved) log::warning("ACL SAVE failed: '{}': {}", config->aclfile, saved.error().text);
  return saved;
}

std::vector<std::string> Node::user_lines() const {
  const auto config = config_.load();
  acl::Users plain(commands::acl_rules(*config));
  if (!config->requirepass.empty()) plain.set_default_password(commands::acl_rules(*config), config->requirepass);
  std::vector<std::string> lines = users()->lines();
  return lines == plain.lines() ? std::vector<std::string>() : lines;
}

// ---- changes ----

void Node::put_users(acl::Users users) {
  password_required_.store(users.password_required());
  users_.store(std::make_shared<const acl::Users>(std::move(users)));
}

void Node::set_users(acl::Users users, Session& asking) {
  put_users(std::move(users));
  update_sessions(&asking, nullptr);
}

namespace {

// Whether the session is subscribed to something that its user may not receive (any more).
bool overhears(const Session& session) {
  if (session.subscriptions == nullptr || session.user->unrestricted()) return false;
  const auto denied = [&](const auto& names, bool pattern) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return !session.user->may_receive(name, pattern); });
  };
  const commands::Subscriptions& s = *session.subscriptions;
  return denied(s.channels, false) || denied(s.patterns, true) || denied(s.shard_channels, false);
}

}  // namespace

void Node::update_sessions(Session* asking, const acl::Users* closes_changed_since) {
  const auto now = users();
  const auto is_changed = [&](const acl::User& user) {
    if (closes_changed_since == nullptr || user.name() == acl::kDefaultUser) return false;
    const acl::UserRef before = closes_changed_since->find(user.name());
    return before == nullptr || before->describe() != user.describe();
  };
  for_each_session([&](Session& session) {
    if (session.user == nullptr) return;
    acl::UserRef user = now->find(session.user->name());
    const bool gone = user == nullptr || is_changed(*user);
    session.user = user != nullptr ? std::move(user) : now->default_user();
    rebind_blocked(session);
    if (!gone && !overhears(session)) return;
    session.authenticated = false;
    close_session(session, &session == asking);
  });
}

// A command that waits was allowed by the rules as they were.
void Node::rebind_blocked(const Session& session) {
  if (session.kind == commands::SessionKind::kReplica || session.kind == commands::SessionKind::kPrimary) return;
  const auto& c = static_cast<const Connection&>(session);
  if (c.blocked_at == Connection::kNowhere) return;
  worker(c.blocked_at).blocked().set_user(c.id, c.user->unrestricted() ? nullptr : c.user);
}

// ---- the log ----

std::string Worker::denial(const commands::Caller& caller, const commands::CommandSpec& spec,
                           std::span<const std::string_view> args, acl::LogContext context) {
  if (!caller.user) return {};
  const acl::Verdict verdict = commands::check_permission(*caller.user, spec, args);
  if (verdict) return {};
  // The connection's worker knows the client.
  Worker& home = node_.worker(caller.worker);
  home.post([&home, id = caller.client_id, entry = commands::denial_entry(*caller.user, spec, args, verdict, context)] {
    if (Connection* c = home.find_connection(id); c != nullptr) home.node().note_denial(*c, entry);
  });
  return commands::denial_text(*caller.user, spec, args, verdict, false);
}

void Node::note_denial(Session& session, acl::LogEntry entry) {
  auto& connection = static_cast<Connection&>(session);
  metrics::WorkerStats& stats = connection.home().stats();
  switch (entry.reason) {
    case acl::Denial::kCommand:
      stats.denied_commands.add();
      break;
    case acl::Denial::kKey:
      stats.denied_keys.add();
      break;
    case acl::Denial::kChannel:
      stats.denied_channels.add();
      break;
    case acl::Denial::kAuth:
      stats.auth_failures.add();
      break;
    case acl::Denial::kNone:
      break;
  }
  const UnixMillis now = wall_now();
  connection.update_usage();
  entry.client = commands::describe_client(session, now);
  const std::lock_guard lock(acl_log_mutex_);
  acl_log_.note(std::move(entry), now, connection.home().config().acllog_max_len);
}

std::vector<acl::LogEntry> Node::denials(size_t count) const {
  const std::lock_guard lock(acl_log_mutex_);
  return acl_log_.newest(count);
}

void Node::forget_denials() {
  const std::lock_guard lock(acl_log_mutex_);
  acl_log_.clear();
}

}  // namespace guccho::runtime

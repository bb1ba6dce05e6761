// What commands need of the whole node: configuration, clients, cluster requests, replication commands, shutdown.
#include <algorithm>
#include <charconv>

#include "node/base/log.h"
#include "node/base/random.h"
#include "node/commands/permission.h"
#include "node/config/directives.h"
#include "node/config/edit.h"
#include "node/metrics/info.h"
#include "node/runtime/clock.h"
#include "node/runtime/cluster_config.h"
#include "node/runtime/control.h"
#include "node/runtime/migration.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"
#include "node/runtime/router.h"
#include "node/runtime/script_run.h"

namespace guccho::runtime {

using commands::Deferred;
using commands::Session;

void Node::complete(Deferred reply_to, std::string resp_bytes) {
  Worker& w = worker(reply_to.worker);
  w.post([&w, id = reply_to.client_id, bytes = std::move(resp_bytes)] {
    Connection* c = w.find_connection(id);
    if (c == nullptr || c->closing()) return;
    c->push_output(bytes);
    c->release();
  });
}

void Node::end_wait_by_role(Deferred reply_to) {
  Worker& w = worker(reply_to.worker);
  w.post([&w, id = reply_to.client_id] {
    Connection* c = w.find_connection(id);
    if (c == nullptr || c->closing()) return;
    w.stats().errors.record("UNBLOCKED");
    c->close_after_reply = true;
    c->push_output("-" + std::string(kUnblockedByRole) + "\r\n");
    c->release();
  });
}

void Node::cluster_request(cluster::Request request, Deferred reply_to) {
  control_->submit(std::move(request), [this, reply_to](const Result<std::string>& result, bool integer) {
    resp::Buffer out;
    resp::ReplyWriter reply(out, resp::Version::kResp2);
    if (!result) {
      reply.error(result.error().text);
    } else if (integer) {
      out.append(":" + *result + "\r\n");
    } else {
      reply.simple(*result);
    }
    complete(reply_to, std::string(out.view()));
  });
}

std::vector<commands::ClusterLink> Node::cluster_links() const {
  return control_->links();
}

// ---- configuration ----

Status Node::config_set(std::span<const std::pair<std::string, std::string>> pairs) {
  std::vector<std::pair<std::string_view, std::string_view>> views(pairs.begin(), pairs.end());
  const auto old = config_.load();
  Result<config::Config> changed = config::set(*old, views, false);
  if (!changed) return fail(changed.error().text);
  auto fresh = std::make_shared<const config::Config>(std::move(*changed));
  std::shared_ptr<const TlsContexts> contexts = tls_.load();
  if (wants_tls(*fresh)) {
    // Certificates are read again on any change of theirs, also under the same name.
    const bool touched = std::any_of(pairs.begin(), pairs.end(), [](const auto& p) {
      return config::find_directive(p.first)->name.starts_with("tls-");  // p.first: in any case of letters
    });
    if (touched) {
      Result<std::shared_ptr<const TlsContexts>> read = load_tls(*fresh);
      if (!read) return fail(config::set_failed(pairs.front().first, read.error().text));
      contexts = *read;
    }
  }
  if (Status s = reopen_ports(*old, *fresh); !s) return s;
  tls_.store(contexts);
  put_in_force(std::move(fresh));
  return {};
}

void Node::put_in_force(std::shared_ptr<const config::Config> config) {
  const auto old = config_.load();
  config_.store(config);
  if (config->requirepass != old->requirepass) {
    acl::Users changed = *users();
    changed.set_default_password(commands::acl_rules(*config), config->requirepass);
    put_users(std::move(changed));
    update_sessions(nullptr, nullptr);
  }
  for (auto& w : workers_) w->set_config(config);
  if (config->loglevel != old->loglevel) log::set_level(static_cast<log::Level>(config->loglevel));
  cluster::Config fresh = cluster_config_of(*config, bus_port_);
  if (fresh != cluster_config_of(*old, bus_port_)) control_->post(cluster::ConfigChanged{std::move(fresh)});
}

Status Node::config_rewrite() {
  if (options_.config_file.empty()) return fail("ERR The server is running without a config file");
  const Result<std::string> old = data_dir_.read(options_.config_file);
  // What cannot be read must not be replaced by a file that lacks all that was in it.
  if (!old && data_dir_.exists(options_.config_file)) {
    log::warning("CONFIG REWRITE failed: {}", old.error().text);
    return fail("ERR Rewriting config file: " + old.error().text);
  }
  const auto config = config_.load();
  // With an aclfile users are saved there.
  const std::vector<std::string> users = config->aclfile.empty() ? user_lines() : std::vector<std::string>();
  const std::string text = config::rewrite(old ? *old : std::string(), *config, options_.defaults, users);
  if (Status s = data_dir_.replace(options_.config_file, text); !s) {
    log::warning("CONFIG REWRITE failed: {}", s.error().text);
    return fail("ERR Rewriting config file: " + s.error().text);
  }
  log::notice("CONFIG REWRITE executed with success.");
  return {};
}

std::vector<std::pair<std::string, std::string>> Node::config_get(std::span<const std::string_view> patterns) {
  return config::get(*config_.load(), patterns);
}

void Node::reset_statistics() {
  for (auto& w : workers_) w->stats().reset();
}

// ---- slow commands ----

void Node::note_slow_command(const commands::CommandSpec& spec, std::span<const std::string_view> args, UnixMillis when,
                             Micros duration, uint64_t client_id, size_t limit) {
  const std::lock_guard lock(slow_log_mutex_);
  slow_log_.note(spec, args, when, duration, client_id, limit);
}

std::vector<commands::SlowCommand> Node::slow_commands(size_t count) const {
  const std::lock_guard lock(slow_log_mutex_);
  return slow_log_.newest(count);
}

size_t Node::slow_command_count() const {
  const std::lock_guard lock(slow_log_mutex_);
  return slow_log_.size();
}

void Node::forget_slow_commands() {
  const std::lock_guard lock(slow_log_mutex_);
  slow_log_.clear();
}

// ---- clients ----

void Node::for_each_session(const std::function<void(Session&)>& visit) {
  for (auto& w : workers_) {
    for (auto& [id, c] : w->connections()) {
      if (c->closing()) continue;
      c->update_usage();
      c->blocked = c->held() == Hold::kDeferred || c->held() == Hold::kPaused || w->router().blocks(id) ||
                   (c->blocked_at != Connection::kNowhere && worker(c->blocked_at).blocked().of_client(id));
      visit(*c);
    }
  }
  link_sessions_ = replication_->sessions();
  for (Session& s : link_sessions_) visit(s);
}

void Node::close_session(Session& session, bool after_reply) {
  if (session.kind == commands::SessionKind::kReplica || session.kind == commands::SessionKind::kPrimary) {
    return replication_->end_session(session.id);
  }
  auto& c = static_cast<Connection&>(session);
  c.home().wake();
  if (!after_reply) {
    // At once, and not when its own worker hears of it: nothing may be taken for who was killed before.
    if (c.blocked_at != Connection::kNowhere) worker(c.blocked_at).end_blocked(c.id);
    return c.close_soon();
  }
  c.close_after_reply = true;
  c.home().schedule_flush(c);
}

// As in redis-server: of two pauses at once the later end holds, and of their kinds the stricter one. Inside the
// exclusive section.
void Node::pause_clients(UnixMillis until, bool all) {
  const int64_t all_until = paused_all_until_.load();
  const int64_t end = std::max({until.time_since_epoch().count(), all_until, paused_writes_until_.load()});
  all |= wall_now().time_since_epoch().count() < all_until;
  (all ? paused_all_until_ : paused_writes_until_).store(end);
}

void Node::unpause_clients() {
  paused_all_until_.store(0);
  paused_writes_until_.store(0);
}

bool Node::unblock(uint64_t client_id, bool with_error) {
  for (auto& w : workers_) {
    if (w->unblock(client_id, with_error) || w->router().unblock(client_id, with_error)) return true;
  }
  return replication_->unblock(client_id, with_error);
}

void Node::start_monitor(Session& session) {
  session.kind = commands::SessionKind::kMonitor;
  monitors_.fetch_add(1);
}

void Node::stop_monitor(Session& session) {
  session.kind = commands::SessionKind::kNormal;
  monitors_.fetch_sub(1);
}

// ---- data and statistics ----

uint64_t Node::key_count() const {
  uint64_t sum = 0;
  for (const store::Keyspace* k : keyspaces_) sum += k->keys();
  return sum;
}

uint64_t Node::keys_in_slot(Slot slot) const {
  return keyspaces_[owner_of(slot)]->slot_keys(slot);
}

commands::SlotUsage Node::slot_usage(Slot slot) const {
  metrics::SlotUsage sum;
  for (const auto& w : workers_) {
    const metrics::SlotUsage part = w->stats().slots.of(slot.value);
    sum.nanos += part.nanos;
    sum.bytes_in += part.bytes_in;
    sum.bytes_out += part.bytes_out;
  }
  return {Micros(static_cast<int64_t>(sum.nanos / 1000)), sum.bytes_in, sum.bytes_out};
}

std::string Node::info(std::span<const std::string_view> sections) {
  return metrics::info(measure(), sections);
}

uint64_t Node::next_random() {
  return random_seed();
}

// ---- replication ----

commands::ReplicationStatus Node::replication_status() const {
  if (current_worker != nullptr) current_worker->append_finished_units();
  return replication_->status();
}

void Node::wait_for_replicas(commands::Acknowledged what, int64_t replicas, Millis timeout, Deferred reply_to) {
  // What the connection wrote elsewhere is in the log, since its reply is here: WAIT is a barrier.
  worker(reply_to.worker).append_finished_units();
  replication_->wait(what, replicas, timeout, reply_to);
}

void Node::migrate(commands::Migration migration, Deferred reply_to) {
  migrations_->submit(std::move(migration), reply_to);
}

namespace {

bool equals(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

// REPLCONF: pairs of option and value. False: an option is unknown (its error was written).
bool read_hello(const commands::Context& c, ReplicaHello& hello) {
  for (size_t i = 1; i + 1 < c.argc(); i += 2) {
    const std::string_view option = c.arg(i);
    const std::string_view value = c.arg(i + 1);
    if (equals(option, "listening-port")) {
      const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), hello.listening_port);
      if (ec != std::errc() || end != value.data() + value.size()) {
        c.reply.error("ERR value is not an integer or out of range");
        return false;
      }
    } else if (equals(option, "ip-address")) {
      hello.ip = value;
    } else if (equals(option, "capa")) {
      hello.can_eof |= equals(value, "eof");
      hello.can_psync2 |= equals(value, "psync2");
    } else if (equals(option, "rdb-only")) {
      if (value != "0" && value != "1") {
        c.reply.error("ERR value is out of range, must be one of 0 or 1");
        return false;
      }
      hello.rdb_only = value == "1";
    } else if (!equals(option, "ack") && !equals(option, "fack") && !equals(option, "getack") &&
               !equals(option, "version")) {
      c.reply.error("ERR Unrecognized REPLCONF option: " + std::string(option));
      return false;
    }
  }
  return true;
}

}  // namespace

void Node::replication_command(Session& session, commands::Context& context) {
  auto& connection = static_cast<Connection&>(session);
  const std::string_view name = context.spec.name;
  if (name == "replconf") {
    if (context.argc() % 2 == 0) return context.syntax_error();
    if (read_hello(context, connection.replica_hello)) context.reply.ok();
    return;
  }
  SyncRequest request;
  request.old_sync = name == "sync";
  if (!request.old_sync) {
    request.replication_id = context.arg(1);
    const std::string_view offset = context.arg(2);
    const auto [end, ec] = std::from_chars(offset.data(), offset.data() + offset.size(), request.offset);
    if (ec != std::errc() || end != offset.data() + offset.size()) return context.not_an_integer();
  }
  const std::shared_ptr<const cluster::View> v = view_.load();
  if (!v->self().is_primary() && !replication_->link_up()) {
    return context.reply.error("NOMASTERLINK Can't SYNC while not connected with my master");
  }
  // Emptiness must not be fed to replicas that may still hold the data (rule 2 of the design). Replicas of every kind
  // take these two codes for "ask again later".
  if (v->down_reason == cluster::DownReason::kLoading) {
    return context.reply.error("LOADING Redis is loading the dataset in memory");
  }
  if (v->self().is_primary() && v->down_reason == cluster::DownReason::kAwaitingTakeover) {
    return context.reply.error(
        "NOMASTERLINK This primary restarted without its data and waits for a replica to take over");
  }
  // The stream leaves the worker after this turn, when the command is out of the connection's hands.
  context.defer();
  Worker& home = connection.home();
  home.post([this, &home, id = connection.id, request] {
    Connection* c = home.find_connection(id);
    if (c == nullptr || c->closing()) return;
    std::string unsent;
    std::string unread;
    const ReplicaHello hello = c->replica_hello;
    if (c->subscriptions) home.leave_channels(*c);
    if (c->tracking) home.leave_tracking(*c);
    Session as_client = *c;
    as_client.kind = commands::SessionKind::kReplica;
    Stream stream = c->take_stream(unsent, unread);
    c->close_soon();
    replication_->adopt_replica(std::move(stream), std::move(unsent), std::move(unread), hello, request,
                                std::move(as_client));
  });
}

}  // namespace guccho::runtime

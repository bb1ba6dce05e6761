// The executor of the tests and the fake host's answers.
#include "tests/unit/commands/harness.h"

#include <algorithm>

#include "node/base/words.h"
#include "node/commands/permission.h"

namespace guccho::commands::testing {
namespace {

std::string take(std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "; ") + line;
  lines.clear();
  return out;
}

}  // namespace

std::string one_line(std::string_view resp) {
  std::string out;
  for (size_t i = 0; i < resp.size(); ++i) {
    if (resp.substr(i, 2) == "\r\n") {
      out += '|';
      ++i;
    } else {
      out += resp[i];
    }
  }
  return out;
}

std::string joined(std::span<const std::string_view> args) {
  std::string out;
  for (const std::string_view arg : args) {
    if (!out.empty()) out += ' ';
    out += arg;
  }
  return out;
}

void Recorder::replicate(std::span<const std::string_view> args) {
  replicated.push_back(joined(args));
}

void Recorder::key_changed(Slot slot, std::string_view key, uint32_t event_class, std::string_view event) {
  EXPECT_EQ(slot, key_slot(key)) << key;
  EXPECT_EQ(event_class & (event_class - 1), 0u) << "one class an event: " << event;
  events.push_back(std::string(event) + " " + std::string(key));
}

void Recorder::key_missed(Slot, std::string_view key) {
  missed.emplace_back(key);
}

void Recorder::block(const Context& context, const Block& block) {
  EXPECT_TRUE(context.may_block());
  blocked = std::string(store::type_name(block.type)) + " " + joined(block.keys) + " " +
            std::to_string(block.timeout.count()) + (block.null_array ? "" : " null") +
            (block.when_gone ? " when gone" : "") + (block.request.empty() ? "" : " as " + joined(block.request));
}

void Recorder::run_script(Context& context, const ScriptCall& call) {
  constexpr const char* kKinds[] = {"body ", "sha ", "function "};
  script_call = kKinds[static_cast<size_t>(call.kind)] + std::string(call.what) + " | " + joined(call.keys) + " | " +
                joined(call.args) + (call.read_only ? " read-only" : "");
  context.reply.ok();
}

Status FakeHost::config_set(std::span<const std::pair<std::string, std::string>> pairs) {
  if (pairs[0].first == "bad") return fail("ERR Unknown option or number of arguments for CONFIG SET - 'bad'");
  for (const auto& pair : pairs) config_values.push_back(pair);
  return {};
}

std::vector<std::pair<std::string, std::string>> FakeHost::config_get(std::span<const std::string_view> patterns) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string_view pattern : patterns) out.emplace_back(pattern, "value");
  return out;
}

FakeHost::FakeHost() : known_users(std::make_shared<const acl::Users>(acl_rules({}))) {}

void FakeHost::set_password(std::string_view password) {
  acl::Users changed = *known_users;
  changed.set_default_password(acl_rules({}), password);
  known_users = std::make_shared<const acl::Users>(std::move(changed));
}

void FakeHost::set_users(acl::Users users, Session& asking) {
  known_users = std::make_shared<const acl::Users>(std::move(users));
  if (known_users->find(asking.user->name()) == nullptr) calls.push_back("close asking");
}

void FakeHost::note_denial(Session& session, acl::LogEntry entry) {
  entry.client = "id=" + std::to_string(session.id);
  noted_denials.insert(noted_denials.begin(), std::move(entry));
}

std::vector<acl::LogEntry> FakeHost::denials(size_t count) const {
  return {noted_denials.begin(), noted_denials.begin() + static_cast<ptrdiff_t>(std::min(count, noted_denials.size()))};
}

void FakeHost::for_each_session(const std::function<void(Session&)>& visit) {
  for (const auto& session : sessions) visit(*session);
}

void FakeHost::close_session(Session& session, bool after_reply) {
  calls.push_back("close " + std::to_string(session.id) + (after_reply ? " after reply" : ""));
}

void FakeHost::pause_clients(UnixMillis until, bool everything) {
  calls.push_back("pause " + std::to_string(until.time_since_epoch().count()) + (everything ? " all" : " writes"));
}

bool FakeHost::unblock(uint64_t client_id, bool with_error) {
  calls.push_back("unblock " + std::to_string(client_id) + (with_error ? " with error" : ""));
  return client_id == 7;
}

void FakeHost::wait_for_replicas(Acknowledged what, int64_t replicas, Millis timeout, Deferred) {
  calls.push_back((what == Acknowledged::kInFile ? "waitaof " : "wait ") + std::to_string(replicas) + " " +
                  std::to_string(timeout.count()));
}

void FakeHost::migrate(Migration m, Deferred) {
  std::string call = "migrate " + m.host + ":" + std::to_string(m.port) + " " + std::to_string(m.database) + " " +
                     std::to_string(m.timeout.count()) + (m.copy ? " copy" : "") + (m.replace ? " replace" : "");
  if (m.user) call += " user=" + *m.user;
  if (m.password) call += " password=" + *m.password;
  for (const std::string& key : m.keys) call += " [" + key + "]";
  calls.push_back(call);
}

void FakeHost::shutdown(const ShutdownOptions& o, Deferred) {
  calls.push_back(std::string("shutdown") + (o.save ? " save" : "") + (o.nosave ? " nosave" : "") +
                  (o.now ? " now" : "") + (o.force ? " force" : ""));
}

Node::Node() {
  session.id = 3;
  host.script_cache = &effects.script_cache;
  session.authenticated = true;
  session.address = "127.0.0.1:4711";
  session.local_address = "127.0.0.1:6379";
  session.created = session.last_interaction = now;
  session.user = host.known_users->default_user();
  host.cluster_view->nodes.emplace_back();
}

std::string Node::run(std::string_view request) {
  std::vector<std::string> words;
  EXPECT_TRUE(split_words(request, words)) << request;
  const std::vector<std::string_view> args(words.begin(), words.end());
  return run(args);
}

std::string Node::run(std::span<const std::string_view> args) {
  const CommandSpec* spec = resolve(args);
  if (const std::string error = arity_error(spec, args); !error.empty()) return "-" + error + "|";
  std::vector<KeyPosition> keys;
  Slot slot;
  if (!spec->keys.empty() && find_keys(*spec, args, keys) && !keys.empty()) slot = key_slot(args[keys[0].index]);
  Caller caller{.client_id = session.id, .resp = session.resp, .readonly = session.readonly};
  caller.from_primary = from_primary;
  caller.in_exec = in_exec;
  caller.may_block = !in_exec && !from_primary;
  caller.no_touch = session.no_touch;
  resp::Buffer buffer;
  resp::ReplyWriter reply(buffer, session.resp);
  session.last_command = spec;
  Context context(args, *spec, reply, host.keyspace_of(slot), slot, now, config, caller,
                  spec->where == Where::kOwner ? nullptr : &session, host, effects, is_primary);
  spec->handler(context);
  if (context.dirty() && !context.rewritten()) effects.replicate(args);
  deferred = context.deferred();
  if (!effects.blocked.empty()) return "blocks: " + std::exchange(effects.blocked, {});
  return one_line(buffer.view());
}

std::string Node::take_replicated() {
  return take(effects.replicated);
}
std::string Node::take_events() {
  return take(effects.events);
}

void run_steps(Node& node, std::span<const Step> steps) {
  for (const Step& step : steps) {
    SCOPED_TRACE(step.request);
    EXPECT_EQ(node.run(step.request), step.reply);
    const std::string replicated = node.take_replicated();
    const std::string events = node.take_events();
    if (step.replicated != nullptr) {
      EXPECT_EQ(replicated, step.replicated);
    }
    if (step.events != nullptr) {
      EXPECT_EQ(events, step.events);
    }
  }
}

}  // namespace guccho::commands::testing

// A node without a runtime: one keyspace, a recorder of effects, and a host made of plain fields. Runs one request
// after the other the way the executor does, so that a test is a table of requests, replies, replicated requests and
// events.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/cluster/view.h"
#include "node/commands/host.h"
#include "node/commands/scripting.h"
#include "node/scripting/catalog.h"
#include "node/scripting/evaluator.h"
#include "node/scripting/running.h"
#include "node/store/keyspace.h"

namespace guccho::commands::testing {

// RESP bytes on one line: '|' stands for CR LF.
std::string one_line(std::string_view resp);
// The arguments joined by blanks.
std::string joined(std::span<const std::string_view> args);

struct Recorder : EffectSink {
  std::vector<std::string> replicated;  // one string a request, arguments joined by blanks
  std::vector<std::string> events;      // "set a"
  std::vector<std::string> missed;
  std::string
      blocked;  // "list a b 1000": type, keys, timeout in milliseconds; and "null", "when gone", "as" the other request
  std::vector<std::string> published;  // "channel message", "shard channel message"
  uint64_t receivers = 0;
  int hits = 0;
  int misses = 0;
  int expired = 0;
  int expired_fields = 0;
  int all_removed = 0;
  std::string script_call;  // "body return 1 | keys | args", and "read-only"
  scripting::ScriptCache script_cache;
  scripting::Evaluator scripts{script_cache};

  void replicate(std::span<const std::string_view> args) override;
  void key_changed(Slot slot, std::string_view key, uint32_t event_class, std::string_view event) override;
  void key_missed(Slot slot, std::string_view key) override;
  uint64_t publish(bool sharded, std::string_view channel, std::string_view message) override {
    published.emplace_back((sharded ? "shard " : "") + std::string(channel) + " " + std::string(message));
    return receivers;
  }
  void removing_all_keys() override { ++all_removed; }
  void block(const Context& context, const Block& block) override;
  void run_script(Context& context, const ScriptCall& call) override;
  scripting::Evaluator& evaluator() override { return scripts; }
  void count_hit() override { ++hits; }
  void count_miss() override { ++misses; }
  void count_expired() override { ++expired; }
  void count_expired_fields(size_t fields) override { expired_fields += static_cast<int>(fields); }
};

// Two keyspaces, as of a node with two workers: slots are even or odd.
struct FakeHost : Host {
  FakeHost();
  store::Keyspace even{0, 2};
  store::Keyspace odd{1, 2};
  store::Keyspace* all[2] = {&even, &odd};
  std::vector<std::unique_ptr<Session>> sessions;
  std::shared_ptr<cluster::View> cluster_view = std::make_shared<cluster::View>();
  std::vector<cluster::Request> cluster_requests;
  std::vector<std::pair<std::string, std::string>> config_values;
  std::vector<std::string> calls;  // "close 3", "pause 1000 all" ...
  std::vector<std::string> plain_channels;
  std::vector<std::string> shard_channels;
  std::shared_ptr<const acl::Users> known_users;
  std::vector<acl::LogEntry> noted_denials;  // newest first
  bool shutting_down = false;
  ReplicationStatus replication;
  std::vector<ClusterLink> links;
  SlowLog slow_log;
  LatencyMonitor latency;
  MemoryStatus memory;
  uint64_t random = 42;
  scripting::ScriptCache* script_cache = nullptr;  // the recorder's
  scripting::Catalog catalog;
  scripting::BusyScripts busy;

  std::shared_ptr<const cluster::View> view() const override { return cluster_view; }
  void cluster_request(cluster::Request request, Deferred) override { cluster_requests.push_back(std::move(request)); }
  std::vector<ClusterLink> cluster_links() const override { return links; }
  void complete(Deferred, std::string resp_bytes) override { calls.push_back("complete " + one_line(resp_bytes)); }
  Status config_set(std::span<const std::pair<std::string, std::string>> pairs) override;
  Status config_rewrite() override { return {}; }
  std::vector<std::pair<std::string, std::string>> config_get(std::span<const std::string_view> patterns) override;
  void reset_statistics() override { calls.push_back("reset statistics"); }
  std::vector<SlowCommand> slow_commands(size_t count) const override { return slow_log.newest(count); }
  size_t slow_command_count() const override { return slow_log.size(); }
  void forget_slow_commands() override { slow_log.clear(); }
  std::map<std::string, LatencyEvent, std::less<>> latency_events() const override { return latency.events(); }
  size_t reset_latency_events(std::span<const std::string_view> names) override { return latency.reset(names); }
  CommandLatency command_latency(const CommandSpec& spec) const override {
    return spec.full_name == "get" ? CommandLatency{.calls = 3, .buckets = {{1, 2}, {4, 3}}} : CommandLatency{};
  }
  MemoryStatus memory_status() const override { return memory; }
  std::string allocator_report() const override { return "allocator report"; }
  void release_free_memory() override { calls.push_back("release memory"); }
  scripting::ScriptCache& scripts() override { return *script_cache; }
  scripting::Catalog& functions() override { return catalog; }
  scripting::BusyScripts& busy_scripts() override { return busy; }
  std::string info(std::span<const std::string_view> sections) override { return "info: " + joined(sections); }
  ReplicationStatus replication_status() const override { return replication; }
  std::span<store::Keyspace* const> keyspaces() override { return all; }
  store::Keyspace& keyspace_of(Slot slot) override { return *all[slot.value % 2]; }
  uint64_t key_count() const override { return even.keys() + odd.keys(); }
  uint64_t keys_in_slot(Slot slot) const override { return all[slot.value % 2]->slot_keys(slot); }
  SlotUsage slot_usage(Slot slot) const override {
    return slot.value == 1 ? SlotUsage{.time = Micros(2), .bytes_in = 30, .bytes_out = 5} : SlotUsage();
  }
  void for_each_session(const std::function<void(Session&)>& visit) override;
  void close_session(Session& session, bool after_reply) override;
  void pause_clients(UnixMillis until, bool everything) override;
  void unpause_clients() override { calls.push_back("unpause"); }
  bool unblock(uint64_t client_id, bool with_error) override;
  void subscribed(Session&, SubscriptionKind kind, std::string_view name) override {
    calls.push_back("subscribed " + std::to_string(static_cast<int>(kind)) + " " + std::string(name));
  }
  void unsubscribed(Session&, SubscriptionKind kind, std::string_view name) override {
    calls.push_back("unsubscribed " + std::to_string(static_cast<int>(kind)) + " " + std::string(name));
  }
  std::vector<std::string> channels(bool sharded) override { return sharded ? shard_channels : plain_channels; }
  uint64_t subscribers(bool, std::string_view channel) override { return channel.size(); }
  uint64_t patterns() override { return 3; }
  void start_tracking(Session& session) override { calls.push_back("start tracking " + std::to_string(session.id)); }
  void stop_tracking(Session& session) override {
    calls.push_back("stop tracking " + std::to_string(session.id));
    session.tracking.reset();
  }
  void start_monitor(Session&) override { calls.push_back("monitor"); }
  void stop_monitor(Session&) override { calls.push_back("stop monitor"); }
  void wait_for_replicas(Acknowledged what, int64_t replicas, Millis timeout, Deferred) override;
  void migrate(Migration migration, Deferred) override;
  void replication_command(Session&, Context& context) override { calls.push_back("repl " + joined(context.args)); }
  void shutdown(const ShutdownOptions& options, Deferred) override;
  bool abort_shutdown() override { return shutting_down; }
  // Gives the default user a password.
  void set_password(std::string_view password);
  std::shared_ptr<const acl::Users> users() const override { return known_users; }
  void set_users(acl::Users users, Session& asking) override;
  Status load_users(Session&) override { return fail("users.acl:1: Syntax error. "); }
  Status save_users() override { return {}; }
  void note_denial(Session& session, acl::LogEntry entry) override;
  std::vector<acl::LogEntry> denials(size_t count) const override;
  void forget_denials() override { noted_denials.clear(); }
  uint64_t next_random() override { return Rng(random++).next(); }
  Micros wall_clock() override { return Micros(1'700'000'000'000'042); }
  UnixMillis started() const override { return UnixMillis(Millis(1'600'000'000'999)); }
  NodeId my_id() const override { return cluster_view->self().id; }
};

class Node {
 public:
  Node();

  // Runs a request written as on an inline connection ('SET a "b c"'); the reply on one line, or "blocks: list a 1000".
  std::string run(std::string_view request);
  std::string run(std::span<const std::string_view> args);
  // What was replicated or announced since the last call, joined by "; ".
  std::string take_replicated();
  std::string take_events();

  FakeHost host;
  Recorder effects;
  config::Config config;
  Session session;
  UnixMillis now{Millis(1'700'000'000'000)};
  bool is_primary = true;
  bool from_primary = false;
  bool in_exec = false;
  bool deferred = false;  // of the last request
};

// One step of a table: nullptr means "not looked at".
struct Step {
  const char* request;
  const char* reply;
  const char* replicated = nullptr;
  const char* events = nullptr;
};
// Runs the steps on one node, in order.
void run_steps(Node& node, std::span<const Step> steps);

}  // namespace guccho::commands::testing

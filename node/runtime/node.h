// The node: owns the workers, the log, the exclusive section, the control and replication threads; implements what
// commands need of the whole (commands::Host). Everything else in runtime/ is one of its parts.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/result.h"
#include "node/cluster/events.h"
#include "node/cluster/view.h"
#include "node/commands/host.h"
#include "node/config/config.h"
#include "node/metrics/rate.h"
#include "node/metrics/snapshot.h"
#include "node/runtime/clock.h"
#include "node/runtime/data_dir.h"
#include "node/runtime/exclusive.h"
#include "node/runtime/huge_pages.h"
#include "node/runtime/poller.h"
#include "node/runtime/replication_log.h"
#include "node/runtime/single_job.h"
#include "node/runtime/tls.h"
#include "node/runtime/worker.h"
#include "node/scripting/catalog.h"
#include "node/scripting/running.h"
#include "node/scripting/script_cache.h"
#include "node/slots/slots.h"

namespace guccho::runtime {

class Control;
class Replication;
class Listener;
class Migrations;

// What workers need of the view for each command. Immutable; replaced as a whole.
struct RouteTable {
  std::shared_ptr<const cluster::View> view;
  SlotSet served;  // served without a further look: ours, not moving, the cluster is up
  bool is_primary = true;
};

struct NodeOptions {
  config::Config config;
  config::Config defaults;  // of this machine, for CONFIG REWRITE
  std::string config_file;  // absolute; empty: started without one
  std::string executable;
};

class Node final : public commands::Host {
 public:
  explicit Node(NodeOptions options);
  ~Node() override;

  // Locks the data directory, loads the cluster state, opens all ports. The error is one line: what, where, what to do.
  Status start();
  // Returns when the node has stopped (after request_stop()).
  void run();
  // Async-signal-safe: begins an orderly shutdown, as SIGTERM does.
  void request_stop();

  bool stop_requested() const { return stop_asked_.load() || abortable_.load() || ending(); }
  // As request_stop(); without the hand-over of the primary role, or without waiting for replicas, when told so. A
  // later call may cut an earlier one short.
  void begin_shutdown(bool hand_over, bool wait = true);
  // Hands the primary role to the most advanced synced replica and goes on serving. One at a time: another is refused
  // meanwhile, and when the node has stopped. `done` runs on a thread of its own, or at once when refused.
  void hand_over(std::function<void(Result<std::string>)> done);
  // Our replicas that are online.
  std::vector<NodeId> synced_replicas() const;

  // ---- parts ----
  ExclusiveSection& exclusive() { return *exclusive_; }
  HugePages& huge_pages() { return huge_pages_; }
  ReplicationLog& log() { return log_; }
  Control& control() { return *control_; }
  Replication& replication() { return *replication_; }
  SubscriptionDirectory& directory() { return directory_; }
  Worker& worker(uint16_t i) { return *workers_[i]; }
  uint16_t worker_count() const { return static_cast<uint16_t>(workers_.size()); }
  uint16_t owner_of(Slot slot) const { return static_cast<uint16_t>(slot.value % worker_count_); }
  // Writer indexes of the log beyond the workers'.
  size_t replication_writer() const { return workers_.size(); }
  std::shared_ptr<const config::Config> config() const { return config_.load(); }
  std::shared_ptr<const TlsContexts> tls() const { return tls_.load(); }
  Status reload_tls();
  // Where the bus was opened at the start.
  uint16_t bus_port() const { return bus_port_; }
  DataDir& data_dir() { return data_dir_; }

  // ---- state that workers ask for ----
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  // The node stops and that cannot be undone: scripts end, and so does whatever waits for something that takes long.
  bool ending() const { return ending_.load(std::memory_order_relaxed); }
  bool loading() const { return loading_.load(std::memory_order_relaxed); }
  void set_loading(bool loading) { loading_.store(loading); }
  bool link_to_primary_up() const;
  uint64_t good_replicas() const;
  // Whether writes are refused by min-replicas-to-write.
  bool lacks_replicas(const config::Config& config) const {
    return config.counts_good_replicas() && good_replicas() < config.min_replicas_to_write;
  }
  uint64_t used_memory() const;
  // Whether clients wait: CLIENT PAUSE, a manual failover, or the end of this process.
  bool paused(UnixMillis now, bool writes) const {
    const int64_t t = now.time_since_epoch().count();
    return t < paused_all_until_.load(std::memory_order_relaxed) ||
           (writes &&
            (t < paused_writes_until_.load(std::memory_order_relaxed) ||
             t < failover_pause_until_.load(std::memory_order_relaxed) || writes_end_.load(std::memory_order_relaxed)));
  }
  // Whether this node did not run for a while and does not know yet whether its slots are still its own, or knows that
  // some are not while its workers do not: clients get no answers meanwhile, lest they be told of writes that no other
  // node will ever have.
  bool fenced() const {
    return absence_.load(std::memory_order_acquire) != confirmed_absence_.load(std::memory_order_acquire) ||
           loss_pending_.load(std::memory_order_acquire);
  }
  // From the control thread: the latest moment at which it will run again by itself; the moment it woke while it runs.
  void control_sleeps_until(Instant latest);
  // Any thread: fences this node if the control thread is overdue by more than others take for an absence.
  void notice_absence();
  void presence_confirmed(uint64_t number);
  // The control thread: a view that takes slots away cannot be put in force yet; it is now.
  void set_loss_pending(bool pending);
  bool paused_for_failover(UnixMillis now) const {
    return now.time_since_epoch().count() < failover_pause_until_.load(std::memory_order_relaxed);
  }
  void pause_for_failover(UnixMillis until) { failover_pause_until_.store(until.time_since_epoch().count()); }
  // Whether some script was seen to touch keys of several workers: only then are scripts looked up before they run.
  bool has_far_scripts() const { return far_scripts_.load(std::memory_order_relaxed); }
  void note_far_script() { far_scripts_.store(true, std::memory_order_relaxed); }
  // While a script takes long, shared by turns of workers within the script's (nested_turn.h); alone for what the
  // script does to other workers' data once it holds the exclusive section.
  std::shared_mutex& nested_turns() { return nested_turns_; }
  bool has_monitors() const { return monitors_.load(std::memory_order_relaxed) > 0; }
  void feed_monitors(const std::string& line);
  uint64_t next_client_id() { return next_client_id_.fetch_add(1) + 1; }
  // False when maxclients is reached.
  bool client_joined();
  void client_left() { clients_.fetch_sub(1); }
  // About ten times a second: gives memory that many clients left behind back to the system. The control thread.
  void tidy_after_clients();
  void log_grew();
  // Inside the exclusive section, before all keys are removed.
  void break_all_watches();
  void all_keys_go();

  // ---- views ----
  // How the control thread puts a view in force.
  struct ViewChange {
    std::function<void()> apply;
    bool exclusively = false;  // in the exclusive section, as roles or ownership changed
    bool takes_away = false;   // the node may do less by it than before
  };
  ViewChange change_view(std::shared_ptr<const cluster::View> view);
  std::pair<std::shared_ptr<const RouteTable>, uint64_t> routes() const;
  uint64_t routes_version() const { return routes_version_.load(std::memory_order_acquire); }
  // Runs work in the exclusive section and waits for its end. Not from a worker's thread.
  void run_exclusively(const std::function<void()>& work);
  // The slots that hold keys now.
  SlotSet non_empty_slots() const;
  // Erases all keys (inside the exclusive section).
  void flush_everything();
  // Inside the exclusive section: erases the keys of slots that another node owns now, and tells our replicas.
  void drop_keys(const SlotSet& slots);

  // SLOWLOG takes note of a command that took at least slowlog-log-slower-than. Any worker.
  void note_slow_command(const commands::CommandSpec& spec, std::span<const std::string_view> args, UnixMillis when,
                         Micros duration, uint64_t client_id, size_t limit);

  // Tells the other nodes of a message (sharded: those of this shard).
  void publish_to_cluster(const cluster::View& view, bool sharded, std::string_view channel, std::string_view message);
  // A message of another node, to our subscribers. The control thread.
  void deliver_from_cluster(bool sharded, std::string channel, std::string message);
  // LATENCY takes note of an event that took at least latency-monitor-threshold. Any thread.
  void note_latency(std::string_view event, UnixMillis when, Micros duration);

  // Everything measured, for INFO, the metrics port and the admin service. Any thread.
  metrics::Snapshot measure() const;
  // The age of the least lively worker's last turn.
  Millis slowest_worker_turn_age() const;

  // ---- commands::Host ----
  std::shared_ptr<const cluster::View> view() const override;
  void cluster_request(cluster::Request request, commands::Deferred reply_to) override;
  std::vector<commands::ClusterLink> cluster_links() const override;
  void complete(commands::Deferred reply_to, std::string resp_bytes) override;
  // As complete() for a client that waits and may not, since this node is a primary no more; its connection ends.
  void end_wait_by_role(commands::Deferred reply_to);
  Status config_set(std::span<const std::pair<std::string, std::string>> pairs) override;
  Status config_rewrite() override;
  std::vector<std::pair<std::string, std::string>> config_get(std::span<const std::string_view> patterns) override;
  void reset_statistics() override;
  std::string info(std::span<const std::string_view> sections) override;
  std::vector<commands::SlowCommand> slow_commands(size_t count) const override;
  size_t slow_command_count() const override;
  void forget_slow_commands() override;
  std::map<std::string, commands::LatencyEvent, std::less<>> latency_events() const override;
  size_t reset_latency_events(std::span<const std::string_view> names) override;
  commands::CommandLatency command_latency(const commands::CommandSpec& spec) const override;
  commands::MemoryStatus memory_status() const override;
  std::string allocator_report() const override;
  void release_free_memory() override;
  commands::ReplicationStatus replication_status() const override;
  scripting::ScriptCache& scripts() override { return scripts_; }
  scripting::Catalog& functions() override { return functions_; }
  scripting::BusyScripts& busy_scripts() override { return busy_scripts_; }
  std::span<store::Keyspace* const> keyspaces() override { return keyspaces_; }
  store::Keyspace& keyspace_of(Slot slot) override { return *keyspaces_[owner_of(slot)]; }
  uint64_t key_count() const override;
  uint64_t keys_in_slot(Slot slot) const override;
  commands::SlotUsage slot_usage(Slot slot) const override;
  void for_each_session(const std::function<void(commands::Session&)>& visit) override;
  void close_session(commands::Session& session, bool after_reply) override;
  void pause_clients(UnixMillis until, bool all) override;
  void unpause_clients() override;
  bool unblock(uint64_t client_id, bool with_error) override;
  void subscribed(commands::Session& session, commands::SubscriptionKind kind, std::string_view name) override;
  void unsubscribed(commands::Session& session, commands::SubscriptionKind kind, std::string_view name) override;
  std::vector<std::string> channels(bool sharded) override;
  uint64_t subscribers(bool sharded, std::string_view channel) override;
  uint64_t patterns() override;
  void start_tracking(commands::Session& session) override;
  void stop_tracking(commands::Session& session) override;
  void start_monitor(commands::Session& session) override;
  void stop_monitor(commands::Session& session) override;
  void wait_for_replicas(commands::Acknowledged what, int64_t replicas, Millis timeout,
                         commands::Deferred reply_to) override;
  void migrate(commands::Migration migration, commands::Deferred reply_to) override;
  void replication_command(commands::Session& session, commands::Context& context) override;
  void shutdown(const commands::ShutdownOptions& options, commands::Deferred reply_to) override;
  bool abort_shutdown() override;
  std::shared_ptr<const acl::Users> users() const override { return users_.load(); }
  void set_users(acl::Users users, commands::Session& asking) override;
  Status load_users(commands::Session& asking) override;
  Status save_users() override;
  void note_denial(commands::Session& session, acl::LogEntry entry) override;
  std::vector<acl::LogEntry> denials(size_t count) const override;
  void forget_denials() override;
  // Whether new connections must authenticate.
  bool password_required() const { return password_required_.load(std::memory_order_relaxed); }
  uint64_t next_random() override;
  Micros wall_clock() override { return wall_micros(); }
  UnixMillis started() const override { return started_; }
  NodeId my_id() const override { return my_id_; }

 private:
  Status open_ports();
  // Inside the exclusive section: listens where `fresh` says. The error is CONFIG SET's.
  Status reopen_ports(const config::Config& old, const config::Config& fresh);
  Status load_cluster_state();
  void put_in_force(std::shared_ptr<const config::Config> config);
  // The users of the aclfile or of the configuration, at the start.
  Status load_users();
  Result<acl::Users> read_aclfile(const config::Config& config) const;
  void put_users(acl::Users users);
  // For CONFIG REWRITE: none while there is nothing but what requirepass says.
  std::vector<std::string> user_lines() const;
  // Inside the exclusive section: connections follow the users that are in force.
  void update_sessions(commands::Session* asking, const acl::Users* closes_changed_since);
  void rebind_blocked(const commands::Session& session);
  Result<std::string> hand_over_role(const std::function<bool()>& go_on);
  // shutdown.cc
  void prepare_to_stop();
  void pass_all_workers(Instant deadline);
  void wait_for_lagging_replicas(Instant deadline);
  bool may_wait() const { return abortable_.load() && !stop_now_.load(); }
  void refuse_shutdowns();
  void stop_threads();

  NodeOptions options_;
  const uint16_t worker_count_;
  std::atomic<std::shared_ptr<const config::Config>> config_;
  std::atomic<std::shared_ptr<const TlsContexts>> tls_;
  std::atomic<std::shared_ptr<const acl::Users>> users_;
  std::atomic<bool> password_required_{false};
  DataDir data_dir_;
  NodeId my_id_;
  const uint16_t bus_port_;
  std::string run_id_;
  UnixMillis started_{};

  SubscriptionDirectory directory_;
  ReplicationLog log_;
  scripting::ScriptCache scripts_;
  scripting::Catalog functions_;
  scripting::BusyScripts busy_scripts_;
  std::shared_mutex nested_turns_;
  HugePages huge_pages_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<store::Keyspace*> keyspaces_;
  std::unique_ptr<ExclusiveSection> exclusive_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<Replication> replication_;
  std::unique_ptr<Migrations> migrations_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<commands::Session> link_sessions_;  // what for_each_session() last showed of replication's links
  Wakeup stop_event_;
  std::mutex hand_over_mutex_;  // one at a time: that of a stop waits for one that was asked for
  SingleJob hand_over_job_;

  std::atomic<std::shared_ptr<const cluster::View>> view_;
  mutable std::mutex routes_mutex_;
  std::shared_ptr<const RouteTable> routes_;
  std::atomic<uint64_t> routes_version_{0};

  mutable std::mutex acl_log_mutex_;
  acl::Log acl_log_;

  mutable std::mutex latency_mutex_;
  commands::LatencyMonitor latency_monitor_;

  mutable std::mutex slow_log_mutex_;
  commands::SlowLog slow_log_;

  std::atomic<bool> stop_asked_{false};
  std::atomic<bool> abortable_{false};  // the stop is being prepared
  std::atomic<bool> stop_without_hand_over_{false};
  std::atomic<bool> stop_now_{false};  // waits for nothing
  std::mutex shutdowns_mutex_;
  std::vector<commands::Deferred> shutdowns_;  // clients to be told when it is aborted
  std::atomic<bool> ending_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> writes_end_{false};  // clients' writes wait for the end of the process, or for an abort
  std::atomic<bool> loading_{true};
  std::atomic<int64_t> paused_all_until_{0};
  std::atomic<int64_t> paused_writes_until_{0};
  std::atomic<int64_t> failover_pause_until_{0};
  std::atomic<int64_t> control_due_{Instant::max().time_since_epoch().count()};
  // An absence is known by control_due_ as it was meanwhile: the newest, and the one after which our slots were
  // confirmed.
  std::atomic<int64_t> absence_{0};
  std::atomic<int64_t> confirmed_absence_{0};
  std::atomic<bool> loss_pending_{false};
  std::atomic<bool> far_scripts_{false};
  std::atomic<int> monitors_{0};
  std::atomic<uint64_t> next_client_id_{0};
  std::atomic<uint64_t> clients_{0};
  // tidy_after_clients(): the most clients of the last ten seconds.
  uint64_t most_clients_ = 0;
  uint64_t looks_at_clients_ = 0;
  std::atomic<uint64_t> rejected_clients_{0};
};

// Printable text as it is, quotes and others escaped, as MONITOR and redis-cli show arguments.
void append_escaped(std::string& out, std::string_view bytes);

}  // namespace guccho::runtime

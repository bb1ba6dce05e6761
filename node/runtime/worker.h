// A worker: one thread with one event loop, the keyspace of its slots, and the connections that it accepted.
//
// A turn of the loop: park if an exclusive section is asked for; take what other workers sent; serve the sockets that
// are ready; then commit: append the turn's writes to the log, send replies and hand-overs to other workers, and only
// then write to sockets, so that no reply leaves before the log covers it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "node/acl/log.h"
#include "node/commands/context.h"
#include "node/metrics/worker_stats.h"
#include "node/runtime/blocked_clients.h"
#include "node/runtime/connection.h"
#include "node/runtime/exec_plan.h"
#include "node/runtime/handoff.h"
#include "node/runtime/leaving_keys.h"
#include "node/runtime/poller.h"
#include "node/runtime/pubsub.h"
#include "node/runtime/spsc_queue.h"
#include "node/runtime/tracking.h"
#include "node/runtime/watch_table.h"
#include "node/scripting/evaluator.h"
#include "node/scripting/function_engine.h"
#include "node/scripting/running.h"
#include "node/store/keyspace.h"

namespace guccho::runtime {

class Node;
class Router;
class ScriptRun;
struct Accepted;
struct RouteTable;

class Worker final : public commands::EffectSink {
 public:
  Worker(Node& node, uint16_t index, uint16_t count);
  ~Worker() override;

  void start();
  void join();
  uint16_t index() const { return index_; }

  // ---- any thread ----
  void wake() { wakeup_.notify(); }
  // Runs on this worker's thread, in the next turn.
  void post(std::function<void()> mail);
  // A stretch of the primary's stream. From the replication thread only; false when the queue is full.
  bool push_apply(std::unique_ptr<TaskBatch>& batch);
  // How many of those batches this worker has applied since it began: a number that never repeats, as a position in the
  // stream does.
  uint64_t applied_batches() const { return applied_batches_.load(std::memory_order_acquire); }
  uint64_t last_turn_nanos() const { return last_turn_.load(std::memory_order_relaxed); }
  metrics::WorkerStats& stats() { return stats_; }

  // ---- this worker's thread, or anybody inside the exclusive section ----
  store::Keyspace& keyspace() { return keyspace_; }
  WatchTable& watches() { return watches_; }
  LeavingKeys& leaving() { return leaving_; }
  // This is a turn within the turn of a script, here or on another worker: mail must leave the data alone.
  bool serves_busy() const { return serving_busy_ != nullptr; }
  Node& node() { return node_; }
  UnixMillis now() const { return now_; }
  const config::Config& config() const { return *config_; }
  const RouteTable& routes() const { return *routes_; }
  void set_config(std::shared_ptr<const config::Config> config);
  // Takes over the newest routes if they changed.
  void refresh_routes();
  std::unordered_map<uint64_t, std::unique_ptr<Connection>>& connections() { return connections_; }
  Connection* find_connection(uint64_t id);
  BlockedClients& blocked() { return blocked_; }
  Router& router() { return *router_; }

  void adopt(Stream stream, const Accepted& peer, bool router);
  void close_later(Connection& connection);
  void schedule_flush(Connection& connection);
  Poller& poller() { return poller_; }

  // Before the commands are dispatched: fetches the memory that they will need, and notes their first arguments.
  void prefetch(Ahead& ahead);
  // While the turn's input is read: puts the connection's commands off until that of others is read too, and all the
  // memory that they need is asked for together. False: dispatch them now.
  bool gather(Connection& connection);

  // One client command, complete in the query buffer. False: not now, try the same bytes again later.
  bool dispatch(Connection& connection, std::span<const std::string_view> args);
  bool dispatch(Connection& connection, std::span<const std::string_view> args, const Ahead::Command& known);

  // Runs a handler here; its reply goes to `out`. Returns false when the reply was deferred.
  bool execute(const commands::CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
               const commands::Caller& caller, commands::Session* session, resp::Buffer& out) {
    return execute_on(keyspace_, spec, args, slot, caller, session, out);
  }
  // ... on the data of another worker, which is parked.
  bool execute_on(store::Keyspace& data, const commands::CommandSpec& spec, std::span<const std::string_view> args,
                  Slot slot, const commands::Caller& caller, commands::Session* session, resp::Buffer& out);
  // The error of a command whose slot is moving, by the keys that are here; empty when it is to be served.
  std::string route_by_keys(Slot slot, const commands::Caller& caller, const commands::CommandSpec& spec,
                            std::span<const std::string_view> args);
  // As route_by_keys() for all keys of a transaction together.
  std::string route_exec(const ExecJob& job, Slot slot, const commands::Caller& caller);
  // Before a transaction goes to another node, which knows nothing of its user, nor our monitors of that node: the
  // error when there is something in it that the user may not do, else what monitors see of it. `word`: EXEC, as it was
  // sent.
  std::string let_go(Connection& c, const ExecJob& job, std::string_view word);
  // The record's flags, for a script with those that its head adds or takes away.
  uint32_t effective_flags(const commands::CommandSpec& spec, std::span<const std::string_view> args);
  // Why the caller's user may not do this, without the code NOPERM; noted for ACL LOG. Empty when it may.
  std::string denial(const commands::Caller& caller, const commands::CommandSpec& spec,
                     std::span<const std::string_view> args, acl::LogContext context);
  // Whether the node as a whole takes a command with these flags now; the error text otherwise.
  std::string_view node_refusal(uint32_t flags);
  // Runs a whole transaction here.
  void execute_exec(const ExecJob& job, commands::Caller caller, commands::Session* session, resp::Buffer& out);
  // After each command, transaction or script as a whole: serves those who wait for what it changed, and sends the
  // messages that it caused.
  void finish_unit() {
    if (blocked_.has_ready()) [[unlikely]]
      serve_blocked();
    if (!own_messages_.empty()) [[unlikely]]
      deliver_own_messages();
    if (tracking_.pending) [[unlikely]]
      deliver_own_invalidations();
  }

  // ---- client-side caching (invalidate.cc) ----
  TrackingState& tracking() { return tracking_; }
  // A key that somebody may have read was changed by a client, or by nobody (0).
  void touch_tracked(std::string_view key, uint64_t origin);
  // The connection is gone or switched it off; other workers forget its prefixes in their next turn.
  void leave_tracking(Connection& c);
  // An invalidation of a connection on worker `of_worker` for one that lives here; no keys: all of them.
  void deliver_redirected(uint64_t to, uint64_t of, uint16_t of_worker, const std::vector<std::string>& keys);

  // ---- pub/sub (publish.cc) ----
  LocalSubscriptions& subscriptions() { return subscriptions_; }
  // To this worker's subscribers.
  void deliver(const PublishedMessage& message);
  // To the subscribers of this node only; returns how many.
  uint64_t publish_here(bool sharded, std::string_view channel, std::string_view message);

  // ---- turns within the turn of a script (script_busy.cc) ----
  // For a connection in the middle of a command: it is sent after that.
  void put_off_message(const Connection& c, std::string_view bytes);
  // A connection's commands have run: what came for it meanwhile.
  void deliver_what_waited() {
    if (!late_replies_.empty()) [[unlikely]]
      deliver_late_replies();
  }

  // ---- blocking commands (blocking.cc) ----
  // As execute() for a command that may wait. Where it waits, its reply comes later to the given place of the reply
  // order; nothing was written then.
  bool execute_blocking(const commands::CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
                        const commands::Caller& caller, commands::Session* session, const ReplyPlace& place,
                        resp::Buffer& out);
  // CLIENT UNBLOCK; false when the client does not wait here.
  bool unblock(uint64_t client, bool with_error);
  // The client's connection ends, which will be heard of by forget_blocked(): nothing is taken for it any more.
  void end_blocked(uint64_t client);
  // The client is gone.
  void forget_blocked(uint64_t client);
  void forget_blocked(std::span<const uint64_t> clients) {
    for (const uint64_t client : clients) forget_blocked(client);
  }

  // Registers a client's watch on keys of this worker.
  void execute_watch(const WatchJob& job, std::span<const std::string_view> keys);

  // Inside the exclusive section: the next turns call `step` until it is done.
  enum class SnapshotStep : uint8_t { kMore, kWait, kDone };
  void set_snapshot(std::function<SnapshotStep()> step) { snapshot_step_ = std::move(step); }

  // Runs a command of the primary's stream, in the exclusive section or on this worker's thread.
  void apply(const commands::CommandSpec& spec, std::span<const std::string_view> args, Slot slot);

  // Appends the writes collected so far to the log; returns the log's position after them.
  int64_t append_log_batch();
  // ... but for those of the command, script or transaction that runs: what earlier ones wrote counts from now on.
  void append_finished_units();
  // Puts bytes that are already requests into the turn's batch (MULTI and EXEC around a transaction).
  resp::Buffer& log_batch() { return log_batch_; }

  // Sends a command to the worker that owns its slot.
  void hand_over(uint16_t to, Connection& connection, Task task, std::span<const std::string_view> args);

  // ---- EffectSink ----
  void replicate(std::span<const std::string_view> args) override;
  void key_changed(Slot slot, std::string_view key, uint32_t event_class, std::string_view event) override;
  void key_missed(Slot slot, std::string_view key) override;
  void removing_all_keys() override;
  void block(const commands::Context& context, const commands::Block& block) override;
  uint64_t publish(bool sharded, std::string_view channel, std::string_view message) override;
  void run_script(commands::Context& context, const commands::ScriptCall& call) override;
  scripting::Evaluator& evaluator() override;
  bool keeps_expired() const override;
  void count_hit() override { stats_.keyspace_hits.add(); }
  void count_miss() override { stats_.keyspace_misses.add(); }
  void count_expired() override { stats_.expired_keys.add(); }
  void count_expired_fields(size_t fields) override { stats_.expired_fields.add(fields); }

 private:
  friend class NestedTurn;
  friend class Node;
  friend class ScriptRun;
  void run();
  void turn();
  void take_mail();
  // hand_over.cc
  void take_parcels();
  bool take_parcel(uint16_t from, Parcel& parcel);
  void receive_parcels();
  void run_arrived();
  void send_parcels();
  void run_tasks(uint16_t from, TaskBatch& batch);
  void run_task(uint16_t from, const Task& task, std::span<const std::string_view> args, bool look_again,
                ReplyBatch& replies);
  ReplyBatch& replies_to(uint16_t worker);
  ReplyBatch::Kind refuse_task(const Task& task, std::span<const std::string_view> args, std::string_view refusal,
                               ReplyBatch& replies);
  std::string why_no_longer_here(const Task& task, std::span<const std::string_view> args);
  bool must_wait(const Task& task, std::span<const std::string_view> args);
  void run_held_tasks();
  void deliver_replies(ReplyBatch& batch);
  // To the router or to the client's connection, null when it is gone.
  void deliver_reply(const ReplyBatch::Header& header, std::string_view reply, Connection* c);
  void deliver_news(const Parcel& parcel);
  void take_applies();
  void commit_turn();
  void measure_turn_cpu();
  // An event of LATENCY, when it took latency-monitor-threshold or more.
  void note_if_slow(std::string_view event, uint64_t nanos);
  void flush_connections();
  // clients.cc
  bool over_output_limit(Connection& c) const;
  void close_if_over_limit(Connection& c);
  void count_memory(Connection& c);
  uint64_t memory_of_all_clients() const;
  void evict_clients();
  void look_after_clients();
  void reap_connections();
  // prefetch.cc
  void run_gathered();
  void expect(Ahead& ahead);
  void expect(Ahead::Command& command, std::span<const std::string_view> args, Slot slot);
  void fetch_expected();
  void run_rest_of_gathered();
  void prefetch(ArgumentReader& reader, std::span<const Task> tasks);
  // absence.cc
  void withhold_replies();
  bool has_current_role() const;
  void end_absence();
  void periodic();
  void release_paused();
  void expire_some();
  bool has_input() const;
  void step_snapshot();
  // eviction.cc
  enum class Memory : uint8_t {
    kEnough,
    kSoon,  // above maxmemory by little, and keys are being evicted
    kWait,  // above by more: the command must wait for them
    kNone   // nothing can be freed
  };
  Memory ensure_memory();
  void evict_here(store::EvictionPolicy policy);
  void evict_until(store::EvictionPolicy policy, uint64_t end);
  void evict_when_asked();
  void ask_to_evict();
  bool ask_all_to_evict();
  Worker* better_place_to_evict(store::EvictionPolicy policy, uint64_t own_score);
  std::optional<store::EvictionCandidate> sample_victim(store::EvictionPolicy policy);
  size_t evictable_keys() const;
  uint64_t memory_limit_with_slack() const;
  uint64_t bytes_under_way() const;
  void watch_memory();
  void watch_fragmentation();
  void defragment_some();
  void release_memory_waiters();

  // blocking.cc
  bool run_blocking(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
                    const commands::Caller& caller);
  void serve_blocked();
  void serve(BlockedClients::Ticket ticket);
  void time_out_blocked();
  void recheck_blocked(bool was_primary);
  void end_block(BlockedClients::Ticket ticket, std::string_view reply,
                 ReplyBatch::Kind kind = ReplyBatch::Kind::kReply);
  void send_elsewhere(BlockedClients::Ticket ticket);
  std::string why_not_here(const BlockedCommand& command) const;
  void count_blocked();
  void deliver_own_replies();
  void leave_blocked(const Connection& c);

  // invalidate.cc
  void remember_keys(const commands::CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
                     const commands::Caller& caller);
  void invalidate_readers(std::string_view key, uint64_t origin);
  void deliver_own_invalidations();
  void deliver_invalidation(const Invalidation& invalidation);
  void deliver_broadcast(const BroadcastKeys& broadcast);
  void send_broadcasts();
  void send_invalidation(Connection& c, const std::vector<std::string>& keys);
  void redirection_broke(uint64_t client, uint64_t to);

  // publish.cc
  void deliver_own_messages();
  void leave_channels(Connection& c);
  void drop_foreign_shard_channels();
  void notify_key_event(uint32_t event_class, std::string_view event, std::string_view key);

  // dispatch.cc
  bool is_plain(const Connection& connection, const Ahead::Command& known, size_t argc) const;
  // What dispatch() does but for the states of a connection that last for one command.
  bool dispatch_once(Connection& connection, std::span<const std::string_view> args, const Ahead::Command& known);
  bool is_permitted(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args);
  bool refuse(Connection& c, const commands::CommandSpec* spec, std::string_view error);
  // Where a command with keys runs: nothing when it has no keys.
  struct Target {
    std::optional<Slot> slot;
    bool route_at_owner = false;  // the slot is moving: the owner must look whether the keys are there
    bool elsewhere = false;       // not served here (now)
    std::string error;            // not empty: refuse with this
  };
  Target find_target(const commands::Caller& caller, const commands::CommandSpec& spec,
                     std::span<const std::string_view> args, std::optional<Slot> first_slot = {});
  bool run_at_home(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args);
  bool run_exclusive(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args);
  // A command or transaction of a connection, to be run in the exclusive section.
  struct SectionJob {
    uint64_t client_id = 0;
    bool writes = false;  // a pause of writes holds it back
    std::function<void(Connection&)> run;
  };
  void request_section(SectionJob job);
  // The connection goes on in the next turn, outside of the section.
  void release_later(uint64_t client_id);
  // Likewise, while its command, a client's of the router port, goes to the node that serves the slot now.
  void forward_later(uint64_t client_id, std::string request);
  bool may_write(const commands::CommandSpec& spec, std::span<const std::string_view> args);
  std::string why_no_longer(const commands::CommandSpec& spec, std::span<const std::string_view> args,
                            const commands::Caller& caller);
  bool run_far_script(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args);
  bool run_on_owner(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args,
                    const Target& target);
  commands::Caller caller_of(const Connection& c) const;
  bool is_for_router(const Connection& c, const Target& target) const;
  void count_slot_usage(const commands::CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
                        uint64_t nanos, size_t reply_bytes, size_t log_mark);
  std::string monitored_name(const Connection& c) const;
  // Nothing when monitors do not see such commands.
  void feed_monitors(std::string_view who, std::span<const std::string_view> args, const commands::CommandSpec& spec);

  // script.cc
  // Whose data a command of this slot is about: a script's may be another worker's, within the section.
  Worker& data_owner(Slot slot);
  bool reaches_far(const commands::CommandSpec& spec, std::span<const std::string_view> args);
  void release_seized();

  // script_busy.cc: while a script takes too long
  void serve_while_busy(Millis timeout);
  void refuse_parcels();
  // 0: of all clients.
  void refuse_tasks(uint16_t from, std::span<Task> tasks, uint64_t but_of_client);
  void deliver_late_replies();
  void tell_of_dead();

  // transaction.cc
  bool run_transaction_command(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args,
                               const ExecPlan* plan);
  bool queue_command(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args,
                     uint32_t flags);
  ExecPlan plan_exec(const Connection& c);
  // EXEC's own flags and those of its queue, as redis-server takes them together.
  static uint32_t exec_flags(const commands::CommandSpec& exec, const commands::Transaction& transaction);
  bool run_exec(Connection& c, std::span<const std::string_view> args, const ExecPlan& plan);
  // What the connection's user may no longer do of what was queued: the error for each command, empty for the others.
  std::vector<std::string> exec_denials(Connection& c, std::span<const commands::QueuedCommand> queue);
  bool forward_exec(Connection& c, std::span<const std::string_view> args, const ExecNeeds& needs);
  bool run_watch(Connection& c, std::span<const std::string_view> args);

  Node& node_;
  const uint16_t index_;
  const uint16_t count_;
  std::thread thread_;
  // The input of so many connections is read before the first command runs (prefetch.cc): enough for the memory to
  // arrive while the next one is read. No more have their turn at once, so that replies leave soon and turns stay
  // short.
  static constexpr size_t kGathered = 16;
  Poller poller_{kGathered};
  Wakeup wakeup_;
  metrics::WorkerStats stats_;
  store::Keyspace keyspace_;
  WatchTable watches_;
  LeavingKeys leaving_;
  BlockedClients blocked_;
  TrackingState tracking_;
  uint64_t running_client_ = 0;  // whose command runs
  LocalSubscriptions subscriptions_;
  std::vector<std::shared_ptr<const PublishedMessage>> own_messages_;  // of the running unit, to our own subscribers
  std::shared_ptr<const SubscriptionDirectory::Patterns> patterns_;    // as of patterns_version_
  uint64_t patterns_version_ = 0;
  std::vector<uint16_t> receivers_;             // scratch
  const ReplyPlace* blocking_place_ = nullptr;  // of the command that runs and may wait
  bool blocked_now_ = false;                    // the command that ran last waits
  bool serving_ = false;                        // a waiting command is run again
  size_t deferred_ = 0;                         // connections that wait for WAIT and the like, when last counted
  resp::Buffer served_reply_;
  std::shared_ptr<const config::Config> config_;
  std::shared_ptr<const RouteTable> routes_;
  uint64_t routes_version_ = 0;
  UnixMillis now_{};
  uint64_t command_start_ = 0;  // nanoseconds; when the running command began
  uint64_t next_periodic_ = 0;
  uint64_t periodic_count_ = 0;
  uint64_t turn_cpu_mark_ = 0;  // thread CPU time at the end of the last turn; 0: not measured
  std::atomic<uint64_t> last_turn_{0};

  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> flush_list_;
  std::vector<uint64_t> dead_;
  std::atomic<uint64_t> client_memory_{0};  // of the connections, as last counted
  metrics::Counter largest_client_;         // of those that maxmemory-clients may close, or more
  uint64_t evict_clients_not_before_ = 0;
  size_t dead_told_ = 0;                  // of dead_, those that other workers know of already
  std::vector<uint64_t> paused_;          // ids of connections on hold by a pause
  std::vector<SectionJob> held_jobs_;     // likewise, of connections whose command waited for the section already
  std::vector<uint64_t> memory_waiters_;  // ids of connections on hold until keys are evicted
  bool memory_wait_ = false;              // node_refusal(): the command must wait for that
  std::atomic<bool> evict_asked_{false};  // by any worker that found the node above maxmemory
  // What another worker handed over together with the task that runs, whose client this is, and comes after it.
  struct TasksBehind {
    uint16_t from = 0;
    std::span<Task> tasks;
    uint64_t client = 0;
  };
  TasksBehind tasks_behind_;
  // Tasks of parcels whose replies and news are delivered, and the clients that are gone once these have run.
  struct Arrived {
    uint16_t from = 0;
    std::unique_ptr<TaskBatch> tasks;
    std::vector<uint64_t> gone;
  };
  std::vector<Arrived> arrived_;
  size_t arrived_run_ = 0;                     // how many of these have had their turn
  std::vector<HeldTask> held_tasks_;           // in the order in which they came
  std::unordered_set<uint64_t> held_clients_;  // whose they are: what these send afterwards waits, too
  // Bytes of arguments given to other workers' tasks, and of tasks taken from them and done. What all gave and nobody
  // has done yet may become memory.
  metrics::Counter handed_bytes_;
  metrics::Counter taken_bytes_;
  // How good the best key of this worker's last sample is to evict, as published to the others: kNoSample, kNoVictim,
  // or the score above these.
  static constexpr uint64_t kNoSample = 0;
  static constexpr uint64_t kNoVictim = 1;
  std::atomic<uint64_t> eviction_score_{kNoSample};
  // After an absence: connections whose replies wait (may repeat), and the routes by which those were made; null: none.
  std::vector<uint64_t> withheld_;
  std::shared_ptr<const RouteTable> withheld_routes_;
  bool fenced_ = false;  // at the last look
  // prefetch.cc: what was read and not yet dispatched.
  struct Gathered {
    Connection* connection = nullptr;
    Ahead ahead;
  };
  std::array<Gathered, kGathered> gathered_;
  size_t gathered_count_ = 0;
  size_t gathered_run_ = 0;  // how many of these have had their turn
  std::vector<Ahead::Command*> expected_;
  std::vector<Ahead::Command*> displaced_;
  bool gathering_ = false;
  bool expire_more_ = false;        // due keys are left
  unsigned defragment_effort_ = 0;  // percent of this thread's time; 0: nothing to do
  uint64_t next_defragment_ = 0;
  uint64_t rest_until_ = 0;  // compaction was in vain
  size_t held_before_walk_ = 0;
  uint64_t expire_not_before_ = 0;

  resp::Buffer log_batch_;
  resp::Buffer apply_reply_;      // of commands of the primary's stream, looked at and forgotten
  bool exec_open_ = false;        // inside EXEC: wrap what is replicated
  bool exec_replicated_ = false;  // MULTI was written for it
  size_t exec_mark_ = 0;          // where what it replicates begins in the batch

  std::unique_ptr<scripting::Evaluator> evaluator_;  // made for the first script
  std::unique_ptr<scripting::Functions> functions_;
  std::unique_ptr<commands::Session> script_session_;  // what commands called by scripts see
  resp::Buffer script_reply_;
  ScriptRun* script_ = nullptr;            // the script that runs here
  scripting::BusyScriptPtr serving_busy_;  // this is a turn within the turn of that script: all others are refused
  bool seized_ = false;                    // a script here holds the exclusive section
  struct LateReply {
    ReplyBatch::Header header;
    std::string bytes;
  };
  std::vector<LateReply> late_replies_;  // and messages, for the connection whose script runs
  std::vector<commands::KeyPosition> key_scratch_;
  std::unique_ptr<Router> router_;

  // To and from the other workers; [i] belongs to worker i.
  static constexpr size_t kQueueCapacity = 1024;
  std::vector<std::unique_ptr<SpscQueue<Parcel, kQueueCapacity>>> inbox_;
  std::vector<Parcel> outgoing_;        // of this turn
  std::atomic<uint64_t> sent_turn_{0};  // Parcel::turn of the last turn whose parcels are all in their queues
  SpareBatches<TaskBatch> spare_tasks_;
  SpareBatches<ReplyBatch> spare_replies_;
  std::vector<std::deque<Parcel>> overflow_;  // bounded by the connections' outstanding limits

  std::mutex mail_mutex_;
  std::vector<std::function<void()>> mail_;
  std::atomic<bool> has_mail_{false};

  static constexpr size_t kApplyCapacity = 256;
  SpscQueue<std::unique_ptr<TaskBatch>, kApplyCapacity> applies_;
  std::atomic<uint64_t> applied_batches_{0};

  // A snapshot that is under way: continued a little each turn.
  std::function<SnapshotStep()> snapshot_step_;
  bool snapshot_waits_ = false;
};

}  // namespace guccho::runtime

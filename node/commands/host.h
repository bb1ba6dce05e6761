// What the node offers to commands that are about more than keys: cluster, configuration, clients, replication,
// process. Implemented by the runtime; unit tests implement what they need.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/acl/log.h"
#include "node/acl/users.h"
#include "node/base/result.h"
#include "node/base/types.h"
#include "node/cluster/events.h"
#include "node/commands/context.h"
#include "node/commands/latency.h"
#include "node/commands/session.h"
#include "node/commands/slow_log.h"

namespace guccho::cluster {
struct View;
}  // namespace guccho::cluster

namespace guccho::store {
class Keyspace;
}

namespace guccho::scripting {
class ScriptCache;
class Catalog;
class BusyScripts;
}  // namespace guccho::scripting

namespace guccho::commands {

struct ShutdownOptions {
  bool save = false;
  bool nosave = false;
  bool now = false;    // do not wait for lagging replicas
  bool force = false;  // ignore errors of saving
};

// What ROLE, INFO replication and WAIT are made from.
struct ReplicaLink {
  std::string ip;
  uint16_t port = 0;
  bool online = false;  // false: full sync in progress
  ReplOffset acknowledged{};
  ReplOffset in_file{};  // as far as it said to have written its append-only file, 0 when it has none
  Millis lag{};
};

// What a replica must have done with the writes that WAIT or WAITAOF waits for.
enum class Acknowledged : uint8_t { kApplied, kInFile };

// MIGRATE: keys of one slot of this node, to be carried to another server.
struct Migration {
  std::string host;
  uint16_t port = 0;
  Slot slot;
  std::vector<std::string> keys;
  int64_t database = 0;  // over there
  Millis timeout{1000};  // for how long the other server may be silent
  bool copy = false;     // the keys stay here, too
  bool replace = false;  // keys of these names over there are overwritten
  std::optional<std::string> user;
  std::optional<std::string> password;
};
struct ReplicationStatus {
  bool is_primary = true;
  std::string replication_id;   // 40 hexadecimal characters
  std::string replication_id2;  // of the time before the last promotion; 40 zeros when none
  ReplOffset offset{};
  ReplOffset second_offset{-1};
  std::vector<ReplicaLink> replicas;
  // Of a replica.
  std::string primary_ip;
  uint16_t primary_port = 0;
  std::string_view link_state = "connect";  // ROLE's words: none, connect, connecting, handshake, sync, connected
  Millis link_idle{};
  ReplOffset read_offset{};
};

// What MEMORY is made from; bytes.
struct MemoryStatus {
  uint64_t used = 0;      // handed out by the allocators
  uint64_t held = 0;      // taken by them from the system
  uint64_t resident = 0;  // of the process
  uint64_t peak = 0;      // greatest `used` so far
  uint64_t startup = 0;
  uint64_t dataset = 0;  // of `used`: keys and values
  uint64_t keys = 0;
  uint64_t replication_backlog = 0;
  uint64_t client_buffers = 0;
  uint64_t replica_buffers = 0;
  uint64_t cluster_links = 0;
};

// A connection of the cluster bus to or from a known peer, for CLUSTER LINKS.
struct ClusterLink {
  bool inbound = false;
  NodeId node;
  UnixMillis created{};
  bool writing = false;  // has bytes to send
  size_t send_buffer_allocated = 0;
  size_t send_buffer_used = 0;
};

enum class SubscriptionKind : uint8_t { kChannel, kPattern, kShard };

// What commands on keys of one slot cost (CLUSTER SLOT-STATS).
struct SlotUsage {
  Micros time{0};
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

class Host {
 public:
  virtual ~Host() = default;

  // Any thread: the cluster as this node knows it, immutable.
  virtual std::shared_ptr<const cluster::View> view() const = 0;
  // Hands a request to the member core; its reply completes `reply_to`.
  virtual void cluster_request(cluster::Request request, Deferred reply_to) = 0;
  virtual std::vector<ClusterLink> cluster_links() const = 0;

  // Completes a deferred reply with RESP bytes. Any thread.
  virtual void complete(Deferred reply_to, std::string resp_bytes) = 0;

  // kExclusive only: applied to all workers or not at all. Texts of errors are complete ("ERR CONFIG SET failed ...").
  virtual Status config_set(std::span<const std::pair<std::string, std::string>> pairs) = 0;
  // Writes the configuration file; error text complete.
  virtual Status config_rewrite() = 0;
  virtual std::vector<std::pair<std::string, std::string>> config_get(std::span<const std::string_view> patterns) = 0;
  // kExclusive only.
  virtual void reset_statistics() = 0;

  // SLOWLOG: the newest slow commands first. Any thread.
  virtual std::vector<SlowCommand> slow_commands(size_t count) const = 0;
  virtual size_t slow_command_count() const = 0;
  virtual void forget_slow_commands() = 0;

  // LATENCY. Any thread.
  virtual std::map<std::string, LatencyEvent, std::less<>> latency_events() const = 0;
  virtual size_t reset_latency_events(std::span<const std::string_view> names) = 0;
  virtual CommandLatency command_latency(const CommandSpec& spec) const = 0;

  // MEMORY. Any thread.
  virtual MemoryStatus memory_status() const = 0;
  virtual std::string allocator_report() const = 0;
  // Gives pages that nobody uses back to the system.
  virtual void release_free_memory() = 0;

  // INFO's text for these sections (empty: default).
  virtual std::string info(std::span<const std::string_view> sections) = 0;
  virtual ReplicationStatus replication_status() const = 0;

  // Any thread: the node's scripts, its function libraries (changed in kExclusive only), and what runs for too long.
  virtual scripting::ScriptCache& scripts() = 0;
  virtual scripting::Catalog& functions() = 0;
  virtual scripting::BusyScripts& busy_scripts() = 0;

  // kExclusive only: every worker's data; keyspace_of names the one that owns a slot.
  virtual std::span<store::Keyspace* const> keyspaces() = 0;
  virtual store::Keyspace& keyspace_of(Slot slot) = 0;
  // Sum of live counters, any thread.
  virtual uint64_t key_count() const = 0;
  virtual uint64_t keys_in_slot(Slot slot) const = 0;
  // Since CONFIG RESETSTAT, or since the slot came here; zeros while cluster-slot-stats-enabled was off.
  virtual SlotUsage slot_usage(Slot slot) const = 0;

  // kExclusive only: all client connections of all workers, and replication's links (kinds kReplica and kPrimary).
  virtual void for_each_session(const std::function<void(Session&)>& visit) = 0;
  // kExclusive only: closes after pending output is sent (`after_reply`) or at once.
  virtual void close_session(Session& session, bool after_reply) = 0;
  // CLIENT PAUSE: commands (only writes unless `all`) of clients wait until then; a past time ends it.
  virtual void pause_clients(UnixMillis until, bool all) = 0;
  virtual void unpause_clients() = 0;
  // CLIENT UNBLOCK: false when the client is not blocked.
  virtual bool unblock(uint64_t client_id, bool with_error) = 0;

  // kHome: the session's subscription (already entered in, or taken out of, Session::subscriptions) is in force.
  virtual void subscribed(Session& session, SubscriptionKind kind, std::string_view name) = 0;
  virtual void unsubscribed(Session& session, SubscriptionKind kind, std::string_view name) = 0;
  // Any thread. Of this node: the channels that have subscribers; how many one of them has; how many patterns there
  // are.
  virtual std::vector<std::string> channels(bool sharded) = 0;
  virtual uint64_t subscribers(bool sharded, std::string_view channel) = 0;
  virtual uint64_t patterns() = 0;
  // kExclusive only: switches client-side caching on, or adds to its prefixes, with Session::tracking as it is now.
  virtual void start_tracking(Session& session) = 0;
  // kHome or kExclusive: switches it off.
  virtual void stop_tracking(Session& session) = 0;

  // kHome: turns the connection into a MONITOR.
  virtual void start_monitor(Session& session) = 0;
  // RESET: it is one no more.
  virtual void stop_monitor(Session& session) = 0;
  // WAIT, WAITAOF: completes with the number of replicas that acknowledged all writes of this connection.
  virtual void wait_for_replicas(Acknowledged what, int64_t replicas, Millis timeout, Deferred reply_to) = 0;
  // MIGRATE: completes with its reply. The keys are looked up later, at their owner.
  virtual void migrate(Migration migration, Deferred reply_to) = 0;
  // PSYNC, SYNC, REPLCONF: the connection becomes, or speaks as, a replica. Writes its own replies.
  virtual void replication_command(Session& session, Context& context) = 0;
  // Does not return a reply when the process ends; completes with an error otherwise.
  virtual void shutdown(const ShutdownOptions& options, Deferred reply_to) = 0;
  // SHUTDOWN ABORT: ends a shutdown that still waits for replicas; false when there is none.
  virtual bool abort_shutdown() = 0;

  // The users of this node. kHome and kExclusive: they change in the exclusive section only.
  virtual std::shared_ptr<const acl::Users> users() const = 0;
  // kExclusive only. Connections go on with their users' new rules; those of users that are gone are closed, the asking
  // one after its reply.
  virtual void set_users(acl::Users users, Session& asking) = 0;
  // kExclusive only: reads and writes the aclfile; texts of errors are without a code. Loading closes the connections
  // of users that are changed or gone.
  virtual Status load_users(Session& asking) = 0;
  virtual Status save_users() = 0;
  // ACL LOG: takes note of a denial, from the connection's own worker; `entry` without the client. The newest first.
  virtual void note_denial(Session& session, acl::LogEntry entry) = 0;
  virtual std::vector<acl::LogEntry> denials(size_t count) const = 0;
  virtual void forget_denials() = 0;

  virtual uint64_t next_random() = 0;
  // TIME: since 1970, as of now.
  virtual Micros wall_clock() = 0;
  virtual UnixMillis started() const = 0;
  virtual NodeId my_id() const = 0;
};

}  // namespace guccho::commands

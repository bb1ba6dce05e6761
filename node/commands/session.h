// What commands may know and change of the connection that sent them. The runtime's connection is one of these; it is
// touched only by the connection's own worker, or by anybody inside the exclusive section.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/base/time.h"
#include "node/resp/writer.h"
#include "node/slots/slots.h"

namespace guccho::acl {
class User;
}

namespace guccho::commands {

struct CommandSpec;

// The part of a session that travels with a command to another worker.
struct Caller {
  uint64_t client_id = 0;
  resp::Version resp = resp::Version::kResp2;
  bool readonly = false;      // READONLY was sent: a replica may serve reads
  bool asking = false;        // ASKING came before this command
  bool from_primary = false;  // the replication stream: no routing, no expiry decisions, no reply
  bool no_touch = false;      // CLIENT NO-TOUCH: reads leave the access clock alone
  bool router = false;        // came in on the router port
  uint16_t worker = 0;        // the connection's
  bool tracked = false;       // the keys that it reads are remembered for this client (CLIENT TRACKING)
  bool in_exec = false;       // inside EXEC
  bool in_script = false;     // called by a script
  bool may_block = true;      // false inside EXEC and scripts, and for the replication stream
  std::shared_ptr<const acl::User> user = nullptr;  // whose rules bind what a script does; null: it may do everything
};

// A command that waits for EXEC, with copies of its arguments.
struct QueuedCommand {
  const CommandSpec* spec;
  std::vector<std::string> args;
};

// Set to true by whichever worker changes a watched key; read by EXEC.
using WatchFlag = std::shared_ptr<std::atomic<bool>>;

struct Transaction {
  bool active = false;    // between MULTI and EXEC or DISCARD
  bool poisoned = false;  // a command was refused while queueing: EXEC answers EXECABORT
  std::vector<QueuedCommand> queue;
  size_t queued_bytes = 0;
  uint32_t flags_of_any = 0;  // of the queued commands, with those that a script's head adds
  uint32_t flags_of_all = ~uint32_t{0};
  WatchFlag watch_broken;  // null: nothing is watched
  std::vector<std::string> watched_keys;
};

// What a connection subscribed to. Made with its first subscription; copies of a session are for show and share it.
struct Subscriptions {
  std::set<std::string, std::less<>> channels;
  std::set<std::string, std::less<>> patterns;
  std::set<std::string, std::less<>> shard_channels;
  bool empty() const { return channels.empty() && patterns.empty() && shard_channels.empty(); }
};

// CLIENT TRACKING ON, with its options.
struct Tracking {
  bool broadcast = false;  // BCAST: told about all keys with one of the prefixes
  bool opt_in = false;     // remembers keys only after CACHING YES
  bool opt_out = false;    // remembers keys except after CACHING NO
  bool no_loop = false;    // not told about its own changes
  bool caching = false;    // CACHING YES or NO came before the command that runs next
  bool broken = false;     // the connection that invalidations are redirected to is gone
  uint64_t redirect = 0;   // id of that connection; 0: none
  uint16_t redirect_worker = 0;
  std::vector<std::string> prefixes;

  // Whether the keys that the next command reads are to be remembered.
  bool remembers() const { return !broadcast && !(opt_in && !caching) && !(opt_out && caching); }
};

enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipThis };  // this: of the command that runs
enum class SessionKind : uint8_t { kNormal, kReplica, kMonitor, kPubsub, kPrimary };

struct Session {
  uint64_t id = 0;
  std::string name;          // CLIENT SETNAME
  std::string library_name;  // CLIENT SETINFO
  std::string library_version;
  std::shared_ptr<const acl::User> user;  // null: not a client of ours, may do everything
  std::string address;                    // "ip:port" of the client
  std::string local_address;
  int fd = -1;
  SessionKind kind = SessionKind::kNormal;
  resp::Version resp = resp::Version::kResp2;
  ReplyMode reply_mode = ReplyMode::kOn;
  bool sent_anyhow = false;  // the command that runs answered by messages, which CLIENT REPLY does not hold back
  bool authenticated = false;
  bool readonly = false;
  bool asking = false;  // for the next command only
  bool no_evict = false;
  bool no_touch = false;
  bool tls = false;
  bool router = false;  // came in on the router port
  bool close_after_reply = false;
  Transaction transaction;
  std::shared_ptr<Subscriptions> subscriptions;  // null: none
  std::shared_ptr<Tracking> tracking;            // null: off

  // For CLIENT LIST and INFO.
  UnixMillis created{};
  UnixMillis last_interaction{};
  const CommandSpec* last_command = nullptr;
  uint64_t commands = 0;
  size_t query_buffer_used = 0;
  size_t query_buffer_free = 0;
  size_t output_buffer_used = 0;
  size_t output_queue_length = 0;
  size_t output_queue_bytes = 0;
  uint16_t worker = 0;   // home worker
  bool blocked = false;  // waits in a blocking command
};

}  // namespace guccho::commands

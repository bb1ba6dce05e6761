// What a command handler gets: its arguments, the data of its worker, the reply, and the one place where it says what
// it changed. From changed() follow replication, WATCH, keyspace events and the counters, so no handler can forget one.
//
//   void hset(Context& c) {
//     const store::KeyRef key = c.key(1);
//     Entry* e = c.find_for_write(key);
//     ...
//     c.changed(key.bytes, config::kNotifyHash, "hset");
//     c.reply.integer(added);
//   }
//
// Unless replicate_as() or replicate_nothing() was called, a handler that changed something is replicated as it was
// sent.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "node/base/time.h"
#include "node/commands/command.h"
#include "node/commands/session.h"
#include "node/config/config.h"
#include "node/resp/writer.h"
#include "node/slots/slots.h"
#include "node/store/key.h"

namespace guccho::store {
class Keyspace;
class Entry;
enum class Touch : bool;
enum class Type : uint8_t;
}  // namespace guccho::store

namespace guccho::scripting {
class Evaluator;
}

namespace guccho::commands {

struct ScriptCall;
class Host;
class Context;

// What a blocking command that found nothing waits for (Context::block).
struct Block {
  std::span<const std::string_view> keys;  // of the command's slot
  store::Type type;                        // only a key of this type can serve it
  Millis timeout{0};                       // 0: for ever
  bool null_array = true;                  // answered when the time is up: a null array, else a null
  bool when_gone = false;                  // run again also when a key is deleted or becomes another type (XREADGROUP)
  // What runs again, if it is not the request as it was sent: with what it meant by the moment of its first run made
  // explicit (XREAD's $). As many arguments.
  std::span<const std::string_view> request = {};
};

// Where a handler's effects go; implemented by the runtime's worker (and by a recorder in unit tests).
class EffectSink {
 public:
  virtual ~EffectSink() = default;
  // Appends one request to the replication log, in the order of the calls.
  virtual void replicate(std::span<const std::string_view> args) = 0;
  // A key was changed: breaks WATCHes on it, publishes the keyspace event (class bit of notify-keyspace-events, name).
  virtual void key_changed(Slot slot, std::string_view key, uint32_t event_class, std::string_view event) = 0;
  // A key that did not exist was read (keyspace event 'm').
  virtual void key_missed(Slot slot, std::string_view key) = 0;
  // The command waits: see Context::block. The views are valid during the call only.
  virtual void block(const Context& context, const Block& block) = 0;
  // Sends a message to the subscribers of a channel, and to those of patterns that match it (sharded: to the subscribers
  // of a shard channel), on this node and across the cluster. Returns how many on this node get it.
  virtual uint64_t publish(bool sharded, std::string_view channel, std::string_view message) = 0;
  // All keys of the node are about to go (FLUSHALL, in the exclusive section): breaks every WATCH on a key that exists.
  virtual void removing_all_keys() = 0;
  // EVAL, FCALL and their kin: runs the script here and writes its reply.
  virtual void run_script(Context& context, const ScriptCall& call) = 0;
  // The worker's interpreter of scripts.
  virtual scripting::Evaluator& evaluator() = 0;
  // Reading deletes nothing that has expired, as long as clients are paused (CLIENT PAUSE, a manual failover): the log
  // must not grow then.
  virtual bool keeps_expired() const { return false; }
  virtual void count_hit() = 0;
  virtual void count_miss() = 0;
  virtual void count_expired() = 0;
  virtual void count_expired_fields(size_t fields) = 0;
};

// Names the connection and the place in its reply order that a deferred reply belongs to.
struct Deferred {
  uint16_t worker = 0;
  uint64_t client_id = 0;
};

class Context {
 public:
  std::span<const std::string_view> args;  // args[0] is the command's name; views are valid during the call only
  const CommandSpec& spec;
  resp::ReplyWriter& reply;
  store::Keyspace& data;  // the executing worker's; in the exclusive section see Host::keyspaces()
  Slot slot;              // of the keys; 0 for commands without keys
  UnixMillis now;         // frozen for the command, and for a whole EXEC
  const config::Config& config;
  const Caller& caller;
  Session* session;  // where == kHome or kExclusive; else null
  Host& host;
  EffectSink& effects;
  bool is_primary;  // this node is a primary: lazy expiry deletes; a replica only hides

  size_t argc() const { return args.size(); }
  std::string_view arg(size_t i) const { return args[i]; }
  // The key at an argument, ready for lookups: make it once per key and handler. It borrows the argument's bytes.
  store::KeyRef key(size_t i) const { return {slot, args[i]}; }

  // The entry of a key that is there and not expired, else null. An expired key is deleted (and that is replicated) on
  // a primary, hidden on a replica, and still there for the primary's own stream: only the primary decides on expiry.
  // Reads count hits and misses. Both touch the access clock; peek() (TTL, TYPE, EXISTS) reads without touching it.
  store::Entry* find_for_read(const store::KeyRef& key);
  store::Entry* find_for_write(const store::KeyRef& key);
  store::Entry* peek(const store::KeyRef& key);

  // The handler changed this key's value or existence. Call once per key and event.
  void changed(std::string_view key, uint32_t event_class, std::string_view event);
  // A key came into being: call before changed(). Event class 'n', which almost nobody asks for.
  void created(std::string_view key) {
    if (config.notify_keyspace_events & config::kNotifyNew) effects.key_changed(slot, key, config::kNotifyNew, "new");
  }
  // The handler changed something that is not a key's value (FLUSHALL): replicate without an event.
  void mark_dirty() { dirty_ = true; }

  // Replicates this instead of what was sent; several calls replicate several requests in order.
  void replicate_as(std::initializer_list<std::string_view> request);
  void replicate_as(std::span<const std::string_view> request);
  void replicate_nothing() { rewritten_ = true; }

  // Blocking commands, when they found nothing and may_block(): the client waits. When one of the keys has been changed
  // and has the type, the command runs again from its start, those who wait longest first; when it finds nothing again it
  // keeps its place and its deadline. It must have changed and answered nothing. Where it may not block (EXEC, scripts,
  // the primary's stream) it answers at once what it would answer at the timeout.
  bool may_block() const { return caller.may_block; }
  void block(const Block& what) {
    deferred_ = true;
    effects.block(*this, what);
  }

  // The reply comes later, by Host::complete(). The connection's further commands wait for it. Not in EXEC.
  Deferred defer();

  bool dirty() const { return dirty_; }
  bool rewritten() const { return rewritten_; }
  bool deferred() const { return deferred_; }

  // The replies every family needs, with redis-server's texts.
  void wrong_type() { reply.error("WRONGTYPE Operation against a key holding the wrong kind of value"); }
  void syntax_error() { reply.error("ERR syntax error"); }
  void not_an_integer() { reply.error("ERR value is not an integer or out of range"); }
  // "... in 'set' command", with the container's name for a subcommand.
  void invalid_expire_time();
  void wrong_arity();
  void not_a_float() { reply.error("ERR value is not a valid float"); }

 private:
  store::Entry* find(const store::KeyRef& key, store::Touch touch, bool reading);
  store::Entry* read(const store::KeyRef& key, store::Touch touch);
  void delete_expired(const store::KeyRef& key);

  bool dirty_ = false;
  bool rewritten_ = false;
  bool deferred_ = false;

 public:
  // Only the executor and tests make contexts.
  Context(std::span<const std::string_view> a, const CommandSpec& s, resp::ReplyWriter& r, store::Keyspace& d, Slot sl,
          UnixMillis n, const config::Config& c, const Caller& cl, Session* se, Host& h, EffectSink& e, bool primary)
      : args(a),
        spec(s),
        reply(r),
        data(d),
        slot(sl),
        now(n),
        config(c),
        caller(cl),
        session(se),
        host(h),
        effects(e),
        is_primary(primary) {}
};

}  // namespace guccho::commands

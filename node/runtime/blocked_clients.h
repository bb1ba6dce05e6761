// The commands that wait on one worker for a change of a key (BLPOP and its kin): who waits for which keys, in which
// order, until when, and which of their keys have changed since. Who runs them again is the worker's business.
//
// Costs: adding and removing are O(log n) a key. A change of a key costs one look-up while anybody waits, and nothing
// while nobody does (the worker asks empty() first).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "node/commands/command.h"
#include "node/commands/context.h"
#include "node/commands/session.h"
#include "node/slots/slots.h"

namespace guccho::runtime {

// What those are told who wait here when this primary becomes a replica; their connections end after it.
inline constexpr std::string_view kUnblockedByRole =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

// Where the reply of a command belongs: a reserved place in the reply order of a connection.
struct ReplyPlace {
  uint16_t worker = 0;  // the connection's
  uint64_t client = 0;
  uint64_t sequence = 0;
};

struct BlockedCommand {
  ReplyPlace place;
  const commands::CommandSpec* spec = nullptr;
  std::vector<std::string> args;
  Slot slot;
  commands::Caller caller;
  std::vector<std::string> keys;
  store::Type type{};
  bool null_array = true;
  bool when_gone = false;
  uint64_t since = 0;     // nanoseconds of the monotonic clock
  uint64_t deadline = 0;  // likewise; 0: for ever
};

class BlockedClients {
 public:
  // Names a waiting command; grows with the order of arrival.
  using Ticket = uint64_t;

  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }
  size_t keys() const { return keys_.size(); }
  // Of these, keys whose end also interests somebody.
  size_t keys_when_gone() const { return keys_when_gone_; }

  // A client waits at most once: a second command of the same client takes the place of the first. 0: the client's end
  // is known, and it does not wait.
  Ticket add(BlockedCommand command);
  // Null when it does not wait any more. Valid until it is removed.
  const BlockedCommand* find(Ticket ticket) const;
  std::optional<Ticket> of_client(uint64_t client) const;
  // Takes it out, off all its keys. The ticket must be in.
  BlockedCommand remove(Ticket ticket);
  // The client's connection ends: it waits no more, nor will a command of its that is still on its way here.
  void end(uint64_t client);
  // ... and no command of it will come any more. Also without end() before.
  void forget(uint64_t client);
  // The rules of the client's user have changed, while it waits or not; null: it may do everything.
  void set_user(uint64_t client, std::shared_ptr<const acl::User> user);

  // The key was changed, created or deleted.
  void touch(std::string_view key);
  // All keys may have.
  void touch_all();
  bool has_ready() const { return !ready_.empty(); }
  // The key that was touched first; has_ready() must be true.
  std::string take_ready();
  // The first that waits for the key after the given ticket (0: of all).
  std::optional<Ticket> next(std::string_view key, Ticket after) const;
  // Whether anybody who waits for the key is interested in its end.
  bool wanted_when_gone(std::string_view key) const;

  // The nearest deadline, 0 when nobody has one; and the first whose deadline has come.
  uint64_t next_deadline() const { return deadlines_.empty() ? 0 : deadlines_.begin()->first; }
  std::optional<Ticket> due(uint64_t now) const;
  // All, in order of arrival.
  std::vector<Ticket> all() const;

 private:
  struct Key {
    std::set<Ticket> waiters;
    size_t when_gone = 0;
    bool ready = false;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };

  Ticket last_ = 0;
  size_t keys_when_gone_ = 0;
  std::map<Ticket, BlockedCommand> waiting_;
  std::unordered_map<uint64_t, Ticket> clients_;
  std::unordered_set<uint64_t> ended_;
  std::unordered_map<std::string, Key, Hash, std::equal_to<>> keys_;
  std::set<std::pair<uint64_t, Ticket>> deadlines_;
  std::vector<std::string> ready_;
  size_t first_ready_ = 0;  // of ready_, those before it were taken
};

}  // namespace guccho::runtime

// One MIGRATE that is under way: its batches, what became of each key, its reply.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/time.h"
#include "node/commands/host.h"
#include "node/commands/session.h"
#include "node/runtime/dialogue.h"
#include "node/store/entry.h"

namespace guccho::runtime {

class Node;
class Worker;

class MigrationRun {
 public:
  MigrationRun(Node& node, const commands::Migration& migration, const Wakeup& stop);

  // The whole of it. Returns the reply.
  std::string run();

 private:
  struct Item {
    enum class State : uint8_t {
      kToSend,
      kUnknown,   // sent, and not answered
      kAccepted,  // acknowledged, and not yet compared with what is here now
      kRefused,   // stays here
      kGone,      // ceased to exist here after it was sent
      kDone       // deleted here, or copied
    };
    std::string key;
    std::string payload;
    std::optional<UnixMillis> expiry;
    commands::WatchFlag changed;
    State state = State::kToSend;
    bool there = false;  // the other server has it from us, and we have not deleted it since
  };

  // What a visit at the keys' owner found.
  enum class Visit : uint8_t { kDone, kLater, kNotOurs };

  bool open();
  // Runs on the owner's thread, which is not waited for beyond that.
  Visit at_owner(const std::function<Visit(Worker&)>& work);
  Visit take_batch(Worker& owner);
  Visit settle(Worker& owner);
  void describe(Worker& owner, const store::Entry& entry, Item& item) const;
  void set_state(Item& item, Item::State state, Worker& owner) const;
  bool is_unchanged(const store::Entry& entry, const Item& item) const;
  bool may_delete(const Worker& owner) const;

  void carry_batch();
  void send_and_read();
  void undo_over_there();
  bool has(Item::State state) const;
  std::string failure_text() const;
  std::string reply() const;

  Node& node_;
  const commands::Migration& migration_;
  const Wakeup& stop_;
  Worker& owner_;
  Dialogue there_;
  std::vector<Item> batch_;
  size_t next_ = 0;  // of the migration's keys
  int round_ = 0;    // of the batch
  bool any_ = false;
  bool not_ours_ = false;
  bool to_itself_ = false;
  std::string refusal_;   // the first error of the other server
  std::string restless_;  // a key that changed too often
  std::string unsure_;    // a key of which the other server may hold what is no longer true
};

}  // namespace guccho::runtime

// Clients whose WAIT or WAITAOF waits for acknowledgements of replicas. Any thread: workers add, replication answers,
// CLIENT UNBLOCK and the end of a connection take out. Whoever takes a waiter out owes its client the answer, so each
// is answered once.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "node/base/time.h"
#include "node/commands/host.h"

namespace guccho::runtime {

class AckWaiters {
 public:
  struct Waiter {
    commands::Acknowledged what = commands::Acknowledged::kApplied;
    int64_t position = 0;  // of the log: replicas must have what is before it
    int64_t replicas = 0;  // that many of them
    std::optional<Instant> deadline;
    commands::Deferred reply_to;
  };
  struct Answer {
    commands::Deferred reply_to;
    std::string reply;
  };
  // How far one replica that is online has come.
  struct Position {
    int64_t applied = 0;
    int64_t in_file = 0;
  };

  // The answer when enough replicas are known to be that far already; otherwise it waits.
  std::optional<Answer> add(const Waiter& waiter);
  // Where the replicas are now. Returns the answers of those who need not wait any longer, or may not. O(replicas +
  // waiters at positions that some replica has).
  std::vector<Answer> update(std::vector<Position> replicas, Instant now);
  // CLIENT UNBLOCK: the client's answer, nothing when it does not wait here.
  std::optional<Answer> unblock(uint64_t client, bool with_error);
  // The client is gone.
  void forget(uint64_t client);
  // All, to be told that their history ended.
  std::vector<commands::Deferred> take_all();
  // When the next one may not wait any longer.
  std::optional<Instant> next_deadline() const;
  size_t size() const;

 private:
  using Place = std::pair<int64_t, uint64_t>;  // position, client

  int64_t replicas_that_reached(const Waiter& waiter) const;
  Answer take(std::map<Place, Waiter>::iterator at);
  void erase(std::map<Place, Waiter>::iterator at);

  mutable std::mutex mutex_;
  std::map<Place, Waiter> waiters_;
  std::unordered_map<uint64_t, int64_t> positions_;   // by client
  std::set<std::pair<Instant, uint64_t>> deadlines_;  // with the client
  std::vector<Position> replicas_;                    // as of the last update()
};

}  // namespace guccho::runtime

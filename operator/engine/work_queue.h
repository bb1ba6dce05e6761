// What to reconcile, and when: each object at most once in the queue and in one worker at a time; objects that fail
// wait longer each time. Passive: the caller locks, and passes the time in.
#pragma once

#include <map>
#include <optional>

#include "node/base/time.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops {

class WorkQueue {
 public:
  static constexpr Millis kFirstBackoff{200};
  static constexpr Millis kLongestBackoff{30'000};
  static constexpr Millis kChangedAfterFailure{1000};

  // As soon as possible: something changed. Shortens any wait but the one after failures. An object that is being
  // worked on is done once more afterwards.
  void add(const ObjectKey& key, Instant now);

  // The next object whose time has come; it is this worker's until done() or failed().
  std::optional<ObjectKey> take(Instant now);
  // When take() may have something; nothing when the queue is empty or all is in work.
  std::optional<Instant> next_time() const;

  // Worked on without a fault; again at `again` at the latest, nothing: not before it is added.
  void done(const ObjectKey& key, std::optional<Instant> again, Instant now);
  // 200 ms after the first failure in a row, doubling up to 30 s; at most a second if something changed meanwhile.
  void failed(const ObjectKey& key, Instant now);

 private:
  struct Item {
    std::optional<Instant> due;  // nothing: waits to be added
    int failures = 0;
    bool in_work = false;
    bool changed_in_work = false;
  };
  std::map<ObjectKey, Item> items_;
};

}  // namespace guccho::ops

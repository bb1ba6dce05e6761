// The work queue. Linear in the number of objects, of which a world has a few hundred.
#include "operator/engine/work_queue.h"

#include <algorithm>

namespace guccho::ops {

void WorkQueue::add(const ObjectKey& key, Instant now) {
  Item& item = items_[key];
  if (item.in_work) {
    item.changed_in_work = true;
    return;
  }
  const Instant soonest = item.failures == 0 ? now : now + kChangedAfterFailure;
  item.due = item.due ? std::min(*item.due, soonest) : soonest;
}

std::optional<ObjectKey> WorkQueue::take(Instant now) {
  const ObjectKey* first = nullptr;
  Instant first_due;
  for (const auto& [key, item] : items_) {
    if (item.in_work || !item.due || *item.due > now) continue;
    if (!first || *item.due < first_due) {
      first = &key;
      first_due = *item.due;
    }
  }
  if (!first) return std::nullopt;
  Item& item = items_[*first];
  item.in_work = true;
  item.changed_in_work = false;
  return *first;
}

std::optional<Instant> WorkQueue::next_time() const {
  std::optional<Instant> next;
  for (const auto& [key, item] : items_) {
    if (!item.in_work && item.due && (!next || *item.due < *next)) next = item.due;
  }
  return next;
}

void WorkQueue::done(const ObjectKey& key, std::optional<Instant> again, Instant now) {
  Item& item = items_[key];
  item.in_work = false;
  item.failures = 0;
  item.due = item.changed_in_work ? std::optional(now) : again;
  if (!item.due) items_.erase(key);
}

void WorkQueue::failed(const ObjectKey& key, Instant now) {
  Item& item = items_[key];
  item.in_work = false;
  // 2^8 x 200 ms is beyond the longest wait.
  const Millis wait = std::min(kFirstBackoff * (1 << std::min(item.failures, 8)), kLongestBackoff);
  ++item.failures;
  item.due = now + (item.changed_in_work ? std::min(wait, kChangedAfterFailure) : wait);
}

}  // namespace guccho::ops

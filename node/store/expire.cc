// The active expire cycle. Lazy expiry is find_live's; who may delete is the caller's.
#include <algorithm>

#include "node/store/keyspace.h"

namespace guccho::store {

// Each slot, and each segment in it, has a lower bound of its expiries: the cycle reads only segments with a key that
// is due (or was, when its expiry was moved or taken away), and makes their bounds exact again.
bool Keyspace::expire_slot(size_t index, int64_t limit, size_t budget, ExpireProgress& progress,
                           const std::function<void(Slot, const Entry&)>& on_expire) {
  const Slot slot = slot_at(index);
  SlotTable& slot_table = tables_[index];
  std::optional<uint64_t> position = expire_position_;
  while (position) {
    const auto due = slot_table.find_due(*position, limit);
    if (!due) break;
    int64_t bound = TableCore::kNoBound;
    std::vector<Entry*> expired;
    for (void* item : due->items) {
      auto* entry = static_cast<Entry*>(item);
      if (!entry->has_expiry()) continue;
      if (entry->expiry_millis() < limit) {
        expired.push_back(entry);
      } else {
        bound = std::min(bound, entry->expiry_millis());
      }
    }
    slot_table.set_bound(due->position, bound);
    for (Entry* entry : expired) {
      on_expire(slot, *entry);
      erase(KeyRef(slot, entry->key()));
    }
    progress.examined += due->items.size();
    progress.expired += expired.size();
    position = due->next;
    if (progress.examined >= budget && position) {
      expire_position_ = *position;
      return false;
    }
  }
  expire_position_ = 0;
  slot_bounds_[index] = slot_table.least_bound();
  return true;
}

Keyspace::ExpireProgress Keyspace::expire_cycle(UnixMillis now, size_t budget,
                                                const std::function<void(Slot, const Entry&)>& on_expire) {
  ExpireProgress progress;
  // A key has expired when now > when.
  const int64_t limit = now.time_since_epoch().count();
  if (bound_ >= limit) return progress;
  for (size_t walked = 0; walked < slot_count_; ++walked) {
    if (slot_bounds_[expire_index_] < limit) {
      if (progress.examined >= budget || !expire_slot(expire_index_, limit, budget, progress, on_expire)) {
        progress.more = true;
        return progress;
      }
    }
    expire_index_ = (expire_index_ + 1) % slot_count_;
    expire_position_ = 0;
  }
  bound_ = *std::min_element(slot_bounds_.begin(), slot_bounds_.end());
  return progress;
}

}  // namespace guccho::store

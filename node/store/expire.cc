// The active expire cycle, of keys and of the fields of hashes. Lazy expiry of keys is find_live's; who may delete is
// the caller's.
#include <algorithm>

#include "node/store/hash_value.h"
#include "node/store/keyspace.h"

namespace guccho::store {

// The bound that the key's fields now have. A hash that became empty is left so, for expire_slot to erase.
int64_t Keyspace::expire_fields(const KeyRef& key, Entry* entry, ExpireTask& task) {
  HashValue hash(*this, key, entry);
  const auto told = [&](std::span<const std::string_view> fields) {
    task.progress.expired_fields += fields.size();
    if (task.on_fields) task.on_fields(key.slot, entry->key(), fields, fields.size() == hash.size());
  };
  const size_t left = task.budget - std::min(task.budget, task.progress.examined);
  task.progress.examined += hash.expire(task.now, std::max<size_t>(left, 1), told);
  return hash.timed() ? field_expiry_bound(*entry) : TableCore::kNoBound;
}

// Each slot, and each segment in it, has a lower bound of its expiries and of its hashes' fields': the cycle reads only
// segments with a key that is due (or was, when its expiry was moved or taken away), and makes their bounds exact
// again.
bool Keyspace::expire_slot(size_t index, ExpireTask& task) {
  const Slot slot = slot_at(index);
  SlotTable& slot_table = tables_[index];
  std::optional<uint64_t> position = expire_position_;
  while (position) {
    const auto due = slot_table.find_due(*position, task.limit);
    if (!due) break;
    int64_t bound = TableCore::kNoBound;
    std::vector<Entry*> expired;
    std::vector<Entry*> emptied;
    for (void* item : due->items) {
      auto* entry = static_cast<Entry*>(item);
      if (entry->has_expiry()) {
        if (entry->expiry_millis() < task.limit) {
          expired.push_back(entry);
          continue;
        }
        bound = std::min(bound, entry->expiry_millis());
      }
      if (!entry->has_timed_fields()) continue;
      int64_t fields_bound = field_expiry_bound(*entry);
      if (fields_bound < task.limit) fields_bound = expire_fields({slot, entry->key()}, entry, task);
      if (hash_size(*entry) == 0) {
        emptied.push_back(entry);
      } else {
        bound = std::min(bound, fields_bound);
      }
    }
    // Before the deletions, which may join the segment with another.
    slot_table.set_bound(due->position, bound);
    for (Entry* entry : expired) {
      task.on_expire(slot, *entry);
      erase(KeyRef(slot, entry->key()));
    }
    for (Entry* entry : emptied) erase(KeyRef(slot, entry->key()));
    task.progress.examined += due->items.size();
    task.progress.expired += expired.size();
    // Fields that the budget did not reach: the segment is read again.
    position = bound < task.limit ? std::optional(due->position) : due->next;
    if (task.progress.examined >= task.budget && position) {
      expire_position_ = *position;
      return false;
    }
  }
  expire_position_ = 0;
  slot_bounds_[index] = slot_table.least_bound();
  return true;
}

Keyspace::ExpireProgress Keyspace::expire_cycle(UnixMillis now, size_t budget, const OnExpire& on_expire,
                                                const OnExpireFields& on_fields) {
  // A key has expired when now > when.
  ExpireTask task{now, now.time_since_epoch().count(), budget, on_expire, on_fields, {}};
  if (bound_ >= task.limit) return task.progress;
  for (size_t walked = 0; walked < slot_count_; ++walked) {
    if (slot_bounds_[expire_index_] < task.limit) {
      if (task.progress.examined >= budget || !expire_slot(expire_index_, task)) {
        task.progress.more = true;
        return task.progress;
      }
    }
    expire_index_ = (expire_index_ + 1) % slot_count_;
    expire_position_ = 0;
  }
  bound_ = *std::min_element(slot_bounds_.begin(), slot_bounds_.end());
  return task.progress;
}

}  // namespace guccho::store

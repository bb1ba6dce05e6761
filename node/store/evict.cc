// Candidates for eviction: the best of a few random keys. When to evict, and from which worker, is the caller's.
#include <algorithm>
#include <limits>

#include "node/store/keyspace.h"

namespace guccho::store {

namespace {

bool is_volatile(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::kAllkeysLru:
    case EvictionPolicy::kAllkeysLfu:
    case EvictionPolicy::kAllkeysRandom:
      return false;
    case EvictionPolicy::kVolatileLru:
    case EvictionPolicy::kVolatileLfu:
    case EvictionPolicy::kVolatileRandom:
    case EvictionPolicy::kVolatileTtl:
      return true;
  }
  return false;
}

}  // namespace

// Keys with an expiry from one random slot, from a random place in its hash order on. Segments without any are passed
// by their bound, so a few volatile keys among many others are found too.
std::vector<Entry*> Keyspace::sample_volatile(size_t samples) {
  std::vector<Entry*> found;
  const size_t index = random_slot_index(true);
  const SlotTable& slot_table = tables_[index];
  const uint64_t begin = rng_.below(uint64_t{1} << TableCore::kPositionBits);
  for (const uint64_t from : {begin, uint64_t{0}}) {
    std::optional<uint64_t> position = from;
    while (position && found.size() < samples) {
      const auto segment = slot_table.find_due(*position, TableCore::kNoBound);
      if (!segment) break;
      for (void* item : segment->items) {
        auto* entry = static_cast<Entry*>(item);
        if (entry->has_expiry()) found.push_back(entry);
      }
      position = segment->next;
    }
  }
  // Any `samples` of them.
  for (size_t i = 0; i + 1 < found.size() && i < samples; ++i)
    std::swap(found[i], found[i + rng_.below(found.size() - i)]);
  if (found.size() > samples) found.resize(samples);
  return found;
}

uint64_t Keyspace::eviction_score(const Entry& entry, EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::kAllkeysLru:
    case EvictionPolicy::kVolatileLru:
      return access_.idle_seconds(entry.access());
    case EvictionPolicy::kAllkeysLfu:
    case EvictionPolicy::kVolatileLfu:
      return 255 - access_.frequency(entry.access());
    case EvictionPolicy::kAllkeysRandom:
    case EvictionPolicy::kVolatileRandom:
      return rng_.next() >> 1;
    case EvictionPolicy::kVolatileTtl:
      return static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) - static_cast<uint64_t>(entry.expiry_millis());
  }
  return 0;
}

std::optional<EvictionCandidate> Keyspace::evict_candidate(EvictionPolicy policy, size_t samples) {
  std::vector<Entry*> found;
  if (is_volatile(policy)) {
    if (keys_with_expiry() == 0) return std::nullopt;
    found = sample_volatile(samples);
  } else {
    for (size_t i = 0; i < samples; ++i) {
      if (Entry* entry = random_entry()) found.push_back(entry);
    }
  }
  const Entry* best = nullptr;
  uint64_t best_score = 0;
  for (const Entry* entry : found) {
    const uint64_t score = eviction_score(*entry, policy);
    if (!best || score > best_score) {
      best = entry;
      best_score = score;
    }
  }
  if (!best) return std::nullopt;
  return EvictionCandidate{key_slot(best->key()), std::string(best->key()), best_score};
}

}  // namespace guccho::store

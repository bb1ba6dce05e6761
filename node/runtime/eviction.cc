// Eviction above maxmemory, over all workers.
//
// Memory is the node's, keys are a worker's. As in redis-server the best of a few random keys is evicted: every worker
// publishes how good its best sampled key is, and evicts as long as no other published a better one; then it asks that
// other, which samples anew. Nothing is locked: a worker is asked by a flag and a wake-up. Meanwhile writes are taken,
// as by redis-server while its eviction runs over its time limit, until the node is above maxmemory by the slack, with
// what is on its way to other workers counted as memory; from there on commands that need memory wait for the
// evictions.
#include <algorithm>
#include <cmath>
#include <optional>

#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {
namespace {

constexpr size_t kFreeBudget = 1024;
// How far writes may run ahead of evictions on other workers: a 64th of maxmemory, within these.
constexpr uint64_t kMinSlack = uint64_t{64} << 10;
constexpr uint64_t kMaxSlack = uint64_t{8} << 20;

// Nothing: noeviction.
std::optional<store::EvictionPolicy> eviction_policy(config::MaxmemoryPolicy policy) {
  using Policy = config::MaxmemoryPolicy;
  using Evict = store::EvictionPolicy;
  switch (policy) {
    case Policy::kNoEviction:
      return std::nullopt;
    case Policy::kAllkeysLru:
      return Evict::kAllkeysLru;
    case Policy::kAllkeysLfu:
      return Evict::kAllkeysLfu;
    case Policy::kAllkeysRandom:
      return Evict::kAllkeysRandom;
    case Policy::kVolatileLru:
      return Evict::kVolatileLru;
    case Policy::kVolatileLfu:
      return Evict::kVolatileLfu;
    case Policy::kVolatileRandom:
      return Evict::kVolatileRandom;
    case Policy::kVolatileTtl:
      return Evict::kVolatileTtl;
  }
  return std::nullopt;
}

// One stretch of evictions, after which others are served: as long as redis-server's for maxmemory-eviction-tenacity.
uint64_t stretch_nanos(uint32_t tenacity) {
  constexpr uint64_t kStep = 50'000;
  constexpr uint64_t kNoEnd = uint64_t{3600} * 1'000'000'000;
  if (tenacity >= 100) return kNoEnd;
  if (tenacity <= 10) return kStep * tenacity;
  return static_cast<uint64_t>(10 * kStep * std::pow(1.15, tenacity - 10));
}

bool is_random(store::EvictionPolicy policy) {
  return policy == store::EvictionPolicy::kAllkeysRandom || policy == store::EvictionPolicy::kVolatileRandom;
}

}  // namespace

size_t Worker::evictable_keys() const {
  using Policy = config::MaxmemoryPolicy;
  const Policy policy = config_->maxmemory_policy;
  const bool all = policy == Policy::kAllkeysLru || policy == Policy::kAllkeysLfu || policy == Policy::kAllkeysRandom;
  return all ? keyspace_.keys() : keyspace_.keys_with_expiry();
}

uint64_t Worker::memory_limit_with_slack() const {
  return config_->maxmemory + std::clamp(config_->maxmemory / 64, kMinSlack, kMaxSlack);
}

uint64_t Worker::bytes_under_way() const {
  if (count_ == 1) return 0;
  uint64_t handed = 0;
  uint64_t taken = 0;
  for (uint16_t i = 0; i < count_; ++i) handed += node_.worker(i).handed_bytes_.value();
  for (uint16_t i = 0; i < count_; ++i) taken += node_.worker(i).taken_bytes_.value();
  return handed - std::min(handed, taken);  // what was handed over and done between the two sums is in the second only
}

void Worker::ask_to_evict() {
  if (!evict_asked_.exchange(true)) wake();
}

// False: no worker has anything to free.
bool Worker::ask_all_to_evict() {
  bool possible = false;
  for (uint16_t i = 0; i < count_; ++i) {
    Worker& w = node_.worker(i);
    if (w.evictable_keys() == 0 && w.keyspace_.pending_frees() == 0) continue;
    possible = true;
    w.ask_to_evict();
  }
  return possible;
}

Worker::Memory Worker::ensure_memory() {
  const auto enough = [this](uint64_t used) {
    return used + bytes_under_way() <= memory_limit_with_slack() ? Memory::kEnough : Memory::kWait;
  };
  uint64_t used = node_.used_memory();
  if (used <= config_->maxmemory) return enough(used);
  if (node_.paused(now_, true))
    return Memory::kEnough;  // nothing is evicted; who writes now is let through by the pause
  const auto policy = eviction_policy(config_->maxmemory_policy);
  if (!policy) return Memory::kNone;
  evict_here(*policy);
  used = node_.used_memory();
  if (used <= config_->maxmemory) return enough(used);
  if (!ask_all_to_evict()) return Memory::kNone;
  return enough(used) == Memory::kEnough ? Memory::kSoon : Memory::kWait;
}

// Until the node is below maxmemory, this worker has no key that qualifies, another has a better one, or the stretch is
// over.
void Worker::evict_here(store::EvictionPolicy policy) {
  const uint64_t begin = nanos_now();
  evict_until(policy, begin + stretch_nanos(config_->maxmemory_eviction_tenacity));
  note_if_slow("eviction-cycle", nanos_now() - begin);
}

void Worker::evict_until(store::EvictionPolicy policy, uint64_t end) {
  for (;;) {
    if (node_.used_memory() <= config_->maxmemory) return;
    if (keyspace_.pending_frees() > 0) {
      keyspace_.free_step(kFreeBudget);
    } else {
      const auto victim = sample_victim(policy);
      if (!victim) return;
      if (count_ > 1) {
        if (Worker* other = better_place_to_evict(policy, victim->score)) return other->ask_to_evict();
      }
      const std::string_view request[] = {config_->lazyfree_lazy_eviction ? "UNLINK" : "DEL", victim->key};
      keyspace_.erase({victim->slot, victim->key});
      replicate(request);
      key_changed(victim->slot, victim->key, config::kNotifyEvicted, "evicted");
      stats_.evicted_keys.add();
    }
    if (nanos_now() > end) return ask_to_evict();
  }
}

std::optional<store::EvictionCandidate> Worker::sample_victim(store::EvictionPolicy policy) {
  auto victim = keyspace_.evict_candidate(policy, config_->maxmemory_samples);
  eviction_score_.store(victim ? victim->score + kNoVictim + 1 : kNoVictim, std::memory_order_relaxed);
  return victim;
}

// The worker with the best published key, if it is not this one, or one that has yet to publish; a random policy draws
// any key of the node.
Worker* Worker::better_place_to_evict(store::EvictionPolicy policy, uint64_t own_score) {
  if (is_random(policy)) {
    size_t total = 0;
    for (uint16_t i = 0; i < count_; ++i) total += node_.worker(i).evictable_keys();
    if (total == 0) return nullptr;
    uint64_t drawn = own_score % total;  // a random number under this policy
    for (uint16_t i = 0; i < count_; ++i) {
      Worker& w = node_.worker(i);
      const size_t keys = w.evictable_keys();
      if (drawn < keys) return &w == this ? nullptr : &w;
      drawn -= keys;
    }
    return nullptr;
  }
  Worker* best = nullptr;
  uint64_t best_score = own_score + kNoVictim + 1;
  for (uint16_t i = 0; i < count_; ++i) {
    Worker& w = node_.worker(i);
    const uint64_t score = w.eviction_score_.load(std::memory_order_relaxed);
    if (&w == this || w.evictable_keys() == 0) continue;
    if (score == kNoSample) return &w;
    if (score <= best_score) continue;
    best = &w;
    best_score = score;
  }
  return best;
}

void Worker::evict_when_asked() {
  evict_asked_.store(false);
  const auto policy = eviction_policy(config_->maxmemory_policy);
  if (!policy || config_->maxmemory == 0 || !routes_->is_primary || node_.paused(now_, true)) return;
  evict_here(*policy);
}

// The timer's part: evicts without a write, as after CONFIG SET maxmemory, and keeps the published score fresh when it
// will be needed soon.
void Worker::watch_memory() {
  const auto policy = eviction_policy(config_->maxmemory_policy);
  if (!policy || config_->maxmemory == 0 || !routes_->is_primary) return;
  const uint64_t used = node_.used_memory();
  if (used > config_->maxmemory) {
    if (!node_.paused(now_, true)) ask_to_evict();
    return;
  }
  if (count_ == 1 || used < config_->maxmemory - config_->maxmemory / 8) return;
  (void)sample_victim(*policy);
}

void Worker::release_memory_waiters() {
  const bool must_wait = config_->maxmemory != 0 && routes_->is_primary &&
                         node_.used_memory() + bytes_under_way() > memory_limit_with_slack();
  if (must_wait) {
    const bool evicting = config_->maxmemory_policy != config::MaxmemoryPolicy::kNoEviction && ask_all_to_evict();
    if (evicting || bytes_under_way() > 0) return;
  }
  for (const uint64_t id : std::exchange(memory_waiters_, {})) {
    if (Connection* c = find_connection(id); c != nullptr && c->held() == Hold::kPaused) c->release();
  }
}

}  // namespace guccho::runtime

// The 24-bit access clock of an entry: seconds since the last access (LRU) or an access counter that decays (LFU).
// Layout and arithmetic are those of Redis' `lru` field, so IDLETIME, FREQ and the policies answer alike.
#pragma once

#include <cstdint>

#include "node/base/random.h"
#include "node/base/time.h"

namespace guccho::store {

struct AccessPolicy {
  bool lfu = false;
  unsigned lfu_log_factor = 10;    // lfu-log-factor: greater makes the counter saturate later
  unsigned lfu_decay_minutes = 1;  // lfu-decay-time: minutes of rest that take one off the counter; 0: never
};

class AccessClock {
 public:
  static constexpr uint32_t kMask = 0xffffff;
  static constexpr uint32_t kLfuInitial = 5;  // a new key must not be the first to go

  void set_policy(const AccessPolicy& policy) { policy_ = policy; }
  const AccessPolicy& policy() const { return policy_; }
  void set_now(UnixMillis now) { seconds_ = static_cast<uint64_t>(now.time_since_epoch().count()) / 1000; }

  // The value for a new entry.
  uint32_t fresh() const { return policy_.lfu ? lfu(kLfuInitial) : seconds() & kMask; }
  // The value after an access now.
  uint32_t touched(uint32_t access, Rng& rng) const {
    if (!policy_.lfu) return seconds() & kMask;
    uint32_t counter = frequency(access);
    if (counter < 255) {
      const uint32_t base = counter > kLfuInitial ? counter - kLfuInitial : 0;
      // Probability 1 / (base * factor + 1): the counter is a logarithm of the accesses.
      if (rng.below(base * uint64_t{policy_.lfu_log_factor} + 1) == 0) ++counter;
    }
    return lfu(counter);
  }
  // Both read an entry's value as of now.
  uint32_t idle_seconds(uint32_t access) const { return (seconds() - access) & kMask; }
  uint32_t frequency(uint32_t access) const {
    const uint32_t counter = access & 255;
    if (policy_.lfu_decay_minutes == 0) return counter;
    const uint32_t rested = ((minutes() - (access >> 8)) & 0xffff) / policy_.lfu_decay_minutes;
    return rested >= counter ? 0 : counter - rested;
  }
  // The value whose idle_seconds, or frequency, is as given.
  uint32_t with_idle(int64_t idle) const {
    return static_cast<uint32_t>(static_cast<int64_t>(seconds_) - idle) & kMask;
  }
  uint32_t lfu(uint32_t counter) const { return ((minutes() & 0xffff) << 8) | (counter & 255); }

 private:
  uint32_t seconds() const { return static_cast<uint32_t>(seconds_); }
  uint32_t minutes() const { return static_cast<uint32_t>(seconds_ / 60); }

  AccessPolicy policy_;
  uint64_t seconds_ = 0;
};

}  // namespace guccho::store

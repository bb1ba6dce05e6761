// Who subscribes to what: each worker's own connections (LocalSubscriptions), and for the whole node how many there are
// on which worker (SubscriptionDirectory), so that PUBLISH knows its receivers and goes only where there are any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "node/metrics/snapshot.h"
#include "node/slots/slots.h"

namespace guccho::runtime {

class Connection;

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
};
template <class T>
using StringMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

// The subscriptions of one worker's connections. That worker only, or anybody in the exclusive section.
class LocalSubscriptions {
 public:
  using Receivers = std::unordered_set<Connection*>;

  StringMap<Receivers> channels;
  StringMap<Receivers> shard_channels;
  StringMap<Receivers> patterns;
};

// Any thread. A channel costs its stripe's mutex for one look-up, and nothing at all while nobody subscribes to
// anything; patterns are an immutable list that workers keep until it changes.
class SubscriptionDirectory {
 public:
  explicit SubscriptionDirectory(uint16_t workers) : workers_(workers) {}

  struct Pattern {
    std::string text;
    std::vector<uint32_t> counts;  // by worker
  };
  using Patterns = std::vector<std::shared_ptr<const Pattern>>;

  void add(bool sharded, uint16_t worker, std::string_view channel);
  void remove(bool sharded, uint16_t worker, std::string_view channel);
  void add_pattern(uint16_t worker, std::string_view pattern);
  void remove_pattern(uint16_t worker, std::string_view pattern);

  // How many subscribers a channel has; adds the workers where they are to `workers` (each once).
  uint64_t receivers(bool sharded, std::string_view channel, std::vector<uint16_t>& workers) const;
  uint64_t subscribers(bool sharded, std::string_view channel) const;
  // Likewise of the patterns that match it. A worker may be added again.
  static uint64_t matching(const Patterns& patterns, std::string_view channel, std::vector<uint16_t>& workers);

  uint64_t patterns_version() const { return patterns_version_.load(std::memory_order_acquire); }
  std::pair<std::shared_ptr<const Patterns>, uint64_t> patterns() const;
  std::vector<std::string> channels(bool sharded) const;
  metrics::PubsubPart measure() const;

 private:
  static constexpr size_t kStripes = 64;
  struct Stripe {
    mutable std::mutex mutex;
    StringMap<std::vector<uint32_t>> channels;  // subscribers by worker
  };
  struct Space {
    std::array<Stripe, kStripes> stripes;
    std::atomic<uint64_t> channels{0};
  };
  Space& space(bool sharded) { return spaces_[sharded ? 1 : 0]; }
  const Space& space(bool sharded) const { return spaces_[sharded ? 1 : 0]; }
  static size_t stripe_of(std::string_view channel) { return StringHash()(channel) % kStripes; }
  void change_pattern(uint16_t worker, std::string_view pattern, bool add);

  const uint16_t workers_;
  std::array<Space, 2> spaces_;
  mutable std::mutex patterns_mutex_;
  std::shared_ptr<const Patterns> patterns_ = std::make_shared<const Patterns>();
  std::atomic<uint64_t> patterns_version_{1};
};

}  // namespace guccho::runtime

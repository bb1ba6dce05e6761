// WATCH: which keys of one worker are observed by whom. Breaking is one store to the watcher's shared flag, so a
// watcher may live on any worker.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/base/time.h"
#include "node/commands/session.h"

namespace guccho::runtime {

// What a client watches, as a whole: the flag that commands see (WatchFlag), and what EXEC must know beside it. A key
// whose time is over may be there still, so nobody breaks the watch then: EXEC asks.
struct Watch : std::atomic<bool> {
  Watch() : std::atomic<bool>(false) {}

  // A watched key expires then, as it is now. Any worker.
  void note_expiry(UnixMillis when);
  // Whether a watched key changed, or expired since it was watched.
  bool is_broken(UnixMillis now) const {
    return load(std::memory_order_acquire) ||
           now.time_since_epoch().count() > first_expiry_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t> first_expiry_{std::numeric_limits<int64_t>::max()};
};

class WatchTable {
 public:
  bool empty() const { return keys_.empty(); }
  // Keys, with those whose watchers are gone and not forgotten yet: at most about as many as are watched.
  size_t size() const { return keys_.size(); }

  // `stale`: the key is there, but its time is over. That it is deleted then is no change.
  void add(std::string_view key, const commands::WatchFlag& flag, bool stale);
  // The key changed. `gone` says whether by its end, and is asked only when a watcher knew it as stale.
  template <class Gone>
  void touch(std::string_view key, const Gone& gone) {
    const auto it = keys_.find(key);
    if (it != keys_.end()) touch(it, std::ranges::any_of(it->second, &Watcher::stale) && gone());
  }
  // All keys are about to go (FLUSHALL): breaks the watches on those that exist, as `exists` tells.
  void touch_existing(const std::function<bool(std::string_view key)>& exists);
  // Forgets watchers that are gone, going on where the last call ended; `budget` is in watchers looked at. add() does
  // it, too, so that what is left is bounded at any rate; this is for when nobody adds.
  void sweep(int64_t budget);

 private:
  struct Watcher {
    std::weak_ptr<std::atomic<bool>> flag;
    bool stale = false;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  using Keys = std::unordered_map<std::string, std::vector<Watcher>, Hash, std::equal_to<>>;

  void touch(Keys::iterator it, bool gone);
  void sweep_bucket();

  Keys keys_;
  size_t bucket_ = 0;   // the next to be swept
  int64_t credit_ = 0;  // watchers that may be looked at; negative after a key with many
};

}  // namespace guccho::runtime
